/* SPDX-License-Identifier: MIT */
/*
 * Where packets of a flow ended. In: a flow and the opposite one, at the flow's end. Out: events.
 * The theory is at the head of path_pairing.c.
 */
#include "client/path_flow_ends.h"

/* Was the flow in the other direction seen on a target? */
static bool was_seen_on(
	const struct path_pairing *pairing, const struct flow *flow, unsigned target)
{
	const struct path_place *places = pairing->places.list;

	for (unsigned i = 0; i < flow->way_count; i++)
		if (places[flow->ways[i].from].target == target ||
			places[flow->ways[i].to].target == target)
			return true;
	for (unsigned i = 0; i < flow->end_count; i++)
		if (places[flow->ends[i].place].target == target)
			return true;
	return false;
}

/* Is the flow for a program on the host of a place, which answers? */
static bool is_for_host(const struct flow *flow, const struct flow *opposite, unsigned target)
{
	return opposite && opposite->has_origin && opposite->origin == target &&
	       !(flow->has_origin && flow->origin == target);
}

static const struct flow *find_opposite(const struct path_pairing *pairing, const struct flow *flow)
{
	return flow->opposite == FLOW_NONE ? NULL : &pairing->flows.list[flow->opposite];
}

bool path_flow_ends_may_lack(
	const struct path_pairing *pairing, const struct flow *flow, const struct journey *journey)
{
	const uint16_t last = journey_last_sight(journey)->place;

	if (!flow->is_unordered || flow_continues(flow, last) ||
		is_for_host(flow, find_opposite(pairing, flow), pairing->places.list[last].target))
		return false;
	if (flow->place_count > FLOW_PLACES_MAX)
		return true;
	for (unsigned i = 0; i < flow->place_count; i++)
		if (!journey_was_at(journey, flow->places[i]) &&
			!flow_reaches(flow, flow->places[i], last))
			return true;
	return false;
}

static void report(
	const struct path_pairing *pairing, const struct flow *flow, const struct flow_end *end)
{
	const struct path_place *place = &pairing->places.list[end->place];
	const struct flow *opposite = find_opposite(pairing, flow);
	const struct path_ending ending = {
		.flow = &flow->key,
		.place = end->place,
		.packets = end->packets,
		.bytes = end->bytes,
		.first_ns = end->first_ns,
		.last_ns = end->last_ns,
		.has_passed = flow_continues(flow, end->place),
		.was_answered = opposite && was_seen_on(pairing, opposite, place->target),
	};

	if (!ending.has_passed && (!pairing->places.states[end->place].continues ||
					  is_for_host(flow, opposite, place->target)))
		return;
	pairing->sink.ending(pairing->sink.context, &ending);
}

void path_flow_ends_report(const struct path_pairing *pairing, const struct flow *flow)
{
	for (unsigned i = 0; i < flow->end_count; i++)
		report(pairing, flow, &flow->ends[i]);
}
