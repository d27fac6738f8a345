/* SPDX-License-Identifier: MIT */
/*
 * The loop of one capture. In: a ring that fills, a client that reads, timers.
 * Out: all packets of the ring, encoded, and the reason of the end.
 *
 * The loop has timers of its own, because poll() does not wake when a block of
 * an idle TPACKET_V3 ring times out.
 */
#include "worker/capture_loop.h"

#include "common/clock.h"
#include "worker/interfaces.h"
#include "worker/watermark.h"

#include <poll.h>
#include <string.h>

enum {
	CHECK_MS = 1000,       /* between two looks at the client, interfaces and counters */
	OPEN_BLOCK_MS = 25,    /* more than twice the ring's block timeout */
	DRAIN_MS = 2000,       /* at least, to send the rest of the ring */
	DRAIN_AFTER_MS = 5000, /* the same, counted from the end of the duration */
};

/* How much timestamps in the ring may be out of order. */
static const uint64_t DISORDER_NS = 100 * NS_PER_MS;

/* A capture under way. */
struct capture_run {
	const struct capture_loop *loop;
	struct watermark watermark;
	uint64_t packets;      /* sent */
	uint64_t last_time_ns; /* CLOCK_REALTIME: after end_ms no later packet is sent */
	uint64_t sent_watermark_ns;
	struct capture_counts sent_counts;
	const char *gone_interface; /* its name, for CAPTURE_END_INTERFACE_GONE */
	bool client_left;
	bool is_complete;
	uint64_t end_ms;
	uint64_t next_check_ms;
	uint64_t next_watermark_ms;
	uint64_t next_counts_ms;
};

const char *capture_end_text(enum capture_end end)
{
	static const char *const texts[] = {
		[CAPTURE_RUNS] = "the capture runs",
		[CAPTURE_END_CLIENT_LEFT] = "the client left",
		[CAPTURE_END_COUNT] = "the count was reached",
		[CAPTURE_END_DURATION] = "the duration was over",
		[CAPTURE_END_CLIENT_SLOW] = "the duration was over, and the client did not read",
		[CAPTURE_END_STOPPED] = "the worker was stopped",
		[CAPTURE_END_INTERFACE_GONE] = "an interface is gone",
		[CAPTURE_END_FAILED] = "the capture failed",
	};

	return texts[end];
}

static bool count_is_reached(const struct capture_run *run)
{
	return run->loop->packet_count && run->packets >= run->loop->packet_count;
}

static bool send_packet(void *context, const struct packet *packet)
{
	struct capture_run *run = context;

	watermark_count_packet(&run->watermark);
	if (packet->time > run->last_time_ns && clock_ms() >= run->end_ms)
		return packet->time - run->last_time_ns < DISORDER_NS;
	if (!encoder_write_packet(run->loop->encoder, packet)) {
		run->client_left = true;
		return false;
	}
	run->packets++;
	return !count_is_reached(run);
}

static bool counts_differ(const struct capture_counts *a, const struct capture_counts *b)
{
	return a->received != b->received || a->dropped != b->dropped;
}

/*
 * Sends the watermark if it has moved, or if none was sent for watermark_ms;
 * with it the counters if they have changed, and once a second. False: the
 * client has left.
 */
static bool send_watermark(struct capture_run *run)
{
	const uint64_t now_ms = clock_ms();
	const uint64_t now_ns = clock_ns(CLOCK_REALTIME);
	struct statistics statistics = {.is_watermark = true, .is_end = run->is_complete};
	struct capture_counts counts;

	capture_read_counts(run->loop->capture, &counts);
	statistics.time =
		watermark_advance(&run->watermark, now_ns, counts.received, counts.dropped);
	if (counts_differ(&counts, &run->sent_counts) || now_ms >= run->next_counts_ms) {
		statistics.valid = STATISTICS_RECEIVED | STATISTICS_DROPPED;
		statistics.received = counts.received;
		statistics.dropped = counts.dropped;
		run->next_counts_ms = now_ms + CHECK_MS;
		run->sent_counts = counts;
	} else if (statistics.time == run->sent_watermark_ns && now_ms < run->next_watermark_ms) {
		return true;
	}
	run->sent_watermark_ns = statistics.time;
	run->next_watermark_ms = now_ms + run->loop->watermark_ms;
	return encoder_write_statistics(run->loop->encoder, &statistics);
}

/*
 * Returns the end of the duration in ns of CLOCK_REALTIME, by which packets are
 * timestamped: a client that does not read gets no later packet. That clock may be set, so each
 * call computes it again.
 */
static uint64_t find_last_time(const struct capture_run *run)
{
	if (run->end_ms == CLOCK_NEVER)
		return CLOCK_NEVER;
	return clock_ns(CLOCK_REALTIME) + run->end_ms * NS_PER_MS - clock_ns(CLOCK_MONOTONIC);
}

/*
 * Sends one batch of what the ring holds, and flushes. Returns the reason if the
 * capture has ended; ret_more reports that the ring may hold more.
 */
static enum capture_end send_batch(struct capture_run *run, bool *ret_more, struct error *error)
{
	const struct capture_loop *loop = run->loop;
	const struct capture_sink sink = {send_packet, run};
	const uint64_t start_ns = clock_ns(CLOCK_REALTIME);
	bool is_drained;
	int count;

	run->last_time_ns = find_last_time(run);
	count = capture_dispatch(loop->capture, &sink, &is_drained, error);
	*ret_more = count > 0;
	if (is_drained)
		watermark_mark_drained(&run->watermark, start_ns);
	if (run->client_left)
		return CAPTURE_END_CLIENT_LEFT;
	if (loop->sends_watermarks && count >= 0 && !count_is_reached(run) && !send_watermark(run))
		return CAPTURE_END_CLIENT_LEFT;
	if (!http_body_flush(loop->body))
		return CAPTURE_END_CLIENT_LEFT;
	if (count < 0)
		return CAPTURE_END_FAILED;
	return count_is_reached(run) ? CAPTURE_END_COUNT : CAPTURE_RUNS;
}

/*
 * A capture on all interfaces receives nothing from one that is gone, and no
 * error either: a client that asked for it by name would wait without end.
 */
static bool find_gone_interface(struct capture_run *run)
{
	const struct interface_choice *interfaces = run->loop->interfaces;
	const int fd = capture_fd(run->loop->capture);

	for (size_t i = 0; i < interfaces->count; i++) {
		if (interfaces_has(fd, interfaces->indexes[i]))
			continue;
		run->gone_interface = interfaces->names[i];
		return true;
	}
	return false;
}

/* libpcap asks for a device by its name when it has been down. */
static bool find_renamed_interface(struct capture_run *run)
{
	const struct interface_choice *interfaces = run->loop->interfaces;
	char name[IF_NAMESIZE];

	for (size_t i = 0; i < interfaces->count; i++) {
		interfaces_name(capture_fd(run->loop->capture), interfaces->indexes[i], name);
		if (strcmp(name, interfaces->names[i]) == 0)
			continue;
		run->gone_interface = interfaces->names[i];
		return true;
	}
	return false;
}

static enum capture_end check_client_and_interfaces(struct capture_run *run)
{
	struct capture_counts counts;

	/* often enough that no counter of 32 bits wraps unseen */
	capture_read_counts(run->loop->capture, &counts);
	if (connection_is_gone(run->loop->connection))
		return CAPTURE_END_CLIENT_LEFT;
	return find_gone_interface(run) ? CAPTURE_END_INTERFACE_GONE : CAPTURE_RUNS;
}

/* Returns the ms until the first timer expires, at most CHECK_MS. */
static int find_timeout(const struct capture_run *run)
{
	const uint64_t now = clock_ms();
	uint64_t next = clock_earlier(run->next_check_ms, run->end_ms);

	if (run->loop->sends_watermarks)
		next = clock_earlier(next, run->next_watermark_ms);
	return next > now ? (int)(next - now) : 0;
}

/* The loop: waits for the ring, the client, a stop or a timer, until the end. */
static enum capture_end run_until_end(struct capture_run *run, struct error *error)
{
	enum { RING, CLIENT, STOP };
	const struct capture_loop *loop = run->loop;
	struct pollfd fds[] = {
		[RING] = {.fd = capture_fd(loop->capture), .events = POLLIN},
		[CLIENT] = {.fd = loop->connection->fd,
			.events = connection_events(loop->connection)},
		[STOP] = {.fd = loop->connection->stop_fd, .events = POLLIN},
	};
	enum capture_end end = CAPTURE_RUNS;
	uint64_t now;
	bool more;

	while (end == CAPTURE_RUNS) {
		poll(fds, 3, find_timeout(run));
		now = clock_ms();
		if (fds[CLIENT].revents || now >= run->next_check_ms) {
			run->next_check_ms = now + CHECK_MS;
			end = check_client_and_interfaces(run);
			if (end != CAPTURE_RUNS)
				break;
		}
		if (fds[RING].revents || (loop->sends_watermarks && now >= run->next_watermark_ms))
			end = send_batch(run, &more, error);
		if (end == CAPTURE_RUNS && fds[STOP].revents)
			end = CAPTURE_END_STOPPED;
		if (end == CAPTURE_RUNS && now >= run->end_ms)
			end = CAPTURE_END_DURATION;
	}
	return end;
}

/*
 * Sends what was captured before the end, the open block included, as far as the
 * client reads it in time. Returns the reason, which may have become another.
 */
static enum capture_end drain_ring(
	struct capture_run *run, enum capture_end end, struct error *error)
{
	/* counted from now: this process may have been held up until now */
	uint64_t deadline = clock_ms() + DRAIN_MS;
	enum capture_end sooner = CAPTURE_RUNS;
	bool more = true;

	if (end == CAPTURE_END_DURATION)
		deadline = clock_later(deadline, run->end_ms + DRAIN_AFTER_MS);
	poll(NULL, 0, OPEN_BLOCK_MS);
	while (more && sooner == CAPTURE_RUNS && clock_ms() < deadline)
		sooner = send_batch(run, &more, error);
	/* libpcap reports a device that is gone each time that its ring is empty */
	if (sooner == CAPTURE_END_FAILED && end == CAPTURE_END_INTERFACE_GONE)
		return end;
	if (sooner != CAPTURE_RUNS)
		return sooner;
	return more && end == CAPTURE_END_DURATION ? CAPTURE_END_CLIENT_SLOW : end;
}

/* Sends what follows the last packet; a complete stream gets its end. */
static enum capture_end end_stream(struct capture_run *run, enum capture_end end)
{
	const struct capture_loop *loop = run->loop;

	if (end == CAPTURE_END_CLIENT_LEFT)
		return end;
	run->is_complete = end == CAPTURE_END_COUNT || end == CAPTURE_END_DURATION;
	run->next_counts_ms = 0;
	if (loop->sends_watermarks && !send_watermark(run))
		return CAPTURE_END_CLIENT_LEFT;
	if (!(run->is_complete ? http_body_finish(loop->body) : http_body_flush(loop->body)))
		return CAPTURE_END_CLIENT_LEFT;
	return end;
}

/* May the ring still have packets that belong to the capture? */
static bool needs_drain(enum capture_end end)
{
	return end == CAPTURE_END_DURATION || end == CAPTURE_END_STOPPED ||
	       end == CAPTURE_END_INTERFACE_GONE;
}

enum capture_end capture_loop_run(
	const struct capture_loop *loop, uint64_t *ret_packets, struct error *error)
{
	const uint64_t now = clock_ms();
	struct capture_run run = {
		.loop = loop,
		.end_ms = loop->duration_s ? now + loop->duration_s * MS_PER_S : CLOCK_NEVER,
		.next_check_ms = now + CHECK_MS,
	};
	enum capture_end end;

	if (loop->duration_s)
		loop->connection->deadline = run.end_ms + DRAIN_AFTER_MS;
	end = run_until_end(&run, error);
	if (end == CAPTURE_END_FAILED &&
		(find_gone_interface(&run) || find_renamed_interface(&run)))
		end = CAPTURE_END_INTERFACE_GONE;
	if (needs_drain(end))
		end = drain_ring(&run, end, error);
	if (end == CAPTURE_END_INTERFACE_GONE)
		error_set(error, 503, "the interface %s is gone", run.gone_interface);
	end = end_stream(&run, end);
	if (end == CAPTURE_END_CLIENT_LEFT && loop->duration_s &&
		clock_ms() >= loop->connection->deadline)
		end = CAPTURE_END_CLIENT_SLOW;
	*ret_packets = run.packets;
	return end;
}
