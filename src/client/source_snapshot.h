/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/clock_offset.h"
#include "client/merge.h"
#include "client/outages.h"
#include "format/packet.h"

#include <stdbool.h>
#include <stdint.h>

/* What a source is doing, as a user sees it. */
enum source_status {
	SOURCE_IS_CONNECTING, /* for the first time, or between two attempts */
	SOURCE_IS_CAPTURING,
	SOURCE_IS_LOST, /* its capture had begun; it is reconnected */
	SOURCE_HAS_ENDED,
	SOURCE_HAS_FAILED,
};

/* The values of one source at one time, for status line, summary and report. */
struct source_snapshot {
	const char *label;
	enum source_status status;
	bool has_failed;  /* at least once */
	bool had_outages; /* it failed, and continued */
	struct merge_counts counts;
	uint64_t left_out;	 /* by -once */
	struct statistics total; /* of its host's counters */
	bool has_lag;
	uint64_t lag_ns; /* how far its newest data is behind the present time */
	struct clock_offset clock_offset;
	const struct outages *outages;
};
