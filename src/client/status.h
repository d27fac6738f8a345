#pragma once

#include "client/members.h"

/*
 * How a run is going, in one line: for each target its packets, their rate,
 * what was dropped, and how far behind real time it is; or the sum of all
 * where they don't fit. Drawn once a second on a terminal, in place; otherwise
 * a line every ten seconds.
 */
struct status {
	bool is_on;
	bool redraws;	   /* on a terminal */
	bool yields;	   /* a reader may write to the same terminal */
	uint64_t due;	   /* ms: when it is to be shown next */
	uint64_t shown;	   /* ms: when it was shown last */
	uint64_t *packets; /* of each target, at that time */
};

/*
 * Decides from the arguments and what stderr is whether there is a status
 * line; piped: the output is a pipe. False: out of memory. Either way it is
 * for status_clear().
 */
bool status_init(
	struct status *status, const struct arguments *arguments, bool piped);

void status_clear(struct status *status);

/* Shows it if it is due at now (ms). */
void status_show(
	struct status *status, const struct members *members, uint64_t now);

/* Packets leave at now: a reader's own lines will need the terminal. */
void status_yield(struct status *status, uint64_t now);

/*
 * Writes the line into out: rates are since shown, the lag is against real
 * time (ns, CLOCK_REALTIME). width is what fits.
 */
void status_format(const struct status *status, const struct members *members,
	uint64_t now, uint64_t real, char *out, size_t width);
