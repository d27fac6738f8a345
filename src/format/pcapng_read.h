/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/stream_handler.h"

#include <stddef.h>

/*
 * A parser of pcapng, block by block, of either byte order, with timestamps of any
 * resolution and offset. Unknown blocks and options are skipped, however long; those
 * about packets must be valid. The length of a section is not used: streams do not
 * have it.
 */
struct pcapng_read;

/* The first bytes of a pcapng stream. */
extern const unsigned char section_start[4];

/* Returns a parser for pcapng_read_free(); NULL: out of memory. */
struct pcapng_read *pcapng_read_new(void);

void pcapng_read_free(struct pcapng_read *reader);

/*
 * Parses a block at the start of bytes, or the next part of a block that is skipped.
 * Returns its size; a number above size if it is incomplete: call again with so many
 * bytes; 0 with error set if it is damaged or the handler returned false.
 */
size_t pcapng_read_block(struct pcapng_read *reader, const struct stream_handler *sink,
	const unsigned char *bytes, size_t size, struct error *error);

/* Is the parser within a block that it skips? */
bool pcapng_read_is_inside(const struct pcapng_read *reader);

/* Is it a worker's stream without the mark that ends a complete one? */
bool pcapng_read_lacks_end(const struct pcapng_read *reader);
