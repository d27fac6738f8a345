/*
 * The loop of a capture. In: a ring that fills, a peer that reads, a clock.
 * Out: everything that the ring held, in batches, until there is a reason to
 * end.
 *
 * The timer of the loop is its own: poll() does not wake when a block of an
 * idle TPACKET_V3 ring times out.
 */
#include "worker/relay.h"

#include "common/clock.h"
#include "worker/interfaces.h"

#include <poll.h>

enum {
	TICK_MS = 1000,	    /* look after the peer and the counters */
	WATERMARK_MS = 50,  /* while it is quiet */
	SETTLE_MS = 25,	    /* the ring's block timeout, twice and a bit */
	FINAL_MS = 2000,    /* at least, for what is left in the ring */
	PATIENCE_MS = 5000, /* the same after the duration */
};

/* By which stamps in the ring may be out of order. */
static const uint64_t DISORDER_NS = 100000000;

struct progress {
	const struct relay *relay;
	uint64_t packets;
	uint64_t settled; /* ns: the last watermark */
	struct capture_counts told;
	bool peer_left;
	bool is_complete;
	uint64_t last; /* ns, CLOCK_REALTIME: no later packet is sent */
	/* when what is due next, ms: */
	uint64_t end;
	uint64_t tick;
	uint64_t watermark;
	uint64_t counters;
};

const char relay_left[] = "the client left";
static const char reason_count[] = "the count was reached";
static const char reason_duration[] = "the duration was over";
static const char reason_slow[] =
	"the duration was over, and the client did not read";
static const char reason_stopped[] = "the worker was stopped";
static const char reason_failed[] = "the capture failed";

static bool is_counted_out(const struct progress *progress)
{
	return progress->relay->count &&
	       progress->packets >= progress->relay->count;
}

static bool take_packet(void *context, const struct packet *packet)
{
	struct progress *progress = context;

	if (packet->time > progress->last && clock_ms() >= progress->end)
		return packet->time - progress->last < DISORDER_NS;
	if (!stream_packet(progress->relay->stream, packet)) {
		progress->peer_left = true;
		return false;
	}
	progress->packets++;
	return !is_counted_out(progress);
}

static bool have_changed(
	const struct capture_counts *a, const struct capture_counts *b)
{
	return a->received != b->received || a->dropped != b->dropped ||
	       a->interface_dropped != b->interface_dropped;
}

/*
 * Tells how far all has been sent, where that has changed or it has been quiet
 * for WATERMARK_MS; with the counters, where these have changed, and once a
 * second. False: the peer has left.
 */
static bool tell(struct progress *progress)
{
	const uint64_t now = clock_ms();
	struct capture_counts counts;
	struct statistics statistics = {
		.time = capture_settled(progress->relay->capture, &counts),
		.is_watermark = true,
		.is_end = progress->is_complete,
	};

	if (have_changed(&counts, &progress->told) || now >= progress->counters)
		statistics.told = STATISTICS_ALL;
	if (!statistics.told && statistics.time == progress->settled &&
		now < progress->watermark)
		return true;
	if (statistics.told) {
		statistics.received = counts.received;
		statistics.dropped = counts.dropped;
		statistics.interface_dropped = counts.interface_dropped;
		progress->counters = now + TICK_MS;
		progress->told = counts;
	}
	progress->settled = statistics.time;
	progress->watermark = now + WATERMARK_MS;
	return stream_statistics(progress->relay->stream, &statistics);
}

/*
 * Who does not read gets nothing that came after the end. The stamps' clock may
 * be set, so where the end is on it is asked anew each time.
 */
static uint64_t last_time(const struct progress *progress)
{
	const uint64_t end = progress->end * 1000000;

	if (progress->end == CLOCK_NEVER)
		return CLOCK_NEVER;
	return clock_ns(CLOCK_REALTIME) + end - clock_ns(CLOCK_MONOTONIC);
}

/*
 * Hands on what the ring holds and flushes when that was all of it. Returns a
 * reason to end, or NULL; ret_more tells that there may be more.
 */
static const char *empty_ring(
	struct progress *progress, bool *ret_more, struct failure *failure)
{
	const struct relay *relay = progress->relay;
	const struct capture_sink sink = {take_packet, progress};
	int count;

	progress->last = last_time(progress);
	count = capture_dispatch(relay->capture, &sink, failure);
	*ret_more = count > 0;
	if (progress->peer_left)
		return relay_left;
	if (relay->tells && count >= 0 && !is_counted_out(progress) &&
		!tell(progress))
		return relay_left;
	if (!body_flush(relay->body))
		return relay_left;
	if (count < 0)
		return reason_failed;
	return is_counted_out(progress) ? reason_count : NULL;
}

/*
 * What was captured before the end leaves, an open block included, as far as
 * the client takes it in time.
 */
static const char *finish(
	struct progress *progress, const char *reason, struct failure *failure)
{
	const bool is_over = reason == reason_duration;
	/* from now on: this process may have been held up until then */
	const uint64_t least = clock_ms() + FINAL_MS;
	const uint64_t deadline =
		is_over ? clock_later(least, progress->end + PATIENCE_MS)
			: least;
	const char *why = NULL;
	bool more = true;

	poll(NULL, 0, SETTLE_MS);
	while (more && !why && clock_ms() < deadline)
		why = empty_ring(progress, &more, failure);
	if (!why && more && is_over)
		return reason_slow;
	return why ? why : reason;
}

/*
 * From all interfaces nothing comes of one that is gone, and nobody says so:
 * who asked for it would wait for ever. Returns its name, or NULL.
 */
static const char *find_vanished(const struct relay *relay)
{
	for (size_t i = 0; i < relay->interface_count; i++)
		if (!interfaces_has(relay->interfaces[i]))
			return relay->names[i];
	return NULL;
}

static const char *finish_vanished(
	struct progress *progress, const char *name, struct failure *failure)
{
	const char *reason = finish(progress, reason_failed, failure);

	if (reason == reason_failed && !failure->status)
		failure_set(failure, 503, "the interface %s is gone", name);
	return reason;
}

/* The ms until the first thing that is due. */
static int next_timeout(const struct progress *progress)
{
	const uint64_t now = clock_ms();
	uint64_t next = clock_earlier(progress->tick, progress->end);

	if (progress->relay->tells)
		next = clock_earlier(next, progress->watermark);
	return next > now ? (int)(next - now) : 0;
}

/* Waits for something to do and does it. Returns a reason to end, or NULL. */
static const char *turn(struct progress *progress, struct failure *failure)
{
	const struct relay *relay = progress->relay;
	struct pollfd fds[] = {
		{.fd = capture_fd(relay->capture), .events = POLLIN},
		{.fd = relay->connection->fd, .events = POLLIN | POLLRDHUP},
		{.fd = relay->connection->stop_fd, .events = POLLIN},
	};
	struct capture_counts counts;
	const char *reason = NULL;
	const char *vanished;
	bool more;
	uint64_t now;

	poll(fds, 3, next_timeout(progress));
	now = clock_ms();
	if (fds[1].revents || now >= progress->tick) {
		progress->tick = now + TICK_MS;
		/* often enough that no counter of 32 bits wraps unseen */
		capture_count(relay->capture, &counts);
		if (connection_is_gone(relay->connection))
			return relay_left;
		vanished = find_vanished(relay);
		if (vanished)
			return finish_vanished(progress, vanished, failure);
	}
	if (fds[0].revents || (relay->tells && now >= progress->watermark))
		reason = empty_ring(progress, &more, failure);
	if (!reason && fds[2].revents)
		return finish(progress, reason_stopped, failure);
	if (!reason && now >= progress->end)
		return finish(progress, reason_duration, failure);
	return reason;
}

/* Sends what belongs behind the last packet. */
static const char *close_stream(struct progress *progress, const char *reason)
{
	const struct relay *relay = progress->relay;
	bool complete = reason == reason_count || reason == reason_duration;

	if (reason == relay_left)
		return reason;
	progress->counters = 0;
	progress->is_complete = complete;
	if (relay->tells && !tell(progress))
		return relay_left;
	if (!(complete ? body_finish(relay->body) : body_flush(relay->body)))
		return relay_left;
	return reason;
}

const char *relay_run(const struct relay *relay, uint64_t *ret_packets,
	struct failure *failure)
{
	const uint64_t now = clock_ms();
	struct progress progress = {
		.relay = relay,
		.end = relay->duration ? now + relay->duration * UINT64_C(1000)
				       : CLOCK_NEVER,
		.tick = now + TICK_MS,
	};
	const char *reason;

	if (relay->duration)
		relay->connection->deadline = progress.end + PATIENCE_MS;
	do
		reason = turn(&progress, failure);
	while (!reason);
	reason = close_stream(&progress, reason);
	if (reason == relay_left && relay->duration &&
		clock_ms() >= relay->connection->deadline)
		reason = reason_slow;
	*ret_packets = progress.packets;
	return reason;
}
