/*
 * A run of ddump. In: targets. Out: their merged packets, and an exit status.
 *
 * Nothing is written until every target runs or is over; then the output's
 * header is known, and whether all that were required are there.
 */
#include "client/session.h"

#include "client/loop.h"
#include "client/members.h"
#include "client/merge.h"
#include "common/clock.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

enum {
	START_TIMEOUT_S = 20, /* connection, head, and capture's header */
	GRACE_MS = 1000, /* after a failure, for others to be told as well */
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
	uint64_t start_deadline; /* ms */
	uint64_t end;		 /* ms, for -duration */
	struct failure fatal;	 /* of the output */
};

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
		session->enough = true;
		return false;
	}
	session->written++;
	session->enough = session->arguments->count &&
			  session->written >= session->arguments->count;
	return true;
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
	session->loop = loop_new(output_fd(session->output));
	session->start_deadline = clock_ms() + START_TIMEOUT_S * UINT64_C(1000);
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
	session->enough = !output_start(session->output, file, &session->fatal);
	if (session->arguments->duration)
		session->end = clock_ms() + session->arguments->duration * 1000;
	if (!session->arguments->quiet)
		fprintf(stderr, "ddump: capturing on %u target%s\n", running,
			running == 1 ? "" : "s");
}

/* Starts once every target has answered; false: it must not start at all. */
static bool try_to_start(struct session *session)
{
	struct members *members = &session->members;
	struct pcapfile file;

	if (members->connecting > 0 && clock_ms() >= session->start_deadline)
		members_expire(members, START_TIMEOUT_S);
	if (members->connecting > 0)
		return !is_refused(session) ||
		       clock_ms() < members->first_failure + GRACE_MS;
	file = members_agree(members);
	if (is_refused(session))
		return false;
	start(session, &file);
	return true;
}

static int next_timeout(const struct session *session, int merge_due)
{
	uint64_t now = clock_ms();
	uint64_t next = merge_due < 0 ? NEVER : now + (uint64_t)merge_due;

	if (session->end < next)
		next = session->end;
	if (!session->started && session->start_deadline < next)
		next = session->start_deadline;
	if (!session->started && is_refused(session) &&
		session->members.first_failure + GRACE_MS < next)
		next = session->members.first_failure + GRACE_MS;
	if (next == NEVER)
		return -1;
	if (next <= now)
		return 0;
	return next - now < INT_MAX ? (int)(next - now) : INT_MAX;
}

/* Lets leave what may, and hands it on: nothing waits in a buffer. */
static int pump(struct session *session)
{
	int due = merge_pump(session->merge, clock_ms());

	if (!output_flush(session->output, &session->fatal))
		session->enough = true;
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
		if (session->enough || clock_ms() >= session->end ||
			loop_is_interrupted(session->loop) ||
			loop_is_unread(session->loop))
			return;
		if (session->members.over == session->members.count)
			return;
	}
}

static void report(const struct session *session)
{
	const struct targets *targets = &session->arguments->targets;

	for (unsigned i = 0; i < targets->count; i++) {
		struct merge_counts counts = merge_count(session->merge, i);

		/* a pcap stream has no place to tell what was dropped */
		fprintf(stderr,
			"ddump: %s: %" PRIu64 " packets, %" PRIu64
			" late, dropped by kernel: not told\n",
			targets->list[i].label, counts.written, counts.late);
	}
	fprintf(stderr, "ddump: %" PRIu64 " packets of %zu target%s\n",
		session->written, targets->count,
		targets->count == 1 ? "" : "s");
}

static int finish(struct session *session, struct failure *failure)
{
	const struct members *members = &session->members;

	if (!session->started && loop_is_interrupted(session->loop)) {
		failure_set(failure, 1,
			"interrupted before all targets had answered");
		return 1;
	}
	if (!session->started) {
		failure_set(failure, 1,
			"nothing is captured: %u of %u targets failed%s",
			members->failed, members->count,
			members->failed < members->count
				? " (-require any goes on with the others)"
				: "");
		return 1;
	}
	if (!loop_is_unread(session->loop)) {
		merge_drain(session->merge);
		output_flush(session->output, &session->fatal);
	}
	if (!session->arguments->quiet)
		report(session);
	if (session->fatal.status) {
		*failure = session->fatal;
		return 1;
	}
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
