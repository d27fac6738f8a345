/* SPDX-License-Identifier: MIT */
#pragma once

#include "unit.h"

#include <string.h>

/*
 * Random IP packets that are valid, for tests of what their headers mean: where each header
 * begins is known, and checksums are random.
 */
enum { IP_PACKET_MAX = 4096 };

struct ip_packet {
	unsigned char bytes[IP_PACKET_MAX];
	size_t size;
	size_t transport; /* offsets; IP is at 0 */
	size_t payload;
	unsigned version;
	unsigned protocol;
};

static inline void put16(unsigned char *out, size_t number)
{
	out[0] = (unsigned char)(number >> 8);
	out[1] = (unsigned char)number;
}

static inline void put32(unsigned char *out, uint32_t number)
{
	put16(out, number >> 16);
	put16(out + 2, number & 0xffff);
}

/* Writes the lengths of IP and UDP, after bytes have been inserted or removed. */
static inline void ip_packet_set_lengths(struct ip_packet *packet)
{
	if (packet->version == 4)
		put16(packet->bytes + 2, packet->size);
	else
		put16(packet->bytes + 4, packet->size - 40);
	if (packet->protocol == 17)
		put16(packet->bytes + packet->transport + 4, packet->size - packet->transport);
}

/* Inserts bytes, that are zero, before offset; lengths and offsets change with them. */
static inline void ip_packet_insert(struct ip_packet *packet, size_t offset, size_t size)
{
	assert_true(packet->size + size <= IP_PACKET_MAX);
	memmove(packet->bytes + offset + size, packet->bytes + offset, packet->size - offset);
	memset(packet->bytes + offset, 0, size);
	packet->size += size;
	if (offset <= packet->transport)
		packet->transport += size;
	if (offset <= packet->payload)
		packet->payload += size;
	ip_packet_set_lengths(packet);
}

/* Options of 12 bytes: timestamps, and two of padding. */
static inline size_t put_tcp_timestamps(unsigned char *tcp)
{
	tcp[12] = 8 << 4;
	memcpy(tcp + 20, "\1\1\10\12", 4);
	return 32;
}

/* The headers of layer 4, of random bytes so far; returns their size. */
static inline size_t ip_packet_transport(struct ip_packet *packet, struct seed *seed)
{
	unsigned char *header = packet->bytes + packet->transport;

	switch (packet->protocol) {
	case 6:
		header[12] = (unsigned char)(5 << 4 | (header[12] & 0x0f));
		header[13] &= 0xf9; /* neither SYN nor RST */
		return seed_below(seed, 2) ? put_tcp_timestamps(header) : 20;
	case 132:
		return 12;
	case 17:
	case 1:
	case 58:
	case 50:
	case 51:
		return 8;
	default:
		return 0;
	}
}

/* Makes a packet of that version and protocol, with so many bytes of payload. */
static inline void ip_packet_make(struct ip_packet *ret_packet, struct seed *seed, unsigned version,
	unsigned protocol, size_t payload_size)
{
	struct ip_packet *packet = ret_packet;
	unsigned char *ip = packet->bytes;

	packet->version = version;
	packet->protocol = protocol;
	packet->transport = version == 4 ? 20 : 40;
	seed_bytes(seed, ip, packet->transport + 60 + payload_size);
	packet->payload = packet->transport + ip_packet_transport(packet, seed);
	packet->size = packet->payload + payload_size;
	if (version == 4) {
		ip[0] = 0x45;
		put16(ip + 6, 0);
		ip[9] = (unsigned char)protocol;
		ip[16] = 10; /* one host, not a group */
	} else {
		ip[0] = 0x60;
		ip[6] = (unsigned char)protocol;
		ip[24] = 0x20;
	}
	ip_packet_set_lengths(packet);
}

static inline void ip_packet_make_random(struct ip_packet *ret_packet, struct seed *seed)
{
	static const unsigned char protocols[] = {6, 6, 6, 17, 17, 1, 58, 132, 50, 51, 99};
	static const uint16_t sizes[] = {0, 1, 8, 15, 16, 63, 64, 65, 255, 256, 300, 512, 1400};
	const unsigned protocol = protocols[seed_below(seed, sizeof(protocols))];
	size_t size = sizes[seed_below(seed, sizeof(sizes) / sizeof(*sizes))];

	if (protocol == 99 && size == 0)
		size = 4; /* a length of 0 in IPv6 has another meaning */
	ip_packet_make(ret_packet, seed, seed_below(seed, 2) ? 4 : 6, protocol, size);
}
