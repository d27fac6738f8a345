/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/bpf_header_walk.h"

#include <netinet/ip6.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Returns the end of the bytes of a packet that filters of headers read at constant
 * offsets: the ports after an IPv6 header.
 */
static inline uint32_t payload_fixed_end(const struct bpf_header_link *link)
{
	return link->size + (uint32_t)sizeof(struct ip6_hdr) + 4;
}

/*
 * Checks that a client's expression reads only headers. Returns false with 403 and
 * a message with the rejected part, the limit ("-max-snaplen 64") and the allowed
 * alternatives.
 */
bool payload_check_expression(const char *text, const char *limit, struct error *error);

/*
 * Checks the same for the compiled program, which must have passed
 * filter_check_program(): it may read headers, and the first visible bytes of a
 * packet, link header included. Returns false with 403.
 */
bool payload_check_program(const struct filter_program *program, const struct bpf_header_link *link,
	uint32_t visible, struct error *error);
