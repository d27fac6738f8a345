/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A second opinion on where the payload of a packet begins, for the tests of
 * captures without payload. It shares nothing with the worker.
 */
enum header_link {
	HEADER_SLL2, /* as the kernel's filter knows a packet */
	HEADER_ETHERNET,
	HEADER_RAW_IP,
	HEADER_LINKS,
	/*
	 * As the kernel reports a packet: with the ethertype after all tags, though some
	 * of these may be in the bytes.
	 */
	HEADER_SLL2_REPORTED = HEADER_LINKS,
};

struct header_map {
	size_t end; /* bytes of headers, from the first one on */
	/* the packet ends within an IP header, a tag or an extension header */
	bool is_cut;
};

/*
 * Decodes a packet. Unless trusts_lengths is true, the lengths in IP headers are
 * ignored.
 */
struct header_map header_map_of(
	enum header_link link, const unsigned char *bytes, size_t size, bool trusts_lengths);
