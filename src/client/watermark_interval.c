/* SPDX-License-Identifier: MIT */
/*
 * Interval of the watermarks of silent targets. In: the number of targets and -hold. Out:
 * the value of the parameter watermark=.
 *
 * Watermarks are nearly all of the work for many targets of which few are active: every
 * 50 ms, 1,000 targets send 20,000 a second, which takes 15 to 23 % of a core.
 */
#include "client/watermark_interval.h"

#include "common/clock.h"

enum {
	TARGETS_PER_MS = 10, /* 10,000 watermarks a second */
	MAX_MS = 1000,	     /* the longest that a worker accepts */
	PER_HOLD = 4,	     /* intervals in a hold: a late watermark does not end it */
};

uint64_t watermark_interval_ms(const struct options *options)
{
	const uint64_t by_count = options->targets.count / TARGETS_PER_MS;
	const uint64_t most = clock_earlier(options->hold / PER_HOLD, MAX_MS);

	return clock_later(clock_earlier(by_count, most), WATERMARK_INTERVAL_DEFAULT_MS);
}
