/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/interface_table.h"
#include "client/once.h"
#include "client/options.h"
#include "client/paths.h"
#include "client/source_snapshot.h"
#include "client/split_files.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The report of -report: one JSON object about a run, for scripts. ddump(1) has
 * its schema, in the section JSON REPORT.
 */
enum { REPORT_SCHEMA = 1 };

/* What ended a run. */
enum report_end {
	REPORT_RUNNING, /* nothing yet */
	REPORT_FAILED,	/* it did not begin, or its output failed */
	REPORT_INTERRUPTED,
	REPORT_COUNT,	      /* -c, or -W with -C */
	REPORT_DURATION,      /* -duration, or -W with -G */
	REPORT_TARGETS_ENDED, /* all of them */
	REPORT_READER_GONE,
};

/* The values of a run, without those of its targets. Times are in ns since 1970. */
struct report {
	const struct options *options;
	uint64_t start_ns;
	uint64_t end_ns; /* 0: it runs */
	enum report_end end;
	int exit_status;
	const char *exit_reason; /* a sentence; "": none */
	uint64_t packets_written;
	uint64_t files;			 /* of -C and -G; 0: one output */
	const char *last_file;		 /* of these; NULL: each target has its own */
	uint64_t packets_unwritten;	 /* they are counted as written, and were lost */
	const struct paths *paths;	 /* of -paths; NULL: off */
	const struct split_files *split; /* of -split; NULL: off */
	const struct once *once;	 /* of -once; NULL: off */
};

/*
 * Writes a report with the values of targets (none if snapshots is NULL) into a
 * new file, which then replaces the file of -report. Does nothing without that
 * option. Returns false with error set; the old file is unchanged then.
 */
bool report_write(const struct report *report, const struct source_snapshot *snapshots,
	unsigned count, const struct interface_table *interfaces, struct error *error);
