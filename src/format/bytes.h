#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Numbers of this machine's byte order in a file, or swapped ones. */

static inline uint16_t bytes_u16(const unsigned char *in, bool swapped)
{
	uint16_t value;

	memcpy(&value, in, sizeof(value));
	return swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t bytes_u32(const unsigned char *in, bool swapped)
{
	uint32_t value;

	memcpy(&value, in, sizeof(value));
	return swapped ? __builtin_bswap32(value) : value;
}

static inline uint64_t bytes_u64(const unsigned char *in, bool swapped)
{
	uint64_t value;

	memcpy(&value, in, sizeof(value));
	return swapped ? __builtin_bswap64(value) : value;
}
