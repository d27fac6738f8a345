/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/source.h"

enum {
	START_WAVES_SSH_MAX = 10, /* of them, an sshd drops none by default (MaxStartups) */
	START_WAVES_OTHER_MAX = 256,
	START_WAVES_SSH_MS = 3000,
	START_WAVES_OTHER_MS = 1000,
};

enum start_wave_kind { START_WAVE_SSH, START_WAVE_OTHER, START_WAVE_KINDS };

/* A source that is being connected. */
struct start_slot {
	const struct source *source;
	uint64_t until_ms; /* then another one may start, even if this one still connects */
};

struct start_wave {
	struct start_slot slots[START_WAVES_OTHER_MAX];
	unsigned used;
	unsigned waiting; /* sources */
};

/* Which sources may connect now. Times are those of clock_ms(). All zero: no source waits. */
struct start_waves {
	struct start_wave waves[START_WAVE_KINDS];
	unsigned next; /* the source to look at first */
};

/* A source waits for its turn: sets awaits_start, and due_ms to CLOCK_NEVER. */
void start_waves_add(struct start_waves *waves, struct source *source);

/*
 * Returns a source out of the list of so many whose turn it is at now_ms; it no longer
 * waits, and the caller starts it. NULL: none.
 */
struct source *start_waves_next(
	struct start_waves *waves, struct source *list, unsigned count, uint64_t now_ms);

/* Returns when to call start_waves_next() although nothing has happened: ms, or CLOCK_NEVER. */
uint64_t start_waves_due_ms(const struct start_waves *waves);
