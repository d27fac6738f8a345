/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/merge.h"
#include "common/clock.h"

#include "unit.h"

#include <stdbool.h>
#include <string.h>

/*
 * A merge under a clock that is a parameter, so that a seed repeats a run
 * exactly. The world checks properties, whatever the rule is by which the merge
 * decides:
 *
 *  - a packet leaves unchanged, once, and first of all that wait, unless some
 *    packet has waited for the hold;
 *  - no packet leaves while some source may still send an earlier one, unless
 *    some packet has waited for the hold, or a queue is full;
 *  - no packet waits for longer than the hold, or than ten holds if a source or
 *    the output was paused;
 *  - nothing waits that every source has passed;
 *  - the merge asks to be called again just when something can leave.
 */
enum {
	TARGETS = 7,
	ITEMS = 400, /* per world */
	BODY = 40000,
	SLACK = 10 * 1000000, /* ns by which a stream may be disordered */
	SETTLE = 20,	      /* ms that are enough to end such disorder */
	FULL_HOLD = 200,      /* ms: the shortest hold while a queue is full */
	HOLDS_MAX = 10,
};

static const size_t PLENTY = SIZE_MAX / 2;

enum state { IN, OUT, DISCARDED };

/* A packet that went in. Its len on the wire is its number. */
struct item {
	uint64_t time;
	uint64_t arrived;
	unsigned target;
	uint32_t caplen;
	enum state state;
};

struct world_source {
	uint64_t watermark; /* ns: nothing up to that will come */
	uint64_t newest;    /* ns: of what it has sent */
	uint64_t resumed;   /* ms: when it began, or had space again */
	bool was_full;
	bool running;
	size_t queued;
	struct merge_counts counts;
};

struct world {
	struct merge *merge;
	struct merge_limits limits;
	struct world_source members[TARGETS];
	unsigned count;
	struct item items[ITEMS];
	size_t item_count;
	size_t order[ITEMS]; /* the numbers of those that left */
	size_t left;
	uint64_t now;
	uint64_t resumed; /* ms: when the output's last long pause ended */
	uint64_t latest;  /* of what has left */
	bool pump_full;	  /* some queue was full when this pump began */
	size_t space;	  /* packets that the sink still accepts */
	bool draining;
};

static unsigned char body[BODY];

static inline const unsigned char *fill_body(size_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		body[i] = (unsigned char)(number * 31 + i * 7 + (i >> 8));
	return body;
}

/* The number of a packet's interface. */
static inline uint32_t origin_of(uint32_t number)
{
	return number * 2654435761U;
}

static inline bool is_before(const struct item *a, const struct item *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	if (a->target != b->target)
		return a->target < b->target;
	return a < b;
}

/* The first of all that is queued; NULL: nothing is. */
static inline const struct item *first_of(const struct world *world)
{
	const struct item *first = NULL;

	for (size_t i = 0; i < world->item_count; i++) {
		const struct item *item = &world->items[i];

		if (item->state == IN && (!first || is_before(item, first)))
			first = item;
	}
	return first;
}

/* Notes which queues are full, and which have space again. */
static inline void update_full(struct world *world)
{
	for (unsigned i = 0; i < world->count; i++) {
		struct world_source *source = &world->members[i];
		const bool full = merge_is_full(world->merge, i);

		if (source->was_full && !full)
			source->resumed = world->now;
		source->was_full = full;
	}
}

static inline bool some_full(const struct world *world)
{
	for (unsigned i = 0; i < world->count; i++)
		if (merge_is_full(world->merge, i))
			return true;
	return false;
}

/* May some source still send a packet before that time, as far as is known? */
static inline bool is_blocked(const struct world *world, uint64_t time)
{
	for (unsigned i = 0; i < world->count; i++)
		if (world->members[i].running && world->members[i].newest < time)
			return true;
	return false;
}

/* Have all sources passed that time for certain? */
static inline bool is_passed(const struct world *world, uint64_t time)
{
	for (unsigned i = 0; i < world->count; i++)
		if (world->members[i].running && world->members[i].watermark < time)
			return false;
	return true;
}

/* The first of each target, NULL: it has none. */
static inline void firsts_of(const struct world *world, const struct item *firsts[TARGETS])
{
	memset(firsts, 0, TARGETS * sizeof(*firsts));
	for (size_t i = 0; i < world->item_count; i++) {
		const struct item *item = &world->items[i];

		if (item->state == IN &&
			(!firsts[item->target] || is_before(item, firsts[item->target])))
			firsts[item->target] = item;
	}
}

/* When (ms) the packet came that has waited longest. */
static inline uint64_t oldest_arrival(const struct world *world)
{
	const struct item *firsts[TARGETS];
	uint64_t oldest = UINT64_MAX;

	firsts_of(world, firsts);
	for (unsigned i = 0; i < TARGETS; i++)
		if (firsts[i] && firsts[i]->arrived < oldest)
			oldest = firsts[i]->arrived;
	return oldest;
}

/* The shortest time (ms) that a packet waits for a source that is silent. */
static inline uint64_t shortest_hold(const struct world *world)
{
	const uint64_t hold = world->limits.hold_ms;

	return world->pump_full && hold > FULL_HOLD ? FULL_HOLD : hold;
}

static inline uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Until when (ms) a packet waits at most. */
static inline uint64_t longest_wait(const struct world *world, const struct item *item)
{
	const uint64_t since = later(item->arrived, world->resumed);
	uint64_t resumed = 0;

	for (unsigned i = 0; i < world->count; i++)
		resumed = later(resumed, world->members[i].resumed);
	return since + (resumed > since ? HOLDS_MAX : 1) * world->limits.hold_ms;
}

static inline void check_waiting(const struct world *world)
{
	const struct item *firsts[TARGETS];

	firsts_of(world, firsts);
	for (unsigned i = 0; i < TARGETS; i++)
		if (firsts[i])
			assert_true(world->now < longest_wait(world, firsts[i]));
}

static inline void hear(struct world *world, unsigned target, uint64_t newest, uint64_t watermark)
{
	struct world_source *source = &world->members[target];

	source->newest = later(source->newest, newest);
	source->watermark = later(source->watermark, watermark);
}

static inline bool take_packet(void *context, unsigned target, const struct packet *packet)
{
	struct world *world = context;
	struct item *item;
	struct world_source *source = &world->members[target];

	assert_true(packet->len < world->item_count);
	item = &world->items[packet->len];
	assert_int_equal(item->state, IN);
	assert_int_equal(item->target, target);
	assert_int_equal(item->time, packet->time);
	assert_int_equal(item->caplen, packet->caplen);
	assert_int_equal(packet->interface, origin_of(packet->len));
	assert_memory_equal(packet->data, fill_body(packet->len, packet->caplen), packet->caplen);
	if (item != first_of(world))
		assert_true(world->now >= oldest_arrival(world) + shortest_hold(world));
	if (!world->draining && !world->pump_full && is_blocked(world, item->time))
		assert_true(world->now >= oldest_arrival(world) + world->limits.hold_ms);
	if (world->space == 0)
		return false;
	world->space--;
	item->state = OUT;
	world->order[world->left++] = packet->len;
	source->queued--;
	source->counts.written++;
	if (packet->time < world->latest)
		source->counts.late++;
	else if (packet->time != PACKET_TIME_MAX)
		world->latest = packet->time;
	return true;
}

static inline void world_open(
	struct world *world, unsigned count, uint64_t hold, size_t queue_bytes)
{
	const struct merge_sink sink = {
		.packet = take_packet,
		.context = world,
	};

	*world = (struct world){
		.limits = {.hold_ms = hold, .queue_bytes = queue_bytes},
		.count = count,
		.space = SIZE_MAX,
	};
	for (unsigned i = 0; i < count; i++)
		world->members[i].running = true;
	world->merge = merge_new(count, &world->limits, &sink);
	assert_non_null(world->merge);
}

static inline void world_packet(
	struct world *world, unsigned target, uint64_t time, uint32_t caplen)
{
	struct world_source *source = &world->members[target];
	const size_t number = world->item_count++;
	const struct packet packet = {
		.time = time,
		.caplen = caplen,
		.len = (uint32_t)number,
		.interface = origin_of((uint32_t)number),
		.data = fill_body(number, caplen),
	};

	assert_true(number < ITEMS);
	world->items[number] = (struct item){
		.time = time,
		.arrived = world->now,
		.target = target,
		.caplen = caplen,
		.state = IN,
	};
	assert_true(merge_packet(world->merge, target, &packet, world->now));
	memset(body, 0, caplen);
	source->was_full = merge_is_full(world->merge, target);
	source->queued++;
	source->counts.received++;
	/* out of range: it says nothing */
	if (time != PACKET_TIME_MAX)
		hear(world, target, time, time > SLACK ? time - SLACK : 0);
}

static inline void world_watermark(struct world *world, unsigned target, uint64_t time)
{
	merge_watermark(world->merge, target, time, world->now);
	hear(world, target, time, time);
}

static inline void world_end(struct world *world, unsigned target)
{
	merge_end(world->merge, target);
	world->members[target].running = false;
}

static inline void world_begin(struct world *world, unsigned target)
{
	merge_begin(world->merge, target, world->now);
	world->members[target].running = true;
	world->members[target].resumed = world->now;
}

static inline void world_discard(struct world *world, unsigned target)
{
	merge_discard(world->merge, target);
	world->members[target].queued = 0;
	world->members[target].was_full = false;
	for (size_t i = 0; i < world->item_count; i++)
		if (world->items[i].target == target && world->items[i].state == IN)
			world->items[i].state = DISCARDED;
}

static inline void world_resume(struct world *world)
{
	merge_output_resumed(world->merge, world->now);
	world->resumed = world->now;
}

/* Pumps, and checks what stays. */
static inline int world_pump(struct world *world)
{
	const struct item *first;
	int wait;

	world->pump_full = some_full(world);
	wait = merge_pump(world->merge, world->now);
	update_full(world);
	first = first_of(world);
	if (!first) {
		assert_int_equal(wait, -1);
		return -1;
	}
	if (world->space == 0)
		return wait;
	assert_true(wait > 0);
	assert_false(is_passed(world, first->time));
	check_waiting(world);
	return wait;
}

/* Goes to when the pump said it is due, by way of the ms before. */
static inline int world_wait(struct world *world, int wait)
{
	size_t left = world->left;

	assert_true(wait > 0);
	world->now += (uint64_t)wait - 1;
	if (wait > 1)
		assert_int_equal(world_pump(world), 1);
	assert_int_equal(world->left, left);
	world->now++;
	wait = world_pump(world);
	assert_true(world->left > left);
	return wait;
}

/* Lets all leave by waiting alone. */
static inline void world_wait_for_all(struct world *world)
{
	int wait = world_pump(world);

	while (wait >= 0)
		wait = world_wait(world, wait);
	assert_null(first_of(world));
}

/* Nothing is lost and nothing doubled, and the counts say so. */
static inline void check_counts(const struct world *world)
{
	size_t left = 0;

	for (size_t i = 0; i < world->item_count; i++)
		left += world->items[i].state == OUT;
	assert_int_equal(left, world->left);
	for (unsigned i = 0; i < world->count; i++) {
		struct merge_counts counts = merge_counts(world->merge, i);
		const struct world_source *source = &world->members[i];

		assert_int_equal(counts.received, source->counts.received);
		assert_int_equal(counts.written, source->counts.written);
		assert_int_equal(counts.late, source->counts.late);
		assert_int_equal(merge_newest_ns(world->merge, i), source->newest);
	}
}

static inline void world_close(struct world *world)
{
	check_counts(world);
	merge_free(world->merge);
}

/* Exactly the order of time, and nobody late. */
static inline void check_exact(const struct world *world)
{
	for (size_t i = 1; i < world->left; i++)
		assert_true(world->items[world->order[i - 1]].time <=
			    world->items[world->order[i]].time);
	for (unsigned i = 0; i < world->count; i++)
		assert_int_equal(merge_counts(world->merge, i).late, 0);
}
