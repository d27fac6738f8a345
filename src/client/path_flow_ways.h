/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_flows.h"

/* The ways of one flow: those of its packets that came to an end of it. */

/* Counts a packet that took a way, whose sights are in order. */
void path_flow_ways_add(
	struct flow_whole_ways *ways, const struct path_sight *sights, size_t count);

/*
 * Reports the ways of a flow of at least two places. Packets that places missed only because
 * their capture had a gap took the way that has all of them; those that did not come to
 * its end are left out.
 */
void path_flow_ways_report(const struct flow *flow, path_way_receiver *receiver, void *context);
