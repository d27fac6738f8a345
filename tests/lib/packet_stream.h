/* SPDX-License-Identifier: MIT */
/*
 * A capture file of the streams tool as a stream of bytes. In: the query of a
 * request. Out: the bytes of the file, as many at a time as the caller wants.
 *
 * It encodes pcap by itself, so that the project's encoder and decoder are not
 * only tested against each other.
 */
#pragma once

#include "packets.h"

enum { PCAP_HEADER = 24, PCAP_RECORD = 16, PIECE_MAX = 65536 };

struct packet_stream {
	struct recipe recipe;
	uint32_t place; /* number of packets encoded */
	bool middle;	/* ends with half of one packet too many */
	uint32_t fixed; /* bytes of a chunk, 0: random */
	uint64_t chance;
	size_t size; /* of bytes, of which done are taken */
	size_t done;
	unsigned char bytes[PCAP_RECORD + PACKETS_ROOM];
	struct made_packet packet;
};

/* Writes 4 bytes in the byte order of the file. */
void packet_stream_put(unsigned char *out, uint32_t value, const struct recipe *recipe);

/* Returns a stream at its file header, for free(); NULL: out of memory. */
struct packet_stream *packet_stream_new(const char *query);

/* Have all bytes been taken? */
bool packet_stream_over(const struct packet_stream *stream);

/*
 * Takes up to want bytes, of no more than the first allowed packets. Returns
 * how many there were.
 */
size_t packet_stream_take(
	struct packet_stream *stream, unsigned char *out, size_t want, uint32_t allowed);

/* Returns a random chunk size; each order of magnitude is equally likely. */
size_t packet_stream_piece(struct packet_stream *stream);
