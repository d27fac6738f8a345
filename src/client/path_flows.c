/* SPDX-License-Identifier: MIT */
#include "client/path_flows.h"

#include "client/path_flow_key.h"

#include <stdlib.h>
#include <string.h>

bool flows_init(struct flows *flows, uint32_t capacity)
{
	*flows = (struct flows){
		.capacity = capacity,
		.table_size = 1,
		.oldest = FLOW_NONE,
		.newest = FLOW_NONE,
	};
	while (flows->table_size < 2 * capacity)
		flows->table_size *= 2;
	flows->list = calloc(capacity, sizeof(*flows->list));
	flows->table = malloc(flows->table_size * sizeof(*flows->table));
	if (!flows->list || !flows->table)
		return false;
	for (uint32_t i = 0; i < flows->table_size; i++)
		flows->table[i] = FLOW_NONE;
	for (uint32_t i = 0; i < capacity; i++)
		flows->list[i].next = i + 1 < capacity ? i + 1 : FLOW_NONE;
	return true;
}

void flows_cleanup(struct flows *flows)
{
	free(flows->list);
	free(flows->table);
	*flows = (struct flows){0};
}

/* Both directions of a connection are in one chain. */
static uint32_t *chain_of(const struct flows *flows, uint64_t digest)
{
	return &flows->table[digest & (flows->table_size - 1)];
}

static void unlink_by_use(struct flows *flows, const struct flow *flow)
{
	if (flow->older == FLOW_NONE)
		flows->oldest = flow->newer;
	else
		flows->list[flow->older].newer = flow->newer;
	if (flow->newer == FLOW_NONE)
		flows->newest = flow->older;
	else
		flows->list[flow->newer].older = flow->older;
}

static void link_newest(struct flows *flows, struct flow *flow)
{
	const uint32_t number = flow_number(flows, flow);

	flow->older = flows->newest;
	flow->newer = FLOW_NONE;
	if (flows->newest == FLOW_NONE)
		flows->oldest = number;
	else
		flows->list[flows->newest].newer = number;
	flows->newest = number;
}

struct flow *flows_find(struct flows *flows, const struct path_identity *identity, uint64_t now_ns)
{
	for (uint32_t i = *chain_of(flows, identity->flow_digest); i != FLOW_NONE;) {
		struct flow *flow = &flows->list[i];

		if (memcmp(&flow->key, &identity->flow, sizeof(flow->key)) == 0) {
			if (flows->newest != i) {
				unlink_by_use(flows, flow);
				link_newest(flows, flow);
			}
			flow->used_ns = now_ns;
			return flow;
		}
		i = flow->next;
	}
	return NULL;
}

static bool is_opposite(const struct path_flow_key *one, const struct path_flow_key *other)
{
	const struct path_flow_key turned = path_flow_key_turn(other);

	return memcmp(one, &turned, sizeof(turned)) == 0;
}

static void link_opposite(struct flows *flows, struct flow *flow)
{
	flow->opposite = FLOW_NONE;
	for (uint32_t i = flow->next; i != FLOW_NONE; i = flows->list[i].next)
		if (is_opposite(&flows->list[i].key, &flow->key)) {
			flow->opposite = i;
			flows->list[i].opposite = flow_number(flows, flow);
			return;
		}
}

struct flow *flows_add(struct flows *flows, const struct path_identity *identity, uint64_t now_ns)
{
	struct flow *flow = &flows->list[flows->free];
	uint32_t *chain = chain_of(flows, identity->flow_digest);

	flows->free = flow->next;
	flows->used++;
	*flow = (struct flow){
		.key = identity->flow,
		.is_used = true,
		.digest = identity->flow_digest,
		.next = *chain,
		.used_ns = now_ns,
		.waiting = UINT32_MAX,
	};
	*chain = flow_number(flows, flow);
	link_opposite(flows, flow);
	link_newest(flows, flow);
	return flow;
}

void flows_remove(struct flows *flows, struct flow *flow)
{
	const uint32_t number = flow_number(flows, flow);
	uint32_t *link = chain_of(flows, flow->digest);

	while (*link != number)
		link = &flows->list[*link].next;
	*link = flow->next;
	if (flow->opposite != FLOW_NONE)
		flows->list[flow->opposite].opposite = FLOW_NONE;
	unlink_by_use(flows, flow);
	flow->is_used = false;
	flow->next = flows->free;
	flows->free = number;
	flows->used--;
}

struct flow_way *flow_find_way(struct flow *flow, uint16_t from, uint16_t to)
{
	for (unsigned i = 0; i < flow->way_count; i++)
		if (flow->ways[i].from == from && flow->ways[i].to == to)
			return &flow->ways[i];
	return NULL;
}

struct flow_way *flow_add_way(struct flow *flow, uint16_t from, uint16_t to, uint64_t time_ns)
{
	struct flow_way *way = flow_find_way(flow, from, to);

	if (way) {
		way->first_ns = time_ns < way->first_ns ? time_ns : way->first_ns;
		way->last_ns = time_ns > way->last_ns ? time_ns : way->last_ns;
		return way;
	}
	if (flow->way_count == FLOW_WAYS_MAX) {
		flow->has_more_ways = true;
		return NULL;
	}
	way = &flow->ways[flow->way_count++];
	*way = (struct flow_way){.from = from, .to = to, .first_ns = time_ns, .last_ns = time_ns};
	return way;
}

bool flow_reaches(const struct flow *flow, uint16_t from, uint16_t to)
{
	uint16_t reached[FLOW_WAYS_MAX + 1] = {from};
	unsigned count = 1;

	for (unsigned at = 0; at < count; at++)
		for (unsigned i = 0; i < flow->way_count; i++) {
			const struct flow_way *way = &flow->ways[i];
			unsigned known = 0;

			if (way->from != reached[at])
				continue;
			if (way->to == to)
				return true;
			while (known < count && reached[known] != way->to)
				known++;
			if (known == count && count <= FLOW_WAYS_MAX)
				reached[count++] = way->to;
		}
	return false;
}

bool flow_continues(const struct flow *flow, uint16_t from)
{
	for (unsigned i = 0; i < flow->way_count; i++)
		if (flow->ways[i].from == from)
			return true;
	return false;
}

unsigned flow_add_place(struct flow *flow, uint16_t place)
{
	unsigned index = 0;

	while (index < FLOW_PLACES_MAX && index < flow->place_count && flow->places[index] != place)
		index++;
	if (index == FLOW_PLACES_MAX) {
		flow->place_count = FLOW_PLACES_MAX + 1;
	} else if (index == flow->place_count) {
		flow->places[index] = place;
		flow->place_count++;
	}
	return index;
}

void flow_add_end(struct flow *flow, uint16_t place, uint64_t time_ns, uint32_t bytes)
{
	struct flow_end *end = flow->ends;

	while (end < flow->ends + flow->end_count && end->place != place)
		end++;
	if (end == flow->ends + FLOW_ENDS_MAX)
		end--; /* the last one also counts those of further places */
	else if (end == flow->ends + flow->end_count) {
		flow->end_count++;
		*end = (struct flow_end){.place = place, .first_ns = time_ns};
	}
	end->packets++;
	end->bytes += bytes;
	end->first_ns = time_ns < end->first_ns ? time_ns : end->first_ns;
	end->last_ns = time_ns > end->last_ns ? time_ns : end->last_ns;
}
