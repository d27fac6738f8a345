/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { KEPT_BLOCKS_MAX = 1024 };

/*
 * Blocks of a pcapng output that each of its files needs: secrets, and names of
 * addresses. Each is kept once. All zero but limit: none.
 */
struct kept_blocks {
	size_t limit; /* bytes of all */
	size_t bytes;
	unsigned count;	     /* at most KEPT_BLOCKS_MAX */
	unsigned char *data; /* one block after the other */
	size_t capacity;
};

/*
 * Keeps a copy of a block, unless later files do not need it or it is kept already.
 * False: there is no space for it.
 */
bool kept_blocks_add(struct kept_blocks *kept, const unsigned char *block, size_t size);

/* Returns the size of the kept block at offset, which is then in ret_block; 0: none. */
size_t kept_blocks_at(
	const struct kept_blocks *kept, size_t offset, const unsigned char **ret_block);

void kept_blocks_cleanup(struct kept_blocks *kept);
