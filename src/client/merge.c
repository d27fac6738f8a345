/*
 * The merge. In: packets and watermarks of all targets. Out: one order.
 *
 * Every target has a bound: nothing that it still sends, or has in its queue,
 * is earlier. That is its first packet's time or, while its queue is empty,
 * its watermark. Two heaps keep the targets by their bounds: ready, those that
 * have packets, and silent, those that run without any. The first of ready is
 * the next packet of all; it leaves
 *
 *  - when the first of silent is bound beyond it: the order is then exact,
 *  - when it has waited long enough,
 *  - when some queue is full: memory counts more than order,
 *  - when a later one has left already: it is late, and waiting is no help.
 */
#include "client/merge.h"

#include "client/queue.h"

#include <limits.h>
#include <stdlib.h>

struct merge_target {
	struct queue queue;
	uint64_t watermark;
	bool running;
	size_t place; /* in the heap that it is in */
	struct merge_counts counts;
};

struct heap {
	unsigned *targets;
	size_t count;
};

struct merge {
	struct merge_limits limits;
	struct merge_sink sink;
	struct merge_target *targets;
	unsigned target_count;
	struct heap ready;
	struct heap silent;
	size_t full;   /* targets with full queues */
	uint64_t last; /* the latest time that has left */
	bool stopped;
};

static uint64_t bound_of(const struct merge *merge, unsigned target)
{
	const struct merge_target *at = &merge->targets[target];

	return at->queue.count > 0 ? queue_time(&at->queue) : at->watermark;
}

static bool is_before(const struct merge *merge, unsigned a, unsigned b)
{
	uint64_t bound_a = bound_of(merge, a);
	uint64_t bound_b = bound_of(merge, b);

	return bound_a < bound_b || (bound_a == bound_b && a < b);
}

static void heap_set(
	struct merge *merge, struct heap *heap, size_t place, unsigned target)
{
	heap->targets[place] = target;
	merge->targets[target].place = place;
}

/* Moves what is at place to where its bound, which has changed, belongs. */
static void heap_settle(struct merge *merge, struct heap *heap, size_t place)
{
	unsigned target = heap->targets[place];

	while (place > 0) {
		unsigned parent = heap->targets[(place - 1) / 2];

		if (!is_before(merge, target, parent))
			break;
		heap_set(merge, heap, place, parent);
		place = (place - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * place + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
			is_before(merge, heap->targets[child + 1],
				heap->targets[child]))
			child++;
		if (!is_before(merge, heap->targets[child], target))
			break;
		heap_set(merge, heap, place, heap->targets[child]);
		place = child;
	}
	heap_set(merge, heap, place, target);
}

static void heap_add(struct merge *merge, struct heap *heap, unsigned target)
{
	heap_set(merge, heap, heap->count++, target);
	heap_settle(merge, heap, heap->count - 1);
}

static void heap_remove(struct merge *merge, struct heap *heap, unsigned target)
{
	size_t place = merge->targets[target].place;
	unsigned moved = heap->targets[--heap->count];

	if (moved == target)
		return;
	heap_set(merge, heap, place, moved);
	heap_settle(merge, heap, place);
}

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
	merge->ready.targets = calloc(targets, sizeof(unsigned));
	merge->silent.targets = calloc(targets, sizeof(unsigned));
	if (!merge->targets || !merge->ready.targets ||
		!merge->silent.targets) {
		merge_free(merge);
		return NULL;
	}
	for (unsigned i = 0; i < targets; i++) {
		merge->targets[i].running = true;
		heap_add(merge, &merge->silent, i);
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
	free(merge->ready.targets);
	free(merge->silent.targets);
	free(merge);
}

bool merge_is_full(const struct merge *merge, unsigned target)
{
	const struct queue *queue = &merge->targets[target].queue;

	/* an empty queue keeps a little memory, too */
	return queue->count > 0 && queue->bytes >= merge->limits.queue_bytes;
}

bool merge_packet(struct merge *merge, unsigned target,
	const struct packet *packet, uint64_t now)
{
	struct merge_target *at = &merge->targets[target];
	bool was_full = merge_is_full(merge, target);
	bool was_empty = at->queue.count == 0;

	if (!queue_push(&at->queue, packet, now))
		return false;
	if (was_empty && at->running)
		heap_remove(merge, &merge->silent, target);
	/* another one of the same time may follow */
	if (packet->time > at->watermark)
		at->watermark = packet->time - 1;
	if (was_empty)
		heap_add(merge, &merge->ready, target);
	else
		heap_settle(merge, &merge->ready, at->place);
	merge->full += !was_full && merge_is_full(merge, target);
	at->counts.received++;
	return true;
}

void merge_watermark(struct merge *merge, unsigned target, uint64_t time)
{
	struct merge_target *at = &merge->targets[target];

	if (time <= at->watermark)
		return;
	at->watermark = time;
	if (at->running && at->queue.count == 0)
		heap_settle(merge, &merge->silent, at->place);
}

void merge_end(struct merge *merge, unsigned target)
{
	struct merge_target *at = &merge->targets[target];

	if (at->running && at->queue.count == 0)
		heap_remove(merge, &merge->silent, target);
	at->running = false;
}

void merge_discard(struct merge *merge, unsigned target)
{
	struct merge_target *at = &merge->targets[target];

	if (at->queue.count == 0)
		return;
	heap_remove(merge, &merge->ready, target);
	merge->full -= merge_is_full(merge, target);
	queue_clear(&at->queue);
	if (at->running)
		heap_add(merge, &merge->silent, target);
}

static void release(struct merge *merge, unsigned target)
{
	struct merge_target *at = &merge->targets[target];
	bool was_full = merge_is_full(merge, target);
	struct packet packet;
	uint64_t arrived;

	queue_head(&at->queue, &packet, &arrived);
	if (!merge->sink.packet(merge->sink.context, target, &packet)) {
		merge->stopped = true;
		return;
	}
	at->counts.written++;
	if (packet.time < merge->last)
		at->counts.late++;
	else
		merge->last = packet.time;
	queue_pop(&at->queue);
	if (at->queue.count > 0) {
		heap_settle(merge, &merge->ready, 0);
	} else {
		heap_remove(merge, &merge->ready, target);
		if (at->running)
			heap_add(merge, &merge->silent, target);
	}
	merge->full -= was_full && !merge_is_full(merge, target);
}

/* Tells for how long the first packet must wait yet: 0 is not at all. */
static uint64_t wait_of_first(const struct merge *merge, uint64_t now)
{
	const struct queue *queue =
		&merge->targets[merge->ready.targets[0]].queue;
	struct packet packet;
	uint64_t arrived;

	queue_head(queue, &packet, &arrived);
	if (merge->full > 0 || packet.time < merge->last)
		return 0;
	if (merge->silent.count == 0 ||
		bound_of(merge, merge->silent.targets[0]) >= packet.time)
		return 0;
	if (now >= arrived + merge->limits.hold)
		return 0;
	return arrived + merge->limits.hold - now;
}

int merge_pump(struct merge *merge, uint64_t now)
{
	while (merge->ready.count > 0 && !merge->stopped) {
		uint64_t wait = wait_of_first(merge, now);

		if (wait > 0)
			return wait < INT_MAX ? (int)wait : INT_MAX;
		release(merge, merge->ready.targets[0]);
	}
	return -1;
}

void merge_drain(struct merge *merge)
{
	while (merge->ready.count > 0 && !merge->stopped)
		release(merge, merge->ready.targets[0]);
}

struct merge_counts merge_count(const struct merge *merge, unsigned target)
{
	return merge->targets[target].counts;
}
