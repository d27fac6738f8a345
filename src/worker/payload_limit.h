/* SPDX-License-Identifier: MIT */
#pragma once

#include "worker/bpf_assembler.h"
#include "worker/bpf_header_walk.h"

#include <stdint.h>

/*
 * Appends the end of a program: it returns the length of a packet's headers and of
 * payload bytes after them, link header included, but at most snaplen. The result is
 * at least 1, because 0 rejects a packet. It is what payload_limit_cut() keeps, or
 * more, if the packet should end within these headers by the length in its IP header.
 * The last instruction, and no other one, returns A.
 */
void payload_limit_append(struct filter_program *program, const struct bpf_header_link *link,
	uint32_t payload, uint32_t snaplen);

/*
 * Returns how many of the size bytes of a packet, which had len bytes before it was
 * cut, are headers or one of the payload bytes after them, from the first byte on. The
 * link must be that of the packet.
 */
uint32_t payload_limit_cut(const struct bpf_header_link *link, const unsigned char *data,
	uint32_t size, uint32_t len, uint32_t payload);
