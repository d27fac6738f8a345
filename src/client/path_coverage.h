/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * When a target's capture saw all packets, and when it did not. Times are in ns, by the
 * clock of the packets' timestamps.
 */
enum path_gap {
	PATH_GAP_NONE,
	PATH_GAP_NOT_RUNNING, /* before it began or after it ended, or an outage */
	PATH_GAP_DROPPED,     /* its kernel dropped packets */
	PATH_GAP_BEHIND,      /* by its watermarks, not all packets of that time have come yet */
	PATH_GAPS,
};

enum { PATH_COVERAGE_INTERVALS = 64 };

struct path_interval {
	uint64_t from_ns;
	uint64_t to_ns;
	enum path_gap cause;
};

/* Of one target. All zero: its capture has not begun. */
struct path_coverage {
	bool has_begun;
	bool is_running;
	bool has_watermarks;
	uint64_t begin_ns;	       /* of the first stream */
	uint64_t up_to_ns;	       /* its latest packet or watermark */
	uint64_t watermark_ns;	       /* its latest watermark, or later begin of a stream */
	uint64_t forgotten_ns;	       /* gaps up to this time may have been forgotten; 0: none */
	enum path_gap forgotten_cause; /* of the last one of these */
	struct path_interval gaps[PATH_COVERAGE_INTERVALS]; /* a ring, the oldest is replaced */
	size_t gap_count;				    /* of all that were ever added */
};

/*
 * A stream of the target has begun, and covers from this time on: an outage has ended. If
 * the target's clock was set back meanwhile, the time that it shows twice is a gap, too.
 */
void path_coverage_begin(struct path_coverage *coverage, uint64_t time_ns);

/* A packet of the target. */
void path_coverage_advance(struct path_coverage *coverage, uint64_t time_ns);

/*
 * A watermark of the target: all its packets up to this time have come. From the first one
 * on, a time after the latest one is PATH_GAP_BEHIND. A target without watermarks may be
 * silent: while it runs, any time after its latest packet counts as covered.
 */
void path_coverage_watermark(struct path_coverage *coverage, uint64_t time_ns);

/* Packets were dropped between two times. */
void path_coverage_add_drops(struct path_coverage *coverage, uint64_t from_ns, uint64_t to_ns);

/*
 * The stream has ended, or was lost: nothing is covered after its latest watermark, or its
 * latest packet if it has no watermarks.
 */
void path_coverage_end(struct path_coverage *coverage);

/*
 * Returns why the capture may lack packets of the time from from_ns to to_ns, both
 * included. If there are several causes, the first one of enum path_gap.
 */
enum path_gap path_coverage_find_gap(
	const struct path_coverage *coverage, uint64_t from_ns, uint64_t to_ns);
