/*
 * A run of ddump. In: targets. Out: their merged packets, and an exit status.
 *
 * Nothing is written until every target runs or is over; then the output's
 * header is known, and whether all that were required are there.
 */
#include "client/session.h"

#include "client/interrupt.h"
#include "client/loop.h"
#include "client/members.h"
#include "client/merge.h"
#include "client/report.h"
#include "common/clock.h"

#include <limits.h>
#include <stdio.h>

enum {
	START_TIMEOUT_S = 20, /* connection, head, and capture's header */
	GRACE_MS = 1000,    /* after a failure, for others to be told as well */
	NOTICE_MS = 2000,   /* of silence before it says who is waited for */
	PATIENCE_MS = 1000, /* with a reader, after an interrupt */
	NAMES_SIZE = 512,
	QUEUES_TOTAL = 128 << 20,
	QUEUE_MIN = 64 << 10,
	QUEUE_MAX = 16 << 20,
};

static const uint64_t NEVER = UINT64_MAX;

struct session {
	const struct arguments *arguments;
	struct output *output;
	struct loop *loop;
	struct merge *merge;
	struct members members;
	bool started; /* the output has its header */
	bool enough;  /* was written, or nothing more can be */
	uint64_t written;
	uint64_t begin;	      /* ms */
	bool noticed;	      /* it has said who is waited for */
	uint64_t end;	      /* ms, for -duration */
	struct failure fatal; /* of the output */
	bool unread;	      /* the output's reader has left */
};

/* After the output has failed: nothing more is to be written. */
static void give_up(struct session *session)
{
	session->enough = true;
	session->unread = session->fatal.status == 0;
}

/* The merge's sink. */
static bool write_packet(
	void *context, unsigned target, const struct packet *packet)
{
	struct session *session = context;

	if (session->enough)
		return false;
	if (!output_packet(session->output, packet,
		    members_linktype(&session->members, target),
		    &session->fatal)) {
		if (!output_is_blocked(session->output))
			give_up(session);
		return false;
	}
	session->written++;
	session->enough = session->arguments->count &&
			  session->written >= session->arguments->count;
	return true;
}

static void flush(struct session *session)
{
	if (!session->unread && !output_flush(session->output, &session->fatal))
		give_up(session);
}

static size_t queue_size(size_t count)
{
	size_t size = QUEUES_TOTAL / count;

	if (size < QUEUE_MIN)
		return QUEUE_MIN;
	return size < QUEUE_MAX ? size : QUEUE_MAX;
}

static bool set_up(struct session *session, struct failure *failure)
{
	const struct arguments *arguments = session->arguments;
	const struct merge_sink sink = {write_packet, session};
	const struct merge_limits limits = {
		.hold = arguments->hold,
		.queue_bytes = queue_size(arguments->targets.count),
	};

	session->merge =
		merge_new((unsigned)arguments->targets.count, &limits, &sink);
	session->loop = loop_new(output_fd(session->output), interrupt_catch());
	session->begin = clock_ms();
	session->end = NEVER;
	if (session->merge && session->loop &&
		members_start(&session->members, arguments, session->loop,
			session->merge))
		return true;
	return failure_set(failure, 1, "out of memory or descriptors");
}

static void tear_down(struct session *session)
{
	members_stop(&session->members);
	loop_free(session->loop);
	merge_free(session->merge);
}

/* Has a target failed that, before the start, must not? */
static bool is_refused(const struct session *session)
{
	const struct members *members = &session->members;

	return members->failed == members->count ||
	       (members->failed > 0 && session->arguments->require_all);
}

static void start(struct session *session, const struct pcapfile *file)
{
	unsigned running = session->members.count - session->members.failed;

	session->started = true;
	if (!output_start(session->output, file, &session->fatal)) {
		give_up(session);
		return;
	}
	if (session->arguments->duration)
		session->end = clock_ms() + session->arguments->duration * 1000;
	if (!session->arguments->quiet)
		fprintf(stderr, "ddump: capturing on %u target%s\n", running,
			running == 1 ? "" : "s");
}

static uint64_t start_deadline(const struct session *session)
{
	return session->begin + START_TIMEOUT_S * UINT64_C(1000);
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
		fprintf(stderr, "ddump: waiting for %s\n", names);
}

/* Starts once every target has answered; false: it must not start at all. */
static bool try_to_start(struct session *session)
{
	struct members *members = &session->members;
	struct pcapfile file;

	if (members->connecting > 0 && clock_ms() >= start_deadline(session))
		members_expire(members, START_TIMEOUT_S);
	if (members->connecting > 0) {
		notice(session);
		return !is_refused(session) ||
		       clock_ms() < members->first_failure + GRACE_MS;
	}
	file = members_agree(members);
	if (is_refused(session))
		return false;
	start(session, &file);
	return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int next_timeout(const struct session *session, int merge_due)
{
	uint64_t now = clock_ms();
	uint64_t next = merge_due < 0 ? NEVER : now + (uint64_t)merge_due;

	next = least(next, session->end);
	if (!session->started) {
		next = least(next, start_deadline(session));
		if (!session->noticed)
			next = least(next, session->begin + NOTICE_MS);
		if (is_refused(session))
			next = least(next,
				session->members.first_failure + GRACE_MS);
	}
	if (next == NEVER)
		return -1;
	if (next <= now)
		return 0;
	return next - now < INT_MAX ? (int)(next - now) : INT_MAX;
}

/* Lets leave what may, and hands it on: nothing waits in a buffer. */
static int pump(struct session *session)
{
	int due = -1;

	flush(session);
	if (!output_is_blocked(session->output)) {
		due = merge_pump(session->merge, clock_ms());
		flush(session);
	}
	if (output_is_blocked(session->output))
		loop_want_room(session->loop);
	members_resume(&session->members);
	return due;
}

static void run_until_over(struct session *session)
{
	int due = -1;

	for (;;) {
		loop_turn(session->loop, next_timeout(session, due));
		members_collect(&session->members);
		if (!session->started && !try_to_start(session))
			return;
		if (session->started)
			due = pump(session);
		session->unread =
			session->unread || loop_is_unread(session->loop);
		if (session->enough || session->unread || interrupt_came() ||
			clock_ms() >= session->end)
			return;
		if (session->members.over == session->members.count)
			return;
	}
}

/*
 * Writes all that has arrived. After an interrupt a reader is waited for only
 * as long as PATIENCE_MS brings something.
 */
static void drain(struct session *session)
{
	while (!session->unread) {
		bool hurried = interrupt_came();
		bool drained = merge_drain(session->merge) || session->enough;

		flush(session);
		if (!output_is_blocked(session->output)) {
			if (drained)
				return;
			continue;
		}
		if (output_wait(session->output, PATIENCE_MS) || !hurried)
			continue;
		session->unread = true;
		failure_set(
			&session->fatal, 1, "nobody reads the output any more");
	}
}

static bool explain_no_start(
	const struct session *session, struct failure *failure)
{
	const struct members *members = &session->members;
	char names[NAMES_SIZE];

	report_waiting(members, names, sizeof(names));
	if (session->unread)
		return failure_set(failure, 1,
			"whatever reads the output left before a capture "
			"began");
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
	const struct members *members = &session->members;
	uint64_t pending;

	if (!session->started) {
		explain_no_start(session, failure);
		return 1;
	}
	drain(session);
	if (session->fatal.status)
		fprintf(stderr, "ddump: %s\n", session->fatal.text);
	pending = output_pending(session->output);
	if (session->unread && interrupt_came())
		report_unwritten(members, pending);
	if (!session->arguments->quiet)
		report_end(members, session->written - pending);
	if (session->fatal.status)
		return 1;
	return members->failed > 0 ? 2 : 0;
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
