/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_state.h"

/* Returns why a place may have missed a packet that was seen at another one. */
enum path_gap path_arrival_find_gap(
	const struct path_pairing *pairing, const struct path_sight *from, uint16_t to);

/* Can a place have missed a packet before it was seen at another one? */
bool path_arrival_had_gap(
	const struct path_pairing *pairing, uint16_t from, const struct path_sight *to);

/*
 * Can a packet have come by other places so long before this journey of it began that it was
 * not joined with them?
 */
bool path_arrival_began_late(
	const struct path_pairing *pairing, const struct flow *flow, const struct journey *journey);
