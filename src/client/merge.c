/*
 * The merge. In: packets and watermarks of all targets. Out: one order.
 *
 * A heap has the targets with packets by the time of their first one. The first
 * of the heap is the next packet of all; it leaves when the course says so. One
 * verdict is for many packets.
 *
 * What is due before the packets in front of it have even come overtakes them:
 * a stream that always has something earlier would keep it waiting for ever.
 *
 * A packet is late when a later one has left already. It waits no less for
 * that: one target with stamps of next year makes all others late, and must
 * not disturb their order.
 */
#include "client/merge.h"

#include "client/course.h"
#include "client/heap.h"
#include "client/queue.h"
#include "common/clock.h"

#include <limits.h>
#include <stdlib.h>

enum {
	SLACK_NS = 10000000, /* by which CPUs may disorder a stream */
	PREFETCH_FROM = 32,  /* targets; fewer ones' packets are in the cache */
	PREFETCH_LINES = 3,  /* of a packet */
	CACHE_LINE = 64,
};

struct merge_target {
	struct queue queue;
	struct merge_counts counts;
};

struct merge {
	size_t queue_bytes;
	struct merge_sink sink;
	struct merge_target *targets;
	struct course course;
	struct heap ready;
	uint64_t last; /* the latest time that has left */
};

struct merge *merge_new(unsigned targets, const struct merge_limits *limits,
	const struct merge_sink *sink)
{
	struct merge *merge = calloc(1, sizeof(*merge));
	struct course *course;

	if (!merge)
		return NULL;
	merge->queue_bytes = limits->queue_bytes;
	merge->sink = *sink;
	merge->targets = calloc(targets, sizeof(*merge->targets));
	course = &merge->course;
	course->hold = limits->hold;
	course->target_count = targets;
	course->targets = calloc(targets, sizeof(*course->targets));
	if (!merge->targets || !course->targets ||
		!heap_init(&merge->ready, targets)) {
		merge_free(merge);
		return NULL;
	}
	for (unsigned i = 0; i < targets; i++)
		course->targets[i].running = true;
	return merge;
}

void merge_free(struct merge *merge)
{
	if (!merge)
		return;
	for (unsigned i = 0; merge->targets && i < merge->course.target_count;
		i++)
		queue_clear(&merge->targets[i].queue);
	free(merge->targets);
	free(merge->course.targets);
	heap_clear(&merge->ready);
	free(merge);
}

bool merge_is_full(const struct merge *merge, unsigned target)
{
	const struct queue *queue = &merge->targets[target].queue;

	/* an empty queue keeps a little memory, too */
	return queue->count > 0 && queue->bytes >= merge->queue_bytes;
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
	course_hear(&merge->course, target, packet->time,
		packet->time > SLACK_NS ? packet->time - SLACK_NS : 0, now);
	if (!was_full && merge_is_full(merge, target)) {
		merge->course.full++;
		course_fill(&merge->course, target, now);
	}
	at->counts.received++;
	return true;
}

void merge_watermark(
	struct merge *merge, unsigned target, uint64_t time, uint64_t now)
{
	course_hear(&merge->course, target, time, time, now);
}

void merge_begin(struct merge *merge, unsigned target, uint64_t now)
{
	course_begin(&merge->course, target, now);
}

void merge_end(struct merge *merge, unsigned target)
{
	merge->course.targets[target].running = false;
}

void merge_discard(struct merge *merge, unsigned target)
{
	struct merge_target *at = &merge->targets[target];

	if (at->queue.count == 0)
		return;
	heap_remove(&merge->ready, target);
	merge->course.full -= merge_is_full(merge, target);
	queue_clear(&at->queue);
}

static const struct queued *first_of(const struct merge *merge, unsigned target)
{
	return queue_head(&merge->targets[target].queue);
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
		const struct queued *next =
			first_of(merge, merge->ready.items[i].target);

		for (size_t line = 0; line < PREFETCH_LINES; line++)
			__builtin_prefetch(
				(const char *)next + line * CACHE_LINE);
	}
}

/* Hands a target's first packet on; false: the sink does not take it now. */
static bool release(struct merge *merge, unsigned target)
{
	struct merge_target *at = &merge->targets[target];
	bool was_full = merge_is_full(merge, target);
	const struct packet *packet = &first_of(merge, target)->packet;

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
	merge->course.full -= was_full && !merge_is_full(merge, target);
	return true;
}

/*
 * Hands on what a verdict allows, which holds until a queue is full no more.
 * False: the sink does not take it now.
 */
static bool release_until(struct merge *merge, uint64_t until, uint64_t now)
{
	const size_t full = merge->course.full;

	do {
		const unsigned target = merge->ready.items[0].target;

		if (!release(merge, target))
			return false;
		if (merge->course.full < full) {
			course_free(&merge->course, target, now);
			break;
		}
	} while (merge->ready.count > 0 && merge->ready.items[0].key <= until);
	return true;
}

/* Does one target's first packet come before that of another? */
typedef bool before(const struct merge *merge, unsigned one, unsigned other);

/* Has it waited longer? The latest one of several. */
static bool is_older(const struct merge *merge, unsigned one, unsigned other)
{
	const struct queued *a = first_of(merge, one);
	const struct queued *b = first_of(merge, other);

	return a->arrived < b->arrived ||
	       (a->arrived == b->arrived && a->packet.time > b->packet.time);
}

/* Is it to leave first? */
static bool is_earlier(const struct merge *merge, unsigned one, unsigned other)
{
	const uint64_t a = first_of(merge, one)->packet.time;
	const uint64_t b = first_of(merge, other)->packet.time;

	return a < b || (a == b && one < other);
}

/* Whose first packet is before all others' that have come by then (ms). */
static unsigned find(const struct merge *merge, uint64_t by, before *is_before)
{
	const unsigned none = merge->course.target_count;
	unsigned found = none;

	for (size_t i = 0; i < merge->ready.count; i++) {
		const unsigned target = merge->ready.items[i].target;

		if (first_of(merge, target)->arrived <= by &&
			(found == none || is_before(merge, target, found)))
			found = target;
	}
	return found;
}

static const struct queued *oldest_of(const struct merge *merge)
{
	return first_of(merge, find(merge, UINT64_MAX, is_older));
}

/*
 * Lets packets leave that are due before those in front of them have come.
 * False: the sink does not take it now.
 */
static bool release_overdue(struct merge *merge, uint64_t now)
{
	while (merge->ready.count > 0) {
		const size_t full = merge->course.full;
		const struct queued *first =
			first_of(merge, merge->ready.items[0].target);
		const struct queued *oldest = oldest_of(merge);
		uint64_t due = oldest->arrived + merge->course.hold;
		unsigned target;

		/* at first without a look at all targets */
		if (first->arrived > due)
			due = course_due(&merge->course, oldest->packet.time,
				oldest->arrived);
		if (first->arrived <= due)
			return true;
		target = find(merge, due, is_earlier);
		if (!release(merge, target))
			return false;
		if (merge->course.full < full)
			course_free(&merge->course, target, now);
	}
	return true;
}

/* Of the first packet; or when another is due, if that is sooner. */
static struct verdict judge(const struct merge *merge, uint64_t now)
{
	const struct queued *queued =
		first_of(merge, merge->ready.items[0].target);
	struct verdict verdict = course_judge(
		&merge->course, queued->packet.time, queued->arrived, now);
	uint64_t due;

	if (verdict.wait == 0)
		return verdict;
	queued = oldest_of(merge);
	due = course_due(&merge->course, queued->packet.time, queued->arrived);
	verdict.wait = clock_earlier(verdict.wait, due > now ? due - now : 0);
	verdict.until = 0;
	return verdict;
}

void merge_resume(struct merge *merge, uint64_t now)
{
	merge->course.resumed = now;
}

int merge_pump(struct merge *merge, uint64_t now)
{
	if (!release_overdue(merge, now))
		return -1;
	while (merge->ready.count > 0) {
		const struct verdict verdict = judge(merge, now);

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
	return merge->course.targets[target].spoken;
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
