/*
 * A run of ddump. In: targets. Out: their merged packets, and an exit status.
 *
 * Nothing is written until every target runs or is over; then the output's
 * header is known, and whether all that were required are there.
 */
#include "client/session.h"

#include "client/gaps.h"
#include "client/intake.h"
#include "client/interrupt.h"
#include "client/loop.h"
#include "client/members.h"
#include "client/merge.h"
#include "client/recorder.h"
#include "client/report.h"
#include "client/say.h"
#include "client/status.h"
#include "common/clock.h"

#include <limits.h>

enum {
	GRACE_MS = 1000,    /* after a failure, for others to be told as well */
	NOTICE_MS = 2000,   /* of silence before it says who is waited for */
	PATIENCE_MS = 1000, /* with a reader, after an interrupt */
	PAUSE_MS = 1000,    /* from which on a reader is not merely slow */
	COUNT_MS = 1000,    /* between two looks at the counters */
	NAMES_SIZE = 512,
	MEMORY_TOTAL = 128 << 20,
	TARGET_COST = 96 << 10, /* besides its queue, most of it libcurl's */
	QUEUE_MIN = 32 << 10,
	QUEUE_MAX = 16 << 20,
};

static const char no_resources[] = "out of memory or descriptors";

struct session {
	const struct arguments *arguments;
	struct output *output;
	struct loop *loop;
	struct merge *merge;
	struct members members;
	struct recorder recorder;
	struct status status;
	uint64_t begin;	  /* ms */
	bool noticed;	  /* it has said who is waited for */
	uint64_t end;	  /* ms, for -duration */
	uint64_t count;	  /* ms: when counters are to be written next */
	uint64_t blocked; /* ms: since when the output is; 0: it is not */
};

static size_t queue_size(size_t count)
{
	const size_t share = MEMORY_TOTAL / count;

	if (share < TARGET_COST + QUEUE_MIN)
		return QUEUE_MIN;
	return share - TARGET_COST < QUEUE_MAX ? share - TARGET_COST
					       : QUEUE_MAX;
}

static bool set_up(struct session *session, struct failure *failure)
{
	const struct arguments *arguments = session->arguments;
	const struct merge_sink sink = {recorder_packet, &session->recorder};
	const struct merge_limits limits = {
		.hold = arguments->hold,
		.queue_bytes = queue_size(arguments->targets.count),
	};

	session->merge =
		merge_new((unsigned)arguments->targets.count, &limits, &sink);
	session->loop = loop_new(output_fd(session->output), interrupt_catch());
	session->begin = clock_ms();
	session->end = CLOCK_NEVER;
	session->recorder.members = &session->members;
	session->recorder.writer.output = session->output;
	session->recorder.writer.pcapng = arguments->pcapng;
	if (session->merge && session->loop &&
		status_init(&session->status, arguments,
			output_is_piped(session->output)) &&
		members_start(&session->members, arguments, session->loop,
			session->merge))
		return true;
	return failure_set(failure, 1, no_resources);
}

static void tear_down(struct session *session)
{
	status_clear(&session->status);
	members_stop(&session->members);
	loop_free(session->loop);
	members_clear(&session->members);
	merge_free(session->merge);
}

/* How many targets have a capture, under way or complete. */
static unsigned count_good(const struct members *members)
{
	return members->in_state[MEMBER_RUNNING] + members->ended;
}

/* Has it become impossible to start? */
static bool is_refused(const struct session *session)
{
	const struct members *members = &session->members;

	if (session->arguments->require_all && members->failed > 0)
		return true;
	return members->in_state[MEMBER_OVER] == members->count &&
	       count_good(members) == 0;
}

static void start(struct session *session)
{
	const unsigned running = count_good(&session->members);

	/* first, so that a reader's own first line is not cut in two */
	if (!session->arguments->quiet)
		say("capturing on %u target%s", running,
			running == 1 ? "" : "s");
	recorder_start(&session->recorder);
	if (session->arguments->duration)
		session->end = clock_ms() + session->arguments->duration * 1000;
}

/* Says once whom it is waiting for. */
static void notice(struct session *session)
{
	char names[NAMES_SIZE];

	if (session->noticed || clock_ms() < session->begin + NOTICE_MS)
		return;
	session->noticed = true;
	report_waiting(&session->members, names, sizeof(names));
	if (!session->arguments->quiet)
		say("waiting for %s", names);
}

/* Starts once every target has answered; false: it must not start at all. */
static bool try_to_start(struct session *session)
{
	struct members *members = &session->members;

	if (members->in_state[MEMBER_CONNECTING] > 0) {
		notice(session);
		return !is_refused(session) ||
		       clock_ms() < members->first_failure + GRACE_MS;
	}
	if (count_good(members) == 0)
		return !is_refused(session); /* lost ones are tried again */
	intake_agree(members);
	if (is_refused(session))
		return false;
	start(session);
	return true;
}

static int next_timeout(const struct session *session, int merge_due)
{
	uint64_t now = clock_ms();
	uint64_t next = merge_due < 0 ? CLOCK_NEVER : now + (uint64_t)merge_due;

	next = clock_earlier(next, session->end);
	next = clock_earlier(next, session->status.due);
	next = clock_earlier(next, members_due(&session->members));
	if (!session->recorder.started) {
		if (!session->noticed)
			next = clock_earlier(next, session->begin + NOTICE_MS);
		if (is_refused(session))
			next = clock_earlier(next,
				session->members.first_failure + GRACE_MS);
	}
	if (next == CLOCK_NEVER)
		return -1;
	if (next <= now)
		return 0;
	return next - now < INT_MAX ? (int)(next - now) : INT_MAX;
}

/* Drops are in the file within a second, where that goes on. */
static void write_counters(struct session *session)
{
	if (clock_ms() < session->count)
		return;
	session->count = clock_ms() + COUNT_MS;
	recorder_count(&session->recorder);
}

/* The output takes something: was it blocked for long? */
static void note_room(struct session *session)
{
	const uint64_t now = clock_ms();

	if (session->blocked && now > session->blocked + PAUSE_MS)
		merge_resume(session->merge, now);
	session->blocked = 0;
}

/* Lets leave what may, and hands it on: nothing waits in a buffer. */
static int pump(struct session *session)
{
	struct recorder *recorder = &session->recorder;
	const uint64_t before = recorder->written;
	int due = -1;

	/* a slow reader takes some of it long before it has all */
	if (session->blocked && output_wait(session->output, 0))
		note_room(session);
	recorder_flush(recorder);
	if (!output_is_blocked(session->output)) {
		note_room(session);
		due = merge_pump(session->merge, clock_ms());
		if (recorder->written > before)
			status_yield(&session->status, clock_ms());
		write_counters(session);
		recorder_flush(recorder);
	}
	if (output_is_blocked(session->output)) {
		loop_want_room(session->loop);
		if (!session->blocked)
			session->blocked = clock_ms();
	}
	members_resume(&session->members);
	/* what waits for us is to wait no longer than it must */
	if (output_is_blocked(session->output) || session->members.paused > 0)
		loop_hurry(session->loop);
	return due;
}

static void tell(struct session *session)
{
	if (interrupt_asked())
		report_counts(&session->members, session->recorder.written, 0);
	status_show(&session->status, &session->members, clock_ms());
}

static void run_until_over(struct session *session)
{
	struct recorder *recorder = &session->recorder;
	int due = -1;

	for (;;) {
		if (loop_is_deaf(session->loop)) {
			failure_set(&recorder->fatal, 1, no_resources);
			return;
		}
		loop_turn(session->loop, next_timeout(session, due));
		members_collect(&session->members);
		if (!recorder->started && !try_to_start(session))
			return;
		if (recorder->started)
			due = pump(session);
		tell(session);
		recorder->unread =
			recorder->unread || loop_is_unread(session->loop);
		if (recorder->enough || recorder->unread || interrupt_came() ||
			clock_ms() >= session->end)
			return;
		if (session->members.in_state[MEMBER_OVER] ==
			session->members.count)
			return;
	}
}

/*
 * Writes all that has arrived, and what belongs behind it. After an interrupt
 * a reader is waited for only as long as PATIENCE_MS brings something.
 */
static void drain(struct session *session)
{
	struct recorder *recorder = &session->recorder;

	while (!recorder->unread) {
		bool hurried = interrupt_came();
		bool drained =
			(merge_drain(session->merge) || recorder->enough) &&
			recorder_close(recorder);

		recorder_flush(recorder);
		tell(session);
		if (!output_is_blocked(session->output)) {
			if (drained)
				return;
			continue;
		}
		if (output_wait(session->output, PATIENCE_MS) || !hurried)
			continue;
		recorder->unread = true;
		failure_set(&recorder->fatal, 1,
			"nobody reads the output any more");
	}
}

static bool explain_no_start(
	const struct session *session, struct failure *failure)
{
	const struct members *members = &session->members;
	char names[NAMES_SIZE];

	report_waiting(members, names, sizeof(names));
	if (session->recorder.fatal.status) {
		*failure = session->recorder.fatal;
		return false;
	}
	if (session->recorder.unread)
		return failure_set(failure, 1,
			"whatever reads the output left before a capture "
			"began (is it installed, and told the right things?)");
	if (interrupt_came())
		return failure_set(
			failure, 1, "interrupted while waiting for %s", names);
	return failure_set(failure, 1,
		"nothing is captured: %u of %u targets failed%s%s%s",
		members->failed, members->count,
		*names ? ", no answer yet from " : "", names,
		members->failed < members->count
			? " (-require any goes on with the others)"
			: "");
}

static int finish(struct session *session, struct failure *failure)
{
	struct members *members = &session->members;
	const struct recorder *recorder = &session->recorder;
	unsigned behind = 0;
	uint64_t pending;

	if (!recorder->started) {
		explain_no_start(session, failure);
		return 1;
	}
	/* who has enough, or reads no more, misses nothing */
	if (!recorder->enough && !recorder->unread)
		behind = gaps_close(members);
	drain(session);
	if (recorder->fatal.status)
		say("%s", recorder->fatal.text);
	pending = output_pending(session->output);
	/* Wireshark's user has ended it, and would see an error */
	if (recorder->unread && interrupt_came() && !session->arguments->extcap)
		report_unwritten(members, pending);
	report_losses(members);
	if (!session->arguments->quiet)
		report_counts(members, recorder->written, pending);
	if (recorder->fatal.status)
		return 1;
	return members->failed > 0 || behind > 0 ? 2 : 0;
}

int session_run(const struct arguments *arguments, struct output *output,
	struct failure *failure)
{
	struct session session = {.arguments = arguments, .output = output};
	int status = 1;

	if (set_up(&session, failure)) {
		run_until_over(&session);
		status = finish(&session, failure);
	}
	tear_down(&session);
	return status;
}
