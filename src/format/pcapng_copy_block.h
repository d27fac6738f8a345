/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/pcapng_copy_options.h"

/* Is a block of this type copied as a whole? */
bool pcapng_copy_block_has_type(uint32_t type);

/*
 * Copies a block of such a type into kept, at most PCAPNG_COPY_BLOCK_MAX bytes,
 * ready to be written (draft-ietf-opsawg-pcapng, sections 4.5 and 4.7 to 4.9). The
 * size is 0 if the whole block is lost. Returns false: out of memory.
 */
bool pcapng_copy_put_block(
	struct pcapng_copy *kept, const struct pcapng_block *block, struct error *error);
