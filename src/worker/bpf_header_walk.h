/* SPDX-License-Identifier: MIT */
#pragma once

#include "worker/bpf_assembler.h"

#include <stdbool.h>

enum {
	HEADER_TAGS_MAX = 2,	   /* VLAN tags that the walk skips */
	HEADER_EXTENSIONS_MAX = 6, /* IPv6 extension headers that it skips */
	/*
	 * The cell of scratch memory that keeps the offset of the IP header. The
	 * walk also uses the cell before it.
	 */
	HEADER_NETWORK = BPF_MEMWORDS - 1,
};

/*
 * A link layer. All offsets of a walk count from the end of its header, so the
 * bytes at X are loaded by BPF_IND with the size of that header.
 */
struct bpf_header_link {
	uint32_t size;	   /* bytes of the header; 0: none, packets begin with IP */
	uint32_t protocol; /* offset of the ethertype in it */
	/*
	 * SLL2: IP follows the header of an outgoing packet with a VLAN tag,
	 * though the ethertype is that of the tag.
	 */
	bool is_cooked;
};

extern const struct bpf_header_link header_sll2;
extern const struct bpf_header_link header_ethernet;
extern const struct bpf_header_link header_raw_ip;

/* The exits of a walk, with the contents of the registers A and X. */
struct bpf_header_exits {
	/*
	 * X: offset of the header after the IP headers; A: its protocol. It is an
	 * extension header if there are more than the walk skips.
	 */
	struct bpf_label transport;
	/* The same for a fragment that is not the first one. */
	struct bpf_label fragment;
	/*
	 * X: offset after the tags; A: the ethertype, 0 if it is that of IP but
	 * another version of IP follows, or none.
	 */
	struct bpf_label other;
	/*
	 * X: offset of a header of which the packet lacks a part, or all. If it is an
	 * IP header of which the packet has a byte, the version is right.
	 */
	struct bpf_label cut;
};

/*
 * Appends a walk over VLAN tags, the IPv4 header, or the IPv6 header with
 * hop-by-hop, destination options, routing and first fragment headers (RFC
 * 8200, section 4). It loads nothing beyond a packet's end. The caller places the
 * labels of ret_exits after it.
 */
void bpf_header_walk(struct filter_program *program, const struct bpf_header_link *link,
	struct bpf_header_exits *ret_exits);

/*
 * Appends a jump to the label if the packet has less than size bytes at X.
 * Changes A.
 */
void bpf_header_unless_whole(struct filter_program *program, const struct bpf_header_link *link,
	uint32_t size, struct bpf_label *to);
