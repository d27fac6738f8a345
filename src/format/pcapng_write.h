/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/packet.h"

#include <stddef.h>

/*
 * The blocks of the pcapng capture file format, draft-ietf-opsawg-pcapng.
 * Written in this machine's byte order, with timestamps in ns; pcapng_read.h reads.
 */
/*
 * The application of a section that ddump writes into a pipe, before its version: the
 * Interface Statistics Blocks of its interface 0 are watermarks.
 */
#define PCAPNG_MERGE_APPLICATION "ddump-merge "

enum {
	PCAPNG_SECTION = 0x0a0d0d0a, /* block types */
	PCAPNG_INTERFACE = 1,
	PCAPNG_OLD_PACKET = 2,
	PCAPNG_SIMPLE_PACKET = 3,
	PCAPNG_NAMES = 4,
	PCAPNG_STATISTICS = 5,
	PCAPNG_PACKET = 6,
	PCAPNG_JOURNAL = 9,
	PCAPNG_SECRETS = 10,
	PCAPNG_CUSTOM = 0xbad,
	PCAPNG_CUSTOM_STAYS = 0x40000bad, /* it may not be copied */

	PCAPNG_COMMENT = 1,  /* options of all blocks */
	PCAPNG_HARDWARE = 2, /* of a section */
	PCAPNG_SYSTEM = 3,
	PCAPNG_APPLICATION = 4,
	PCAPNG_NAME = 2, /* of an interface */
	PCAPNG_DESCRIPTION = 3,
	PCAPNG_TSRESOL = 9,
	PCAPNG_FILTER = 11,
	PCAPNG_FCSLEN = 13,
	PCAPNG_TSOFFSET = 14,
	PCAPNG_STARTTIME = 2, /* of statistics */
	PCAPNG_ENDTIME = 3,
	PCAPNG_IFRECV = 4,
	PCAPNG_IFDROP = 5,
	PCAPNG_FILTERACCEPT = 6,
	PCAPNG_OSDROP = 7,
	PCAPNG_USRDELIV = 8,
	PCAPNG_DROPCOUNT = 4, /* of a packet */
	PCAPNG_PACKET_ID = 5,
	PCAPNG_CUSTOM_TEXT = 2988, /* of all blocks */
	PCAPNG_CUSTOM_BYTES = 2989,
	PCAPNG_CUSTOM_TEXT_STAYS = 19372, /* these may not be copied */
	PCAPNG_CUSTOM_BYTES_STAYS = 19373,

	PCAPNG_NANO = 9, /* the if_tsresol of what is written */

	PCAPNG_TEXT_MAX = 16384, /* bytes of one text and a 0; the rest is cut off */
	/*
	 * The most bytes that a function below writes, without packets and the
	 * options that they came with.
	 */
	PCAPNG_BLOCK_MAX = 4 * (PCAPNG_TEXT_MAX + 8) + 128,
	PCAPNG_PACKET_ID_SIZE = 12, /* bytes of an option with it */
	PCAPNG_PACKET_HEAD = 28,    /* bytes before the packet's own */
};

/*
 * Each writes one block to out and returns its size, a multiple of four.
 * comment may be NULL or empty: none.
 */
size_t pcapng_write_section(unsigned char *out, const char *application, const char *comment);
size_t pcapng_write_interface(unsigned char *out, const struct interface *interface);
size_t pcapng_write_statistics(unsigned char *out, const struct statistics *statistics);

/*
 * The packet's bytes are at out + PCAPNG_PACKET_HEAD already. options are as
 * packet_options() has them, options_size bytes; 0: none.
 */
size_t pcapng_write_packet(
	unsigned char *out, const struct packet *packet, const void *options, size_t options_size);

/* The same with a comment before the options. */
size_t pcapng_write_commented_packet(unsigned char *out, const struct packet *packet,
	const char *comment, const void *options, size_t options_size);

/* Returns the size in bytes of an option with a comment. */
size_t pcapng_comment_size(const char *comment);

/* Writes such an option, for packet_options(). comment must not be empty. */
void pcapng_write_comment(unsigned char *out, const char *comment);

/* Writes an option with the id of a packet, PCAPNG_PACKET_ID_SIZE bytes, in the same form. */
void pcapng_write_packet_id(unsigned char *out, uint64_t id);

/* Changes bits of the ids among options of that form. */
void pcapng_change_packet_ids(unsigned char *options, size_t size, uint64_t bits);

/* Copies options of that form, but those with a code. Returns their size. */
size_t pcapng_copy_without(unsigned char *out, const void *options, size_t size, uint16_t code);

/* Is the option among these, which are in this machine's byte order and padded? */
bool pcapng_has_option(const void *options, size_t size, uint16_t code);

/*
 * Convert the size of a frame check sequence: pcap has it in the link type, in
 * 16-bit words; pcapng in an option, in bits.
 */
uint32_t pcapng_fcs_bits(uint32_t linktype);
uint32_t pcapng_with_fcs(uint32_t linktype, uint32_t bits);
