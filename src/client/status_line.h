/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"
#include "client/source_snapshot.h"

#include <stddef.h>

/*
 * One line on the progress of a run: for each target its packets, their rate,
 * the drops, and the lag; or the sums of all targets where these do not fit. On
 * a terminal it is redrawn once a second, elsewhere printed every ten seconds.
 */
struct status_line {
	bool is_on;
	bool redraws;	   /* on a terminal */
	bool yields;	   /* the output's reader may write to the same terminal */
	uint64_t due_ms;   /* when to show it next */
	uint64_t shown_ms; /* when it was shown last */
	uint64_t *packets; /* of each target, at that time */
};

/*
 * Decides from the options and from stderr whether there is a status line.
 * piped: the output is a pipe. False: out of memory. In both cases
 * status_line_cleanup() follows.
 */
bool status_line_init(struct status_line *status, const struct options *options, bool piped);

void status_line_cleanup(struct status_line *status);

/* Shows the line. To be called at status->due_ms; now is in ms. */
void status_line_show(struct status_line *status, const struct source_snapshot *sources,
	unsigned count, uint64_t now);

/* Packets leave at now (ms): the output's reader will write to the terminal. */
void status_line_yield(struct status_line *status, uint64_t now);

/* Prints the line into out, of width bytes. Rates are per second since shown_ms. */
void status_line_format(const struct status_line *status, const struct source_snapshot *sources,
	unsigned count, uint64_t now, char *out, size_t width);
