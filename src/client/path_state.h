/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_coverage.h"
#include "client/path_flows.h"
#include "client/path_journeys.h"
#include "client/path_links.h"
#include "client/path_places.h"
#include "client/path_told.h"
#include "common/clock.h"

/* What the parts of the pairing share. The theory is at the head of path_pairing.c. */
struct path_pairing {
	struct path_limits limits;
	struct path_counts counts;
	struct path_pairing_sink sink;
	const struct path_coverage *coverage; /* by target */
	uint64_t now_ns;		      /* the time of the merge */
	uint64_t left_out_ns;		      /* the same as that of a flow, of any flow */
	struct path_places places;
	struct journeys journeys;
	struct flows flows;
	struct path_links links;
	struct path_told told;
};

/* Are two times not farther apart than the window? */
static inline bool path_is_within_window(
	const struct path_pairing *pairing, uint64_t one_ns, uint64_t other_ns)
{
	return clock_distance(one_ns, other_ns) <= pairing->limits.window_ns;
}
