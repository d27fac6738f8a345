/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/capture_file.h"
#include "client/options.h"
#include "client/report.h"
#include "client/rotation.h"
#include "client/sources.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { RUN_REPORT_REASON_SIZE = 256 };

/*
 * What a run reports of itself: counts on stderr, warnings of losses, its exit status,
 * and the file of -report.
 */
struct run_report {
	const struct options *options;
	struct sources *sources;
	const struct capture_file *file;
	const struct rotation *rotation;
	struct report json;
	char missing[RUN_REPORT_REASON_SIZE]; /* why packets are missing; "": none are */
};

/*
 * Writes the first file of -report, before there are sources. Returns false with error
 * set: that it cannot be written is an error now, and not after a night.
 */
bool run_report_begin(struct run_report *report, struct error *error);

/* Answers SIGUSR1: counts on stderr, and the file of -report. */
void run_report_on_request(struct run_report *report);

/* Keeps what has ended the run, before the last packets are written. is_timed: by -duration. */
void run_report_keep_end(struct run_report *report, bool is_timed);

/*
 * All packets are written, except unwritten ones of the output. Prints counts and
 * warnings. is_lagging: packets of a target had not come. Returns the exit status.
 */
int run_report_finish(struct run_report *report, uint64_t unwritten, bool is_lagging);

/*
 * Writes the last file of -report, with the exit status. has_sources: the run was set
 * up. Returns the exit status of the program, which is 1, with error set or the reason
 * printed, if that file cannot be written.
 */
int run_report_end(struct run_report *report, int status, bool has_sources, struct error *error);
