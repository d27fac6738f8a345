/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Binary heap of targets, ordered by key, then by number. */
struct heap {
	struct heap_item *items; /* items[0] has the least key, if count > 0 */
	size_t *positions;	 /* in items, by target; SIZE_MAX: not in the heap */
	size_t count;
};

struct heap_item {
	uint64_t key;
	unsigned target;
};

/* Initializes an empty heap for so many targets. False: out of memory. */
bool heap_init(struct heap *heap, unsigned targets);

/* Accepts a heap that is all zero. */
void heap_cleanup(struct heap *heap);

/* Adds a target, or changes its key. */
void heap_put(struct heap *heap, unsigned target, uint64_t key);

/* Removes a target, if it is in the heap. */
void heap_remove(struct heap *heap, unsigned target);
