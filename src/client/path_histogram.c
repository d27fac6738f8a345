/* SPDX-License-Identifier: MIT */
/*
 * A histogram on a logarithmic scale. In: durations. Out: percentiles.
 *
 * The buckets of durations below 8 ns are exact. Above, a bucket is chosen by the highest
 * bit of the duration and the three bits that follow it.
 */
#include "client/path_histogram.h"

enum { STEP_BITS = 3 };

_Static_assert(1 << STEP_BITS == PATH_HISTOGRAM_STEPS, "bits of a step");

static size_t find_bucket(uint64_t duration_ns)
{
	unsigned octave; /* the number of the highest bit */
	size_t bucket;

	if (duration_ns < PATH_HISTOGRAM_STEPS)
		return (size_t)duration_ns;
	octave = 63 - (unsigned)__builtin_clzll(duration_ns);
	bucket = ((size_t)octave - STEP_BITS + 1) * PATH_HISTOGRAM_STEPS +
		 ((duration_ns >> (octave - STEP_BITS)) & (PATH_HISTOGRAM_STEPS - 1));
	return bucket < PATH_HISTOGRAM_BUCKETS ? bucket : PATH_HISTOGRAM_BUCKETS - 1;
}

/* The shortest duration of a bucket, or of the one after the last. */
static uint64_t find_start(size_t bucket)
{
	const size_t octave = bucket / PATH_HISTOGRAM_STEPS + STEP_BITS - 1;

	if (bucket < PATH_HISTOGRAM_STEPS)
		return bucket;
	return (UINT64_C(1) << octave) +
	       ((uint64_t)(bucket % PATH_HISTOGRAM_STEPS) << (octave - STEP_BITS));
}

uint64_t path_histogram_up_to_ns(size_t bucket)
{
	return bucket + 1 < PATH_HISTOGRAM_BUCKETS ? find_start(bucket + 1) - 1 : UINT64_MAX;
}

void path_histogram_add(struct path_histogram *histogram, uint64_t duration_ns)
{
	if (histogram->count == 0 || duration_ns < histogram->least_ns)
		histogram->least_ns = duration_ns;
	if (duration_ns > histogram->most_ns)
		histogram->most_ns = duration_ns;
	histogram->buckets[find_bucket(duration_ns)]++;
	histogram->count++;
}

/* The middle of a bucket, but not outside of what was added. */
static uint64_t choose_duration(const struct path_histogram *histogram, size_t bucket)
{
	const uint64_t start = find_start(bucket);
	const uint64_t middle = start + (find_start(bucket + 1) - 1 - start) / 2;

	if (middle > histogram->most_ns || bucket == PATH_HISTOGRAM_BUCKETS - 1)
		return histogram->most_ns;
	return middle < histogram->least_ns ? histogram->least_ns : middle;
}

uint64_t path_histogram_percentile(const struct path_histogram *histogram, double share)
{
	const double rank = share * (double)histogram->count;
	uint64_t count = 0;

	for (size_t i = 0; i < PATH_HISTOGRAM_BUCKETS; i++) {
		count += histogram->buckets[i];
		if (histogram->buckets[i] > 0 && (double)count >= rank)
			return choose_duration(histogram, i);
	}
	return histogram->most_ns;
}
