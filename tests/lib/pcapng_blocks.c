/* SPDX-License-Identifier: MIT */
#include "pcapng_blocks.h"

#include <stdlib.h>
#include <string.h>

const unsigned char blocks_arp[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6, 0,
	1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 2};

void blocks_bytes(struct blocks *blocks, const void *bytes, size_t size)
{
	if (size > BLOCKS_ROOM - blocks->size)
		abort();
	if (size > 0)
		memcpy(blocks->bytes + blocks->size, bytes, size);
	blocks->size += size;
}

/* Appends a number of size bytes. */
static void blocks_number(struct blocks *blocks, uint64_t value, unsigned size)
{
	unsigned char out[8];

	for (unsigned i = 0; i < size; i++) {
		unsigned place = blocks->big ? size - 1 - i : i;

		out[place] = (unsigned char)(value >> 8 * i);
	}
	blocks_bytes(blocks, out, size);
}

void blocks_u16(struct blocks *blocks, uint16_t value)
{
	blocks_number(blocks, value, 2);
}

void blocks_u32(struct blocks *blocks, uint32_t value)
{
	blocks_number(blocks, value, 4);
}

void blocks_u64(struct blocks *blocks, uint64_t value)
{
	blocks_number(blocks, value, 8);
}

void blocks_ticks(struct blocks *blocks, uint64_t ticks)
{
	blocks_u32(blocks, (uint32_t)(ticks >> 32));
	blocks_u32(blocks, (uint32_t)ticks);
}

void blocks_padded(struct blocks *blocks, const void *bytes, size_t size)
{
	blocks_bytes(blocks, bytes, size);
	blocks_bytes(blocks, "\0\0\0", -size % 4);
}

void blocks_set(struct blocks *blocks, size_t place, uint32_t value)
{
	const size_t size = blocks->size;

	blocks->size = blocks->open + place;
	blocks_u32(blocks, value);
	blocks->size = size;
}

void blocks_open(struct blocks *blocks, uint32_t type)
{
	blocks->open = blocks->size;
	blocks_u32(blocks, type);
	blocks_u32(blocks, 0);
}

void blocks_close(struct blocks *blocks)
{
	const uint32_t size = (uint32_t)(blocks->size - blocks->open) + 4;

	blocks_u32(blocks, size);
	blocks_set(blocks, 4, size);
}

void blocks_option(struct blocks *blocks, uint16_t code, const void *value, size_t size)
{
	blocks_u16(blocks, code);
	blocks_u16(blocks, (uint16_t)size);
	blocks_padded(blocks, value, size);
}

void blocks_text(struct blocks *blocks, uint16_t code, const char *text)
{
	blocks_option(blocks, code, text, strlen(text));
}

void blocks_option_number(struct blocks *blocks, uint16_t code, uint64_t value, unsigned size)
{
	blocks_u16(blocks, code);
	blocks_u16(blocks, (uint16_t)size);
	blocks_number(blocks, value, size);
}

void blocks_option_byte(struct blocks *blocks, uint16_t code, unsigned char value)
{
	blocks_option(blocks, code, &value, 1);
}

void blocks_end_options(struct blocks *blocks)
{
	blocks_u32(blocks, 0);
}

void blocks_open_section(
	struct blocks *blocks, uint16_t major, uint16_t minor, uint64_t section_length)
{
	blocks_open(blocks, BLOCKS_SECTION);
	blocks_u32(blocks, 0x1a2b3c4d);
	blocks_u16(blocks, major);
	blocks_u16(blocks, minor);
	blocks_u64(blocks, section_length);
}

void blocks_section(struct blocks *blocks)
{
	blocks_open_section(blocks, 1, 0, UINT64_MAX);
	blocks_close(blocks);
}

void blocks_open_interface(struct blocks *blocks, uint16_t linktype, uint32_t snaplen)
{
	blocks_open(blocks, BLOCKS_INTERFACE);
	blocks_u16(blocks, linktype);
	blocks_u16(blocks, 0);
	blocks_u32(blocks, snaplen);
}

void blocks_open_packet(struct blocks *blocks, uint32_t interface, uint64_t ticks, const void *data,
	uint32_t caplen)
{
	blocks_open(blocks, BLOCKS_PACKET);
	blocks_u32(blocks, interface);
	blocks_ticks(blocks, ticks);
	blocks_u32(blocks, caplen);
	blocks_u32(blocks, caplen);
	blocks_padded(blocks, data, caplen);
}

void blocks_open_statistics(struct blocks *blocks, uint32_t interface, uint64_t ticks)
{
	blocks_open(blocks, BLOCKS_STATISTICS);
	blocks_u32(blocks, interface);
	blocks_ticks(blocks, ticks);
}
