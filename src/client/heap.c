/*
 * A binary heap. In: targets with keys that change. Out: the one with the
 * least, at any time.
 */
#include "client/heap.h"

#include <stdlib.h>

static const size_t NOWHERE = SIZE_MAX;

bool heap_init(struct heap *heap, unsigned targets)
{
	heap->count = 0;
	heap->items = calloc(targets, sizeof(*heap->items));
	heap->places = calloc(targets, sizeof(*heap->places));
	if (!heap->items || !heap->places)
		return false;
	for (unsigned i = 0; i < targets; i++)
		heap->places[i] = NOWHERE;
	return true;
}

void heap_clear(struct heap *heap)
{
	free(heap->items);
	free(heap->places);
	*heap = (struct heap){0};
}

static bool is_before(const struct heap_item *a, const struct heap_item *b)
{
	return a->key < b->key || (a->key == b->key && a->target < b->target);
}

static void set(struct heap *heap, size_t place, struct heap_item item)
{
	heap->items[place] = item;
	heap->places[item.target] = place;
}

/* Puts an item where it belongs, starting at a place that is free for it. */
static void settle(struct heap *heap, size_t place, struct heap_item item)
{
	while (place > 0 && is_before(&item, &heap->items[(place - 1) / 2])) {
		set(heap, place, heap->items[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * place + 1;

		if (child + 1 < heap->count &&
			is_before(&heap->items[child + 1], &heap->items[child]))
			child++;
		if (child >= heap->count ||
			!is_before(&heap->items[child], &item))
			break;
		set(heap, place, heap->items[child]);
		place = child;
	}
	set(heap, place, item);
}

void heap_put(struct heap *heap, unsigned target, uint64_t key)
{
	size_t place = heap->places[target];

	if (place == NOWHERE)
		place = heap->count++;
	settle(heap, place, (struct heap_item){key, target});
}

void heap_remove(struct heap *heap, unsigned target)
{
	size_t place = heap->places[target];
	struct heap_item last;

	if (place == NOWHERE)
		return;
	heap->places[target] = NOWHERE;
	last = heap->items[--heap->count];
	if (last.target != target)
		settle(heap, place, last);
}
