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

#include <poll.h>

enum {
	TICK_MS = 1000,	 /* look after the peer and the counters */
	SETTLE_MS = 25,	 /* the ring's block timeout, twice and a bit */
	FINAL_MS = 2000, /* at most, for what is left in the ring */
};

struct progress {
	const struct relay *relay;
	uint64_t packets;
	bool peer_left;
};

const char relay_left[] = "the client left";
static const char reason_count[] = "the count was reached";
static const char reason_duration[] = "the duration was over";
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

	if (!stream_packet(progress->relay->stream, packet)) {
		progress->peer_left = true;
		return false;
	}
	progress->packets++;
	return !is_counted_out(progress);
}

/*
 * Hands on what the ring holds and flushes when that was all of it. Returns a
 * reason to end, or NULL; ret_more tells that there may be more.
 */
static const char *empty_ring(
	struct progress *progress, bool *ret_more, struct failure *failure)
{
	const struct capture_sink sink = {take_packet, progress};
	int count = capture_dispatch(progress->relay->capture, &sink, failure);

	*ret_more = count > 0;
	if (progress->peer_left)
		return relay_left;
	if (!stream_flush(progress->relay->stream))
		return relay_left;
	if (count < 0)
		return reason_failed;
	return is_counted_out(progress) ? reason_count : NULL;
}

/* What was captured before the end leaves, an open block included. */
static const char *finish(
	struct progress *progress, const char *reason, struct failure *failure)
{
	const uint64_t deadline = clock_ms() + FINAL_MS;
	const char *why = NULL;
	bool more = true;

	poll(NULL, 0, SETTLE_MS);
	while (more && !why && clock_ms() < deadline)
		why = empty_ring(progress, &more, failure);
	return why ? why : reason;
}

static int next_timeout(uint64_t now, uint64_t deadline)
{
	uint64_t left = deadline > now ? deadline - now : 0;

	return left < TICK_MS ? (int)left : TICK_MS;
}

/* Waits for something to do and does it. Returns a reason to end, or NULL. */
static const char *turn(struct progress *progress, uint64_t deadline,
	uint64_t *next_tick, struct failure *failure)
{
	const struct relay *relay = progress->relay;
	struct pollfd fds[] = {
		{.fd = capture_fd(relay->capture), .events = POLLIN},
		{.fd = relay->connection->fd, .events = POLLIN | POLLRDHUP},
		{.fd = relay->connection->stop_fd, .events = POLLIN},
	};
	struct capture_counts counts;
	const char *reason = NULL;
	bool more;
	uint64_t now;

	poll(fds, 3, next_timeout(clock_ms(), deadline));
	now = clock_ms();
	if (fds[1].revents || now >= *next_tick) {
		*next_tick = now + TICK_MS;
		capture_count(relay->capture, &counts);
		if (connection_is_gone(relay->connection))
			return relay_left;
	}
	if (fds[0].revents)
		reason = empty_ring(progress, &more, failure);
	if (!reason && fds[2].revents)
		return finish(progress, reason_stopped, failure);
	if (!reason && now >= deadline)
		return finish(progress, reason_duration, failure);
	return reason;
}

const char *relay_run(const struct relay *relay, struct failure *failure)
{
	struct progress progress = {.relay = relay};
	uint64_t next_tick = clock_ms() + TICK_MS;
	const uint64_t deadline =
		relay->duration ? clock_ms() + (uint64_t)relay->duration * 1000
				: UINT64_MAX;
	const char *reason;

	do
		reason = turn(&progress, deadline, &next_tick, failure);
	while (!reason);
	if ((reason == reason_count || reason == reason_duration) &&
		!stream_finish(relay->stream))
		reason = relay_left;
	return reason;
}
