/* SPDX-License-Identifier: MIT */
#pragma once

#include "unit.h"

#include "format/linktype.h"
#include "worker/bpf_header_walk.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

/*
 * Packets built header by header, on SLL2, Ethernet or nothing: each header is given its
 * number in the one before it.
 */
enum { FRAME_MAX = 32768, FRAME_INTERFACE = 2 };

struct frame {
	unsigned char bytes[FRAME_MAX];
	size_t size;
	size_t next;	  /* where the last header says what follows it */
	size_t next_size; /* bytes; 0: nothing says so */
	size_t network;	  /* where the IP header is */
};

static inline unsigned char *frame_grow(struct frame *frame, size_t size)
{
	unsigned char *at = frame->bytes + frame->size;

	assert_true(frame->size + size <= FRAME_MAX);
	memset(at, 0, size);
	frame->size += size;
	return at;
}

static inline void frame_put16(unsigned char *out, uint32_t number)
{
	out[0] = (unsigned char)(number >> 8);
	out[1] = (unsigned char)number;
}

/* Tells the header before what comes now, and where the next one is told. */
static inline void frame_link(struct frame *frame, uint32_t number, size_t next, size_t next_size)
{
	if (frame->next_size == 2)
		frame_put16(frame->bytes + frame->next, number);
	else if (frame->next_size == 1)
		frame->bytes[frame->next] = (unsigned char)number;
	frame->next = next;
	frame->next_size = next_size;
}

/* The link header; with SLL2 the packet comes in, or leaves. */
static inline void frame_begin(struct frame *frame, const struct bpf_header_link *link, bool leaves)
{
	unsigned char *header;

	frame->size = 0;
	frame->network = 0;
	header = frame_grow(frame, link->size);
	frame->next = link->protocol;
	frame->next_size = link->size > 0 ? 2 : 0;
	if (!link->is_cooked)
		return;
	header[SLL2_INDEX + 3] = FRAME_INTERFACE;
	header[9] = 1;
	header[SLL2_DIRECTION] = leaves ? SLL2_OUTGOING : 0;
	header[11] = 6;
}

static inline void frame_tag(struct frame *frame, uint32_t ethertype)
{
	frame_link(frame, ethertype, frame->size + 2, 2);
	frame_grow(frame, 4)[1] = 7;
}

/* On SLL2: the tag of what leaves is told, but is in front of its data. */
static inline void frame_outer_tag(struct frame *frame, uint32_t ethertype)
{
	frame_link(frame, ethertype, 0, 0);
}

/* An IPv4 header of so many words; fragment: flags and offset. */
static inline void frame_ipv4(struct frame *frame, unsigned words, uint32_t fragment)
{
	unsigned char *header;

	frame->network = frame->size;
	frame_link(frame, 0x0800, frame->size + 9, 1);
	header = frame_grow(frame, (size_t)words * 4);
	header[0] = (unsigned char)(0x40 | words);
	frame_put16(header + 6, fragment);
	memcpy(header + 12, "\xc0\0\2\1\xc0\0\2\2", 8);
}

static inline void frame_ipv6(struct frame *frame)
{
	unsigned char *header;

	frame->network = frame->size;
	frame_link(frame, 0x86dd, frame->size + 6, 1);
	header = frame_grow(frame, 40);
	header[0] = 0x60;
	memcpy(header + 8, "\x20\1\x0d\xb8", 4);
	memcpy(header + 24, "\x20\1\x0d\xb8", 4);
	header[23] = 1;
	header[39] = 2;
}

/* An extension header of 8 bytes and so many more times 8. */
static inline void frame_extension(struct frame *frame, unsigned type, unsigned units)
{
	frame_link(frame, type, frame->size, 1);
	frame_grow(frame, 8 + (size_t)units * 8)[1] = (unsigned char)units;
}

/* IPv6's; offset counts 8 bytes. */
static inline void frame_fragment(struct frame *frame, unsigned offset)
{
	frame_link(frame, 44, frame->size, 1);
	frame_put16(frame_grow(frame, 8) + 2, offset << 3 | 1);
}

/* What follows IP: ports, and 16 bytes more, as TCP has them. */
static inline void frame_transport(
	struct frame *frame, unsigned protocol, unsigned source, unsigned destination)
{
	unsigned char *header;

	frame_link(frame, protocol, 0, 0);
	header = frame_grow(frame, 20);
	frame_put16(header, source);
	frame_put16(header + 2, destination);
	header[12] = 0x50;
}

/*
 * Adds a header of IPv6 by a letter: 6 the header itself; h, d and r extension headers of
 * three kinds; H the longest one; f a first fragment, l a later one.
 */
static inline void frame_ipv6_part(struct frame *frame, char letter)
{
	switch (letter) {
	case '6':
		frame_ipv6(frame);
		break;
	case 'h':
		frame_extension(frame, 0, 0);
		break;
	case 'd':
		frame_extension(frame, 60, 1);
		break;
	case 'r':
		frame_extension(frame, 43, 2);
		break;
	case 'H':
		frame_extension(frame, 60, 255);
		break;
	case 'f':
		frame_fragment(frame, 0);
		break;
	default:
		assert_int_equal(letter, 'l');
		frame_fragment(frame, 3);
	}
}
