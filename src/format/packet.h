#pragma once

#include <stdint.h>

/* The most bytes of a packet that anybody captures: libpcap's own limit. */
enum { PACKET_MAX = 262144 };

/* One captured packet, between a reader and whoever takes it. */
struct packet {
	uint64_t time;		   /* ns since 1970-01-01 UTC */
	uint32_t caplen;	   /* bytes at data, at most PACKET_MAX */
	uint32_t len;		   /* bytes that it had on the wire */
	const unsigned char *data; /* belongs to the giver, until it returns */
};
