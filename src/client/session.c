/* SPDX-License-Identifier: MIT */
/*
 * A run of ddump. In: targets. Out: one capture file, and an exit status.
 *
 * The output begins when every target captures or is over, see run_start. From then on
 * each turn of the loop moves data one way: transfers -> sources -> merge -> file.
 */
#include "client/session.h"

#include "client/capture_file.h"
#include "client/event_loop.h"
#include "client/file_command.h"
#include "client/interface_table.h"
#include "client/merge.h"
#include "client/notices.h"
#include "client/once.h"
#include "client/outputs.h"
#include "client/packet_delay.h"
#include "client/packet_pump.h"
#include "client/run_report.h"
#include "client/run_start.h"
#include "client/signals.h"
#include "client/sources.h"
#include "client/split_files.h"
#include "client/status_line.h"
#include "client/tls_files.h"
#include "client/watermark_interval.h"
#include "common/clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	DRAIN_PATIENCE_MS = 1000, /* for the output's reader, after an interrupt */
	ENDING_STEP_MS = 10,
	LAST_COUNTERS_MS = 1000, /* for programs that report them at their end */
	COMMANDS_MS = 10000,	 /* to wait for commands of -z at the end */
	TABLE_MS = 1000,	 /* between two tables of -paths at a terminal */
	MEMORY_TOTAL = 128 << 20,
	TARGET_COST = 96 << 10, /* besides its queue, mostly of libcurl */
	QUEUE_MIN = 32 << 10,
	QUEUE_MAX = 16 << 20,
};

static const char no_resources[] = "out of memory or descriptors";

/* Times in ms are those of clock_ms(). */
struct session {
	const struct options *options;
	struct outputs outputs;
	struct event_loop *loop;
	struct merge *merge;
	struct interface_table interfaces;
	struct notices notices;
	struct host_names names;
	struct sources sources;
	struct capture_file file;
	struct split_files split;
	struct file_commands commands;
	struct status_line status;
	struct run_start start;
	struct run_report report;
	struct packet_pump pump;
	struct paths *paths; /* NULL: off */
	struct packet_delay delay;
	struct once *once;     /* NULL: off */
	uint64_t end_ms;       /* for -duration */
	uint64_t table_due_ms; /* of -paths, at a terminal */
};

static size_t queue_size(size_t count)
{
	const size_t share = MEMORY_TOTAL / count;

	if (share < TARGET_COST + QUEUE_MIN)
		return QUEUE_MIN;
	return share - TARGET_COST < QUEUE_MAX ? share - TARGET_COST : QUEUE_MAX;
}

/* Returns what writes packets. */
static struct merge_sink find_writer(struct session *session)
{
	if (session->options->split)
		return (struct merge_sink){
			.packet = split_files_packet,
			.block = split_files_block,
			.context = &session->split,
		};
	return (struct merge_sink){
		.packet = capture_file_packet,
		.block = capture_file_block,
		.context = &session->file,
	};
}

/* Returns the same, or the stage before it. */
static struct merge_sink find_sink(struct session *session)
{
	if (session->once)
		return (struct merge_sink){
			.packet = once_packet, .block = once_block, .context = session->once};
	return find_writer(session);
}

static struct merge *make_merge(struct session *session)
{
	const size_t count = session->options->targets.count;
	const struct merge_sink sink = find_sink(session);
	const struct merge_sink delay = {
		.packet = packet_delay_packet,
		.block = packet_delay_block,
		.context = &session->delay,
	};
	const struct merge_limits limits = {
		.hold_ms = session->options->hold,
		.queue_bytes = queue_size(count),
		.watermark_ms = watermark_interval_ms(session->options),
	};

	return merge_new((unsigned)count, &limits, session->options->paths ? &delay : &sink);
}

static bool start_sources(struct session *session)
{
	const struct source_common common = {
		.options = session->options,
		.loop = session->loop,
		.merge = session->merge,
		.interfaces = &session->interfaces,
		.notices = &session->notices,
		.names = session->file.blocks.names,
		.paths = session->paths,
		.once = session->once,
		.delay = &session->delay,
	};

	return sources_start(&session->sources, &common);
}

/* False: out of memory. */
static bool start_paths(struct session *session)
{
	const struct paths_plan plan = {
		.options = session->options,
		.interfaces = &session->interfaces,
		.notices = &session->notices,
		.targets = (unsigned)session->options->targets.count,
	};

	session->paths = paths_new(&plan);
	session->report.json.paths = session->paths;
	session->delay = (struct packet_delay){
		.paths = session->paths,
		.file = &session->file,
		.sink = find_sink(session),
		.is_discarded = !session->options->output,
		.delay_ns = session->options->paths_delay * NS_PER_MS,
		.follows_window = !session->options->has_paths_delay,
	};
	paths_on_last_seen(session->paths, packet_delay_last_seen, &session->delay);
	session->delay.waiting = calloc(plan.targets, sizeof(*session->delay.waiting));
	return session->paths != NULL && session->delay.waiting != NULL;
}

static void fail_file(void *context, const char *reason)
{
	capture_file_fail(context, reason);
}

/* False: out of memory. */
static bool start_once(struct session *session)
{
	const struct once_plan plan = {
		.sink = find_writer(session),
		.fail = fail_file,
		.file = &session->file,
		.interfaces = &session->interfaces,
		.notices = &session->notices,
		.targets = (unsigned)session->options->targets.count,
		.name = session->options->once_at,
	};

	session->once = once_new(&plan);
	session->report.json.once = session->once;
	return session->once != NULL;
}

/* False: out of memory or descriptors. In both cases tear_down() follows. */
static bool allocate(struct session *session)
{
	const struct options *options = session->options;
	const unsigned count = (unsigned)options->targets.count;

	session->loop =
		event_loop_new(output_fd(outputs_reader(&session->outputs)), signals_open());
	if (!session->loop)
		return false;
	if (!interface_table_init(&session->interfaces, count))
		return false;
	if (!notices_init(&session->notices, count))
		return false;
	session->notices.is_split = options->split;
	if (!host_names_init(&session->names, &session->interfaces, &session->notices))
		return false;
	if (options->once && !start_once(session))
		return false;
	session->merge = make_merge(session);
	if (!session->merge)
		return false;
	if (options->paths && !start_paths(session))
		return false;
	return status_line_init(
		&session->status, options, output_is_piped(outputs_reader(&session->outputs)));
}

static bool set_up(struct session *session, struct error *error)
{
	const struct options *options = session->options;

	session->start = (struct run_start){
		.options = options,
		.sources = &session->sources,
		.begin_ms = clock_ms(),
	};
	session->end_ms = CLOCK_NEVER;
	session->table_due_ms = options->paths && isatty(STDOUT_FILENO) ? 0 : CLOCK_NEVER;
	session->file = (struct capture_file){
		.options = options,
		.interfaces = &session->interfaces,
		.notices = &session->notices,
		.blocks = {.notices = &session->notices,
			.names = options->pcapng && !options->no_names && !options->split
					 ? &session->names
					 : NULL,
			.has_files = session->outputs.rotation.is_on,
			.file_bytes = options->file_bytes},
		.writer = {.output = session->outputs.main,
			.pcapng = options->pcapng,
			/* for a ddump that reads this one; Wireshark's dialog has no use for it */
			.has_watermarks = options->pcapng && !options->extcap && !options->print &&
					  !options->paths &&
					  output_is_piped(session->outputs.main)},
		.has_readers = (session->outputs.printer.pid == 0 || session->outputs.print) &&
			       !(options->paths && !options->output),
		.print = {.output = session->outputs.print, .pcapng = true},
		.rotation = session->outputs.rotation.is_on ? &session->outputs.rotation : NULL,
		.commands = &session->commands,
		.is_discarded = options->split || (options->paths && !options->output),
	};
	if (!allocate(session) || !start_sources(session))
		return error_set(error, 1, no_resources);
	session->pump = (struct packet_pump){
		.loop = session->loop,
		.sources = &session->sources,
		.merge = session->merge,
		.file = &session->file,
		.delay = session->paths ? &session->delay : NULL,
		.split = options->split ? &session->split : NULL,
		.once = session->once,
		.outputs = &session->outputs,
		.status = &session->status,
	};
	return true;
}

static void tear_down(struct session *session)
{
	status_line_cleanup(&session->status);
	sources_stop(&session->sources);
	event_loop_free(session->loop);
	sources_cleanup(&session->sources);
	notices_cleanup(&session->notices);
	host_names_cleanup(&session->names);
	interface_table_cleanup(&session->interfaces);
	merge_free(session->merge);
	packet_delay_cleanup(&session->delay);
	paths_free(session->paths);
	split_files_cleanup(&session->split);
	once_free(session->once);
	capture_file_cleanup(&session->file);
}

static const struct source_snapshot *take_snapshots(struct session *session)
{
	return sources_snapshots(&session->sources, clock_ms(), clock_ns(CLOCK_REALTIME));
}

static void begin_rotation(struct session *session)
{
	const struct options *options = session->options;
	const bool is_ring = options->ring || (options->file_count > 0 && !options->file_seconds);

	session->commands.command = options->file_command;
	/* all files of -G end at the same time */
	if (options->split)
		session->commands.waiting_max = (unsigned)options->targets.count;
	if (session->outputs.rotation.is_on)
		rotation_start(&session->outputs.rotation, clock_ms(), clock_ms());
	if (is_ring && options->file_command && !options->quiet)
		notice("-z: files that the command renames are not part of the ring of -W; "
		       "remove them yourself");
}

static void begin_output(struct session *session)
{
	const struct source_common *common = &session->sources.common;

	refusals_report(&session->sources.common.refusals);
	/* before the header, so that the reader's first line is not cut in two */
	if (!session->options->quiet)
		notice("capturing on %u target%s", common->begun_count,
			common->begun_count == 1 ? "" : "s");
	sources_warn_of_left_out(&session->sources);
	paths_output_begins(session->paths);
	begin_rotation(session);
	capture_file_start(&session->file, common->linktype);
	if (session->options->split)
		split_files_start(&session->split, &session->file);
	if (session->options->duration)
		session->end_ms = clock_ms() + session->options->duration * 1000;
}

/* Begins the output if it is time to. Returns false if it must not begin. */
static bool try_to_begin(struct session *session)
{
	const enum run_start_decision decision = run_start_decide(&session->start);

	if (decision == RUN_START_NOW)
		begin_output(session);
	return decision != RUN_START_NEVER;
}

/* Returns how long the loop may wait: ms, -1 for ever. */
static int next_timeout(const struct session *session, int merge_timeout)
{
	const uint64_t now = clock_ms();
	uint64_t due = merge_timeout < 0 ? CLOCK_NEVER : now + (uint64_t)merge_timeout;

	due = clock_earlier(due, session->end_ms);
	due = clock_earlier(due, session->status.due_ms);
	due = clock_earlier(due, session->table_due_ms);
	due = clock_earlier(due, file_commands_due_ms(&session->commands));
	if (session->outputs.rotation.is_on)
		due = clock_earlier(due, session->outputs.rotation.due_ms);
	due = clock_earlier(due, session->split.due_ms);
	due = clock_earlier(due, sources_due_ms(&session->sources));
	if (!session->file.started)
		due = clock_earlier(due, run_start_due_ms(&session->start));
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
	if (session->options->split && !split_files_rotate(&session->split, now))
		session->end_ms = now;
	if (!session->outputs.rotation.is_on || now < session->outputs.rotation.due_ms)
		return;
	if (rotation_is_last(&session->outputs.rotation))
		session->end_ms = now;
	else
		capture_file_rotate(&session->file);
}

/*
 * Prints the table of -paths. At a terminal it replaces the last one and all messages, of
 * which the latest follow it again.
 */
static void print_paths(struct session *session)
{
	const bool redraws = session->table_due_ms != CLOCK_NEVER;

	if (!session->paths)
		return;
	if (redraws)
		fputs("\033[H\033[J", stdout);
	paths_print(session->paths, stdout);
	fflush(stdout);
	if (redraws && isatty(STDERR_FILENO))
		notice_repeat_latest();
}

static void report_progress(struct session *session)
{
	const unsigned count = session->sources.count;

	if (signals_clear_status_request()) {
		run_report_on_request(&session->report);
		print_paths(session);
	}
	if (clock_ms() >= session->table_due_ms) {
		session->table_due_ms = clock_ms() + TABLE_MS;
		print_paths(session);
	}
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
			timeout = packet_pump_run(&session->pump);
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
 * Writes all packets that have arrived, and the end of the file. After an
 * interrupt it gives up when a reader accepts nothing for DRAIN_PATIENCE_MS.
 */
static void drain(struct session *session)
{
	struct capture_file *file = &session->file;

	while (file->state != CAPTURE_FILE_READER_GONE) {
		const bool interrupted = signals_stop_requested();
		const bool is_drained = packet_pump_drain(&session->pump);

		packet_pump_flush(&session->pump);
		report_progress(session);
		if (!outputs_blocked(&session->outputs)) {
			if (is_drained)
				return;
			continue;
		}
		if (!output_wait(outputs_reader(&session->outputs), DRAIN_PATIENCE_MS) &&
			interrupted) {
			capture_file_fail(file, "the output's reader has stopped reading");
			return;
		}
	}
}

/* Waits until all packets are printed, so that the counts come after them. */
static void end_printing(struct session *session)
{
	const bool all_printed = outputs_end_printing(&session->outputs);

	session->file.print.output = NULL;
	if (!all_printed)
		capture_file_fail(&session->file, "packets could not be printed");
}

/* Writes the last packets, and reports the run. Returns the exit status. */
static int finish(struct session *session, struct error *error)
{
	struct capture_file *file = &session->file;
	bool is_lagging = false;
	uint64_t unwritten;

	if (!file->started) {
		refusals_report(&session->sources.common.refusals);
		run_start_explain(&session->start, file, error);
		return 1;
	}
	session->notices.place = NOTICES_AT_END;
	/* a complete file, or a reader that has left, misses no last packets */
	if (file->state == CAPTURE_FILE_OPEN)
		is_lagging = sources_warn_of_lag(&session->sources) > 0;
	sources_report_omissions(&session->sources);
	drain(session);
	if (!session->options->quiet)
		split_files_report_missing(&session->split);
	if (file->error.status)
		notice("%s", file->error.text);
	unwritten = output_pending(session->outputs.main) + split_files_pending(&session->split);
	end_printing(session);
	paths_finish(session->paths);
	print_paths(session);
	return run_report_finish(&session->report, unwritten, is_lagging);
}

/* Runs from the first connection to the end of the output. Returns the exit status. */
static int run(struct session *session, struct error *error)
{
	int status;

	run_until_over(session);
	if (!session->file.started && session->file.state == CAPTURE_FILE_OPEN &&
		run_start_at_end(&session->start))
		begin_output(session);
	collect_last_counters(session);
	run_report_keep_end(&session->report, clock_ms() >= session->end_ms);
	status = finish(session, error);
	if (!output_close(session->outputs.main, error) && error->status)
		status = 1;
	session->outputs.main = NULL;
	split_files_close(&session->split, error);
	if (error->status)
		status = 1;
	if (session->outputs.rotation.is_on && session->file.started)
		file_commands_start(&session->commands, session->outputs.rotation.name, clock_ms());
	file_commands_finish(&session->commands, COMMANDS_MS);
	return status;
}

/* Opens the output, asks for the passphrase, and connects. */
static bool open_and_set_up(struct session *session, struct options *options, struct error *error)
{
	return outputs_open(&session->outputs, options, error) &&
	       split_files_init(&session->split, options, error) &&
	       tls_files_check(&options->credentials, error) && set_up(session, error);
}

int session_run(struct options *options, struct error *error)
{
	struct session session = {.options = options};
	bool is_set_up;
	int status = 1;

	session.report = (struct run_report){
		.options = options,
		.sources = &session.sources,
		.file = &session.file,
		.rotation = &session.outputs.rotation,
		.json.split = options->split ? &session.split : NULL,
	};
	if (!run_report_begin(&session.report, error))
		return status;
	is_set_up = open_and_set_up(&session, options, error);
	if (is_set_up)
		status = run(&session, error);
	status = run_report_end(&session.report, status, is_set_up, error);
	outputs_cleanup(&session.outputs);
	tear_down(&session);
	return status;
}
