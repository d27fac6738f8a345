/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_clock.h"
#include "client/path_histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Delays between targets, corrected by the difference of their clocks. Since that is known
 * at the end of a window only, the timestamps of its packets are kept until then.
 */
enum {
	PATH_PAIRS_MAX = 1024,	      /* pairs of targets: 4 MB */
	PATH_PENDING_MAX = 16384,     /* packets of a pair's window: more end it early */
	PATH_PENDING_TOTAL = 1 << 18, /* of all pairs: 8 MB */
};

/* The delays of one stretch. All zero: none. */
struct path_delays {
	struct path_histogram *histogram; /* NULL: none */
	uint64_t bound_ns;		  /* the largest error of a delay in it */
	uint64_t unknown;		  /* packets whose delay is not known */
};

/* A packet that waits for the end of its window. */
struct path_pending {
	struct path_delays *delays;
	uint64_t sent_ns;
	uint64_t arrived_ns;
	bool is_back;
};

/* Two targets; one has the smaller number. */
struct path_pair {
	unsigned one;
	unsigned other;
	struct path_clock clock;
	struct path_pending *pending;
	size_t pending_count;
	size_t pending_size;
	struct path_clock_interval latest; /* the offset in the latest window with traffic */
	uint64_t steps;			   /* times that one of the clocks was set */
};

/* The difference of a target's clock from the local one, by other means than its packets. */
struct path_known_clock {
	bool is_known;
	int64_t offset_ns;
	uint64_t bound_ns;
	uint64_t at_ns; /* when it was measured, by the local clock */
};

struct path_pairs {
	struct path_pair **list; /* PATH_PAIRS_MAX of them */
	size_t count;
	size_t pending_size; /* of all pairs */
	struct path_known_clock *clocks;
	size_t clock_count;
	uint64_t windows; /* of all pairs, that have ended */
};

/* False: out of memory. Either way it is for path_pairs_cleanup(). */
bool path_pairs_init(struct path_pairs *pairs);

void path_pairs_cleanup(struct path_pairs *pairs);

/*
 * Finds or adds the pair of two different targets, which stays where it is. NULL: there are
 * PATH_PAIRS_MAX, or out of memory.
 */
struct path_pair *path_pairs_find(struct path_pairs *pairs, unsigned target, unsigned second);

/*
 * Sets the difference of a target's clock from the local one, as it was at a time of the
 * local clock. It is forgotten if packets contradict it. Without memory it is ignored.
 */
void path_pairs_set_clock(
	struct path_pairs *pairs, unsigned target, const struct path_known_clock *clock);

/*
 * Adds a packet that passed from pair->one to pair->other (or back). Its delay is added to
 * packet->delays, which stays the caller's, at the end of its window.
 */
void path_pairs_add(
	struct path_pairs *pairs, struct path_pair *pair, const struct path_pending *packet);

/* Ends the windows of all pairs. */
void path_pairs_finish(struct path_pairs *pairs);

/* Adds a delay that is wrong by bound_ns at the most. Without memory it is not known. */
void path_delays_add(struct path_delays *delays, uint64_t delay_ns, uint64_t bound_ns);

void path_delays_cleanup(struct path_delays *delays);
