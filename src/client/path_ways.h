/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_order.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The ways that flows took, from the first place to the last one, with how many flows and
 * packets took each. Equal-cost ways (RFC 2992) stand apart.
 */
enum { PATH_WAYS_MAX = 1024 };

/* The places of a way, in order; those after count are 0. */
struct path_way {
	uint16_t places[PATH_SIGHTS_MAX];
	uint16_t count;
};

struct path_way_count {
	struct path_way way;
	uint64_t flows;
	uint64_t packets;
};

/* The first PATH_WAYS_MAX ways are kept. */
struct path_ways {
	struct path_way_count *list;
	uint16_t *map; /* from a hash of the places to list */
	size_t count;
	struct path_way_count others; /* all that was not kept */
};

/* False: out of memory. Either way it is for path_ways_cleanup(). */
bool path_ways_init(struct path_ways *ways);

void path_ways_cleanup(struct path_ways *ways);

/* Counts what took a way. A way without places is one of the others. */
void path_ways_add(struct path_ways *ways, const struct path_way_count *count);

/* Adds all counts of other ways. */
void path_ways_add_all(struct path_ways *ways, const struct path_ways *others);

/* Receives one way of a flow, with a count of 1 flow, or none for further ways. */
typedef void path_way_receiver(void *context, const struct path_way_count *way);

bool path_way_equal(const struct path_way *one, const struct path_way *other);

/* Are all places of a part on a way, in the same order? A way is a part of itself. */
bool path_way_is_part(const struct path_way *part, const struct path_way *way);
