/* SPDX-License-Identifier: MIT */
/*
 * The ways of flows. In: a way, how many flows and packets took it. Out: the sum of each way.
 */
#include "client/path_ways.h"

#include <stdlib.h>
#include <string.h>

enum { MAP_SIZE = 4 * PATH_WAYS_MAX, MAP_NONE = UINT16_MAX };

bool path_ways_init(struct path_ways *ways)
{
	*ways = (struct path_ways){0};
	ways->list = calloc(PATH_WAYS_MAX, sizeof(*ways->list));
	ways->map = calloc(MAP_SIZE, sizeof(*ways->map));
	if (!ways->list || !ways->map)
		return false;
	memset(ways->map, 0xff, MAP_SIZE * sizeof(*ways->map));
	return true;
}

void path_ways_cleanup(struct path_ways *ways)
{
	free(ways->list);
	free(ways->map);
	*ways = (struct path_ways){0};
}

bool path_way_equal(const struct path_way *one, const struct path_way *other)
{
	return one->count == other->count &&
	       memcmp(one->places, other->places, one->count * sizeof(*one->places)) == 0;
}

bool path_way_is_part(const struct path_way *part, const struct path_way *way)
{
	uint16_t found = 0;

	for (uint16_t i = 0; i < way->count && found < part->count; i++)
		found += way->places[i] == part->places[found];
	return found == part->count;
}

/* FNV-1a over places, whose numbers no host can choose. */
static uint32_t hash_way(const struct path_way *way)
{
	uint32_t hash = 2166136261U;

	for (uint16_t i = 0; i < way->count; i++)
		hash = (hash ^ way->places[i]) * 16777619U;
	return hash ^ hash >> 15;
}

/* Returns the slot of the map that has the way, or a free one. */
static uint16_t *find_slot(const struct path_ways *ways, const struct path_way *way)
{
	uint32_t slot = hash_way(way) % MAP_SIZE;

	while (ways->map[slot] != MAP_NONE &&
		!path_way_equal(&ways->list[ways->map[slot]].way, way))
		slot = (slot + 1) % MAP_SIZE;
	return &ways->map[slot];
}

/* Returns the entry of a way, which may be that of all others. */
static struct path_way_count *find(struct path_ways *ways, const struct path_way *way)
{
	uint16_t *slot;

	if (way->count == 0)
		return &ways->others;
	slot = find_slot(ways, way);
	if (*slot != MAP_NONE)
		return &ways->list[*slot];
	if (ways->count == PATH_WAYS_MAX)
		return &ways->others;
	*slot = (uint16_t)ways->count;
	ways->list[ways->count].way = *way;
	return &ways->list[ways->count++];
}

void path_ways_add(struct path_ways *ways, const struct path_way_count *count)
{
	struct path_way_count *entry = find(ways, &count->way);

	entry->flows += count->flows;
	entry->packets += count->packets;
}

void path_ways_add_all(struct path_ways *ways, const struct path_ways *others)
{
	for (size_t i = 0; i < others->count; i++)
		path_ways_add(ways, &others->list[i]);
	path_ways_add(ways, &others->others);
}
