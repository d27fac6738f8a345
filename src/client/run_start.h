/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/capture_file.h"
#include "client/options.h"
#include "client/sources.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * When the output of a run begins: once every target captures or is over. Then its link
 * type is known, and whether all required targets are there. Times are in ms, those of
 * clock_ms().
 */
struct run_start {
	const struct options *options;
	struct sources *sources;
	uint64_t begin_ms; /* of the run */
	bool waiting_reported;
};

enum run_start_decision {
	RUN_START_WAIT,
	RUN_START_NOW,
	RUN_START_NEVER, /* a required target failed, or all targets */
};

/* Decides at each event before the output begins. Reports once which targets it waits for. */
enum run_start_decision run_start_decide(struct run_start *start);

/* The run has ended. Should the output begin now, because it waited for first packets only? */
bool run_start_at_end(struct run_start *start);

/* Returns when run_start_decide() must be called even if nothing happens, or CLOCK_NEVER. */
uint64_t run_start_due_ms(const struct run_start *start);

/* Sets error to the reason for which the output, file, never began. */
void run_start_explain(
	const struct run_start *start, const struct capture_file *file, struct error *error);
