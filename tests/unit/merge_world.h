#pragma once

#include "client/merge.h"

#include "unit.h"

#include <stdbool.h>
#include <string.h>

/*
 * A merge and, beside it, a model of it that looks at everything: each packet
 * that leaves is the first of all, unhurt, and had a right to; each one that
 * stays has none. The merge's clock is a parameter, so time is simulated, and
 * a seed repeats a run exactly.
 */
enum {
	TARGETS = 7,
	ITEMS = 400, /* per world */
	BODY = 40000,
	NS_PER_MS = 1000000,
	SLACK = 10 * NS_PER_MS, /* ns by which a stream may be disordered */
	SETTLE = 20,		/* ms in which that comes out */
	FULL_GRACE = 200,	/* ms that a full queue waits for another */
	PAUSE_WEIGHT = 4,	/* a part of the time to be full, and excused */
	EXCUSE = 60000,		/* ms that it is waited for at most */
	PACE = 2, /* to tell of so many times what passes, the same */
};

/* ns: whoever tells of times so far back has no excuse for it */
static const uint64_t PAST = UINT64_C(3600000000000);

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

struct member {
	uint64_t settled; /* nothing up to that is to come */
	uint64_t spoken;  /* the latest time that it has told */
	uint64_t spoke;	  /* ms: when it told that */
	uint64_t heard;	  /* ms */
	uint64_t began;	  /* ms */
	uint64_t filled;  /* ms: when it became full last */
	uint64_t freed;	  /* ms: up to when that excuses it */
	uint64_t told;	  /* ns: what it had spoken then */
	bool was_full;
	bool running;
	size_t queued;
	struct merge_counts counts;
};

struct world {
	struct merge *merge;
	struct merge_limits limits;
	struct member members[TARGETS];
	unsigned count;
	struct item items[ITEMS];
	size_t item_count;
	size_t order[ITEMS]; /* the numbers of those that left */
	size_t left;
	uint64_t now;
	uint64_t resumed; /* ms: when the last long pause was over */
	uint64_t latest;  /* of what has left */
	bool begins;	  /* a pump: who is overdue comes first */
	size_t room;	  /* packets that the sink takes yet */
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

/* The one that runs and is the least settled; NULL: nobody runs. */
static inline const struct member *slowest_of(const struct world *world)
{
	const struct member *slowest = NULL;

	for (unsigned i = 0; i < world->count; i++) {
		const struct member *member = &world->members[i];

		if (member->running &&
			(!slowest || member->settled < slowest->settled))
			slowest = member;
	}
	return slowest;
}

/*
 * Since when (ms) have all that run told of that time; UINT64_MAX: not all
 * have.
 */
static inline uint64_t spoken_since(const struct world *world, uint64_t time)
{
	uint64_t since = 0;

	for (unsigned i = 0; i < world->count; i++) {
		const struct member *member = &world->members[i];

		if (!member->running || member->settled >= time)
			continue;
		if (member->spoken < time)
			return UINT64_MAX;
		since = member->spoke > since ? member->spoke : since;
	}
	return since;
}

static inline uint64_t time_left(
	const struct world *world, uint64_t since, uint64_t patience)
{
	return since + patience > world->now ? since + patience - world->now
					     : 0;
}

/* Whoever was full had to pause: its silence begins now, or not so long ago. */
static inline void excuse(const struct world *world, struct member *member)
{
	const uint64_t hold = world->limits.hold;
	uint64_t until = member->filled > hold ? member->filled - hold : 0;

	if (member->freed > until)
		until = member->freed;
	until += (world->now - member->filled) * PAUSE_WEIGHT;
	until += (member->spoken - member->told) / NS_PER_MS / PACE;
	member->freed = until < world->now ? until : world->now;
	member->told = member->spoken;
	member->heard = world->now;
}

/* Who is full, and who was. */
static inline void note_freed(struct world *world)
{
	for (unsigned i = 0; i < world->count; i++) {
		struct member *member = &world->members[i];
		const bool full = merge_is_full(world->merge, i);

		if (member->was_full && !full)
			excuse(world, member);
		member->was_full = full;
	}
}

/* The first of each target, NULL: it has none. */
static inline void heads_of(
	const struct world *world, const struct item *heads[TARGETS])
{
	memset(heads, 0, TARGETS * sizeof(*heads));
	for (size_t i = 0; i < world->item_count; i++) {
		const struct item *item = &world->items[i];

		if (item->state == IN &&
			(!heads[item->target] ||
				is_before(item, heads[item->target])))
			heads[item->target] = item;
	}
}

/* Of these the one that has waited longest, the latest of several. */
static inline const struct item *oldest_of(const struct world *world)
{
	const struct item *heads[TARGETS];
	const struct item *oldest = NULL;

	heads_of(world, heads);
	for (unsigned i = 0; i < TARGETS; i++)
		if (heads[i] &&
			(!oldest || heads[i]->arrived < oldest->arrived ||
				(heads[i]->arrived == oldest->arrived &&
					heads[i]->time > oldest->time)))
			oldest = heads[i];
	return oldest;
}

/* Until when (ms) it must stay for those that are silent. */
static inline uint64_t held_until(
	const struct world *world, const struct item *item)
{
	uint64_t from = item->arrived;
	uint64_t bound = from > world->resumed ? from : world->resumed;

	for (unsigned i = 0; i < world->count; i++) {
		const struct member *member = &world->members[i];

		if (!member->running || member->spoken >= item->time)
			continue;
		if (member->began > from)
			from = member->began;
		if (member->freed > from && member->spoken + PAST >= item->time)
			from = member->freed;
	}
	bound += EXCUSE;
	return (from < bound ? from : bound) + world->limits.hold;
}

static inline uint64_t hold_of(
	const struct world *world, const struct item *item)
{
	return time_left(world, held_until(world, item), 0);
}

/* For how long the first of all must stay; 0: it may leave. */
static inline uint64_t wait_of(struct world *world, const struct item *item)
{
	const struct member *slowest = slowest_of(world);
	const uint64_t since = spoken_since(world, item->time);
	uint64_t other = UINT64_MAX;
	uint64_t heard = 0;
	uint64_t wait;
	uint64_t oldest;
	bool full = false;

	note_freed(world);
	for (unsigned i = 0; i < world->count; i++) {
		const struct member *member = &world->members[i];

		full = full || member->was_full;
		if (member->running && member->spoken < item->time &&
			member->heard > heard)
			heard = member->heard;
	}
	if (!slowest || slowest->settled >= item->time)
		return 0;
	wait = hold_of(world, item);
	oldest = hold_of(world, oldest_of(world));
	if (since != UINT64_MAX)
		other = full ? 0 : time_left(world, since, SETTLE);
	else if (full)
		other = time_left(world, heard, FULL_GRACE);
	wait = oldest < wait ? oldest : wait;
	return other < wait ? other : wait;
}

/* The first of those that have come by then; NULL: none has. */
static inline const struct item *first_by(
	const struct world *world, uint64_t by)
{
	const struct item *heads[TARGETS];
	const struct item *first = NULL;

	heads_of(world, heads);
	for (unsigned i = 0; i < TARGETS; i++)
		if (heads[i] && heads[i]->arrived <= by &&
			(!first || is_before(heads[i], first)))
			first = heads[i];
	return first;
}

/*
 * If one is due before the first of all had come: what leaves then. NULL: none
 * is.
 */
static inline const struct item *overdue_of(struct world *world)
{
	const struct item *oldest = oldest_of(world);
	uint64_t due;

	note_freed(world);
	due = oldest ? held_until(world, oldest) : UINT64_MAX;
	if (!oldest || first_of(world)->arrived <= due)
		return NULL;
	return first_by(world, due);
}

static inline void hear(
	struct world *world, unsigned target, uint64_t spoken, uint64_t settled)
{
	struct member *member = &world->members[target];

	member->heard = world->now;
	if (spoken > member->spoken) {
		member->spoken = spoken;
		member->spoke = world->now;
	}
	if (settled > member->settled)
		member->settled = settled;
}

static inline bool take_packet(
	void *context, unsigned target, const struct packet *packet)
{
	struct world *world = context;
	struct item *item;
	struct member *member = &world->members[target];

	assert_true(packet->len < world->item_count);
	item = &world->items[packet->len];
	assert_int_equal(item->state, IN);
	assert_int_equal(item->target, target);
	assert_int_equal(item->time, packet->time);
	assert_int_equal(item->caplen, packet->caplen);
	assert_int_equal(packet->interface, origin_of(packet->len));
	assert_memory_equal(packet->data,
		fill_body(packet->len, packet->caplen), packet->caplen);
	if (world->begins && overdue_of(world)) {
		assert_ptr_equal(item, overdue_of(world));
	} else {
		world->begins = false;
		assert_ptr_equal(item, first_of(world));
		assert_int_equal(world->draining ? 0 : wait_of(world, item), 0);
	}
	if (world->room == 0)
		return false;
	world->room--;
	item->state = OUT;
	world->order[world->left++] = packet->len;
	member->queued--;
	member->counts.written++;
	if (packet->time < world->latest)
		member->counts.late++;
	else
		world->latest = packet->time;
	return true;
}

static inline void world_open(
	struct world *world, unsigned count, uint64_t hold, size_t queue_bytes)
{
	const struct merge_sink sink = {take_packet, world};

	*world = (struct world){
		.limits = {.hold = hold, .queue_bytes = queue_bytes},
		.count = count,
		.room = SIZE_MAX,
	};
	for (unsigned i = 0; i < count; i++)
		world->members[i].running = true;
	world->merge = merge_new(count, &world->limits, &sink);
	assert_non_null(world->merge);
}

static inline void world_packet(
	struct world *world, unsigned target, uint64_t time, uint32_t caplen)
{
	struct member *member = &world->members[target];
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
	if (!member->was_full && merge_is_full(world->merge, target)) {
		member->filled = world->now;
		member->was_full = true;
	}
	member->queued++;
	member->counts.received++;
	hear(world, target, time, time > SLACK ? time - SLACK : 0);
}

static inline void world_watermark(
	struct world *world, unsigned target, uint64_t time)
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
	world->members[target].heard = world->now;
	world->members[target].began = world->now;
}

static inline void world_discard(struct world *world, unsigned target)
{
	merge_discard(world->merge, target);
	world->members[target].queued = 0;
	world->members[target].was_full = false;
	for (size_t i = 0; i < world->item_count; i++)
		if (world->items[i].target == target &&
			world->items[i].state == IN)
			world->items[i].state = DISCARDED;
}

static inline void world_resume(struct world *world)
{
	merge_resume(world->merge, world->now);
	world->resumed = world->now;
}

/* Pumps, and checks that what stays has to, and for how long. */
static inline int world_pump(struct world *world)
{
	const struct item *first;
	int wait;

	world->begins = true;
	wait = merge_pump(world->merge, world->now);
	first = first_of(world);

	note_freed(world);
	if (!first) {
		assert_int_equal(wait, -1);
		return -1;
	}
	assert_int_not_equal(wait_of(world, first), 0);
	assert_int_equal(wait, wait_of(world, first));
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
		struct merge_counts counts = merge_count(world->merge, i);
		const struct member *member = &world->members[i];

		assert_int_equal(counts.received, member->counts.received);
		assert_int_equal(counts.written, member->counts.written);
		assert_int_equal(counts.late, member->counts.late);
		assert_int_equal(merge_spoken(world->merge, i), member->spoken);
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
		assert_int_equal(merge_count(world->merge, i).late, 0);
}
