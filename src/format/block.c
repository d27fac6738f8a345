/*
 * A block of pcapng and its options, draft-ietf-opsawg-pcapng. In: bytes. Out:
 * numbers, and options that lie within the block.
 */
#include "format/block.h"

#include "format/bytes.h"

uint16_t block_u16(const struct block *block, size_t place)
{
	return bytes_u16(block->bytes + place, block->swapped);
}

uint32_t block_u32(const struct block *block, size_t place)
{
	return bytes_u32(block->bytes + place, block->swapped);
}

uint64_t block_ticks(const struct block *block, size_t place)
{
	return (uint64_t)block_u32(block, place) << 32 |
	       block_u32(block, place + 4);
}

bool block_damaged(struct failure *failure, const char *what)
{
	return failure_set(
		failure, 1, "the capture stream is damaged: %s", what);
}

int block_option(const struct block *block, size_t *place,
	struct block_option *ret_option, struct failure *failure)
{
	const size_t left = block->size - BLOCK_TAIL - *place;
	size_t padded;

	if (left == 0)
		return 0;
	if (left < 4)
		goto lies;
	*ret_option = (struct block_option){
		.code = block_u16(block, *place),
		.size = block_u16(block, *place + 2),
		.value = block->bytes + *place + 4,
	};
	if (ret_option->code == 0)
		return 0;
	padded = ((size_t)ret_option->size + 3) & ~(size_t)3;
	if (padded > left - 4)
		goto lies;
	*place += 4 + padded;
	return 1;
lies:
	block_damaged(failure, "an option is longer than its block");
	return -1;
}
