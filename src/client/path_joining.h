/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_state.h"

enum { CHAIN_MAX = 1024 }; /* journeys with one digest that a sight is compared with */

/* Makes space for the journeys that a piece needs: first those that wait end, then others. */
void path_joining_make_space(struct path_pairing *pairing);

/*
 * Can a sight belong to a journey? It lacks the place, or comes back to it after a router: one
 * with a single interface, as seen by a capture without directions.
 */
bool path_joining_fits(struct path_pairing *pairing, const struct journey *journey,
	const struct path_sight *sight);

/*
 * Looks at a journey that has a sight's packet, or its first byte. If the sight can belong to
 * it, *found becomes the better one of the two; otherwise journey and sight are of repeated
 * packets, which *is_repeated then says.
 */
void path_joining_consider(struct path_pairing *pairing, struct journey *journey,
	const struct path_sight *sight, const struct path_identity *identity,
	struct journey **found, bool *is_repeated);

/* Adds a sight to a journey. */
void path_joining_join(
	struct path_pairing *pairing, struct journey *journey, const struct path_sight *sight);

/* Starts a journey at a place. There is space for it. */
struct journey *path_joining_start(struct path_pairing *pairing, struct flow *flow,
	const struct path_sight *sight, const struct path_identity *identity, bool is_repeated);

/* Returns the number of a journey's first sight, and ends it if it is complete. */
uint64_t path_joining_finish(struct path_pairing *pairing, struct journey *journey);

/* A sight is left out for lack of space; flow is NULL if there is none for its flow. */
void path_joining_leave_out(struct path_pairing *pairing, struct flow *flow,
	const struct path_sight *sight, const struct path_identity *identity);
