/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_coverage.h"
#include "client/path_events.h"
#include "client/path_ways.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Finds out which way each packet took between the places that saw it, and which packets
 * were lost between two places. Pure: packets in the order of the merge in, events out;
 * time is a parameter. path_pairing.c has the theory.
 */
struct path_pairing;

/*
 * Returns a pairing for path_pairing_free(); NULL: out of memory. All memory that depends
 * on limits is allocated here. coverage is an array, by target, that stays the caller's
 * and lives as long.
 */
struct path_pairing *path_pairing_new(const struct path_limits *limits,
	const struct path_coverage *coverage, const struct path_pairing_sink *sink);

/* Accepts NULL. */
void path_pairing_free(struct path_pairing *pairing);

/*
 * Finds or adds a place, and returns its number. That of a tunnel or a second visit adds the
 * plain one of its interface, too.
 * PATH_PLACE_NONE: there are PATH_PLACES_MAX, or out of memory.
 */
uint16_t path_pairing_place(struct path_pairing *pairing, const struct path_place *place);

const struct path_place *path_pairing_get_place(
	const struct path_pairing *pairing, uint16_t number);

/*
 * Adds a packet as a place saw it. Returns the number of its first sight, which all sights
 * of one packet share (sight's own number if this is the first one, or it is not followed).
 * path_pairing_advance() with its time comes before; otherwise a packet after a pause seems to
 * be under way since the pause began.
 */
uint64_t path_pairing_add(struct path_pairing *pairing, const struct path_sight *sight,
	const struct path_identity *identity);

/* The merge has come up to this time: packets that are older by the window have ended. */
void path_pairing_advance(struct path_pairing *pairing, uint64_t now_ns);

/* Reports the ways of the flows that have not ended. */
void path_pairing_report_ways(
	const struct path_pairing *pairing, path_way_receiver *receiver, void *context);

/* No packet follows: ends all packets that are under way, and all flows. */
void path_pairing_finish(struct path_pairing *pairing);

/* Makes the window longer; a shorter one changes nothing. */
void path_pairing_set_window(struct path_pairing *pairing, uint64_t window_ns);

/*
 * The clock of the packets' timestamps has changed from now on: forgets how long packets took
 * from place to place, which helps to tell identical packets apart.
 */
void path_pairing_forget_times(struct path_pairing *pairing);

struct path_counts path_pairing_counts(const struct path_pairing *pairing);
