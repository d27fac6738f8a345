/* SPDX-License-Identifier: MIT */
/*
 * The ways of one flow. In: the sights of each packet, in order. Out: whole ways.
 */
#include "client/path_flow_ways.h"

void path_flow_ways_add(struct flow_whole_ways *ways, const struct path_sight *sights, size_t count)
{
	struct path_way way = {.count = (uint16_t)count};

	for (size_t i = 0; i < count; i++)
		way.places[i] = sights[i].place;
	for (unsigned i = 0; i < ways->count; i++)
		if (path_way_equal(&ways->list[i].way, &way)) {
			ways->list[i].packets++;
			return;
		}
	if (ways->count == FLOW_WHOLE_WAYS_MAX)
		ways->others++;
	else
		ways->list[ways->count++] = (struct flow_whole_way){way, 1};
}

/* Did the flow pass by a place of another way while that had no gap? */
static bool is_bypass(const struct flow *flow, const struct path_way *way)
{
	for (unsigned i = 0; i < flow->way_count; i++) {
		const struct flow_way *stretch = &flow->ways[i];

		for (unsigned at = 1; stretch->is_bypass && at < way->count; at++)
			if (way->places[at - 1] == stretch->from && way->places[at] == stretch->to)
				return true;
	}
	return false;
}

/* What one way of a flow is to its other ways. */
struct relation {
	unsigned wholes; /* of which it is a part with the same end */
	unsigned whole;	 /* the last of these */
	bool is_begin;	 /* it ends before another one does */
};

static struct relation relate(const struct flow *flow, unsigned number)
{
	const struct path_way *part = &flow->whole.list[number].way;
	struct relation relation = {0};

	for (unsigned i = 0; i < flow->whole.count && !is_bypass(flow, part); i++) {
		const struct path_way *way = &flow->whole.list[i].way;

		if (i == number || !path_way_is_part(part, way))
			continue;
		if (way->places[way->count - 1] != part->places[part->count - 1]) {
			relation.is_begin = true;
		} else {
			relation.wholes++;
			relation.whole = i;
		}
	}
	return relation;
}

void path_flow_ways_report(const struct flow *flow, path_way_receiver *receiver, void *context)
{
	const struct flow_whole_ways *ways = &flow->whole;
	struct relation relations[FLOW_WHOLE_WAYS_MAX];
	struct path_way_count others = {.packets = ways->others};
	uint64_t packets[FLOW_WHOLE_WAYS_MAX] = {0};

	for (unsigned i = 0; i < ways->count; i++) {
		relations[i] = relate(flow, i);
		if (relations[i].wholes > 1)
			others.packets += ways->list[i].packets;
		else if (relations[i].wholes == 1)
			packets[relations[i].whole] += ways->list[i].packets;
		else
			packets[i] += ways->list[i].packets;
	}
	for (unsigned i = 0; i < ways->count; i++) {
		const struct path_way_count count = {ways->list[i].way, 1, packets[i]};

		if (relations[i].wholes == 0 && !relations[i].is_begin && count.way.count > 1)
			receiver(context, &count);
	}
	if (others.packets > 0)
		receiver(context, &others);
}
