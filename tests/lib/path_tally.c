/* SPDX-License-Identifier: MIT */
/* Adds up claims and truth. In: tallies in any order. Out: one for each thing and stretch. */
#include "path_truth_parts.h"

#include <stdlib.h>

void *truth_grow(void *array, size_t count, size_t *room, size_t size)
{
	if (count >= *room) {
		*room = 2 * count + 64;
		array = realloc(array, *room * size);
		if (!array)
			abort();
	}
	return array;
}

void tallies_add(struct tallies *tallies, struct tally tally)
{
	tallies->items = truth_grow(tallies->items, tallies->items_count, &tallies->items_room,
		sizeof(*tallies->items));
	tallies->items[tallies->items_count++] = tally;
}

static int compare_tallies(const void *one, const void *other)
{
	const struct tally *a = one, *b = other;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->to < b->to ? -1 : a->to > b->to;
}

/* Adds up all tallies of one thing. */
void tallies_sum_up(struct tallies *tallies)
{
	size_t count = 0;

	if (!tallies->items_count)
		return;
	qsort(tallies->items, tallies->items_count, sizeof(*tallies->items), compare_tallies);
	for (size_t i = 1; i < tallies->items_count; i++) {
		struct tally *sum = &tallies->items[count];
		const struct tally *next = &tallies->items[i];

		if (compare_tallies(sum, next)) {
			tallies->items[++count] = *next;
			continue;
		}
		sum->told += next->told;
		sum->truth += next->truth;
		sum->ended += next->ended;
		sum->certain += next->certain;
		sum->certain_packets += next->certain_packets;
		sum->taken_back += next->taken_back;
		if (next->latest > sum->latest)
			sum->latest = next->latest;
		sum->is_uncertain |= next->is_uncertain;
		if (!sum->frame)
			sum->frame = next->frame;
	}
	tallies->items_count = count + 1;
}

const struct tally *tallies_find(
	const struct tallies *tallies, uint64_t key, uint32_t from, uint32_t to)
{
	const struct tally sought = {.key = key, .from = from, .to = to};

	if (!tallies->items_count)
		return NULL;
	return bsearch(&sought, tallies->items, tallies->items_count, sizeof(*tallies->items),
		compare_tallies);
}
