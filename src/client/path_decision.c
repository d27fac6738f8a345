/* SPDX-License-Identifier: MIT */
/*
 * Was a packet lost, and where? The conditions are at the head of path_pairing.c.
 */
#include "client/path_decision.h"

#include "client/path_arrival.h"

/*
 * Is a way from a place not the next one, because another way leads to its end, and packets
 * that took it missed places only while these had gaps?
 */
static bool is_longer(const struct flow *flow, const struct flow_way *way)
{
	if (way->is_bypass)
		return false;
	for (unsigned i = 0; i < flow->way_count; i++) {
		const struct flow_way *other = &flow->ways[i];

		if (other->from == way->from && other->to != way->to &&
			flow_reaches(flow, other->to, way->to) &&
			!flow_reaches(flow, way->to, other->to))
			return true;
	}
	return false;
}

/* Was a way in use at a time, or so near to it that packets may have taken it? */
static bool is_near(
	const struct path_pairing *pairing, const struct flow_way *way, uint64_t time_ns)
{
	return (way->first_ns <= time_ns && time_ns <= way->last_ns) ||
	       path_is_within_window(pairing, way->first_ns, time_ns) ||
	       path_is_within_window(pairing, way->last_ns, time_ns);
}

/*
 * Finds the one way from a place that the flow used before and after a time. Returns how
 * many it may have used at that time. Before its first packet passed, it is the only way
 * that the flow ever had there, which is not certain.
 */
static unsigned find_way(const struct path_pairing *pairing, const struct flow *flow,
	const struct path_sight *from, uint16_t *ret_to)
{
	bool has_before = false;
	unsigned spanning = 0;
	unsigned near = 0;
	unsigned all = 0;

	for (unsigned i = 0; i < flow->way_count; i++) {
		const struct flow_way *way = &flow->ways[i];
		const bool is_before = way->first_ns <= from->time_ns;

		if (way->from != from->place)
			continue;
		has_before = has_before || is_before;
		if (is_longer(flow, way))
			continue;
		all++;
		near += is_near(pairing, way, from->time_ns);
		if (is_before && way->last_ns > from->time_ns) {
			spanning++;
			*ret_to = way->to;
		} else if (spanning == 0) {
			*ret_to = way->to;
		}
	}
	if (!has_before)
		return all;
	return spanning == 1 && near == 1 ? 1 : 0;
}

bool path_was_used_after(const struct flow *flow, const struct path_sight *from)
{
	for (unsigned i = 0; i < flow->way_count; i++)
		if (flow->ways[i].from == from->place && flow->ways[i].last_ns > from->time_ns)
			return true;
	return false;
}

static bool was_used_before(const struct flow *flow, const struct path_sight *from)
{
	for (unsigned i = 0; i < flow->way_count; i++)
		if (flow->ways[i].from == from->place && flow->ways[i].first_ns <= from->time_ns)
			return true;
	return false;
}

static struct decision doubt(uint16_t to, enum path_doubt reason)
{
	return (struct decision){VERDICT_DOUBT, to, reason};
}

/*
 * Does a way lead back to where it began? With directions known, these are packets of a loop, or
 * copies of another sender: a packet that does not come again has not been lost.
 */
static bool is_loop(const struct path_pairing *pairing, uint16_t from, uint16_t to)
{
	const struct path_place *one = &pairing->places.list[from];
	const struct path_place *other = &pairing->places.list[to];

	return other->is_second && one->interface == other->interface &&
	       one->tunnels == other->tunnels && one->direction == other->direction &&
	       one->direction != PATH_DIRECTION_UNKNOWN;
}

/* Is a TTL too small for so many routers? */
static bool may_expire(
	const struct path_pairing *pairing, const struct path_sight *from, unsigned hops)
{
	for (unsigned level = 0; level <= pairing->places.list[from->place].tunnels; level++)
		if (path_sight_ttl(from, level) <= 1 || path_sight_ttl(from, level) <= hops)
			return true;
	return false;
}

/* Returns why a packet whose next place is known is not told as lost. */
static struct decision find_doubt(const struct path_pairing *pairing, struct flow *flow,
	const struct journey *journey, uint16_t to)
{
	const struct path_sight *from = journey_last_sight(journey);
	struct flow_way *way = flow_find_way(flow, from->place, to);

	switch (path_arrival_find_gap(pairing, from, to)) {
	case PATH_GAP_NOT_RUNNING:
		return doubt(to, PATH_DOUBT_NOT_RUNNING);
	case PATH_GAP_DROPPED:
		return doubt(to, PATH_DOUBT_DROPPED);
	case PATH_GAP_BEHIND:
		return (struct decision){.verdict = VERDICT_WAIT, .to = to};
	default:
		break;
	}
	if (journey->is_repeated)
		return doubt(to, PATH_DOUBT_REPEATED);
	if (journey->identity.is_first_fragment || from->is_outer_fragment ||
		may_expire(pairing, from, way->hops))
		return doubt(to, PATH_DOUBT_EXPIRED);
	if (journey->is_stray || journey->may_be_rest)
		return doubt(to, PATH_DOUBT_CHANGED);
	if (way->is_tunnel_end)
		return doubt(to, PATH_DOUBT_TUNNEL);
	if (path_arrival_began_late(pairing, flow, journey))
		return doubt(to, PATH_DOUBT_LATE);
	/* packets flooded on a link come to hosts that are not on the way */
	if (way->is_foreign && !flow_continues(flow, to))
		return doubt(to, PATH_DOUBT_WAYS);
	if (is_loop(pairing, from->place, to))
		return doubt(to, PATH_DOUBT_WAYS);
	if (!was_used_before(flow, from))
		return doubt(to, PATH_DOUBT_FIRST);
	if (way->strays > 0 && path_is_within_window(pairing, way->stray_ns, from->time_ns)) {
		way->strays--;
		return doubt(to, PATH_DOUBT_CHANGED);
	}
	return (struct decision){.verdict = VERDICT_LOST, .to = to};
}

struct decision path_decide(
	const struct path_pairing *pairing, struct flow *flow, const struct journey *journey)
{
	const struct path_sight *from = journey_last_sight(journey);
	uint16_t to = PATH_PLACE_NONE;

	if (!path_was_used_after(flow, from))
		return (struct decision){.verdict = VERDICT_WAIT, .to = PATH_PLACE_NONE};
	if (journey->may_lack)
		return doubt(PATH_PLACE_NONE, PATH_DOUBT_MEMORY);
	if (flow->has_more_ways || find_way(pairing, flow, from, &to) != 1)
		return doubt(PATH_PLACE_NONE, PATH_DOUBT_WAYS);
	return find_doubt(pairing, flow, journey, to);
}
