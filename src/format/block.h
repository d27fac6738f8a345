#pragma once

#include "common/failure.h"

#include <stddef.h>
#include <stdint.h>

enum {
	BLOCK_HEAD = 8,		  /* type and length */
	BLOCK_TAIL = 4,		  /* the length again */
	BLOCK_ORDER = 0x1a2b3c4d, /* in a section's head, in its byte order */
};

/* A block of pcapng that is whole, or of which size bytes are to come. */
struct block {
	uint32_t type;
	uint32_t size; /* from its type to the second of its lengths */
	const unsigned char *bytes;
	bool swapped; /* it is in the other byte order */
};

struct block_option {
	uint16_t code;
	uint16_t size;
	const unsigned char *value; /* within the block */
};

/* The numbers at a place in a block that has that many bytes. */
uint16_t block_u16(const struct block *block, size_t place);
uint32_t block_u32(const struct block *block, size_t place);

/* A stamp: two halves of which the upper one comes first. */
uint64_t block_ticks(const struct block *block, size_t place);

/*
 * Reads the option at *place, and moves on. Returns 1; 0 if there is none any
 * more; -1 with failure set if its length lies.
 */
int block_option(const struct block *block, size_t *place,
	struct block_option *ret_option, struct failure *failure);

/* Sets failure to what is damaged. Returns false. */
bool block_damaged(struct failure *failure, const char *what);
