/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/interface_table.h"
#include "client/notices.h"
#include "client/path_align.h"

#include <stdbool.h>
#include <stdint.h>

/* Runs path_align, and reports what it does. All zero but the first four: nothing yet. */
struct path_alignment {
	struct path_align *align;
	const struct interface_table *interfaces; /* has the labels of the targets */
	struct notices *notices;
	unsigned targets;
	uint64_t windows;    /* of the pairs, when it was updated */
	uint64_t updated_ns; /* by the time of the merge */
	bool is_reported;
};

/*
 * The merge has come up to now_ns: updates the correction if that has become due, once a second
 * at the most. Prints a notice of the first correction, unless is_quiet. Returns whether a
 * correction has changed by more than a millisecond.
 */
bool path_alignment_advance(struct path_alignment *alignment, const struct path_pairs *pairs,
	uint64_t now_ns, bool is_quiet);

/* Adds to the notes how the timestamps of each target were corrected. */
void path_alignment_note(const struct path_alignment *alignment);
