/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/linktype.h"
#include "worker/bpf_assembler.h"

#include <netinet/ip6.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The end of the bytes of an SLL2 packet that filters of headers read at constant
 * offsets: the ports after an IPv6 header.
 */
enum { PAYLOAD_FIXED_END = SLL2_SIZE + sizeof(struct ip6_hdr) + 4 };

/*
 * Checks that a client's expression reads only headers. Returns false with 403 and
 * a message with the rejected part, the limit ("-max-snaplen 64") and the allowed
 * alternatives.
 */
bool payload_check_expression(const char *text, const char *limit, struct error *error);

/*
 * Checks the same for the compiled program, which must have passed
 * filter_check_program(): it may read headers, and the first visible bytes of a
 * packet, SLL2 header included. Returns false with 403.
 */
bool payload_check_program(
	const struct filter_program *program, uint32_t visible, struct error *error);
