/* SPDX-License-Identifier: MIT */
/*
 * Reads numbers and options of a pcapng block (draft-ietf-opsawg-pcapng). In: the
 * bytes of a block. Out: numbers, and options within the block.
 */
#include "format/pcapng_block.h"

#include "format/bytes.h"

#include <stdarg.h>
#include <stdio.h>

enum { WHAT_MAX = 256, OPTION_HEAD = 4 };

uint16_t pcapng_block_u16(const struct pcapng_block *block, size_t offset)
{
	return bytes_u16(block->bytes + offset, block->swapped);
}

uint32_t pcapng_block_u32(const struct pcapng_block *block, size_t offset)
{
	return bytes_u32(block->bytes + offset, block->swapped);
}

uint64_t pcapng_block_ticks(const struct pcapng_block *block, size_t offset)
{
	return (uint64_t)pcapng_block_u32(block, offset) << 32 |
	       pcapng_block_u32(block, offset + 4);
}

bool pcapng_block_damaged(struct error *error, const char *format, ...)
{
	char what[WHAT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return error_set(error, 1, "the capture stream is damaged: %s", what);
}

int pcapng_option(const struct pcapng_block *block, size_t *offset,
	struct pcapng_option *ret_option, struct error *error)
{
	const size_t left = block->size - BLOCK_TAIL - *offset;
	size_t padded;

	if (left < OPTION_HEAD) /* 0: sizes and offsets are multiples of 4 */
		return 0;
	*ret_option = (struct pcapng_option){
		.code = pcapng_block_u16(block, *offset),
		.size = pcapng_block_u16(block, *offset + 2),
		.value = block->bytes + *offset + OPTION_HEAD,
	};
	if (ret_option->code == 0)
		return 0;
	padded = bytes_padded(ret_option->size);
	if (padded > left - OPTION_HEAD) {
		pcapng_block_damaged(error, "option %u of %u bytes is longer than its block",
			ret_option->code, ret_option->size);
		return -1;
	}
	*offset += OPTION_HEAD + padded;
	return 1;
}
