#pragma once

#include "format/packet.h"

#include <stddef.h>

/*
 * The blocks of the pcapng capture file format, draft-ietf-opsawg-pcapng.
 * Written in this machine's byte order, with stamps in ns; section.h reads.
 */
enum {
	PCAPNG_SECTION = 0x0a0d0d0a, /* block types */
	PCAPNG_INTERFACE = 1,
	PCAPNG_OLD_PACKET = 2,
	PCAPNG_SIMPLE_PACKET = 3,
	PCAPNG_STATISTICS = 5,
	PCAPNG_PACKET = 6,

	PCAPNG_COMMENT = 1, /* options of all blocks */
	PCAPNG_APPLICATION = 4,
	PCAPNG_NAME = 2, /* of an interface */
	PCAPNG_DESCRIPTION = 3,
	PCAPNG_TSRESOL = 9,
	PCAPNG_FILTER = 11,
	PCAPNG_FCSLEN = 13,
	PCAPNG_TSOFFSET = 14,
	PCAPNG_ENDTIME = 3, /* of statistics */
	PCAPNG_IFDROP = 5,
	PCAPNG_FILTERACCEPT = 6,
	PCAPNG_OSDROP = 7,

	PCAPNG_NANO = 9, /* the if_tsresol of what is written */

	PCAPNG_TEXT_MAX =
		16384, /* bytes of one text and a 0; the rest is cut off */
	/* the most that any of the functions below writes, packets aside */
	PCAPNG_BLOCK_MAX = 4 * (PCAPNG_TEXT_MAX + 8) + 128,
	PCAPNG_PACKET_HEAD = 28, /* bytes in front of a packet's own */
};

/*
 * Each writes one block to out and returns its size, a multiple of four.
 * comment may be NULL or empty: none.
 */
size_t pcapng_put_section(
	unsigned char *out, const char *application, const char *comment);
size_t pcapng_put_interface(
	unsigned char *out, const struct interface *interface);
size_t pcapng_put_statistics(
	unsigned char *out, const struct statistics *statistics);

/* The packet's bytes are at out + PCAPNG_PACKET_HEAD already. */
size_t pcapng_put_packet(
	unsigned char *out, const struct packet *packet, const char *comment);

/*
 * Where pcap keeps the size of a frame check sequence in 16-bit words: in the
 * link type. pcapng has an option for it, in bits.
 */
uint32_t pcapng_fcs_bits(uint32_t linktype);
uint32_t pcapng_with_fcs(uint32_t linktype, uint32_t bits);
