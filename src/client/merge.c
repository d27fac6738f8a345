/*
 * The merge. In: packets and watermarks of all targets. Out: one order.
 *
 * A heap has the targets with packets by the time of their first one. Of each
 * that may still send it is known how far it has settled: up to when nothing
 * more is to come. A watermark says that exactly. A packet says it only for
 * what is SLACK_NS before it, because several CPUs may have disordered a
 * stream slightly.
 *
 * The first of the heap is the next packet of all. It leaves
 *
 *  - when all that may still send are settled beyond it: the order is exact;
 *  - when all of these have at least spoken beyond it, and slight disorder
 *    has had time to come out (SETTLE_MS);
 *  - when it, or one behind it, has waited long enough (the hold) for those
 *    that are silent; what came later than that is overtaken;
 *  - when memory counts more than order: some queue is full, and none of the
 *    silent ones has merely run empty for a moment (FULL_GRACE_MS).
 *
 * Whoever is full has to pause: that is not its silence, which begins when it
 * is full no more, as it does when a target begins. But one that tells of the
 * past (PAST_S), and fills its queue with that again and again, keeps nobody
 * waiting for longer than the hold.
 *
 * To know that takes a look at every target (judge()), which also tells up to
 * what time it holds for the packets behind the first: one look for many.
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
	PAST_S = 3600,
	SETTLE_MS = 20,
	FULL_GRACE_MS = 200, /* some watermarks of who has nothing else */
	PREFETCH_FROM = 32,  /* targets; fewer ones' packets are in the cache */
	PREFETCH_LINES = 3,  /* of a packet */
	CACHE_LINE = 64,
};

static const uint64_t PAST_NS = PAST_S * UINT64_C(1000000000);

struct merge_target {
	struct queue queue;
	bool running;
	uint64_t settled; /* ns: nothing is to come up to and including it */
	uint64_t spoken;  /* ns: the latest time that it has told */
	uint64_t spoke;	  /* ms: when it told that */
	uint64_t heard;	  /* ms: since when it could tell more */
	uint64_t began;	  /* ms */
	uint64_t freed;	  /* ms: when it was full last */
	struct merge_counts counts;
};

struct merge {
	struct merge_limits limits;
	struct merge_sink sink;
	struct merge_target *targets;
	unsigned target_count;
	struct heap ready;
	size_t full;	/* targets with full queues */
	uint64_t freed; /* ms: the latest of the targets', or when one began */
	uint64_t last;	/* the latest time that has left */
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
	if (!merge->targets || !heap_init(&merge->ready, targets)) {
		merge_free(merge);
		return NULL;
	}
	for (unsigned i = 0; i < targets; i++)
		merge->targets[i].running = true;
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
	free(merge);
}

bool merge_is_full(const struct merge *merge, unsigned target)
{
	const struct queue *queue = &merge->targets[target].queue;

	/* an empty queue keeps a little memory, too */
	return queue->count > 0 && queue->bytes >= merge->limits.queue_bytes;
}

/* Takes note of what a target has told of its time, at now (ms). */
static void hear(struct merge_target *at, uint64_t spoken, uint64_t settled,
	uint64_t now)
{
	at->heard = now;
	if (spoken > at->spoken) {
		at->spoken = spoken;
		at->spoke = now;
	}
	if (settled > at->settled)
		at->settled = settled;
}

bool merge_packet(struct merge *merge, unsigned target,
	const struct packet *packet, uint64_t now)
{
	struct merge_target *at = &merge->targets[target];
	bool was_full = merge_is_full(merge, target);

	if (!queue_push(&at->queue, packet, now))
		return false;
	/* only what stands first in its queue has a place in the heap */
	if (queue_head(&at->queue)->packet.time == packet->time)
		heap_put(&merge->ready, target, packet->time);
	hear(at, packet->time,
		packet->time > SLACK_NS ? packet->time - SLACK_NS : 0, now);
	merge->full += !was_full && merge_is_full(merge, target);
	at->counts.received++;
	return true;
}

void merge_watermark(
	struct merge *merge, unsigned target, uint64_t time, uint64_t now)
{
	hear(&merge->targets[target], time, time, now);
}

/* A target may go on from now (ms) on: only then can it be silent. */
static void free_up(struct merge *merge, unsigned target, uint64_t now)
{
	merge->targets[target].heard = now;
	merge->targets[target].freed = now;
	merge->freed = now;
}

void merge_begin(struct merge *merge, unsigned target, uint64_t now)
{
	merge->targets[target].running = true;
	merge->targets[target].began = now;
	merge->targets[target].heard = now;
	merge->freed = now;
}

void merge_end(struct merge *merge, unsigned target)
{
	merge->targets[target].running = false;
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

/*
 * Behind the first packet comes one of the same target, or that of one of the
 * two below it in the heap: memory may bring these meanwhile.
 */
static void prefetch_next(const struct merge *merge)
{
	if (merge->ready.count < PREFETCH_FROM)
		return;
	for (size_t i = 1; i <= 2; i++) {
		const struct queued *next = queue_head(
			&merge->targets[merge->ready.items[i].target].queue);

		for (size_t line = 0; line < PREFETCH_LINES; line++)
			__builtin_prefetch(
				(const char *)next + line * CACHE_LINE);
	}
}

/* Hands the first packet on; false: the sink does not take it now. */
static bool release(struct merge *merge, unsigned target)
{
	struct merge_target *at = &merge->targets[target];
	bool was_full = merge_is_full(merge, target);
	const struct packet *packet = &queue_head(&at->queue)->packet;

	prefetch_next(merge);
	if (!merge->sink.packet(merge->sink.context, target, packet))
		return false;
	at->counts.written++;
	if (packet->time < merge->last)
		at->counts.late++;
	else
		merge->last = packet->time;
	queue_pop(&at->queue);
	if (at->queue.count > 0)
		heap_put(&merge->ready, target,
			queue_head(&at->queue)->packet.time);
	else
		heap_remove(&merge->ready, target);
	merge->full -= was_full && !merge_is_full(merge, target);
	return true;
}

static uint64_t time_left(uint64_t since, uint64_t patience, uint64_t now)
{
	return now < since + patience ? since + patience - now : 0;
}

/* What may leave: the first packet, and those behind it up to a time. */
struct verdict {
	uint64_t wait;	/* ms until that may be; 0: now */
	uint64_t until; /* ns; 0: the first alone */
};

/* How far those that may still send are, seen from a packet's time. */
struct view {
	bool is_open;	  /* some are not settled */
	uint64_t settled; /* the least that is not before the packet */
	uint64_t spoken;  /* the least of those that are not settled */
	uint64_t spoke;	  /* ms: when the last of those did so */
	uint64_t beyond;  /* the least spoken that is not before the packet */
	/* ms: the latest of those that have not spoken: */
	uint64_t heard;
	uint64_t free; /* since when their silence counts */
};

/* Since when (ms) a target's silence counts, as to what is of that time. */
static uint64_t free_since(const struct merge_target *at, uint64_t time)
{
	const bool is_past = time > PAST_NS && at->spoken < time - PAST_NS;

	return is_past ? at->began : clock_later(at->began, at->freed);
}

static struct view look(const struct merge *merge, uint64_t time)
{
	struct view view = {
		.settled = CLOCK_NEVER,
		.spoken = CLOCK_NEVER,
		.beyond = CLOCK_NEVER,
	};

	for (unsigned i = 0; i < merge->target_count; i++) {
		const struct merge_target *at = &merge->targets[i];

		if (!at->running)
			continue;
		if (at->spoken >= time)
			view.beyond = clock_earlier(view.beyond, at->spoken);
		if (at->settled >= time) {
			view.settled = clock_earlier(view.settled, at->settled);
			continue;
		}
		view.is_open = true;
		view.spoken = clock_earlier(view.spoken, at->spoken);
		view.spoke = clock_later(view.spoke, at->spoke);
		if (at->spoken >= time)
			continue;
		view.heard = clock_later(view.heard, at->heard);
		view.free = clock_later(view.free, free_since(at, time));
	}
	return view;
}

/* Of the first packet, by the rules above. */
static struct verdict judge(const struct merge *merge, uint64_t now)
{
	const struct queued *first =
		queue_head(&merge->targets[merge->ready.items[0].target].queue);
	const uint64_t time = first->packet.time;
	const uint64_t hold = merge->limits.hold;
	struct view view;
	uint64_t wait;

	/* first, because it needs no look */
	if (time_left(clock_later(first->arrived, merge->freed), hold, now) ==
		0)
		return (struct verdict){0, 0};
	view = look(merge, time);
	if (!view.is_open)
		return (struct verdict){0, view.settled};
	wait = time_left(clock_later(first->arrived, view.free), hold, now);
	if (wait == 0)
		return (struct verdict){0, 0};
	if (view.spoken >= time) {
		const uint64_t settle = time_left(view.spoke, SETTLE_MS, now);

		return (struct verdict){
			merge->full > 0 ? 0 : clock_earlier(wait, settle),
			clock_earlier(view.settled, view.spoken)};
	}
	if (merge->full == 0)
		return (struct verdict){wait, 0};
	return (struct verdict){
		clock_earlier(wait, time_left(view.heard, FULL_GRACE_MS, now)),
		view.beyond};
}

/*
 * Hands on what a verdict allows, which holds until a queue is full no more.
 * False: the sink does not take it now.
 */
static bool release_until(struct merge *merge, uint64_t until, uint64_t now)
{
	const size_t full = merge->full;

	do {
		const unsigned target = merge->ready.items[0].target;

		if (!release(merge, target))
			return false;
		if (merge->full < full) {
			free_up(merge, target, now);
			break;
		}
	} while (merge->ready.count > 0 && merge->ready.items[0].key <= until);
	return true;
}

/* Whose first packet has waited longest; the latest one of several. */
static unsigned find_oldest(const struct merge *merge)
{
	const struct queued *oldest = NULL;
	unsigned found = 0;

	for (size_t i = 0; i < merge->ready.count; i++) {
		const unsigned target = merge->ready.items[i].target;
		const struct queued *head =
			queue_head(&merge->targets[target].queue);

		if (oldest && (head->arrived > oldest->arrived ||
				      (head->arrived == oldest->arrived &&
					      head->packet.time <=
						      oldest->packet.time)))
			continue;
		oldest = head;
		found = target;
	}
	return found;
}

/* When (ms) a packet has waited long enough for those that are silent. */
static uint64_t due_of(const struct merge *merge, const struct queued *queued)
{
	const uint64_t free = look(merge, queued->packet.time).free;

	return clock_later(queued->arrived, free) + merge->limits.hold;
}

/* Whose first packet is the first of those that have come by then (ms). */
static unsigned find_first(const struct merge *merge, uint64_t by)
{
	const struct queued *first = NULL;
	unsigned found = 0;

	for (size_t i = 0; i < merge->ready.count; i++) {
		const unsigned target = merge->ready.items[i].target;
		const struct queued *head =
			queue_head(&merge->targets[target].queue);

		if (head->arrived > by ||
			(first && (head->packet.time > first->packet.time ||
					  (head->packet.time ==
							  first->packet.time &&
						  target > found))))
			continue;
		first = head;
		found = target;
	}
	return found;
}

/*
 * Lets packets leave that are due before what stands in front of them has even
 * come: a stream that always has something earlier would keep them waiting for
 * ever. False: the sink does not take it now.
 */
static bool release_overdue(struct merge *merge, uint64_t now)
{
	while (merge->ready.count > 0) {
		const size_t full = merge->full;
		const struct queued *first = queue_head(
			&merge->targets[merge->ready.items[0].target].queue);
		const struct queued *oldest =
			queue_head(&merge->targets[find_oldest(merge)].queue);
		uint64_t due = oldest->arrived + merge->limits.hold;
		unsigned target;

		/* at first without a look at all targets */
		if (first->arrived > due)
			due = due_of(merge, oldest);
		if (first->arrived <= due)
			return true;
		target = find_first(merge, due);
		if (!release(merge, target))
			return false;
		if (merge->full < full)
			free_up(merge, target, now);
	}
	return true;
}

int merge_pump(struct merge *merge, uint64_t now)
{
	if (!release_overdue(merge, now))
		return -1;
	while (merge->ready.count > 0) {
		struct verdict verdict = judge(merge, now);

		if (verdict.wait > 0) {
			const unsigned oldest = find_oldest(merge);
			const uint64_t due = due_of(merge,
				queue_head(&merge->targets[oldest].queue));

			verdict.wait = clock_earlier(
				verdict.wait, time_left(due, 0, now));
			verdict.until = 0;
		}
		if (verdict.wait > 0)
			return verdict.wait < INT_MAX ? (int)verdict.wait
						      : INT_MAX;
		if (!release_until(merge, verdict.until, now))
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

	return queue->count > 0 ? now - queue_head(queue)->arrived : 0;
}

struct merge_counts merge_count(const struct merge *merge, unsigned target)
{
	return merge->targets[target].counts;
}
