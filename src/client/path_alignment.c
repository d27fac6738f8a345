/* SPDX-License-Identifier: MIT */
/*
 * Alignment of a run. In: the time, and clocks of pairs of targets. Out: a correction once a
 * second, a notice, and notes in the file.
 */
#include "client/path_alignment.h"

#include "common/clock.h"

#include <stdio.h>

static const uint64_t LARGE_NS = NS_PER_MS;

static const char *label_of(const struct path_alignment *alignment, unsigned target)
{
	return alignment->interfaces->targets[target].label;
}

static void report(struct path_alignment *alignment)
{
	struct label_list labels = {0};

	for (unsigned i = 0; i < alignment->targets; i++)
		if (path_align_get(alignment->align, i).is_corrected)
			label_list_add(&labels, label_of(alignment, i));
	if (labels.count == 0)
		return;
	alignment->is_reported = true;
	notice("-align-traffic: from now on, timestamps of %s are corrected by the packets between "
	       "the targets",
		label_list_text(&labels));
}

bool path_alignment_advance(struct path_alignment *alignment, const struct path_pairs *pairs,
	uint64_t now_ns, bool is_quiet)
{
	uint64_t change_ns;

	if (pairs->windows == alignment->windows || now_ns < alignment->updated_ns + NS_PER_S)
		return false;
	alignment->windows = pairs->windows;
	alignment->updated_ns = now_ns;
	change_ns = path_align_update(alignment->align, pairs);
	if (!alignment->is_reported && !is_quiet)
		report(alignment);
	return change_ns > LARGE_NS;
}

void path_alignment_note(const struct path_alignment *alignment)
{
	for (unsigned i = 0; i < alignment->targets; i++) {
		const struct path_align_state state = path_align_get(alignment->align, i);

		if (!state.is_corrected)
			continue;
		notes_add(notices_events(alignment->notices, i),
			"%s: timestamps corrected by packets, compared with %s: by %+.6f s at "
			"first, by %+.6f s at last (+-%.6f s)",
			label_of(alignment, i), label_of(alignment, state.reference),
			(double)state.first_ns / 1e9, (double)state.last_ns / 1e9,
			(double)state.error_ns / 1e9);
	}
}
