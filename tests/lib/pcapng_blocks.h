/* SPDX-License-Identifier: MIT */
/*
 * Writes pcapng blocks in either byte order (draft-ietf-opsawg-pcapng) without the
 * code under test. A block is opened, filled, and closed; its length fields can be
 * made wrong afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BLOCKS_SECTION = 0x0a0d0d0a,
	BLOCKS_INTERFACE = 1,
	BLOCKS_OLD_PACKET = 2,
	BLOCKS_SIMPLE_PACKET = 3,
	BLOCKS_NAMES = 4,
	BLOCKS_STATISTICS = 5,
	BLOCKS_PACKET = 6,
	BLOCKS_JOURNAL = 9,
	BLOCKS_SECRETS = 10,
	BLOCKS_CUSTOM = 0xbad,
	BLOCKS_CUSTOM_STAYS = 0x40000bad,

	BLOCKS_ROOM = 4 << 20,
};

struct blocks {
	unsigned char *bytes; /* BLOCKS_ROOM of them */
	size_t size;
	size_t open; /* where the last block begins */
	bool big;    /* big-endian */
};

/* An ARP request on Ethernet: the content of most packets of tests. */
extern const unsigned char blocks_arp[42];

/* Appends bytes. */
void blocks_bytes(struct blocks *blocks, const void *bytes, size_t size);

/* These append a number in the byte order of the blocks. */
void blocks_u16(struct blocks *blocks, uint16_t value);

void blocks_u32(struct blocks *blocks, uint32_t value);

void blocks_u64(struct blocks *blocks, uint64_t value);

/* Appends a timestamp: the upper half first, in either byte order. */
void blocks_ticks(struct blocks *blocks, uint64_t ticks);

/* Appends bytes and pads them to 32 bits. */
void blocks_padded(struct blocks *blocks, const void *bytes, size_t size);

/* Overwrites four bytes of the last block, at an offset from its beginning. */
void blocks_set(struct blocks *blocks, size_t place, uint32_t value);

/* Begins a block. */
void blocks_open(struct blocks *blocks, uint32_t type);

/* Ends a block: pads it and writes both sizes. */
void blocks_close(struct blocks *blocks);

/* Appends an option, padded to 32 bits. */
void blocks_option(struct blocks *blocks, uint16_t code, const void *value, size_t size);

/* The same for a text. */
void blocks_text(struct blocks *blocks, uint16_t code, const char *text);

/* An option that is one number, of 4 or 8 bytes. */
void blocks_option_number(struct blocks *blocks, uint16_t code, uint64_t value, unsigned size);

void blocks_option_byte(struct blocks *blocks, uint16_t code, unsigned char value);

/* Appends opt_endofopt. */
void blocks_end_options(struct blocks *blocks);

/* These begin a block with its fixed fields; options may follow. */
void blocks_open_section(
	struct blocks *blocks, uint16_t major, uint16_t minor, uint64_t section_length);

/* Appends a section header without options. */
void blocks_section(struct blocks *blocks);

void blocks_open_interface(struct blocks *blocks, uint16_t linktype, uint32_t snaplen);

/* Begins an enhanced packet block, with the packet and its padding. */
void blocks_open_packet(struct blocks *blocks, uint32_t interface, uint64_t ticks, const void *data,
	uint32_t caplen);

void blocks_open_statistics(struct blocks *blocks, uint32_t interface, uint64_t ticks);
