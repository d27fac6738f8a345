#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Targets by a key each, the least first; those of one key by their number. */
struct heap {
	struct heap_item *items; /* items[0] is the first, if count > 0 */
	size_t *places;		 /* of each target in items; SIZE_MAX: none */
	size_t count;
};

struct heap_item {
	uint64_t key;
	unsigned target;
};

/* Makes an empty heap for that many targets. False: out of memory. */
bool heap_init(struct heap *heap, unsigned targets);

/* Takes a heap that is all zero, too. */
void heap_clear(struct heap *heap);

/* Adds a target, or changes its key. */
void heap_put(struct heap *heap, unsigned target, uint64_t key);

/* Removes a target, if it is there. */
void heap_remove(struct heap *heap, unsigned target);
