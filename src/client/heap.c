/* SPDX-License-Identifier: MIT */
/*
 * Binary heap with positions. In: targets with keys that change. Out: the target
 * with the least key.
 */
#include "client/heap.h"

#include <stdlib.h>

static const size_t NO_POSITION = SIZE_MAX;

bool heap_init(struct heap *heap, unsigned targets)
{
	heap->count = 0;
	heap->items = calloc(targets, sizeof(*heap->items));
	heap->positions = calloc(targets, sizeof(*heap->positions));
	if (!heap->items || !heap->positions)
		return false;
	for (unsigned i = 0; i < targets; i++)
		heap->positions[i] = NO_POSITION;
	return true;
}

void heap_cleanup(struct heap *heap)
{
	free(heap->items);
	free(heap->positions);
	*heap = (struct heap){0};
}

static bool is_before(const struct heap_item *a, const struct heap_item *b)
{
	return a->key < b->key || (a->key == b->key && a->target < b->target);
}

static void set_item(struct heap *heap, size_t position, struct heap_item item)
{
	heap->items[position] = item;
	heap->positions[item.target] = position;
}

/* Moves an item from an unused position, up or down, to where it belongs. */
static void sift_item(struct heap *heap, size_t position, struct heap_item item)
{
	while (position > 0 && is_before(&item, &heap->items[(position - 1) / 2])) {
		set_item(heap, position, heap->items[(position - 1) / 2]);
		position = (position - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * position + 1;

		if (child + 1 < heap->count &&
			is_before(&heap->items[child + 1], &heap->items[child]))
			child++;
		if (child >= heap->count || !is_before(&heap->items[child], &item))
			break;
		set_item(heap, position, heap->items[child]);
		position = child;
	}
	set_item(heap, position, item);
}

void heap_put(struct heap *heap, unsigned target, uint64_t key)
{
	size_t position = heap->positions[target];

	if (position == NO_POSITION)
		position = heap->count++;
	sift_item(heap, position, (struct heap_item){key, target});
}

void heap_remove(struct heap *heap, unsigned target)
{
	size_t position = heap->positions[target];
	struct heap_item last;

	if (position == NO_POSITION)
		return;
	heap->positions[target] = NO_POSITION;
	last = heap->items[--heap->count];
	if (last.target != target)
		sift_item(heap, position, last);
}
