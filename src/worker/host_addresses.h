/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/host_address.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { HOST_ADDRESSES_MAX = 256, HOST_ADDRESSES_NAME_MAX = 65 };

/* The addresses by which a stream names this host. */
struct host_addresses {
	struct host_address list[HOST_ADDRESSES_MAX];
	size_t count;
	size_t left_out; /* that did not fit into the list */
	char name[HOST_ADDRESSES_NAME_MAX];
};

/*
 * Finds the host's name, and the addresses of its interfaces that can be its own:
 * host_address_is_own(). What cannot be read is left out.
 */
void host_addresses_find(struct host_addresses *addresses);

/*
 * Reads the next address of an open /proc/net/if_inet6, and the name of its interface.
 * False: there is none.
 */
bool host_addresses_next_inet6(FILE *in, struct in6_addr *ret_address, char device[IF_NAMESIZE]);
