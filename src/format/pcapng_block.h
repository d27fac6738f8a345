/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
	BLOCK_HEAD = 8,		  /* type and length */
	BLOCK_TAIL = 4,		  /* the length again */
	BLOCK_ORDER = 0x1a2b3c4d, /* in a section header, in its byte order */
};

/* A block of pcapng, whole or expected to have size bytes. */
struct pcapng_block {
	uint32_t type;
	uint32_t size; /* from its type to the second of its lengths */
	const unsigned char *bytes;
	bool swapped; /* it is in the other byte order */
};

struct pcapng_option {
	uint16_t code;
	uint16_t size;
	const unsigned char *value; /* within the block */
};

/* Return the number at an offset within a block. */
uint16_t pcapng_block_u16(const struct pcapng_block *block, size_t offset);
uint32_t pcapng_block_u32(const struct pcapng_block *block, size_t offset);

/* Returns a timestamp, which is two halves, the upper one first. */
uint64_t pcapng_block_ticks(const struct pcapng_block *block, size_t offset);

/*
 * Reads the option at *offset, and advances it. Returns 1; 0 at the end of the
 * options; -1 with error set if its length is wrong.
 */
int pcapng_option(const struct pcapng_block *block, size_t *offset,
	struct pcapng_option *ret_option, struct error *error);

/* Sets error to "the capture stream is damaged: ...". Returns false. */
bool pcapng_block_damaged(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
