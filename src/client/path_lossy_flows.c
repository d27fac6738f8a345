/* SPDX-License-Identifier: MIT */
/*
 * The flows that lost the most packets. In: lost packets. Out: flows and their losses.
 *
 * If the list is full, each count of it is lowered by one, and flows without any leave (the
 * algorithm of Misra and Gries, 1982). So a flow that lost more than one of
 * PATH_LOSSY_FLOWS_MAX lost packets is in the list, and each packet costs constant time in
 * the mean.
 */
#include "client/path_lossy_flows.h"

#include <stdlib.h>
#include <string.h>

enum { MAP_SIZE = 4 * PATH_LOSSY_FLOWS_MAX, MAP_NONE = UINT16_MAX };

static void clear_map(struct path_lossy_flows *flows)
{
	memset(flows->map, 0xff, MAP_SIZE * sizeof(*flows->map));
}

bool path_lossy_flows_init(struct path_lossy_flows *flows)
{
	*flows = (struct path_lossy_flows){0};
	flows->list = calloc(PATH_LOSSY_FLOWS_MAX, sizeof(*flows->list));
	flows->map = calloc(MAP_SIZE, sizeof(*flows->map));
	if (!flows->list || !flows->map)
		return false;
	clear_map(flows);
	return true;
}

void path_lossy_flows_cleanup(struct path_lossy_flows *flows)
{
	free(flows->list);
	free(flows->map);
	*flows = (struct path_lossy_flows){0};
}

/* FNV-1a. Flows that collide by intent cost time, but no more than the map is long. */
static uint32_t hash_flow(const struct path_flow_key *flow, uint16_t from, uint16_t to)
{
	const unsigned char *bytes = (const unsigned char *)flow;
	uint32_t hash = 2166136261U ^ ((uint32_t)from << 16 | to);

	for (size_t i = 0; i < sizeof(*flow); i++)
		hash = (hash ^ bytes[i]) * 16777619U;
	return hash ^ hash >> 15;
}

/* Returns the slot of the map that has the flow, or a free one. */
static uint16_t *find_slot(const struct path_lossy_flows *flows, const struct path_flow_key *flow,
	uint16_t from, uint16_t to)
{
	uint32_t slot = hash_flow(flow, from, to) % MAP_SIZE;

	for (; flows->map[slot] != MAP_NONE; slot = (slot + 1) % MAP_SIZE) {
		const struct path_lossy_flow *entry = &flows->list[flows->map[slot]];

		if (entry->from == from && entry->to == to &&
			memcmp(&entry->flow, flow, sizeof(*flow)) == 0)
			break;
	}
	return &flows->map[slot];
}

/* Removes the flows that have no losses any more. */
static void remove_empty(struct path_lossy_flows *flows)
{
	size_t count = 0;

	clear_map(flows);
	for (size_t i = 0; i < flows->count; i++) {
		struct path_lossy_flow *entry = &flows->list[count];

		if (flows->list[i].lost == 0)
			continue;
		*entry = flows->list[i];
		*find_slot(flows, &entry->flow, entry->from, entry->to) = (uint16_t)count;
		count++;
	}
	flows->count = count;
}

static void lower_all(struct path_lossy_flows *flows)
{
	for (size_t i = 0; i < flows->count; i++)
		flows->list[i].lost--;
	flows->forgotten++;
	remove_empty(flows);
}

void path_lossy_flows_add(struct path_lossy_flows *flows, const struct path_missing *missing)
{
	uint16_t *slot = find_slot(flows, missing->flow, missing->from.place, missing->to);

	if (*slot != MAP_NONE) {
		flows->list[*slot].lost++;
		return;
	}
	if (flows->count == PATH_LOSSY_FLOWS_MAX) {
		lower_all(flows);
		return;
	}
	*slot = (uint16_t)flows->count++;
	flows->list[*slot] = (struct path_lossy_flow){
		.flow = *missing->flow,
		.from = missing->from.place,
		.to = missing->to,
		.lost = 1,
	};
}

void path_lossy_flows_take_back(struct path_lossy_flows *flows, const struct path_missing *missing)
{
	const uint16_t *slot = find_slot(flows, missing->flow, missing->from.place, missing->to);

	if (*slot == MAP_NONE)
		return;
	/* those with none left have gone, so the count is at least one */
	flows->list[*slot].lost--;
	if (flows->list[*slot].lost == 0)
		remove_empty(flows);
}

void path_lossy_flows_remove(struct path_lossy_flows *flows,
	bool (*matches)(const void *context, const struct path_lossy_flow *flow),
	const void *context)
{
	for (size_t i = 0; i < flows->count; i++)
		if (matches(context, &flows->list[i]))
			flows->list[i].lost = 0;
	remove_empty(flows);
}

size_t path_lossy_flows_sort(
	const struct path_lossy_flows *flows, const struct path_lossy_flow **ret_flows, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < flows->count; i++) {
		const struct path_lossy_flow *flow = &flows->list[i];
		size_t at = count < size ? count++ : size;

		/* ret_flows is sorted; what no longer fits falls off its end */
		for (; at > 0 && ret_flows[at - 1]->lost < flow->lost; at--)
			if (at < size)
				ret_flows[at] = ret_flows[at - 1];
		if (at < size)
			ret_flows[at] = flow;
	}
	return count;
}
