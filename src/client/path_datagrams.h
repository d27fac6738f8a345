/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_identity.h"

#include <stddef.h>

/*
 * Datagrams of UDP that segmentation offload splits (GSO, of a sender) or joins (GRO, of a
 * receiver): one place sees a datagram of up to 64 KiB, where another one sees its segments.
 * path_datagrams.c has the theory.
 */
struct path_datagrams;

enum { PATH_PARTS_MAX = 128 }; /* the kernel's limit of segments */

/* NULL: out of memory. key stays the caller's. */
struct path_datagrams *path_datagrams_new(const struct path_hash_key *key);

/* Accepts NULL. */
void path_datagrams_free(struct path_datagrams *datagrams);

/*
 * Writes the parts of a packet that other places saw, or may see, as packets of their own,
 * and returns how many these are: 1, the packet's own identity, of all but UDP datagrams that
 * were captured as a whole. payload is that of layer 4.
 */
size_t path_datagrams_split(struct path_datagrams *datagrams, const struct path_identity *identity,
	const unsigned char *payload, struct path_identity ret_parts[PATH_PARTS_MAX]);
