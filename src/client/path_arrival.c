/* SPDX-License-Identifier: MIT */
/*
 * When a packet can have come to a place: by the times that others took, and by the place's
 * own clock. The theory is at the head of path_pairing.c.
 */
#include "client/path_arrival.h"

#define SLACK_NS INT64_C(250000000)	 /* at least, around the times at which packets arrive */
#define UNKNOWN_NS UINT64_C(10000000000) /* the same, of a stretch of which nothing is known */
#define MARGIN_NS INT64_C(10000000)	 /* by how much a packet may be faster than ever before */

static uint64_t minus(uint64_t time, uint64_t ns)
{
	return time > ns ? time - ns : 0;
}

static uint64_t plus(uint64_t time, uint64_t ns)
{
	return time < UINT64_MAX - ns ? time + ns : UINT64_MAX;
}

static uint64_t moved(uint64_t time_ns, int64_t by_ns)
{
	return by_ns < 0 ? minus(time_ns, (uint64_t)-by_ns) : plus(time_ns, (uint64_t)by_ns);
}

/* Returns by when a packet can have come to a place, by the clock there. */
static struct path_interval find_arrival(
	const struct path_pairing *pairing, const struct path_sight *from, uint16_t to)
{
	const struct path_link *link = path_links_find(&pairing->links, from->place, to);
	uint64_t slack;

	if (!link)
		return (struct path_interval){.from_ns = minus(from->time_ns, UNKNOWN_NS),
			.to_ns = plus(from->time_ns, UNKNOWN_NS)};
	slack = (uint64_t)path_link_slack_ns(link, SLACK_NS);
	return (struct path_interval){
		.from_ns = minus(moved(from->time_ns, link->least_ns), slack),
		.to_ns = plus(moved(from->time_ns, link->most_ns), slack),
	};
}

/* Returns why a place may lack a packet between two times, by the clock there. */
static enum path_gap find_gap_between(
	const struct path_pairing *pairing, uint16_t place, uint64_t from_ns, uint64_t to_ns)
{
	const unsigned target = pairing->places.list[place].target;

	if (path_places_was_damaged(&pairing->places, place, from_ns, to_ns))
		return PATH_GAP_DROPPED;
	return path_coverage_find_gap(&pairing->coverage[target], from_ns, to_ns);
}

enum path_gap path_arrival_find_gap(
	const struct path_pairing *pairing, const struct path_sight *from, uint16_t to)
{
	const struct path_interval arrival = find_arrival(pairing, from, to);

	return find_gap_between(pairing, to, arrival.from_ns, arrival.to_ns);
}

bool path_arrival_had_gap(
	const struct path_pairing *pairing, uint16_t from, const struct path_sight *to)
{
	const struct path_link *link = path_links_find(&pairing->links, from, to->place);
	uint64_t slack = UNKNOWN_NS;
	uint64_t time_ns = to->time_ns;

	if (link) {
		slack = (uint64_t)path_link_slack_ns(link, SLACK_NS);
		time_ns = moved(time_ns, -link->least_ns);
	}
	return find_gap_between(pairing, from, minus(time_ns, slack), plus(time_ns, slack)) !=
	       PATH_GAP_NONE;
}

/* Of the places of a flow: the earliest time at which each can have seen one packet. */
struct earliest {
	unsigned count;
	uint16_t places[2 * FLOW_WAYS_MAX + 1];
	int64_t times_ns[2 * FLOW_WAYS_MAX + 1];
};

static bool find_earliest(const struct earliest *earliest, uint16_t place, int64_t *ret_time_ns)
{
	for (unsigned i = 0; i < earliest->count; i++)
		if (earliest->places[i] == place) {
			*ret_time_ns = earliest->times_ns[i];
			return true;
		}
	return false;
}

/* Adds a place with a time that is by_ns later; not if that is no time. */
static void add_earliest(struct earliest *earliest, uint16_t place, int64_t time_ns, int64_t by_ns)
{
	if (__builtin_add_overflow(time_ns, by_ns, &earliest->times_ns[earliest->count]))
		return;
	earliest->places[earliest->count++] = place;
}

/* Follows the ways of a flow from its places in both directions. */
static struct earliest follow_ways(
	const struct path_pairing *pairing, const struct flow *flow, const struct path_sight *sight)
{
	struct earliest earliest = {0};
	unsigned before;

	add_earliest(&earliest, sight->place, (int64_t)sight->time_ns, 0);
	do {
		before = earliest.count;
		for (unsigned i = 0; i < flow->way_count; i++) {
			const struct flow_way *way = &flow->ways[i];
			const struct path_link *link =
				path_links_find(&pairing->links, way->from, way->to);
			int64_t from_ns = 0, to_ns = 0;
			const bool has_from = find_earliest(&earliest, way->from, &from_ns);
			const bool has_to = find_earliest(&earliest, way->to, &to_ns);

			if (link && has_from && !has_to)
				add_earliest(&earliest, way->to, from_ns, link->least_ns);
			else if (link && has_to && !has_from)
				add_earliest(&earliest, way->from, to_ns, -link->most_ns);
		}
	} while (earliest.count > before);
	return earliest;
}

bool path_arrival_began_late(
	const struct path_pairing *pairing, const struct flow *flow, const struct journey *journey)
{
	const struct earliest earliest = follow_ways(pairing, flow, journey_last_sight(journey));

	for (unsigned i = 0; i < earliest.count; i++) {
		const struct place_state *state = &pairing->places.states[earliest.places[i]];
		int64_t after_ns; /* how long after the packet came here the journey began */

		/* times that are centuries apart say nothing */
		if (__builtin_sub_overflow(
			    (int64_t)journey->begin_ns, earliest.times_ns[i], &after_ns) ||
			__builtin_sub_overflow(after_ns, state->lag_ns, &after_ns) ||
			after_ns > (int64_t)pairing->limits.window_ns - MARGIN_NS)
			return true;
	}
	return false;
}
