/* SPDX-License-Identifier: MIT */
#include "client/path_places.h"

#include "common/clock.h"

#include <stdlib.h>

#define DRIFT_PER_S_NS 100000 /* the fastest that two clocks are expected to drift apart */

#define DAMAGED_PAUSE_NS NS_PER_S /* between two damaged packets: other ones count again */

enum { DIRECTIONS = PATH_OUTGOING + 1, LIST_STEP = 64 };
#define KINDS (UINT64_C(2) * DIRECTIONS * (PATH_TUNNELS_MAX + 1))

static bool grow_map(struct path_places *places, uint32_t index)
{
	const uint32_t size = index + index / 2 + LIST_STEP;
	uint16_t *map;

	if (index < places->map_size)
		return true;
	map = realloc(places->map, size * sizeof(*map));
	if (!map)
		return false;
	for (uint32_t i = places->map_size; i < size; i++)
		map[i] = PATH_PLACE_NONE;
	places->map = map;
	places->map_size = size;
	return true;
}

static bool grow_list(struct path_places *places)
{
	const size_t size = places->count + LIST_STEP;
	struct path_place *list;
	struct place_state *states;

	if (places->count % LIST_STEP != 0)
		return true;
	list = realloc(places->list, size * sizeof(*list));
	if (!list)
		return false;
	places->list = list;
	states = realloc(places->states, size * sizeof(*states));
	if (!states)
		return false;
	places->states = states;
	return true;
}

static uint64_t find_index(const struct path_place *place)
{
	const uint64_t kind = (uint64_t)place->tunnels * DIRECTIONS + place->direction;

	return (uint64_t)place->interface * KINDS + 2 * kind + (place->is_second ? 1 : 0);
}

/* Finds or adds a place; base is that without tunnel, of a first visit, PATH_PLACE_NONE: itself. */
static uint16_t find_one(struct path_places *places, const struct path_place *place, uint16_t base)
{
	const uint64_t index = find_index(place);
	const uint16_t number = (uint16_t)places->count;

	if (index >= UINT32_MAX / 2 || !grow_map(places, (uint32_t)index))
		return PATH_PLACE_NONE;
	if (places->map[index] != PATH_PLACE_NONE)
		return places->map[index];
	if (places->count == PATH_PLACES_MAX || !grow_list(places))
		return PATH_PLACE_NONE;
	places->list[number] = *place;
	places->states[number] =
		(struct place_state){.base = base != PATH_PLACE_NONE ? base : number};
	places->map[index] = number;
	places->count++;
	return number;
}

uint16_t path_places_find(struct path_places *places, const struct path_place *place)
{
	struct path_place first = *place;
	uint16_t base;

	if (!place->is_second && place->tunnels == 0)
		return find_one(places, place, PATH_PLACE_NONE);
	first.is_second = false;
	first.tunnels = 0;
	base = find_one(places, &first, PATH_PLACE_NONE);
	return base != PATH_PLACE_NONE ? find_one(places, place, base) : PATH_PLACE_NONE;
}

void path_places_note_lag(
	struct path_places *places, const struct path_sight *sight, uint64_t now_ns)
{
	struct place_state *state = &places->states[sight->place];
	const int64_t lag_ns = (int64_t)(now_ns - sight->time_ns);
	const int64_t drift_ns = (int64_t)((now_ns - state->lag_at_ns) / NS_PER_S * DRIFT_PER_S_NS);
	int64_t limit_ns;

	if (state->has_lag &&
		(__builtin_add_overflow(state->lag_ns, drift_ns, &limit_ns) || lag_ns >= limit_ns))
		return;
	state->has_lag = true;
	state->lag_ns = lag_ns;
	state->lag_at_ns = now_ns;
}

void path_places_note_damaged(struct path_places *places, const struct path_sight *sight)
{
	struct place_state *state = &places->states[places->states[sight->place].base];
	const uint64_t time_ns = sight->time_ns;

	if (state->damaged_from_ns == 0) {
		state->damaged_from_ns = state->damaged_to_ns = time_ns;
	} else if (time_ns > state->damaged_to_ns + DAMAGED_PAUSE_NS) {
		state->damaged_before_ns = state->damaged_to_ns;
		state->damaged_from_ns = state->damaged_to_ns = time_ns;
	} else {
		state->damaged_from_ns = clock_earlier(state->damaged_from_ns, time_ns);
		state->damaged_to_ns = clock_later(state->damaged_to_ns, time_ns);
	}
}

bool path_places_was_damaged(
	const struct path_places *places, uint16_t place, uint64_t from_ns, uint64_t to_ns)
{
	const struct place_state *state = &places->states[places->states[place].base];

	if (state->damaged_from_ns == 0)
		return false;
	return from_ns <= state->damaged_before_ns ||
	       (from_ns <= state->damaged_to_ns && to_ns >= state->damaged_from_ns);
}

void path_places_cleanup(struct path_places *places)
{
	free(places->list);
	free(places->states);
	free(places->map);
	*places = (struct path_places){0};
}
