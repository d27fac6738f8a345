/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The next multiple of four: pcapng pads to 32 bits. */
static inline size_t bytes_padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

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

/* Numbers in network byte order. */

static inline uint16_t bytes_network_u16(const unsigned char *in)
{
	return (uint16_t)(in[0] << 8 | in[1]);
}

static inline uint32_t bytes_network_u32(const unsigned char *in)
{
	return (uint32_t)bytes_network_u16(in) << 16 | bytes_network_u16(in + 2);
}
