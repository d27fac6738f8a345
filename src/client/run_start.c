/* SPDX-License-Identifier: MIT */
/*
 * The start of the output. In: the states of all targets, and the time. Out: whether
 * the output begins now, later or never, and the reason.
 */
#include "client/run_start.h"

#include "client/linktype_vote.h"
#include "client/notices.h"
#include "client/signals.h"
#include "client/summary.h"
#include "common/clock.h"

enum {
	FAILURE_GRACE_MS = 1000, /* after a failure, to report others as well */
	WAITING_NOTICE_MS = 2000,
};

/*
 * Has it become impossible to begin? A capture that began and then failed
 * counts as begun: its packets are written.
 */
static bool cannot_begin(const struct run_start *start)
{
	const struct source_common *common = &start->sources->common;

	if (start->options->require_all && common->missing_count > 0)
		return true;
	return common->in_state[SOURCE_OVER] == start->sources->count && common->begun_count == 0;
}

static void list_waiting(const struct run_start *start, struct label_list *ret_names)
{
	struct sources *sources = start->sources;

	summary_list_waiting(sources_snapshots(sources, clock_ms(), clock_ns(CLOCK_REALTIME)),
		sources->count, ret_names);
}

/* Reports once which targets the output waits for. */
static void report_waiting(struct run_start *start)
{
	struct label_list names;

	if (start->waiting_reported || clock_ms() < start->begin_ms + WAITING_NOTICE_MS)
		return;
	start->waiting_reported = true;
	list_waiting(start, &names);
	if (names.count > 0 && !start->options->quiet)
		notice("waiting for %s", label_list_text(&names));
}

/* Every target has begun or failed: decides on the link type, unless it waits for packets. */
static enum run_start_decision vote(const struct run_start *start, uint64_t now)
{
	struct sources *sources = start->sources;

	if (cannot_begin(start))
		return RUN_START_NEVER;
	/* -retry connects the lost ones again */
	if (sources->common.begun_count == 0)
		return RUN_START_WAIT;
	if (!linktype_vote(sources, now))
		return RUN_START_WAIT;
	/* the vote may have ended some, or all */
	if (cannot_begin(start))
		return RUN_START_NEVER;
	return sources->common.begun_count > 0 ? RUN_START_NOW : RUN_START_WAIT;
}

enum run_start_decision run_start_decide(struct run_start *start)
{
	const struct source_common *common = &start->sources->common;

	report_waiting(start);
	if (common->in_state[SOURCE_CONNECTING] == 0)
		return vote(start, clock_ms());
	if (cannot_begin(start) && clock_ms() >= common->missing_since_ms + FAILURE_GRACE_MS)
		return RUN_START_NEVER;
	return RUN_START_WAIT;
}

bool run_start_at_end(struct run_start *start)
{
	return start->sources->common.in_state[SOURCE_CONNECTING] == 0 &&
	       vote(start, CLOCK_NEVER) == RUN_START_NOW;
}

uint64_t run_start_due_ms(const struct run_start *start)
{
	const struct sources *sources = start->sources;
	uint64_t due = CLOCK_NEVER;

	if (!start->waiting_reported)
		due = start->begin_ms + WAITING_NOTICE_MS;
	if (!sources->common.linktype_chosen && sources->linktype_by_ms)
		due = clock_earlier(due, sources->linktype_by_ms);
	if (cannot_begin(start))
		due = clock_earlier(due, sources->common.missing_since_ms + FAILURE_GRACE_MS);
	return due;
}

void run_start_explain(
	const struct run_start *start, const struct capture_file *file, struct error *error)
{
	const struct source_common *common = &start->sources->common;
	struct label_list waiting;
	const char *names;

	list_waiting(start, &waiting);
	names = label_list_text(&waiting);
	if (file->state == CAPTURE_FILE_FAILED)
		*error = file->error;
	else if (file->state == CAPTURE_FILE_READER_GONE)
		error_set(error, 1,
			"the output's reader ended before a capture started; check its command "
			"line");
	else if (signals_stop_requested())
		error_set(error, 1, "interrupted while waiting for %s", names);
	else
		error_set(error, 1, "no capture: %u of %u targets failed%s%s%s",
			common->failed_count, start->sources->count,
			*names ? ", no answer yet from " : "", names,
			common->missing_count < start->sources->count
				? "; try -require any to continue without them"
				: "");
}
