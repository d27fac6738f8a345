/* SPDX-License-Identifier: MIT */
/*
 * The magic numbers of capture files. In: the first bytes of a file. Out: whether it
 * is a capture.
 */
#include "format/capture_magic.h"

#include "format/pcapng_write.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

bool capture_magic_is_known(const unsigned char start[CAPTURE_MAGIC_SIZE])
{
	/* pcap: with microseconds, with nanoseconds, modified */
	static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, PCAPNG_SECTION};
	uint32_t number;

	memcpy(&number, start, sizeof(number));
	for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++)
		if (number == magics[i] || number == __builtin_bswap32(magics[i]))
			return true;
	return false;
}
