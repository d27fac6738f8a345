/* SPDX-License-Identifier: MIT */
/*
 * The packets that the test tools send and expect. In: a recipe, written as the
 * query of a URL. Out: any packet of it, made from the packet's number alone, so
 * that the receiver can check every byte of every packet.
 *
 * A packet is the header of its link layer, the stream's id and the packet's number
 * (4 bytes each, network order), and bytes computed from both. Captured size,
 * original size, timestamp, and header are computed from them, too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACKETS_ETHERNET = 1,
	PACKETS_SLL = 113,
	PACKETS_SLL2 = 276,
	PACKETS_MARK = 8, /* id and number */
	PACKETS_MAX = 262144,
	PACKETS_ROOM = PACKETS_MAX + 16,
};

/* How the packets of one stream are made. */
struct recipe {
	uint64_t seed;
	uint64_t start;	   /* ns, of the first timestamp */
	uint64_t step;	   /* ns between timestamps, on average */
	uint32_t id;	   /* of the stream */
	uint32_t packets;  /* how many there are */
	uint32_t size_min; /* bytes of a captured packet */
	uint32_t size_max;
	uint32_t disorder; /* packets change places within so many */
	uint32_t linktype;
	bool nano;
	bool swap; /* the file is in the other byte order */
};

struct made_packet {
	uint64_t time; /* ns */
	uint32_t caplen;
	uint32_t len;
	unsigned char data[PACKETS_ROOM];
};

/* Returns the value of a parameter in a query; it ends at '&' or at the end. */
const char *param_find(const char *query, const char *name);

/* Returns the number of a parameter; fallback if it is absent or not a number. */
uint64_t param_number(const char *query, const char *name, uint64_t fallback);

/* Has a parameter this value? */
bool param_is(const char *query, const char *name, const char *value);

/* Returns the size of the header of a link type. */
uint32_t recipe_link_size(uint32_t linktype);

/* Reads id, packets, seed, start, step, size, disorder, linktype, nano, swap */
struct recipe recipe_parse(const char *query);

/* Spreads every bit of a number over all bits. */
uint64_t packets_mix(uint64_t value);

/* Returns the random number for one purpose (what) of one packet. */
uint64_t recipe_number(const struct recipe *recipe, uint32_t number, unsigned int what);

/* Returns the number of the packet at a position of the stream. */
uint32_t recipe_at(const struct recipe *recipe, uint32_t place);

/*
 * Makes packet number of a recipe as it is when it stands under linktype, the
 * recipe's own or SLL for SLL2 and Ethernet.
 */
void recipe_make(const struct recipe *recipe, uint32_t number, uint32_t linktype,
	struct made_packet *ret_packet);
