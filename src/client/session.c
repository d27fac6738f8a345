/* SPDX-License-Identifier: MIT */
/*
 * A run of ddump. In: targets. Out: one capture file, and an exit status.
 *
 * The output begins when every target captures or is over: then its link type
 * is known, and whether all required targets are there. From then on each turn
 * of the loop moves data one way: transfers -> sources -> merge -> file.
 */
#include "client/session.h"

#include "client/capture_file.h"
#include "client/event_loop.h"
#include "client/file_command.h"
#include "client/interface_table.h"
#include "client/linktype_vote.h"
#include "client/merge.h"
#include "client/notices.h"
#include "client/output.h"
#include "client/printer.h"
#include "client/report.h"
#include "client/rotation.h"
#include "client/signals.h"
#include "client/sources.h"
#include "client/status_line.h"
#include "client/summary.h"
#include "client/tls_files.h"
#include "common/clock.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	FAILURE_GRACE_MS = 1000, /* after a failure, to report others as well */
	WAITING_NOTICE_MS = 2000,
	DRAIN_PATIENCE_MS = 1000, /* for the output's reader, after an interrupt */
	LONG_BLOCK_MS = 1000,	  /* of the output, which restarts the hold */
	COUNTERS_MS = 1000,	  /* between two looks at the counters */
	WATERMARK_MS = 50,	  /* between two watermarks while no packet leaves */
	ENDING_STEP_MS = 10,
	LAST_COUNTERS_MS = 1000, /* for programs that report them at their end */
	REASON_SIZE = 256,
	COMMANDS_MS = 10000, /* to wait for commands of -z at the end */
	MEMORY_TOTAL = 128 << 20,
	TARGET_COST = 96 << 10, /* besides its queue, mostly of libcurl */
	QUEUE_MIN = 32 << 10,
	QUEUE_MAX = 16 << 20,
};

static const char no_resources[] = "out of memory or descriptors";

/* Times in ms are those of clock_ms(). */
struct session {
	const struct options *options;
	struct output *output;
	struct output *print; /* of -print beside -w; NULL: none */
	struct printer printer;
	struct event_loop *loop;
	struct merge *merge;
	struct interface_table interfaces;
	struct notices notices;
	struct sources sources;
	struct capture_file file;
	struct rotation rotation;
	struct file_commands commands;
	struct status_line status;
	struct report report;
	char missing[REASON_SIZE]; /* why packets are missing; "": none are */
	uint64_t begin_ms;
	uint64_t end_ms;	   /* for -duration */
	uint64_t counters_due_ms;  /* when to look at the counters next */
	uint64_t blocked_since_ms; /* the output; 0: it is not blocked */
	uint64_t watermark_due_ms; /* when to write the next one at the latest */
	bool waiting_reported;
};

static size_t queue_size(size_t count)
{
	const size_t share = MEMORY_TOTAL / count;

	if (share < TARGET_COST + QUEUE_MIN)
		return QUEUE_MIN;
	return share - TARGET_COST < QUEUE_MAX ? share - TARGET_COST : QUEUE_MAX;
}

static struct merge *make_merge(struct session *session)
{
	const size_t count = session->options->targets.count;
	const struct merge_sink sink = {
		.packet = capture_file_packet,
		.block = capture_file_block,
		.context = &session->file,
	};
	const struct merge_limits limits = {
		.hold_ms = session->options->hold,
		.queue_bytes = queue_size(count),
	};

	return merge_new((unsigned)count, &limits, &sink);
}

static bool start_sources(struct session *session)
{
	const struct source_common common = {
		.options = session->options,
		.loop = session->loop,
		.merge = session->merge,
		.interfaces = &session->interfaces,
		.notices = &session->notices,
	};

	return sources_start(&session->sources, &common);
}

/* Returns the output with a reader that may be slow or leave: a file beside it has none. */
static struct output *read_output(const struct session *session)
{
	return session->print ? session->print : session->output;
}

/* Returns the output that accepts no more at present, or NULL. */
static const struct output *blocked_output(const struct session *session)
{
	if (session->print && output_is_blocked(session->print))
		return session->print;
	return output_is_blocked(session->output) ? session->output : NULL;
}

/* False: out of memory or descriptors. In both cases tear_down() follows. */
static bool allocate(struct session *session)
{
	const struct options *options = session->options;
	const unsigned count = (unsigned)options->targets.count;

	session->merge = make_merge(session);
	if (!session->merge)
		return false;
	session->loop = event_loop_new(output_fd(read_output(session)), signals_open());
	if (!session->loop)
		return false;
	if (!interface_table_init(&session->interfaces, count))
		return false;
	if (!notices_init(&session->notices, count))
		return false;
	return status_line_init(&session->status, options, output_is_piped(read_output(session)));
}

static bool set_up(struct session *session, struct error *error)
{
	const struct options *options = session->options;

	session->begin_ms = clock_ms();
	session->end_ms = CLOCK_NEVER;
	session->file = (struct capture_file){
		.options = options,
		.interfaces = &session->interfaces,
		.notices = &session->notices,
		.writer = {.output = session->output,
			.pcapng = options->pcapng,
			/* for a ddump that reads this one; Wireshark's dialog has no use for it */
			.has_watermarks = options->pcapng && !options->extcap && !options->print &&
					  output_is_piped(session->output)},
		.has_readers = session->printer.pid == 0 || session->print,
		.print = {.output = session->print, .pcapng = true},
		.rotation = session->rotation.is_on ? &session->rotation : NULL,
		.commands = &session->commands,
	};
	if (!allocate(session) || !start_sources(session))
		return error_set(error, 1, no_resources);
	return true;
}

static void tear_down(struct session *session)
{
	status_line_cleanup(&session->status);
	sources_stop(&session->sources);
	event_loop_free(session->loop);
	sources_cleanup(&session->sources);
	notices_cleanup(&session->notices);
	interface_table_cleanup(&session->interfaces);
	merge_free(session->merge);
	capture_file_cleanup(&session->file);
	rotation_cleanup(&session->rotation);
}

static const struct source_snapshot *take_snapshots(struct session *session)
{
	return sources_snapshots(&session->sources, clock_ms(), clock_ns(CLOCK_REALTIME));
}

/*
 * Has it become impossible to begin? A capture that began and then failed
 * counts as begun: its packets are written.
 */
static bool cannot_begin(const struct session *session)
{
	const struct source_common *common = &session->sources.common;

	if (session->options->require_all && common->missing_count > 0)
		return true;
	return common->in_state[SOURCE_OVER] == session->sources.count && common->begun_count == 0;
}

static void begin_rotation(struct session *session)
{
	const struct options *options = session->options;

	session->commands.command = options->file_command;
	rotation_start(&session->rotation, clock_ms());
	if (session->rotation.is_ring && options->file_command && !options->quiet)
		notice("-z: files that the command renames are not part of the ring of -W; "
		       "remove them yourself");
}

static void begin_output(struct session *session)
{
	const struct source_common *common = &session->sources.common;

	/* before the header, so that the reader's first line is not cut in two */
	if (!session->options->quiet)
		notice("capturing on %u target%s", common->begun_count,
			common->begun_count == 1 ? "" : "s");
	sources_warn_of_left_out(&session->sources);
	capture_file_start(&session->file, common->linktype);
	if (session->rotation.is_on)
		begin_rotation(session);
	if (session->options->duration)
		session->end_ms = clock_ms() + session->options->duration * 1000;
}

/* Reports once which targets the output waits for. */
static void report_waiting(struct session *session)
{
	struct label_list names;

	if (session->waiting_reported || clock_ms() < session->begin_ms + WAITING_NOTICE_MS)
		return;
	session->waiting_reported = true;
	summary_list_waiting(take_snapshots(session), session->sources.count, &names);
	if (names.count > 0 && !session->options->quiet)
		notice("waiting for %s", label_list_text(&names));
}

/*
 * Begins the output unless it waits for first packets; every target has begun or
 * failed. Returns false if the output must not begin.
 */
static bool vote_and_begin(struct session *session, uint64_t now)
{
	struct sources *sources = &session->sources;

	if (cannot_begin(session))
		return false;
	/* -retry connects the lost ones again */
	if (sources->common.begun_count == 0)
		return true;
	if (!linktype_vote(sources, now))
		return true;
	/* the vote may have ended some, or all */
	if (cannot_begin(session))
		return false;
	if (sources->common.begun_count > 0)
		begin_output(session);
	return true;
}

/* Begins the output if it is time to. Returns false if it must not begin. */
static bool try_to_begin(struct session *session)
{
	const struct source_common *common = &session->sources.common;

	report_waiting(session);
	if (common->in_state[SOURCE_CONNECTING] == 0)
		return vote_and_begin(session, clock_ms());
	return !cannot_begin(session) || clock_ms() < common->missing_since_ms + FAILURE_GRACE_MS;
}

/* The run has ended. If the output waited for first packets only, it begins now. */
static void begin_at_end(struct session *session)
{
	const struct capture_file *file = &session->file;

	if (!file->started && file->state == CAPTURE_FILE_OPEN &&
		session->sources.common.in_state[SOURCE_CONNECTING] == 0)
		vote_and_begin(session, CLOCK_NEVER);
}

/* Returns when (ms) try_to_begin() must run even if nothing happens. */
static uint64_t begin_due_ms(const struct session *session)
{
	const struct sources *sources = &session->sources;
	uint64_t due = CLOCK_NEVER;

	if (!session->waiting_reported)
		due = session->begin_ms + WAITING_NOTICE_MS;
	if (!sources->common.linktype_chosen && sources->linktype_by_ms)
		due = clock_earlier(due, sources->linktype_by_ms);
	if (cannot_begin(session))
		due = clock_earlier(due, sources->common.missing_since_ms + FAILURE_GRACE_MS);
	return due;
}

/* Returns how long the loop may wait: ms, -1 for ever. */
static int next_timeout(const struct session *session, int merge_timeout)
{
	const uint64_t now = clock_ms();
	uint64_t due = merge_timeout < 0 ? CLOCK_NEVER : now + (uint64_t)merge_timeout;

	due = clock_earlier(due, session->end_ms);
	due = clock_earlier(due, session->status.due_ms);
	due = clock_earlier(due, file_commands_due_ms(&session->commands));
	if (session->rotation.is_on)
		due = clock_earlier(due, session->rotation.due_ms);
	due = clock_earlier(due, sources_due_ms(&session->sources));
	if (!session->file.started)
		due = clock_earlier(due, begin_due_ms(session));
	if (due == CLOCK_NEVER)
		return -1;
	if (due <= now)
		return 0;
	return due - now < INT_MAX ? (int)(due - now) : INT_MAX;
}

/*
 * Begins a new file when -G is due. After the last file of -W the run ends as with
 * -duration: packets that have arrived belong to that file.
 */
static void rotate_when_due(struct session *session)
{
	const uint64_t now = clock_ms();

	if (now >= file_commands_due_ms(&session->commands))
		file_commands_check(&session->commands, now);
	if (!session->rotation.is_on || now < session->rotation.due_ms)
		return;
	if (rotation_is_last(&session->rotation))
		session->end_ms = now;
	else
		capture_file_rotate(&session->file);
}

/* Writes counters once a second, so that drops are in the file that soon. */
static void write_due_counters(struct session *session)
{
	if (clock_ms() < session->counters_due_ms)
		return;
	session->counters_due_ms = clock_ms() + COUNTERS_MS;
	capture_file_write_counters(&session->file);
}

/* Writes the watermark of the merge, with each batch of packets and while there are none. */
static void write_watermark(struct session *session, bool has_packets)
{
	uint64_t time_ns;

	if (!session->file.writer.has_watermarks ||
		(!has_packets && clock_ms() < session->watermark_due_ms))
		return;
	session->watermark_due_ms = clock_ms() + WATERMARK_MS;
	if (merge_promise(session->merge, &time_ns))
		capture_file_write_watermark(&session->file, time_ns);
}

/* The output accepts data again, or still. */
static void end_block(struct session *session)
{
	const uint64_t now = clock_ms();

	if (session->blocked_since_ms && now > session->blocked_since_ms + LONG_BLOCK_MS)
		merge_output_resumed(session->merge, now);
	session->blocked_since_ms = 0;
}

/* Writes the packets that may leave, and due counters. Returns as merge_pump() does. */
static int write_packets(struct session *session)
{
	struct capture_file *file = &session->file;
	const uint64_t before = file->written;
	int timeout;

	end_block(session);
	timeout = merge_pump(session->merge, clock_ms());
	/* cppcheck-suppress knownConditionTrueFalse ; merge_pump() writes into the file */
	if (file->written > before)
		status_line_yield(&session->status, clock_ms());
	write_watermark(session, file->written > before);
	write_due_counters(session);
	capture_file_flush(file);
	return timeout;
}

/*
 * Moves packets from the merge to the output, and resumes sources whose queues have
 * space. Returns as merge_pump() does.
 */
static int pump(struct session *session)
{
	struct sources *sources = &session->sources;
	int timeout = -1;

	/* a slow reader takes some data long before it has taken all */
	if (session->blocked_since_ms && output_wait(read_output(session), 0))
		end_block(session);
	capture_file_flush(&session->file);
	if (!blocked_output(session))
		timeout = write_packets(session);
	sources->common.output_blocked = blocked_output(session) != NULL;
	if (sources->common.output_blocked) {
		event_loop_watch_writable(session->loop);
		if (!session->blocked_since_ms)
			session->blocked_since_ms = clock_ms();
	}
	sources_resume(sources);
	/* data that waits for this program must not wait longer than necessary */
	if (sources->common.output_blocked || sources->common.paused_count > 0)
		event_loop_skip_wait(session->loop);
	return timeout;
}

static void set_report_files(struct session *session)
{
	if (!session->rotation.is_on)
		return;
	session->report.files = session->rotation.begun;
	session->report.last_file = session->rotation.name;
}

/* Answers SIGUSR1: counts on stderr, and the report. */
static void report_on_request(struct session *session)
{
	const struct source_snapshot *snapshots = take_snapshots(session);
	const unsigned count = session->sources.count;
	struct error error = {0};

	summary_print_counts(snapshots, count, session->file.written, 0);
	session->report.packets_written = session->file.written;
	set_report_files(session);
	if (!report_write(&session->report, snapshots, count, &session->interfaces, &error))
		notice_warning("%s", error.text);
}

static void report_progress(struct session *session)
{
	const unsigned count = session->sources.count;

	if (signals_clear_status_request())
		report_on_request(session);
	if (clock_ms() >= session->status.due_ms)
		status_line_show(&session->status, take_snapshots(session), count, clock_ms());
}

/* Has the run come to its end? */
static bool is_over(const struct session *session)
{
	const struct source_common *common = &session->sources.common;

	return session->file.state != CAPTURE_FILE_OPEN || signals_stop_requested() ||
	       clock_ms() >= session->end_ms ||
	       common->in_state[SOURCE_OVER] == session->sources.count;
}

static void run_until_over(struct session *session)
{
	struct capture_file *file = &session->file;
	int timeout = -1;

	do {
		if (event_loop_watch_failed(session->loop)) {
			capture_file_fail(file, no_resources);
			return;
		}
		event_loop_run_once(session->loop, next_timeout(session, timeout));
		sources_handle_events(&session->sources);
		if (!file->started && !try_to_begin(session))
			return;
		if (file->started) {
			/* of those that connect later */
			sources_warn_of_left_out(&session->sources);
			rotate_when_due(session);
			timeout = pump(session);
		}
		report_progress(session);
		if (event_loop_output_closed(session->loop))
			capture_file_set_reader_gone(file);
	} while (!is_over(session));
}

/*
 * Ends the programs that report their counters then, and waits for these. Packets that
 * come meanwhile are part of the capture.
 */
static void collect_last_counters(struct session *session)
{
	const uint64_t end_ms = clock_ms() + LAST_COUNTERS_MS;

	if (!session->file.started || !sources_ask_to_end(&session->sources))
		return;
	while (sources_are_ending(&session->sources) && clock_ms() < end_ms) {
		event_loop_run_once(session->loop, ENDING_STEP_MS);
		sources_handle_events(&session->sources);
	}
}

/*
 * Writes packets that have arrived, then the end of the file, as far as the output
 * accepts them. Returns whether nothing is left.
 */
static bool write_rest(struct session *session, bool *losses_are_noted)
{
	struct capture_file *file = &session->file;

	/* a file that is complete, or has failed, accepts no packets */
	if (!merge_drain(session->merge, clock_ms()) && file->state == CAPTURE_FILE_OPEN)
		return false;
	if (!*losses_are_noted)
		sources_note_losses(&session->sources);
	*losses_are_noted = true;
	return capture_file_write_end(file);
}

/*
 * Writes all packets that have arrived, and the end of the file. After an
 * interrupt it gives up when a reader accepts nothing for DRAIN_PATIENCE_MS.
 */
static void drain(struct session *session)
{
	struct capture_file *file = &session->file;
	bool losses_are_noted = false;

	while (file->state != CAPTURE_FILE_READER_GONE) {
		const bool interrupted = signals_stop_requested();
		const bool is_drained = write_rest(session, &losses_are_noted);

		capture_file_flush(file);
		report_progress(session);
		if (!blocked_output(session)) {
			if (is_drained)
				return;
			continue;
		}
		if (!output_wait(read_output(session), DRAIN_PATIENCE_MS) && interrupted) {
			capture_file_fail(file, "the output's reader has stopped reading");
			return;
		}
	}
}

/* Sets error to the reason for which the output never began. */
static void explain_no_begin(struct session *session, struct error *error)
{
	const struct source_common *common = &session->sources.common;
	struct label_list waiting;
	const char *names;

	summary_list_waiting(take_snapshots(session), session->sources.count, &waiting);
	names = label_list_text(&waiting);
	if (session->file.state == CAPTURE_FILE_FAILED)
		*error = session->file.error;
	else if (session->file.state == CAPTURE_FILE_READER_GONE)
		error_set(error, 1,
			"the output's reader ended before a capture started; check its command "
			"line");
	else if (signals_stop_requested())
		error_set(error, 1, "interrupted while waiting for %s", names);
	else
		error_set(error, 1, "no capture: %u of %u targets failed%s%s%s",
			common->failed_count, session->sources.count,
			*names ? ", no answer yet from " : "", names,
			common->missing_count < session->sources.count
				? "; try -require any to continue without them"
				: "");
}

/* Returns what has ended the run, before the last packets are written. */
static enum report_end find_end(const struct session *session)
{
	if (session->file.state == CAPTURE_FILE_COMPLETE)
		return REPORT_COUNT;
	if (session->file.state == CAPTURE_FILE_READER_GONE)
		return REPORT_READER_GONE;
	if (signals_stop_requested())
		return REPORT_INTERRUPTED;
	if (!session->file.started || session->file.state == CAPTURE_FILE_FAILED)
		return REPORT_FAILED;
	return clock_ms() >= session->end_ms ? REPORT_DURATION : REPORT_TARGETS_ENDED;
}

/* Sets the reason for exit status 2, or "" if nothing is missing. */
static void explain_missing(struct session *session, bool is_lagging, bool has_dropped)
{
	const bool has_failed = session->sources.common.failed_count > 0;

	if (has_failed || is_lagging || has_dropped)
		snprintf(session->missing, sizeof(session->missing), "packets are missing:%s%s%s",
			has_failed ? " a target failed or had an outage;" : "",
			is_lagging ? " a target lagged at the end;" : "",
			has_dropped ? " hosts dropped packets;" : "");
	if (*session->missing)
		session->missing[strlen(session->missing) - 1] = '\0';
}

/* Waits until all packets are printed, so that the counts come after them. */
static void end_printing(struct session *session)
{
	struct error error = {0};

	if (session->printer.pid == 0)
		return;
	if (session->print)
		output_close(session->print, &error);
	else
		output_close(session->output, &error);
	if (!session->print)
		session->output = NULL;
	session->print = NULL;
	session->file.print.output = NULL;
	if (!printer_wait(&session->printer))
		capture_file_fail(&session->file, "packets could not be printed");
}

static int finish(struct session *session, struct error *error)
{
	struct sources *sources = &session->sources;
	struct capture_file *file = &session->file;
	const struct source_snapshot *snapshots;
	bool is_lagging = false;
	bool has_dropped;
	uint64_t pending;

	if (!file->started) {
		explain_no_begin(session, error);
		return 1;
	}
	/* a complete file, or a reader that has left, misses no last packets */
	if (file->state == CAPTURE_FILE_OPEN)
		is_lagging = sources_warn_of_lag(sources) > 0;
	sources_report_omissions(sources);
	drain(session);
	if (file->error.status)
		notice("%s", file->error.text);
	pending = output_pending(session->output);
	end_printing(session);
	snapshots = take_snapshots(session);
	/* for a user of Wireshark who ends a capture, this is not an error */
	if (file->state != CAPTURE_FILE_OPEN && file->state != CAPTURE_FILE_COMPLETE &&
		signals_stop_requested() && !session->options->extcap)
		summary_warn_of_unwritten(snapshots, sources->count, pending);
	has_dropped = summary_warn_of_losses(snapshots, sources->count);
	if (!session->options->quiet)
		summary_print_counts(snapshots, sources->count, file->written, pending);
	session->report.packets_written = file->written;
	session->report.packets_unwritten = pending;
	explain_missing(session, is_lagging, has_dropped);
	if (file->error.status)
		return 1;
	return *session->missing ? 2 : 0;
}

/* Runs from the first connection to the end of the output. Returns the exit status. */
static int run(struct session *session, struct error *error)
{
	int status;

	run_until_over(session);
	begin_at_end(session);
	collect_last_counters(session);
	session->report.end = find_end(session);
	status = finish(session, error);
	if (!output_close(session->output, error) && error->status)
		status = 1;
	session->output = NULL;
	if (session->rotation.is_on && session->file.started) {
		file_commands_start(&session->commands, session->rotation.name, clock_ms());
		file_commands_finish(&session->commands, COMMANDS_MS);
	}
	return status;
}

/*
 * Writes the last report, with the exit status. Returns the exit status of the
 * program, which is 1 if the report cannot be written.
 */
static int report_end(struct session *session, int status, bool is_set_up, struct error *error)
{
	struct report *report = &session->report;
	const struct error *reason = error->status ? error : &session->file.error;
	struct error failure = {0};

	report->end_ns = clock_ns(CLOCK_REALTIME);
	set_report_files(session);
	report->exit_status = status;
	report->exit_reason = status == 1 ? reason->text : session->missing;
	if (status == 1 && report->end != REPORT_INTERRUPTED)
		report->end = REPORT_FAILED;
	if (report_write(report, is_set_up ? take_snapshots(session) : NULL, session->sources.count,
		    &session->interfaces, &failure))
		return status;
	if (error->status)
		notice("%s", failure.text);
	else
		*error = failure;
	return 1;
}

/* Opens the first file of several. */
static struct output *open_first_file(struct session *session, struct error *error)
{
	struct rotation *rotation = &session->rotation;
	bool is_created;
	const int fd = rotation_open_first(rotation, time(NULL), &is_created, error);
	struct output *output;

	if (fd < 0)
		return NULL;
	output = output_open_file(fd, rotation->name, is_created, error);
	if (!output)
		close(fd);
	return output;
}

static bool has_file(const struct options *options)
{
	return options->output && strcmp(options->output, "-") != 0;
}

/* Packets are printed if the user wants that, or sees stdout. */
static void choose_printing(struct options *options)
{
	if (!options->output && output_is_terminal())
		options->print = true;
	if (options->print && !has_file(options))
		options->pcapng = true;
	if (options->numeric)
		options->print_options.words[options->print_options.count++] = "-n";
}

/* Starts to print: to the output itself, or beside the file of -w. */
static bool open_print(struct session *session, struct error *error)
{
	const struct options *options = session->options;
	const int fd = printer_start(&session->printer, &options->print_options, error);
	struct output *print;

	if (fd < 0)
		return false;
	print = output_open_pipe(fd, error);
	if (!print)
		close(fd);
	if (has_file(options))
		session->print = print;
	else
		session->output = print;
	return print != NULL;
}

static bool open_output(struct session *session, struct error *error)
{
	const struct options *options = session->options;

	if (options->print && !open_print(session, error))
		return false;
	if (session->rotation.is_on)
		session->output = open_first_file(session, error);
	else if (!session->output)
		session->output = output_open(options->output, error);
	if (!session->output || !session->print || !output_is_piped(session->output))
		return session->output != NULL;
	return error_set(error, 1, "-print: -w needs the name of a regular file");
}

/* Opens the output, asks for the passphrase, and connects. */
static bool open_and_set_up(struct session *session, struct options *options, struct error *error)
{
	choose_printing(options);
	if (!rotation_init(&session->rotation, options, time(NULL), error))
		return false;
	return open_output(session, error) && tls_files_check(&options->credentials, error) &&
	       set_up(session, error);
}

int session_run(struct options *options, struct error *error)
{
	struct session session = {
		.options = options,
		.report = {.options = options,
			.start_ns = clock_ns(CLOCK_REALTIME),
			.exit_reason = ""},
	};
	bool is_set_up;
	int status = 1;

	/* a report that cannot be written is an error now, and not after a night */
	if (!report_write(&session.report, NULL, 0, NULL, error))
		return status;
	is_set_up = open_and_set_up(&session, options, error);
	if (is_set_up)
		status = run(&session, error);
	status = report_end(&session, status, is_set_up, error);
	output_close(session.output, &(struct error){0});
	output_close(session.print, &(struct error){0});
	printer_wait(&session.printer);
	tear_down(&session);
	return status;
}
