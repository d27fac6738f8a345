/* SPDX-License-Identifier: MIT */
/*
 * The reports of a run. In: sources, the output and its files, at several times of the
 * run. Out: lines on stderr, the exit status with its reason, and the values for the
 * JSON object of -report.
 */
#include "client/run_report.h"

#include "client/notices.h"
#include "client/signals.h"
#include "client/summary.h"
#include "common/clock.h"

#include <stdio.h>
#include <string.h>

static const struct source_snapshot *take_snapshots(struct sources *sources)
{
	return sources_snapshots(sources, clock_ms(), clock_ns(CLOCK_REALTIME));
}

/* Writes the file of -report; snapshots NULL: without targets. */
static bool write_json(
	struct run_report *report, const struct source_snapshot *snapshots, struct error *error)
{
	if (report->rotation->is_on) {
		report->json.files = report->rotation->begun;
		report->json.last_file = report->rotation->name;
	}
	if (report->json.split)
		report->json.files = split_files_total(report->json.split);
	report->json.packets_written = report->file->written;
	return report_write(&report->json, snapshots, report->sources->count,
		report->sources->common.interfaces, error);
}

bool run_report_begin(struct run_report *report, struct error *error)
{
	report->json = (struct report){
		.options = report->options,
		.split = report->json.split,
		.start_ns = clock_ns(CLOCK_REALTIME),
		.exit_reason = "",
	};
	return write_json(report, NULL, error);
}

void run_report_on_request(struct run_report *report)
{
	const struct source_snapshot *snapshots = take_snapshots(report->sources);
	struct error error = {0};

	summary_print_counts(snapshots, report->sources->count, report->file->written, 0);
	summary_print_once(report->json.once);
	if (!write_json(report, snapshots, &error))
		notice_warning("%s", error.text);
}

static enum report_end find_end(const struct capture_file *file, bool is_timed)
{
	if (file->state == CAPTURE_FILE_COMPLETE)
		return REPORT_COUNT;
	if (file->state == CAPTURE_FILE_READER_GONE)
		return REPORT_READER_GONE;
	if (signals_stop_requested())
		return REPORT_INTERRUPTED;
	if (!file->started || file->state == CAPTURE_FILE_FAILED)
		return REPORT_FAILED;
	return is_timed ? REPORT_DURATION : REPORT_TARGETS_ENDED;
}

void run_report_keep_end(struct run_report *report, bool is_timed)
{
	report->json.end = find_end(report->file, is_timed);
}

/* Sets the reason for exit status 2, or "" if nothing is missing. */
static void explain_missing(struct run_report *report, bool is_lagging, bool has_dropped)
{
	const bool has_failed = report->sources->common.failed_count > 0;

	if (has_failed || is_lagging || has_dropped)
		snprintf(report->missing, sizeof(report->missing), "packets are missing:%s%s%s",
			has_failed ? " a target failed or had an outage;" : "",
			is_lagging ? " a target lagged at the end;" : "",
			has_dropped ? " hosts dropped packets;" : "");
	if (*report->missing)
		report->missing[strlen(report->missing) - 1] = '\0';
}

/* Has the reader left unwritten packets? A Wireshark user who ends a capture always leaves some. */
static bool has_left_packets(const struct run_report *report)
{
	const enum capture_file_state state = report->file->state;

	return state != CAPTURE_FILE_OPEN && state != CAPTURE_FILE_COMPLETE &&
	       signals_stop_requested() && !report->options->extcap;
}

int run_report_finish(struct run_report *report, uint64_t unwritten, bool is_lagging)
{
	const struct source_snapshot *snapshots = take_snapshots(report->sources);
	const unsigned count = report->sources->count;
	bool has_dropped;

	if (has_left_packets(report))
		summary_warn_of_unwritten(snapshots, count, unwritten);
	has_dropped = summary_warn_of_losses(snapshots, count);
	if (!report->options->quiet) {
		summary_print_counts(snapshots, count, report->file->written, unwritten);
		summary_print_once(report->json.once);
	}
	report->json.packets_unwritten = unwritten;
	explain_missing(report, is_lagging, has_dropped);
	if (report->file->error.status)
		return 1;
	return *report->missing ? 2 : 0;
}

int run_report_end(struct run_report *report, int status, bool has_sources, struct error *error)
{
	const struct error *reason = error->status ? error : &report->file->error;
	struct report *json = &report->json;
	struct error failure = {0};

	json->end_ns = clock_ns(CLOCK_REALTIME);
	json->exit_status = status;
	json->exit_reason = status == 1 ? reason->text : report->missing;
	if (status == 1 && json->end != REPORT_INTERRUPTED)
		json->end = REPORT_FAILED;
	if (write_json(report, has_sources ? take_snapshots(report->sources) : NULL, &failure))
		return status;
	if (error->status)
		notice("%s", failure.text);
	else
		*error = failure;
	return 1;
}
