/* SPDX-License-Identifier: MIT */
/*
 * The stretches between places. In: numbers of places. Out: the counts of each stretch.
 */
#include "client/path_stretches.h"

#include <stdlib.h>
#include <string.h>

enum { MAP_SIZE = 4 * PATH_STRETCHES_MAX, MAP_NONE = UINT16_MAX };

bool path_stretches_init(struct path_stretches *stretches)
{
	*stretches = (struct path_stretches){0};
	stretches->list = calloc(PATH_STRETCHES_MAX, sizeof(*stretches->list));
	stretches->map = calloc(MAP_SIZE, sizeof(*stretches->map));
	if (!stretches->list || !stretches->map)
		return false;
	memset(stretches->map, 0xff, MAP_SIZE * sizeof(*stretches->map));
	return true;
}

void path_stretches_cleanup(struct path_stretches *stretches)
{
	for (size_t i = 0; i < stretches->count; i++)
		path_delays_cleanup(&stretches->list[i].delays);
	free(stretches->list);
	free(stretches->map);
	*stretches = (struct path_stretches){0};
}

/* Returns the slot of the map that has the stretch, or a free one. */
static uint16_t *find_slot(const struct path_stretches *stretches, uint16_t from, uint16_t to)
{
	uint32_t slot = ((uint32_t)from << 16 | to) * 2654435769U >> 16;

	for (slot %= MAP_SIZE; stretches->map[slot] != MAP_NONE; slot = (slot + 1) % MAP_SIZE) {
		const struct path_stretch *stretch = &stretches->list[stretches->map[slot]];

		if (stretch->from == from && stretch->to == to)
			break;
	}
	return &stretches->map[slot];
}

struct path_stretch *path_stretches_find(
	struct path_stretches *stretches, uint16_t from, uint16_t to)
{
	uint16_t *slot = find_slot(stretches, from, to);
	struct path_stretch *stretch;

	if (*slot != MAP_NONE)
		return &stretches->list[*slot];
	if (stretches->count == PATH_STRETCHES_MAX) {
		stretches->left_out++;
		return NULL;
	}
	*slot = (uint16_t)stretches->count;
	stretch = &stretches->list[stretches->count++];
	*stretch = (struct path_stretch){.from = from, .to = to, .is_new = true};
	return stretch;
}
