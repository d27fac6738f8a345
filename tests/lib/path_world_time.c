/* SPDX-License-Identifier: MIT */
/*
 * Time and chance of a simulated world: a heap of events, and random numbers that a seed
 * repeats.
 */
#include "path_world_sim.h"

#include <stdlib.h>
#include <string.h>

uint64_t sim_mix(uint64_t value)
{
	value += UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

uint64_t sim_below(struct sim *sim, uint64_t below)
{
	sim->random++;
	return below ? sim_mix(sim->random) % below : 0;
}

bool sim_chance(struct sim *sim, unsigned chance)
{
	return sim_below(sim, 10000) < chance;
}

bool sim_feature(struct sim *sim, enum path_world_feature feature, unsigned chance)
{
	return sim_chance(sim, chance) && (sim->world->features & feature);
}

void *sim_allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

void *sim_grow(void *array, size_t count, size_t *room, size_t size)
{
	if (count == *room) {
		*room = *room ? 2 * *room : 64;
		array = realloc(array, *room * size);
		if (!array)
			abort();
	}
	memset((char *)array + count * size, 0, size);
	return array;
}

static bool is_earlier(const struct sim_event *one, const struct sim_event *other)
{
	return one->time != other->time ? one->time < other->time : one->sequence < other->sequence;
}

static void swap_events(struct sim_event *one, struct sim_event *other)
{
	const struct sim_event kept = *one;

	*one = *other;
	*other = kept;
}

void sim_at(struct sim *sim, uint64_t time,
	void (*run)(struct sim *sim, void *object, uint64_t number), void *object, uint64_t number)
{
	size_t at = sim->heap_count;

	sim->heap = sim_grow(sim->heap, at, &sim->heap_room, sizeof(*sim->heap));
	sim->heap[at] = (struct sim_event){time, sim->sequence++, run, object, number};
	sim->heap_count++;
	for (; at && is_earlier(&sim->heap[at], &sim->heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap_events(&sim->heap[at], &sim->heap[(at - 1) / 2]);
}

struct sim_event sim_take_event(struct sim *sim)
{
	const struct sim_event first = sim->heap[0];
	size_t at = 0;

	sim->heap[0] = sim->heap[--sim->heap_count];
	for (;;) {
		size_t next = 2 * at + 1;

		if (next >= sim->heap_count)
			break;
		if (next + 1 < sim->heap_count &&
			is_earlier(&sim->heap[next + 1], &sim->heap[next]))
			next++;
		if (!is_earlier(&sim->heap[next], &sim->heap[at]))
			break;
		swap_events(&sim->heap[at], &sim->heap[next]);
		at = next;
	}
	return first;
}
