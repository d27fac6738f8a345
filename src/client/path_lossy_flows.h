/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_events.h"

#include <stddef.h>

/*
 * The flows that lost the most packets, in memory of fixed size. A count may be too small,
 * never too large: by forgotten at the most.
 */
enum { PATH_LOSSY_FLOWS_MAX = 1024 };

struct path_lossy_flow {
	struct path_flow_key flow;
	uint16_t from;
	uint16_t to;
	uint64_t lost;
};

struct path_lossy_flows {
	struct path_lossy_flow *list; /* PATH_LOSSY_FLOWS_MAX of them */
	uint16_t *map;		      /* from a hash of flow and places to list */
	size_t count;
	uint64_t forgotten; /* packets, of each flow */
};

/* False: out of memory. Either way it is for path_lossy_flows_cleanup(). */
bool path_lossy_flows_init(struct path_lossy_flows *flows);

void path_lossy_flows_cleanup(struct path_lossy_flows *flows);

/* Adds a packet that was lost. */
void path_lossy_flows_add(struct path_lossy_flows *flows, const struct path_missing *missing);

/*
 * Takes back a packet that was added. Of a flow that is not in the list, or has no losses
 * there any more, nothing changes: it was forgotten.
 */
void path_lossy_flows_take_back(struct path_lossy_flows *flows, const struct path_missing *missing);

/* Removes the flows for which matches returns true. */
void path_lossy_flows_remove(struct path_lossy_flows *flows,
	bool (*matches)(const void *context, const struct path_lossy_flow *flow),
	const void *context);

/* Writes up to size pointers to ret_flows, the most losses first. Returns how many. */
size_t path_lossy_flows_sort(const struct path_lossy_flows *flows,
	const struct path_lossy_flow **ret_flows, size_t size);
