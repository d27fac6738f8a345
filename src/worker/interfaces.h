/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <net/if.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The network interfaces of this host, without netlink, which the unit does not
 * allow.
 */

/*
 * Sets ret_index to the index of the interface with that name, 0 if it does not
 * exist. False, with 503: it cannot be looked up.
 */
bool interfaces_index(const char *name, uint32_t *ret_index, struct error *error);

/*
 * Writes the name of the interface with that index, or "ifindex" and the index if
 * it is gone. socket is any socket of the network namespace: during a capture no
 * other can be opened.
 */
void interfaces_name(int socket, uint32_t index, char name[IF_NAMESIZE]);

/*
 * Does the interface with that index exist? One that was deleted and created again
 * has another index. True also if it cannot be looked up. For socket see
 * interfaces_name().
 */
bool interfaces_has(int socket, uint32_t index);

/*
 * Prints an interface name, which may have any bytes but '/', ':' and spaces, as a
 * JSON string. If it is not UTF-8, each byte that is not ASCII becomes \u00NN.
 */
void interfaces_print_name(FILE *out, const char *name);

/*
 * Returns all interfaces as a JSON array of objects (index, name, up, addresses,
 * linktype: its name for linktype=native, or null), for free(). NULL: out of memory or descriptors;
 * there is no part of a list.
 */
char *interfaces_json(void);
