/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * How many durations were how long. Each power of two has 8 buckets, so a percentile is
 * wrong by a 16th of itself at the most; the least and the most are exact.
 */
enum {
	PATH_HISTOGRAM_OCTAVES =
		45, /* of ns: up to 9.7 hours; longer ones are in the last bucket */
	PATH_HISTOGRAM_STEPS = 8,
	PATH_HISTOGRAM_BUCKETS = (PATH_HISTOGRAM_OCTAVES - 2) * PATH_HISTOGRAM_STEPS,
};

/* All zero: empty. */
struct path_histogram {
	uint64_t count;
	uint64_t least_ns;
	uint64_t most_ns;
	uint64_t buckets[PATH_HISTOGRAM_BUCKETS];
};

void path_histogram_add(struct path_histogram *histogram, uint64_t duration_ns);

/*
 * Returns a duration that this share of all does not exceed (the nearest rank), such as
 * 0.99; 0 if there are none.
 */
uint64_t path_histogram_percentile(const struct path_histogram *histogram, double share);

/* Returns the longest duration of a bucket. */
uint64_t path_histogram_up_to_ns(size_t bucket);
