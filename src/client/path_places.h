/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_events.h"

/* What is known of a place. */
struct place_state {
	uint16_t base;	/* the same interface and direction, first visit, no tunnel */
	bool continues; /* some flow has a way from it to another place */
	/* how far its timestamps are behind the time of the merge, at the least: */
	bool has_lag;
	int64_t lag_ns;
	uint64_t lag_at_ns; /* by the time of the merge */
	/* packets that could not be identified: the last times without a pause, and before */
	uint64_t damaged_from_ns; /* 0: none */
	uint64_t damaged_to_ns;
	uint64_t damaged_before_ns;
};

/* The places, by their numbers. */
struct path_places {
	struct path_place *list;
	struct place_state *states;
	uint32_t count;
	uint16_t *map; /* from interface and direction to place */
	uint32_t map_size;
};

/* Finds or adds a place, as path_pairing_place() does. */
uint16_t path_places_find(struct path_places *places, const struct path_place *place);

/*
 * Notes a packet at a place that the merge came to at now_ns. The least lag of a place's
 * packets is the difference of the clocks, which drifts slowly.
 */
void path_places_note_lag(
	struct path_places *places, const struct path_sight *sight, uint64_t now_ns);

/* Notes a packet that cannot be identified: it may be any of those that came at that time. */
void path_places_note_damaged(struct path_places *places, const struct path_sight *sight);

/*
 * May a place have had a packet that could not be identified, between two times? It does not
 * distinguish times long before the last such packet.
 */
bool path_places_was_damaged(
	const struct path_places *places, uint16_t place, uint64_t from_ns, uint64_t to_ns);

/* Accepts a struct that is all zero. */
void path_places_cleanup(struct path_places *places);
