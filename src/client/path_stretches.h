/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_delays.h"
#include "client/path_events.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATH_STRETCHES_MAX = 4096 };

/* From one place to the next that is captured; one of both may be PATH_PLACE_NONE. */
struct path_stretch {
	uint16_t from;
	uint16_t to;
	bool is_new; /* what follows is not set yet */
	bool is_same_host;
	bool is_back;		/* from the pair's other to its one */
	struct path_pair *pair; /* of two hosts; NULL: there is no memory for it */
	uint64_t passed;
	uint64_t bytes_passed;
	uint64_t lost;
	uint64_t bytes_lost;
	uint64_t doubts[PATH_DOUBTS];
	struct path_delays delays;
};

/* All stretches. The first PATH_STRETCHES_MAX are kept. */
struct path_stretches {
	struct path_stretch *list;
	uint16_t *map; /* from a hash of both places to list */
	size_t count;
	uint64_t left_out; /* events of stretches that were not kept */
};

/* False: out of memory. Either way it is for path_stretches_cleanup(). */
bool path_stretches_init(struct path_stretches *stretches);

void path_stretches_cleanup(struct path_stretches *stretches);

/*
 * Finds or adds a stretch, which stays where it is. NULL: there are PATH_STRETCHES_MAX, and
 * left_out was increased.
 */
struct path_stretch *path_stretches_find(
	struct path_stretches *stretches, uint16_t from, uint16_t to);
