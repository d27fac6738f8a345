/* SPDX-License-Identifier: MIT */
/*
 * The window of the pairing. In: offsets of clocks, and times of packets. Out: how long the
 * window is, and a warning if that is hardly enough.
 *
 * The merge orders by timestamps. So if one clock is D ahead of another one, the second sight
 * of a packet comes D later or earlier. Known offsets make the window longer. Of files and
 * programs none is known; there the user must choose.
 */
#include "client/path_window.h"

#include "common/clock.h"

#include <stdlib.h>

#define WINDOW_MIN_MS UINT64_C(2000)

/* Clocks that differ by more are not paired without -align: packets would be kept for too long. */
static const int64_t OFFSET_MAX = 600 * (int64_t)NS_PER_S;

uint64_t path_window_ms(uint64_t hold_ms)
{
	return clock_later(hold_ms, WINDOW_MIN_MS);
}

bool path_window_init(struct path_window *window, uint64_t hold_ms,
	const struct interface_table *interfaces, unsigned targets, struct notices *notices)
{
	*window = (struct path_window){
		.hold_ms = hold_ms,
		.interfaces = interfaces,
		.notices = notices,
		.targets = targets,
		.offsets = calloc(targets, sizeof(*window->offsets)),
		.ns = path_window_ms(hold_ms) * NS_PER_MS,
	};
	return window->offsets != NULL;
}

void path_window_cleanup(struct path_window *window)
{
	free(window->offsets);
	*window = (struct path_window){0};
}

void path_window_add_clock(
	struct path_window *window, unsigned target, const struct clock_offset *added)
{
	int64_t least = INT64_MAX;
	int64_t most = INT64_MIN;

	window->offsets[target] = *added;
	for (unsigned i = 0; i < window->targets; i++) {
		const struct clock_offset *offset = &window->offsets[i];
		const int64_t bound = (int64_t)clock_earlier(offset->bound, (uint64_t)OFFSET_MAX);

		if (!offset->is_known || offset->ns > OFFSET_MAX || offset->ns < -OFFSET_MAX)
			continue;
		least = offset->ns - bound < least ? offset->ns - bound : least;
		most = offset->ns + bound > most ? offset->ns + bound : most;
	}
	if (most > least)
		window->ns = clock_later(window->ns,
			path_window_ms(window->hold_ms) * NS_PER_MS + (uint64_t)(most - least));
}

void path_window_check(struct path_window *window, unsigned one, uint64_t one_ns, unsigned other,
	uint64_t other_ns)
{
	const struct target_interfaces *targets = window->interfaces->targets;
	const uint64_t difference = clock_distance(one_ns, other_ns);
	const bool can_align = window->offsets[one].is_known && window->offsets[other].is_known;

	if (window->is_warned || difference <= window->ns / 4 * 3)
		return;
	window->is_warned = true;
	notices_warn(window->notices,
		"-paths: packets of %s and %s are up to %.1f s apart, and beyond %.1f s they are "
		"not paired; try %s",
		targets[one].label, targets[other].label, (double)difference / NS_PER_S,
		(double)window->ns / NS_PER_S, can_align ? "-align" : "a longer -hold");
}
