/* SPDX-License-Identifier: MIT */
/*
 * Makes random packets: a string of random bytes, of which some are overwritten with
 * headers, one after the other. Where the string ends, so does a header.
 */
#include "random_frames.h"

#include <stdlib.h>
#include <string.h>

/* A packet that is being made. */
struct maker {
	struct random_frame *frame;
	unsigned short *state;
	size_t at; /* of the next header */
	int depth; /* of packets within packets */
};

static uint32_t below(struct maker *maker, uint32_t limit)
{
	return (uint32_t)nrand48(maker->state) % limit;
}

static void put(struct maker *maker, size_t offset, uint32_t byte)
{
	if (maker->at + offset < maker->frame->size)
		maker->frame->bytes[maker->at + offset] = (unsigned char)byte;
}

static void put_word(struct maker *maker, size_t offset, uint32_t word)
{
	put(maker, offset, word >> 8);
	put(maker, offset + 1, word);
}

/* Puts the length of an IP packet: right, unknown, too short, or random. */
static void put_length(struct maker *maker, size_t offset, size_t from)
{
	const uint32_t right =
		(uint32_t)(maker->frame->size > from ? maker->frame->size - from : 0);

	switch (below(maker, 8)) {
	case 0:
		put_word(maker, offset, 0);
		break;
	case 1:
		put_word(maker, offset, below(maker, right + 1));
		break;
	case 2:
		put_word(maker, offset, below(maker, 100));
		break;
	case 3:
		break;
	default:
		put_word(maker, offset, right);
	}
}

static void add_ip(struct maker *maker);

/* A packet within a packet: all of it is payload. */
static void add_inner(struct maker *maker, size_t size)
{
	maker->at += size;
	if (maker->depth++ < 2)
		add_ip(maker);
}

static void add_transport(struct maker *maker, uint32_t protocol)
{
	switch (protocol) {
	case 1:
	case 58:
		put(maker, 0, below(maker, 2) ? 3 : 8);
		add_inner(maker, 8);
		break;
	case 4:
	case 41:
		add_inner(maker, 0);
		break;
	case 6:
		if (below(maker, 3))
			put(maker, 12, (5 + below(maker, 11)) << 4 | below(maker, 16));
		break;
	case 47:
		put_word(maker, 0, 0);
		put_word(maker, 2, 0x0800);
		add_inner(maker, 4);
		break;
	case 51:
		put(maker, 0, 6);
		put(maker, 1, 4);
		break;
	default:
		break; /* random bytes are as good */
	}
}

static uint32_t some_protocol(struct maker *maker)
{
	static const unsigned char protocols[] = {
		6, 6, 6, 6, 17, 17, 17, 1, 58, 132, 50, 51, 4, 41, 47, 2, 59, 103, 135, 136, 255};

	return below(maker, 30) ? protocols[below(maker, sizeof(protocols))] : below(maker, 256);
}

static void add_ipv4(struct maker *maker)
{
	static const uint32_t fragments[] = {
		0, 0, 0, 0x4000, 0x2000, 0x2000, 1, 0x20b9, 0x1fff, 0x8000};
	const uint32_t words = below(maker, 4) ? 5 : below(maker, 16);
	const uint32_t version = below(maker, 40) ? 4 : below(maker, 16);
	const uint32_t protocol = some_protocol(maker);

	put(maker, 0, version << 4 | words);
	put_length(maker, 2, maker->at);
	if (below(maker, 20))
		put_word(maker, 6, fragments[below(maker, 10)]);
	put(maker, 9, protocol);
	maker->at += (size_t)words * 4;
	add_transport(maker, protocol);
}

static void add_extension(struct maker *maker, uint32_t type, uint32_t next)
{
	const uint32_t units = below(maker, 10) ? below(maker, 3) : below(maker, 256);

	put(maker, 0, next);
	if (type == 44) {
		if (below(maker, 3))
			put_word(maker, 2, below(maker, 8));
		maker->at += 8;
	} else {
		put(maker, 1, units);
		maker->at += 8 + 8 * (size_t)units;
	}
}

static void add_ipv6(struct maker *maker)
{
	static const unsigned char types[] = {0, 43, 44, 60};
	uint32_t chain[10] = {0};
	size_t count = below(maker, 2) ? 0 : below(maker, 9);

	for (size_t i = 0; i < count; i++)
		chain[i] = types[below(maker, 4)];
	chain[count] = some_protocol(maker);
	put(maker, 0, (below(maker, 40) ? 6 : below(maker, 16)) << 4);
	put_length(maker, 4, maker->at + 40);
	put(maker, 6, chain[0]);
	maker->at += 40;
	for (size_t i = 0; i < count; i++)
		add_extension(maker, chain[i], chain[i + 1]);
	add_transport(maker, chain[count]);
}

static void add_ip(struct maker *maker)
{
	if (below(maker, 2))
		add_ipv4(maker);
	else
		add_ipv6(maker);
}

static void add_arp(struct maker *maker)
{
	put_word(maker, 0, 1);
	put_word(maker, 2, 0x0800);
	if (below(maker, 4) == 0)
		return;
	put(maker, 4, 6);
	put(maker, 5, 4);
}

/* A packet without a link header: IP, or something else. */
static void add_raw_ip(struct maker *maker)
{
	maker->at = 0;
	if (below(maker, 30))
		add_ip(maker);
}

/* The ethertype is two bytes before the next header. */
static void add_network(struct maker *maker)
{
	unsigned char *type = maker->frame->bytes + maker->at - 2;
	const uint32_t choice = below(maker, 20);
	const uint32_t types[] = {0x0800, 0x86dd, 0x0806, 0x8847, 0x88cc, 0x8864, 0x0004};
	const uint32_t kind = choice < 9 ? 0 : choice < 17 ? 1 : choice - 15 > 6 ? 6 : choice - 15;

	if (maker->at > maker->frame->size)
		return;
	type[0] = (unsigned char)(types[kind] >> 8);
	type[1] = (unsigned char)types[kind];
	if (kind == 0 && below(maker, 30))
		add_ipv4(maker);
	else if (kind <= 1)
		add_ipv6(maker);
	else if (kind == 2)
		add_arp(maker);
}

static void add_ethernet(struct maker *maker)
{
	static const uint32_t tags[] = {0x8100, 0x88a8, 0x9100};

	maker->at = 14;
	for (uint32_t count = below(maker, 3) ? 0 : below(maker, 5); count > 0; count--) {
		maker->at -= 2;
		put_word(maker, 0, tags[below(maker, 3)]);
		maker->at += 6;
	}
	add_network(maker);
}

/* As the kernel shows a packet: its outer tag, if any, is only in the ethertype. */
static void add_sll2(struct maker *maker)
{
	static const uint32_t tags[] = {0x8100, 0x88a8, 0x9100};
	unsigned char type[2];
	uint32_t tag = 0;

	put(maker, 10, below(maker, 2) ? 4 : below(maker, 5));
	maker->at = 20;
	if (below(maker, 4) == 0) {
		tag = tags[below(maker, 3)];
		if (below(maker, 2))
			maker->at += 4;
	}
	memcpy(type, maker->frame->bytes + maker->at - 2, sizeof(type));
	add_network(maker);
	maker->at = 0;
	if (tag > 0) {
		put_word(maker, 0, tag);
		return;
	}
	/* the type is at the start of the header, not at its end */
	memcpy(maker->frame->bytes, maker->frame->bytes + 18, 2);
	memcpy(maker->frame->bytes + 18, type, 2);
}

void random_frames_seed(unsigned short state[3], uint64_t seed)
{
	for (int i = 0; i < 3; i++)
		state[i] = (unsigned short)(seed >> 16 * i);
}

void random_frame_make(struct random_frame *ret_frame, unsigned short state[3],
	enum header_link link, size_t size_max)
{
	struct maker maker = {.frame = ret_frame, .state = state};
	static const uint32_t sizes[] = {
		[HEADER_SLL2] = 20, [HEADER_ETHERNET] = 14, [HEADER_RAW_IP] = 1};
	const uint32_t link_size = sizes[link];
	const uint32_t room = (uint32_t)(size_max - link_size + 1);

	ret_frame->size = link_size + below(&maker, below(&maker, 3) && room > 160 ? 160 : room);
	for (size_t i = 0; i < ret_frame->size; i += 4) {
		const uint32_t random = (uint32_t)jrand48(state);

		memcpy(ret_frame->bytes + i, &random,
			ret_frame->size - i < 4 ? ret_frame->size - i : 4);
	}
	if (link == HEADER_SLL2)
		add_sll2(&maker);
	else if (link == HEADER_RAW_IP)
		add_raw_ip(&maker);
	else
		add_ethernet(&maker);
}
