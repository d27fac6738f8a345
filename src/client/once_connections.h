/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/once_connection.h"

#include <stdbool.h>
#include <stdint.h>

/* The connections of -once: a fixed number of them. A new one replaces one that is idle. */

/* Both directions of a connection have the same key. Compared with memcmp(3), so never padded. */
struct once_key {
	struct path_flow_key flow; /* sorted, see path_flow_key.h */
	uint8_t scope[4];	   /* zeros, or the interface that alone has these addresses */
};

struct once_connections;

/* NULL: out of memory. */
struct once_connections *once_connections_new(uint32_t capacity);

/* Accepts NULL. */
void once_connections_free(struct once_connections *connections);

/*
 * Finds or adds a connection; digest is a keyed hash of its key. The one that was not used
 * for the longest time is removed for it, if that has no waiting sights and is idle. NULL:
 * there is none such. A pointer is valid until the connection may be removed.
 */
struct once_connection *once_connections_find(struct once_connections *connections,
	const struct once_key *key, uint64_t digest, uint64_t now_ns);

/* Returns how many connections were added. */
uint64_t once_connections_count(const struct once_connections *connections);
