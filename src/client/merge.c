/*
 * The merge. In: packets and watermarks of all targets. Out: one order.
 *
 * Two heaps: ready has the targets with packets by the time of their first
 * one, running those that may still send by how far they have settled: up to
 * when nothing more is to come. A watermark says that exactly. A packet says
 * it only for what is SLACK_NS before it, because several CPUs may have
 * disordered a stream slightly.
 *
 * The first of ready is the next packet of all. It leaves
 *
 *  - when the least settled of running is settled beyond it: the order is
 *    exact;
 *  - when all of running have at least spoken beyond it, and slight disorder
 *    has had time to come out (SETTLE_MS);
 *  - when it has waited long enough (the hold) for one that is silent;
 *  - when memory counts more than order: some queue is full, and the silent
 *    one has not merely run empty for a moment (FULL_GRACE_MS).
 *
 * A packet is late when a later one has left already. It waits no less for
 * that: one target with stamps of next year makes all others late, and must
 * not disturb their order.
 */
#include "client/merge.h"

#include "client/heap.h"
#include "client/queue.h"
#include "common/clock.h"

#include <limits.h>
#include <stdlib.h>

enum {
	SLACK_NS = 10000000,
	SETTLE_MS = 20,
	FULL_GRACE_MS = 200, /* some watermarks of who has nothing else */
};

struct merge_target {
	struct queue queue;
	bool running;
	uint64_t settled; /* ns: nothing is to come up to and including it */
	uint64_t spoken;  /* ns: the latest time that it has told */
	uint64_t spoke;	  /* ms: when it told that */
	uint64_t heard;	  /* ms: when it told anything last */
	struct merge_counts counts;
};

struct merge {
	struct merge_limits limits;
	struct merge_sink sink;
	struct merge_target *targets;
	unsigned target_count;
	struct heap ready;
	struct heap running;
	size_t full;   /* targets with full queues */
	uint64_t last; /* the latest time that has left */
};

struct merge *merge_new(unsigned targets, const struct merge_limits *limits,
	const struct merge_sink *sink)
{
	struct merge *merge = calloc(1, sizeof(*merge));

	if (!merge)
		return NULL;
	merge->limits = *limits;
	merge->sink = *sink;
	merge->target_count = targets;
	merge->targets = calloc(targets, sizeof(*merge->targets));
	if (!merge->targets || !heap_init(&merge->ready, targets) ||
		!heap_init(&merge->running, targets)) {
		merge_free(merge);
		return NULL;
	}
	for (unsigned i = 0; i < targets; i++) {
		merge->targets[i].running = true;
		heap_put(&merge->running, i, 0);
	}
	return merge;
}

void merge_free(struct merge *merge)
{
	if (!merge)
		return;
	for (unsigned i = 0; merge->targets && i < merge->target_count; i++)
		queue_clear(&merge->targets[i].queue);
	free(merge->targets);
	heap_clear(&merge->ready);
	heap_clear(&merge->running);
	free(merge);
}

bool merge_is_full(const struct merge *merge, unsigned target)
{
	const struct queue *queue = &merge->targets[target].queue;

	/* an empty queue keeps a little memory, too */
	return queue->count > 0 && queue->bytes >= merge->limits.queue_bytes;
}

/* Takes note of what a target has told of its time, at now (ms). */
static void hear(struct merge *merge, unsigned target, uint64_t spoken,
	uint64_t settled, uint64_t now)
{
	struct merge_target *at = &merge->targets[target];

	at->heard = now;
	if (spoken > at->spoken) {
		at->spoken = spoken;
		at->spoke = now;
	}
	if (settled <= at->settled)
		return;
	at->settled = settled;
	if (at->running)
		heap_put(&merge->running, target, settled);
}

bool merge_packet(struct merge *merge, unsigned target,
	const struct packet *packet, uint64_t now)
{
	struct merge_target *at = &merge->targets[target];
	bool was_full = merge_is_full(merge, target);

	if (!queue_push(&at->queue, packet, now))
		return false;
	/* only what stands first in its queue has a place in the heap */
	if (queue_time(&at->queue) == packet->time)
		heap_put(&merge->ready, target, packet->time);
	hear(merge, target, packet->time,
		packet->time > SLACK_NS ? packet->time - SLACK_NS : 0, now);
	merge->full += !was_full && merge_is_full(merge, target);
	at->counts.received++;
	return true;
}

void merge_watermark(
	struct merge *merge, unsigned target, uint64_t time, uint64_t now)
{
	hear(merge, target, time, time, now);
}

void merge_begin(struct merge *merge, unsigned target, uint64_t now)
{
	struct merge_target *at = &merge->targets[target];

	at->running = true;
	at->heard = now;
	heap_put(&merge->running, target, at->settled);
}

void merge_end(struct merge *merge, unsigned target)
{
	struct merge_target *at = &merge->targets[target];

	heap_remove(&merge->running, target);
	at->running = false;
}

void merge_discard(struct merge *merge, unsigned target)
{
	struct merge_target *at = &merge->targets[target];

	if (at->queue.count == 0)
		return;
	heap_remove(&merge->ready, target);
	merge->full -= merge_is_full(merge, target);
	queue_clear(&at->queue);
}

/* Hands the first packet on; false: the sink does not take it now. */
static bool release(struct merge *merge, unsigned target)
{
	struct merge_target *at = &merge->targets[target];
	bool was_full = merge_is_full(merge, target);
	struct packet packet;
	uint64_t arrived;

	queue_head(&at->queue, &packet, &arrived);
	if (!merge->sink.packet(merge->sink.context, target, &packet))
		return false;
	at->counts.written++;
	if (packet.time < merge->last)
		at->counts.late++;
	else
		merge->last = packet.time;
	queue_pop(&at->queue);
	if (at->queue.count > 0)
		heap_put(&merge->ready, target, queue_time(&at->queue));
	else
		heap_remove(&merge->ready, target);
	merge->full -= was_full && !merge_is_full(merge, target);
	return true;
}

static uint64_t time_left(uint64_t since, uint64_t patience, uint64_t now)
{
	return now < since + patience ? since + patience - now : 0;
}

/*
 * Since when (ms) has every target that may still send told of that time or a
 * later one? CLOCK_NEVER: not all have. Those that are settled are done.
 */
static uint64_t spoken_since(const struct merge *merge, uint64_t time)
{
	uint64_t since = 0;

	for (size_t i = 0; i < merge->running.count; i++) {
		const struct merge_target *at =
			&merge->targets[merge->running.items[i].target];

		if (at->spoken < time)
			return CLOCK_NEVER;
		if (at->settled < time && at->spoke > since)
			since = at->spoke;
	}
	return since;
}

/* Tells for how long the first packet must wait yet: 0 is not at all. */
static uint64_t wait_of_first(const struct merge *merge, uint64_t now)
{
	const uint64_t hold = merge->limits.hold;
	const struct merge_target *slowest;
	struct packet packet;
	uint64_t arrived;
	uint64_t since;
	uint64_t wait;

	queue_head(&merge->targets[merge->ready.items[0].target].queue, &packet,
		&arrived);
	if (merge->running.count == 0)
		return 0;
	slowest = &merge->targets[merge->running.items[0].target];
	if (slowest->settled >= packet.time)
		return 0;
	wait = time_left(arrived, hold, now);
	since = spoken_since(merge, packet.time);
	if (since != CLOCK_NEVER)
		return merge->full > 0
			       ? 0
			       : clock_earlier(wait,
					 time_left(since, SETTLE_MS, now));
	if (merge->full == 0)
		return wait;
	return clock_earlier(
		wait, time_left(slowest->heard, FULL_GRACE_MS, now));
}

int merge_pump(struct merge *merge, uint64_t now)
{
	while (merge->ready.count > 0) {
		uint64_t wait = wait_of_first(merge, now);

		if (wait > 0)
			return wait < INT_MAX ? (int)wait : INT_MAX;
		if (!release(merge, merge->ready.items[0].target))
			break;
	}
	return -1;
}

bool merge_drain(struct merge *merge)
{
	while (merge->ready.count > 0)
		if (!release(merge, merge->ready.items[0].target))
			return false;
	return true;
}

uint64_t merge_spoken(const struct merge *merge, unsigned target)
{
	return merge->targets[target].spoken;
}

uint64_t merge_waiting(const struct merge *merge, unsigned target, uint64_t now)
{
	const struct queue *queue = &merge->targets[target].queue;
	struct packet packet;
	uint64_t arrived;

	if (queue->count == 0)
		return 0;
	queue_head(queue, &packet, &arrived);
	return now - arrived;
}

struct merge_counts merge_count(const struct merge *merge, unsigned target)
{
	return merge->targets[target].counts;
}
