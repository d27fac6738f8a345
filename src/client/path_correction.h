/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Corrects the timestamps of one target by a function that changes while they come. It never
 * decreases, so that no correction changes the order of a target's packets, and never changes
 * for times that have come. All zero: it corrects nothing.
 */
enum {
	PATH_CORRECTION_PARTS = 128,	      /* that are remembered, two for each change */
	PATH_CORRECTION_SLOW_PPB = 400000000, /* the most that corrected time is slowed down */
};

/* From raw_ns on, corrected time runs faster than raw time by rate_ppb (parts in 1e9). */
struct path_correction_part {
	uint64_t raw_ns;
	uint64_t corrected_ns;
	int64_t rate_ppb;
};

struct path_correction {
	uint64_t newest_ns; /* the latest raw time that has come; 0: none */
	size_t count;
	size_t first;	    /* the oldest part, in the ring list */
	bool has_forgotten; /* parts before the oldest one */
	struct path_correction_part list[PATH_CORRECTION_PARTS];
};

/*
 * A stream begins: at raw_ns by its host's clock it is corrected_ns. If its clock was set since
 * an earlier stream, that one's correction is forgotten.
 */
void path_correction_begin(
	struct path_correction *correction, uint64_t raw_ns, uint64_t corrected_ns);

/* Returns what a time is, or would be, corrected to. */
uint64_t path_correction_at(const struct path_correction *correction, uint64_t raw_ns);

/* Corrects the timestamp of a packet that has come. */
uint64_t path_correction_packet(struct path_correction *correction, uint64_t raw_ns);

/*
 * Corrects a watermark that has come: no packet of a later raw time is corrected to this time
 * or an earlier one, however the correction changes.
 */
uint64_t path_correction_watermark(struct path_correction *correction, uint64_t raw_ns);

/*
 * For times that have not come: raw_ns is corrected to corrected_ns, and others with a rate. If
 * that is later than at present, the correction jumps there. If it is earlier, corrected time
 * is slowed down until it is there, within a second if that is possible. Returns the difference,
 * ns.
 */
uint64_t path_correction_set(struct path_correction *correction, uint64_t raw_ns,
	uint64_t corrected_ns, int64_t rate_ppb);

/*
 * Returns in ret_raw_ns what was corrected to a time, within 1 ns. False: that correction is
 * forgotten.
 */
bool path_correction_undo(
	const struct path_correction *correction, uint64_t corrected_ns, uint64_t *ret_raw_ns);

/* Returns the rate for times that have not come, once it is not slowed down any more: ppb. */
int64_t path_correction_rate(const struct path_correction *correction);
