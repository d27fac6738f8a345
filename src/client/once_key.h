/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/once_connection.h"
#include "client/once_connections.h"

#include <stdbool.h>
#include <stdint.h>

/* Which connection a packet belongs to, for -once. */

enum { ONCE_FRAGMENTS = 4096 };

/* The first fragment of a packet has the ports; the others go with it. */
struct once_fragment {
	uint64_t digest; /* of addresses, protocol and identification; 0: none */
	struct path_flow_key flow;
};

struct once_keys {
	uint64_t secret[2]; /* of the hashes; random, so that no host can choose collisions */
	struct once_fragment fragments[ONCE_FRAGMENTS];
};

/* Sets a random secret. False: the system has no random numbers. */
bool once_keys_init(struct once_keys *keys);

/* What a packet is to -once. */
struct once_packet_key {
	struct once_key key;
	uint64_t digest;    /* of key */
	unsigned direction; /* 0 or 1: whether the ends of key are in the packet's order */
	enum path_direction link_direction;
	uint64_t vlans;
};

/*
 * Reads a packet of a link type, of which caplen bytes of len were captured at an interface.
 * False: it belongs to no connection. It is not IP, its headers were not captured, or it
 * cannot leave its link, so that equal addresses are other hosts elsewhere: link-local
 * addresses, and groups of one link. Addresses of the loopback are those of their interface alone:
 * each host has them.
 */
bool once_keys_read(struct once_keys *keys, uint32_t linktype, uint32_t interface,
	const unsigned char *data, uint32_t caplen, uint32_t len, struct once_packet_key *ret_key);
