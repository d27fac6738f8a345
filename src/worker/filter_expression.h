/* SPDX-License-Identifier: MIT */
#pragma once

#include "worker/exclusions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which packets a capture takes, and how much of each. */
struct capture_filter {
	struct exclusions exclusions;
	const uint32_t *interfaces;	    /* indexes */
	size_t interface_count;		    /* 0: all interfaces */
	const char *user;		    /* pcap-filter(7); "": everything */
	const struct bpf_header_link *link; /* of the packets that the capture receives */
	uint32_t snaplen;		    /* bytes kept of a packet, its header included */
	bool limits_payload;		    /* only so many bytes after the headers are kept: */
	uint32_t payload;
	uint32_t linktype; /* of the stream: "len" counts with its header */
	/*
	 * The client's part may read that many bytes of a packet, link header
	 * included, and headers; 0: all bytes.
	 */
	uint32_t visible;
	uint32_t steps; /* limit of the client's part: filter_check_steps() */
};

/*
 * Returns the filter as one expression, for free(); NULL: out of memory. The exclusions
 * come first, because "vlan" changes the offsets of what follows it.
 */
char *filter_expression_join(const struct capture_filter *filter);
