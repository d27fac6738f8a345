/* SPDX-License-Identifier: MIT */
#pragma once

#include "worker/bpf_assembler.h"
#include "worker/bpf_header_walk.h"

#include <stdint.h>

/*
 * Appends the end of a program: it returns the length of a packet's headers and of
 * payload bytes after them, link header included, but at most snaplen. The result is
 * at least 1, because 0 rejects a packet, and never less than payload_limit_cut()
 * keeps. It is more if the length in the IP header ends within the headers, and if
 * the packet ends within an IP header of a wrong version. The last
 * instruction, and no other one, returns A.
 */
void payload_limit_append(struct filter_program *program, const struct bpf_header_link *link,
	uint32_t payload, uint32_t snaplen);

/*
 * Returns how many of the size bytes of a packet are headers or one of the payload
 * bytes after them, from the first byte on. The link must be that of the packet.
 */
uint32_t payload_limit_cut(const struct bpf_header_link *link, const unsigned char *data,
	uint32_t size, uint32_t payload);
