#pragma once

#include "common/failure.h"
#include "format/sink.h"

#include <stddef.h>

/*
 * A parser of pcapng, one block after the other: of either byte order, with
 * stamps of any resolution and offset. Blocks and options that say nothing of
 * packets are passed over, however long; those that do must be sound. The
 * length of a whole section is not used: streams don't know it.
 */
struct section;

/* How a pcapng stream begins. */
extern const unsigned char section_start[4];

/* Returns a parser for section_free(); NULL without memory. */
struct section *section_new(void);

void section_free(struct section *section);

/*
 * Parses what bytes begin with: a block, or the next part of one that is
 * passed over. Returns its size; the size that it needs to be looked at again,
 * more than size, if it is not whole; 0 with failure set if it is wrong or the
 * sink said false.
 */
size_t section_parse(struct section *section, const struct stream_sink *sink,
	const unsigned char *bytes, size_t size, struct failure *failure);

/* Is it inside of a block that it passes over? */
bool section_is_inside(const struct section *section);

/* Is it a worker's, without the word by which it ends what is complete? */
bool section_lacks_end(const struct section *section);
