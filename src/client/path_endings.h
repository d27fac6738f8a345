/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_events.h"

#include <stddef.h>

/* Flows that were seen at a place and never beyond, by place. */
enum {
	PATH_ENDINGS_WORST = 20,      /* flows with the most packets, of each place */
	PATH_ENDINGS_LISTS_MAX = 512, /* places that have such a list: 1 MB */
};

struct path_ended_flow {
	struct path_flow_key flow;
	struct path_flow_key
		continues_as; /* the flow that a router translates it to; or all zero */
	uint64_t packets;
	uint64_t first_ns;
	uint64_t last_ns;
};

/* Of one place. */
struct path_place_endings {
	uint64_t flows;
	uint64_t packets;
	uint64_t bytes;
	uint64_t answered_flows;   /* packets of the opposite flow came back */
	uint64_t continued_flows;  /* earlier packets went beyond */
	uint64_t translated_flows; /* a router changed their addresses or ports */
	uint64_t explained_flows;  /* answered, or translated, or both */
	size_t worst_count;
	struct path_ended_flow *worst; /* the most packets first */
};

struct path_endings {
	struct path_place_endings *places; /* PATH_PLACES_MAX of them */
	size_t lists;
};

/* False: out of memory. Either way it is for path_endings_cleanup(). */
bool path_endings_init(struct path_endings *endings);

void path_endings_cleanup(struct path_endings *endings);

/*
 * Adds a flow; continues_as is the one that a router translates it to, or NULL. Without memory
 * for the list of a place, it is counted only.
 */
void path_endings_add(struct path_endings *endings, const struct path_ending *ending,
	const struct path_flow_key *continues_as);

/*
 * Writes the numbers of the places that have endings to ret_places (PATH_PLACES_MAX of
 * them), those with the most flows that were not answered nor translated first. Returns how
 * many.
 */
size_t path_endings_sort(const struct path_endings *endings, uint16_t *ret_places);
