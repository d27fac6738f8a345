/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_state.h"

enum verdict { VERDICT_LOST, VERDICT_WAIT, VERDICT_DOUBT };

struct decision {
	enum verdict verdict;
	uint16_t to; /* the next place, or PATH_PLACE_NONE if that is not known */
	enum path_doubt doubt;
};

/*
 * Decides on a packet that was last seen at a place from which its flow continues.
 * VERDICT_WAIT: a later packet of the flow, or watermark of the next place, may tell more.
 */
struct decision path_decide(
	const struct path_pairing *pairing, struct flow *flow, const struct journey *journey);

/* Did packets of a flow that were sent later than one continue from its place? */
bool path_was_used_after(const struct flow *flow, const struct path_sight *from);
