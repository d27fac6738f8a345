/* SPDX-License-Identifier: MIT */
/*
 * Blocks that each file of an output needs. In: blocks of streams. Out: the same blocks,
 * each once, for the next file.
 */
#include "client/kept_blocks.h"

#include "format/pcapng_write.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_AT = 4, CAPACITY_MIN = 4096 };

static uint32_t number_at(const unsigned char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

size_t kept_blocks_at(
	const struct kept_blocks *kept, size_t offset, const unsigned char **ret_block)
{
	if (offset >= kept->bytes)
		return 0;
	*ret_block = kept->data + offset;
	return number_at(*ret_block + LENGTH_AT);
}

static bool is_kept(const struct kept_blocks *kept, const unsigned char *block, size_t size)
{
	const unsigned char *other;
	size_t other_size;

	for (size_t at = 0; (other_size = kept_blocks_at(kept, at, &other)) > 0; at += other_size)
		if (other_size == size && memcmp(other, block, size) == 0)
			return true;
	return false;
}

/* Makes space for size bytes more. */
static bool reserve(struct kept_blocks *kept, size_t size)
{
	size_t capacity = kept->capacity ? kept->capacity : CAPACITY_MIN;
	unsigned char *data;

	while (capacity < kept->bytes + size)
		capacity *= 2;
	if (capacity == kept->capacity)
		return true;
	data = realloc(kept->data, capacity);
	if (!data)
		return false;
	kept->data = data;
	kept->capacity = capacity;
	return true;
}

bool kept_blocks_add(struct kept_blocks *kept, const unsigned char *block, size_t size)
{
	const uint32_t type = number_at(block);

	if (type != PCAPNG_SECRETS && type != PCAPNG_NAMES)
		return true;
	if (is_kept(kept, block, size))
		return true;
	if (kept->count == KEPT_BLOCKS_MAX)
		return false;
	if (size > kept->limit || kept->bytes > kept->limit - size || !reserve(kept, size))
		return false;
	memcpy(kept->data + kept->bytes, block, size);
	kept->bytes += size;
	kept->count++;
	return true;
}

void kept_blocks_cleanup(struct kept_blocks *kept)
{
	if (kept->data)
		explicit_bzero(kept->data, kept->bytes);
	free(kept->data);
	*kept = (struct kept_blocks){0};
}
