/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_state.h"

/*
 * Adds a segment of a TCP stream (PATH_BYTES) as a place saw it. Returns the number of the
 * first sight of any of its bytes.
 */
uint64_t path_pieces_add(struct path_pairing *pairing, struct flow *flow,
	const struct path_sight *sight, const struct path_identity *identity);
