/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The difference of two targets' clocks, by the packets between them. path_clock.c has the
 * theory. One target of the two is called one, the other one other; the offset is other's
 * clock minus one's.
 */
enum {
	PATH_CLOCK_WINDOW_MS = 1000, /* a window's packets do not limit the offset of another */
	PATH_CLOCK_SLOTS = 64,	     /* of a window; the offset may drift from each to the next */
	PATH_CLOCK_DRIFT_PPM = 100,  /* the fastest drift of two clocks that is allowed for */
};

/* Limits of the offset. Traffic in one direction limits one side only. */
struct path_clock_interval {
	bool has_low;
	bool has_high;
	int64_t low_ns;
	int64_t high_ns;
};

/* Returns the middle of an interval that has both limits. */
static inline int64_t path_clock_middle(const struct path_clock_interval *interval)
{
	return interval->low_ns + (interval->high_ns - interval->low_ns) / 2;
}

/* Returns the largest error of that middle. */
static inline uint64_t path_clock_bound(const struct path_clock_interval *interval)
{
	return (uint64_t)(interval->high_ns - interval->low_ns + 1) / 2;
}

/* A window of one's time. */
struct path_clock_window {
	uint64_t begin_ns;
	struct path_clock_interval slots[PATH_CLOCK_SLOTS];
	/*
	 * A clock was set, in this window (then no slot has a limit) or since the last one that
	 * had packets in both directions.
	 */
	bool is_stepped;
};

/* All zero: no packet has passed. */
struct path_clock {
	bool has_window;
	struct path_clock_window window; /* the present one, with limits as they were seen */
	bool is_known;
	struct path_clock_window known; /* the last complete one with limits on both sides */
};

/* A one-way delay, corrected by the offset. */
struct path_clock_delay {
	uint64_t ns;
	uint64_t bound_ns; /* the largest error of it */
};

/*
 * Adds the timestamps of a packet that passed from one to other (or, if is_back, from other
 * to one), each by its target's clock. Packets may come in any order; but one that is not of
 * the present window, nor of the time of the one before, ends it. Then true is returned, and
 * ret_window is what it has found.
 */
bool path_clock_add(struct path_clock *clock, bool is_back, uint64_t sent_ns, uint64_t arrived_ns,
	struct path_clock_window *ret_window);

/* Ends the present window. False: it had no packet. */
bool path_clock_end_window(struct path_clock *clock, struct path_clock_window *ret_window);

/*
 * Returns the limits of the offset at a time of one's clock, by a complete window. The time
 * may be outside of it; drift until then is allowed for.
 */
struct path_clock_interval path_clock_at(const struct path_clock_window *window, uint64_t one_ns);

/*
 * Limits an interval by another one of the same offset. False, and nothing is changed: they
 * have no offset in common.
 */
bool path_clock_intersect(
	struct path_clock_interval *interval, const struct path_clock_interval *other);

/*
 * Returns in ret_delay the delay of a packet, by the limits of the offset at the time when
 * one saw it. False: these are on one side only, or the timestamps are no times.
 */
bool path_clock_correct(const struct path_clock_interval *interval, bool is_back, uint64_t sent_ns,
	uint64_t arrived_ns, struct path_clock_delay *ret_delay);

/* Returns by how much the offset may drift in a time, rounded up. */
uint64_t path_clock_drift(uint64_t duration_ns);
