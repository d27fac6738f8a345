/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_delays.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Corrects the timestamps of all targets by the differences of their clocks that the packets
 * between them show, for -align-traffic. path_align.c has the theory. Raw times are those of
 * a target's stream.
 */
struct path_align;

/* NULL: out of memory. */
struct path_align *path_align_new(unsigned targets);

/* Accepts NULL. */
void path_align_free(struct path_align *align);

/*
 * A stream of a target begins at now_ns of the local clock, from which the target's clock
 * differs by offset_ns, which is wrong by bound_ns at the most. The correction begins with that,
 * unless packets have shown a better one that agrees with it.
 */
void path_align_begin(struct path_align *align, unsigned target, int64_t offset_ns,
	uint64_t bound_ns, uint64_t now_ns);

/* Returns what a time is corrected to at present. */
uint64_t path_align_at(const struct path_align *align, unsigned target, uint64_t raw_ns);

/* Returns the corrected time of a packet that has come. */
uint64_t path_align_packet(struct path_align *align, unsigned target, uint64_t raw_ns);

/* The same of a watermark: no later packet gets this time or an earlier one. */
uint64_t path_align_watermark(struct path_align *align, unsigned target, uint64_t raw_ns);

/* Returns in ret_raw_ns what was corrected to this. False: that is not known any more. */
bool path_align_undo(
	const struct path_align *align, unsigned target, uint64_t time_ns, uint64_t *ret_raw_ns);

/*
 * Corrects what comes from now on by the offsets of pairs, whose times are raw. Returns by how
 * much the correction of a target has changed at the most, ns.
 */
uint64_t path_align_update(struct path_align *align, const struct path_pairs *pairs);

/* How a target's timestamps are corrected by packets. */
struct path_align_state {
	bool is_corrected;  /* at least once */
	unsigned reference; /* the target that it is compared with, over others */
	int64_t first_ns;   /* the correction when that began: corrected minus raw time */
	int64_t last_ns;    /* and at the latest time that has come */
	uint64_t error_ns;  /* of the last one, at the most, when it was measured */
};

struct path_align_state path_align_get(const struct path_align *align, unsigned target);
