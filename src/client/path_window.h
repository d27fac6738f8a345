/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/clock_offset.h"
#include "client/interface_table.h"
#include "client/notices.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Returns how long a packet may be under way before it counts as missing, with this hold and
 * clocks that agree.
 */
uint64_t path_window_ms(uint64_t hold_ms);

/*
 * How far apart the sights of one packet may be in the output: by its delay, the hold, and
 * the differences of clocks that are not corrected.
 */
struct path_window {
	uint64_t hold_ms;
	const struct interface_table *interfaces; /* has the labels of the targets */
	struct notices *notices;
	unsigned targets;
	struct clock_offset *offsets; /* by target, of timestamps in the output */
	uint64_t ns;
	bool is_warned;
};

/* False: out of memory. Either way it is for path_window_cleanup(). */
bool path_window_init(struct path_window *window, uint64_t hold_ms,
	const struct interface_table *interfaces, unsigned targets, struct notices *notices);

void path_window_cleanup(struct path_window *window);

/* The clock of a target is known, and not corrected: the window grows by what it differs. */
void path_window_add_clock(
	struct path_window *window, unsigned target, const struct clock_offset *offset);

/*
 * A packet was seen by two targets at these times. Warns once if they are nearly too far
 * apart: others may be further, and are not paired then.
 */
void path_window_check(struct path_window *window, unsigned one, uint64_t one_ns, unsigned other,
	uint64_t other_ns);
