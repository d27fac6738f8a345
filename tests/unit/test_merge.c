/* SPDX-License-Identifier: MIT */
/*
 * The merge's rules: each by itself, and all of them over random packets,
 * watermarks, ends, returns and discards, where a model tells what must leave
 * and what must stay. Nothing is lost or doubled, whatever comes.
 */
#include "merge_world.h"

#include <limits.h>

enum { ROUNDS = 500 };

/* Anything at all: the model above checks each step. */

static uint64_t some_time(struct seed *seed, const struct world *world)
{
	const uint64_t now = world->now * NS_PER_MS;

	switch (seed_below(seed, 6)) {
	case 0:
		return 0;
	case 1:
		return now + seed_below(seed, 100 * NS_PER_MS);
	case 2:
		return seed_below(seed, now + 1);
	case 3:
		return now / 2;
	case 4:
		return seed_below(seed, 4) ? now : PACKET_TIME_MAX;
	default:
		return now;
	}
}

static void some_packet(struct seed *seed, struct world *world, unsigned target, bool heeds)
{
	if (!world->members[target].running || (heeds && merge_is_full(world->merge, target)))
		return;
	world_packet(world, target, some_time(seed, world),
		(uint32_t)seed_below(seed, seed_below(seed, 9) ? 90 : BODY));
}

static void some_event(struct seed *seed, struct world *world, bool heeds)
{
	unsigned target = (unsigned)seed_below(seed, world->count);

	switch (seed_below(seed, 40)) {
	case 0:
		if (world->members[target].running)
			world_end(world, target);
		else
			world_begin(world, target);
		return;
	case 1:
		world_discard(world, target);
		return;
	case 2:
	case 3:
	case 4:
		world_watermark(world, target, some_time(seed, world));
		return;
	default:
		some_packet(seed, world, target, heeds);
	}
}

static void some_round(struct seed *seed, struct world *world)
{
	const bool heeds = seed_below(seed, 4) > 0;
	const size_t calm = 1 + seed_below(seed, 8);
	int wait = -1;

	while (world->item_count < ITEMS - 10 && seed_below(seed, 900)) {
		some_event(seed, world, heeds);
		if (seed_below(seed, calm))
			continue;
		wait = world_pump(world);
		if (wait > 0 && seed_below(seed, 4) == 0)
			wait = world_wait(world, wait);
		world->now += seed_below(seed, 3) ? 0 : seed_below(seed, 20);
	}
	world_wait_for_all(world);
}

static void random_events_keep_the_properties(void **state)
{
	static struct world world;
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const uint64_t hold = seed_below(&seed, 40);
		const size_t bytes = seed_below(&seed, 3) ? seed_below(&seed, 200000) : PLENTY;

		world_open(&world, 1 + (unsigned)seed_below(&seed, TARGETS), hold, bytes);
		some_round(&seed, &world);
		world_close(&world);
	}
}

/* One rule each, by hand. */

/* A time of day, in ms. */
static uint64_t ms(uint64_t time)
{
	return (1000 + time) * NS_PER_MS;
}

static void equal_timestamps_in_target_order(void **state)
{
	static const size_t expected[] = {1, 3, 0, 4, 2, 5};
	static struct world world;

	(void)state;
	world_open(&world, 3, 100, PLENTY);
	world_packet(&world, 1, ms(5), 3);
	world_packet(&world, 0, ms(5), 3);
	world_packet(&world, 2, ms(5), 3);
	world_packet(&world, 0, ms(5), 3);
	world_packet(&world, 1, ms(5), 3);
	world_packet(&world, 2, ms(5), 3);
	assert_int_equal(world_pump(&world), SETTLE);
	world_wait_for_all(&world);
	assert_memory_equal(world.order, expected, sizeof(expected));
	world_close(&world);
}

static void watermark_releases_at_once(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, PLENTY);
	world_packet(&world, 0, ms(50), 3);
	assert_int_equal(world_pump(&world), 1000);
	world_watermark(&world, 1, ms(39));
	assert_int_equal(world_pump(&world), 1000);
	/* an earlier one takes nothing back, up to and including */
	world_watermark(&world, 1, ms(50));
	world_watermark(&world, 1, ms(10));
	/* its own target may yet send one of slightly before */
	assert_int_equal(world_pump(&world), SETTLE);
	world_watermark(&world, 0, ms(50));
	assert_int_equal(world_pump(&world), -1);
	assert_int_equal(world.left, 1);
	world_close(&world);
}

/* The least settled may have spoken where another one has not. */
static void newest_of_one_source_releases_for_no_other(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, PLENTY);
	world_watermark(&world, 1, ms(49));
	world_packet(&world, 0, ms(50), 3);
	/* settled: 0 up to 40, 1 up to 49, which may send one of 49.5 yet */
	assert_int_equal(merge_pump(world.merge, 0), 1000);
	merge_free(world.merge);
}

static void silent_source_delays_by_the_hold(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 2000, PLENTY);
	world.now = 7;
	world_packet(&world, 0, ms(50), 3);
	assert_int_equal(world_pump(&world), 2000);
	world.now = 2006;
	assert_int_equal(world_pump(&world), 1);
	/* what was behind it waits for its own time */
	world_packet(&world, 0, ms(60), 3);
	world.now = 2007;
	assert_int_equal(world_pump(&world), 1999);
	assert_int_equal(world.left, 1);
	/* and what comes too late only for others like it */
	world_packet(&world, 1, ms(40), 3);
	assert_int_equal(world_pump(&world), SETTLE);
	world_packet(&world, 1, ms(39), 3);
	world.now += SETTLE;
	assert_int_equal(world_pump(&world), 1999 - SETTLE);
	assert_int_equal(world.left, 3);
	assert_int_equal(merge_counts(world.merge, 1).late, 2);
	assert_true(world.items[world.order[1]].time == ms(39));
	/* one of the same time is not late */
	world_packet(&world, 1, ms(50), 3);
	world_wait_for_all(&world);
	assert_int_equal(merge_counts(world.merge, 1).late, 2);
	world_close(&world);
}

static void end_of_source_releases_others(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 3, 1000, PLENTY);
	world_packet(&world, 0, ms(50), 3);
	world_end(&world, 1);
	assert_int_equal(world_pump(&world), 1000);
	world_end(&world, 2);
	world_end(&world, 2);
	/* the last one that runs waits for its own disorder alone */
	assert_int_equal(world_pump(&world), SETTLE);
	world_packet(&world, 0, ms(60), 3);
	world_packet(&world, 0, ms(55), 3);
	world_end(&world, 0);
	assert_int_equal(world_pump(&world), -1);
	assert_int_equal(world.left, 3);
	check_exact(&world);
	world_close(&world);
}

/* One that is back is waited for again, and from where it had stopped. */
static void reconnected_source_is_waited_for(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, PLENTY);
	world_watermark(&world, 1, ms(30));
	world_end(&world, 1);
	world_packet(&world, 0, ms(50), 3);
	world_watermark(&world, 0, ms(50));
	world_begin(&world, 1);
	assert_int_equal(world_pump(&world), 1000);
	/* what it had settled before stays so */
	world_packet(&world, 0, ms(29), 3);
	assert_int_equal(world_pump(&world), 1000);
	assert_int_equal(world.left, 1);
	world.now = 1;
	world_packet(&world, 1, ms(40), 3);
	assert_int_equal(world_pump(&world), SETTLE);
	world_watermark(&world, 1, ms(60));
	assert_int_equal(world_pump(&world), -1);
	assert_int_equal(world.left, 3);
	check_exact(&world);
	world_close(&world);
}

static void watermark_between_streams_counts(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, PLENTY);
	world_end(&world, 1);
	world_end(&world, 0);
	world_watermark(&world, 1, ms(60));
	world_packet(&world, 0, ms(50), 3);
	world_begin(&world, 1);
	world_begin(&world, 1);
	assert_int_equal(world_pump(&world), -1);
	assert_int_equal(world.left, 1);
	world_close(&world);
}

static void reconnected_source_full_queue_waits_200_ms(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, 20000);
	world_end(&world, 1);
	world.now = 500;
	world_begin(&world, 1);
	for (uint64_t i = 0; !merge_is_full(world.merge, 0); i++)
		world_packet(&world, 0, ms(100 + i), 3000);
	assert_int_equal(world_pump(&world), FULL_HOLD);
	world_wait_for_all(&world);
	world_close(&world);
}

static void newest_time_is_kept(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, PLENTY);
	assert_int_equal(merge_newest_ns(world.merge, 0), 0);
	world_packet(&world, 0, ms(50), 3);
	assert_int_equal(merge_newest_ns(world.merge, 0), ms(50));
	assert_int_equal(merge_newest_ns(world.merge, 1), 0);
	world_watermark(&world, 0, ms(70));
	world_packet(&world, 0, ms(60), 3);
	world_end(&world, 0);
	world_discard(&world, 0);
	world_begin(&world, 0);
	assert_int_equal(merge_newest_ns(world.merge, 0), ms(70));
	world_close(&world);
}

static void full_queue_releases_after_200_ms(void **state)
{
	enum { LIMIT = 100000, SIZE = 3000 };
	static struct world world;
	size_t queued = 0;

	(void)state;
	world_open(&world, 3, 1000, LIMIT);
	world_packet(&world, 1, ms(1), 3);
	for (; !merge_is_full(world.merge, 0); queued++) {
		assert_int_equal(world_pump(&world), 1000);
		world_packet(&world, 0, ms(10 + queued), SIZE);
	}
	/* what is kept is what was asked for, less what that costs */
	assert_true(queued * SIZE <= LIMIT);
	assert_true((queued + 1) * SIZE > LIMIT / 2);
	/* one that has run empty a moment ago is given that moment */
	assert_int_equal(world_pump(&world), FULL_HOLD);
	assert_true(world_wait(&world, FULL_HOLD) > 0);
	assert_false(merge_is_full(world.merge, 0));
	/* just as much as must; the others' that stand before it as well */
	assert_uint_in_range(world.left, 2, 10);
	assert_int_equal(merge_counts(world.merge, 1).written, 1);
	check_exact(&world);
	world_close(&world);
}

/* Whoever was full could not tell anything. */
static void output_pause_restarts_the_hold(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, 20000);
	for (uint64_t i = 0; !merge_is_full(world.merge, 1); i++)
		world_packet(&world, 1, ms(i), 3000);
	for (uint64_t i = 0; !merge_is_full(world.merge, 0); i++)
		world_packet(&world, 0, ms(100 + i), 3000);
	world.now = 100000; /* its reader's Ctrl-S */
	world_resume(&world);
	assert_int_equal(world_pump(&world), FULL_HOLD);
	assert_int_equal(merge_counts(world.merge, 0).written, 0);
	world_wait_for_all(&world);
	world_close(&world);
}

/* It may do so for ever, and as fast as the merge takes it. */
static void flood_of_old_packets_delays_by_ten_holds(void **state)
{
	enum { NOW_S = 1700000000, TURNS = 120 };
	const uint64_t now = NOW_S * UINT64_C(1000000000);
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, 20000);
	world_packet(&world, 1, now, 30);
	for (unsigned i = 0; i < TURNS; i++) {
		while (!merge_is_full(world.merge, 0))
			world_packet(&world, 0, ms(i), 9000);
		world_pump(&world);
		assert_int_equal(merge_counts(world.merge, 1).written, i >= 100);
		world.now += 100;
	}
	world_wait_for_all(&world);
	world_close(&world);
}

/* One that is never full, and always has something that is earlier. */
static void trickle_of_old_packets_delays_by_the_hold(void **state)
{
	enum { NOW_S = 1700000000, TURNS = 120 };
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, PLENTY);
	world_packet(&world, 1, NOW_S * UINT64_C(1000000000), 30);
	for (unsigned i = 0; i < TURNS; i++) {
		world_packet(&world, 0, i + 1, 30);
		world_pump(&world);
		assert_int_equal(merge_counts(world.merge, 1).written, i >= 100);
		world.now += 10;
	}
	world_wait_for_all(&world);
	world_close(&world);
}

/* A source that is full again and again, and behind by any time. */
static void full_source_delays_by_ten_holds(void **state)
{
	static const uint64_t behind[] = {1000, 10500, 1800000, 3600000 * 3};
	enum { TURN_MS = 100, HOLD = 1000 };
	static struct world world;

	(void)state;
	for (size_t k = 0; k < sizeof(behind) / sizeof(*behind); k++) {
		world_open(&world, 2, HOLD, 8000);
		world_packet(&world, 1, ms(behind[k] + 30000), 30);
		for (uint64_t i = 0; merge_counts(world.merge, 1).written == 0; i++) {
			while (!merge_is_full(world.merge, 0))
				world_packet(&world, 0, ms(i), 3000);
			world_pump(&world);
			world.now += TURN_MS;
		}
		assert_uint_in_range(world.now, HOLD, HOLDS_MAX * HOLD + TURN_MS);
		world_wait_for_all(&world);
		world_close(&world);
	}
}

static void hung_source_full_queue_waits_200_ms(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 3, 1000, 20000);
	world.now = 500;
	for (uint64_t i = 0; !merge_is_full(world.merge, 0); i++)
		world_packet(&world, 0, ms(100 + i), 3000);
	world_watermark(&world, 1, ms(50));
	assert_int_equal(world_pump(&world), FULL_HOLD);
	world_wait_for_all(&world);
	world_close(&world);
}

static void discarded_queue_is_not_full(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, 50000);
	for (uint64_t i = 0; !merge_is_full(world.merge, 0); i++)
		world_packet(&world, 0, ms(i), 3000);
	world_discard(&world, 0);
	assert_false(merge_is_full(world.merge, 0));
	world_packet(&world, 1, ms(1000), 3000);
	/* it waits again: nobody is full, and target 0 still runs */
	assert_int_equal(world_pump(&world), 1000);
	world_end(&world, 0);
	assert_int_equal(world_pump(&world), SETTLE);
	world_wait_for_all(&world);
	assert_int_equal(world.left, 1);
	world_close(&world);
}

static void sink_that_is_full_keeps_packets_queued(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 0, PLENTY);
	for (uint64_t i = 0; i < 10; i++)
		world_packet(&world, i % 2, ms(i), 3);
	world.space = 4;
	assert_int_equal(merge_pump(world.merge, world.now), -1);
	assert_int_equal(world.left, 4);
	/* what it did not take stays, and is the next again */
	world.space = 1;
	assert_int_equal(merge_pump(world.merge, world.now), -1);
	assert_int_equal(world.left, 5);
	assert_false(merge_drain(world.merge, world.now));
	assert_int_equal(world.left, 5);
	world_close(&world);
}

/* A sink for blocks: their bytes, one after the other, between packets. */
struct line {
	char text[256];
	size_t room; /* that it takes yet */
};

static bool line_packet(void *context, unsigned target, const struct packet *packet)
{
	struct line *line = context;

	(void)packet;
	if (line->room == 0)
		return false;
	line->room--;
	snprintf(line->text + strlen(line->text), 8, "(%u)", target);
	return true;
}

static bool line_block(void *context, unsigned target, const unsigned char *bytes, size_t size)
{
	struct line *line = context;

	if (line->room == 0)
		return false;
	line->room--;
	snprintf(line->text + strlen(line->text), 8, "%u%.*s", target, (int)size,
		(const char *)bytes);
	return true;
}

static struct merge *line_open(struct line *line, size_t queue_bytes)
{
	const struct merge_limits limits = {.hold_ms = 1000, .queue_bytes = queue_bytes};
	const struct merge_sink sink = {
		.packet = line_packet,
		.block = line_block,
		.context = line,
	};
	struct merge *merge = merge_new(2, &limits, &sink);

	assert_non_null(merge);
	*line = (struct line){.room = SIZE_MAX};
	return merge;
}

static void put_block(struct merge *merge, unsigned target, const char *text)
{
	assert_true(merge_block(merge, target, (const unsigned char *)text, strlen(text)));
}

static void blocks_leave_at_once(void **state)
{
	const struct packet packet = {.time = ms(1), .data = body};
	struct line line;
	struct merge *merge = line_open(&line, PLENTY);

	(void)state;
	put_block(merge, 1, "a");
	assert_int_equal(merge_pump(merge, 1), -1);
	assert_string_equal(line.text, "1a");
	/* packets that wait stay behind, whoever they are from */
	assert_true(merge_packet(merge, 0, &packet, 1));
	put_block(merge, 0, "b");
	put_block(merge, 0, "c");
	put_block(merge, 1, "d");
	assert_true(merge_pump(merge, 1) > 0);
	assert_string_equal(line.text, "1a0b0c1d");
	/* a sink that takes one gets the others later, before the packet */
	put_block(merge, 0, "e");
	put_block(merge, 1, "f");
	line.room = 1;
	assert_int_equal(merge_pump(merge, 2000), -1);
	assert_string_equal(line.text, "1a0b0c1d0e");
	line.room = SIZE_MAX;
	assert_true(merge_drain(merge, 2000));
	assert_string_equal(line.text, "1a0b0c1d0e1f(0)");
	merge_free(merge);
}

static void blocks_fill_a_queue(void **state)
{
	const struct packet packet = {.time = ms(1), .data = body};
	struct line line;
	struct merge *merge = line_open(&line, 30000);
	char text[20001];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	put_block(merge, 0, text);
	assert_false(merge_is_full(merge, 0));
	put_block(merge, 0, text);
	assert_true(merge_is_full(merge, 0));
	assert_false(merge_is_full(merge, 1));
	merge_pump(merge, 1);
	assert_false(merge_is_full(merge, 0));
	/* nobody is full any more: a packet waits for its hold */
	assert_true(merge_packet(merge, 1, &packet, 1));
	assert_int_equal(merge_pump(merge, 1), 1000);
	put_block(merge, 0, text);
	put_block(merge, 0, text);
	merge_discard(merge, 0);
	assert_false(merge_is_full(merge, 0));
	assert_int_equal(merge_pump(merge, 1), 1000);
	put_block(merge, 0, text); /* freed with the rest */
	merge_free(merge);
}

static void drain_waits_for_no_source(void **state)
{
	static struct world world;

	(void)state;
	/* draining is the one time when less than the rules is asked */
	world_open(&world, 3, 1000, PLENTY);
	for (uint64_t i = 0; i < 30; i++)
		world_packet(&world, i % 3, ms(i * 7 % 30), 3);
	assert_true(world_pump(&world) > 0);
	world.draining = true;
	merge_drain(world.merge, world.now);
	assert_int_equal(world.left, 30);
	check_exact(&world);
	world_close(&world);
}

static void empty_merge_has_no_timeout(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 1, 1000, PLENTY);
	assert_int_equal(world_pump(&world), -1);
	merge_drain(world.merge, world.now);
	world_discard(&world, 0);
	world_packet(&world, 0, 0, 0);
	assert_int_equal(world_pump(&world), -1);
	assert_int_equal(world.left, 1);
	world_close(&world);
	merge_free(NULL);
}

/* A clock that is a year ahead makes the others late, and not disordered. */
/* The times of packets that left, in a merge of its own. */
static struct {
	uint64_t times[ITEMS];
	size_t count;
} gone;

static bool take_time(void *context, unsigned target, const struct packet *packet)
{
	(void)context;
	(void)target;
	gone.times[gone.count++] = packet->time;
	return true;
}

static void put(struct merge *merge, unsigned target, uint64_t time, uint64_t now)
{
	static const unsigned char data[4];
	const struct packet packet = {.time = time, .caplen = 4, .len = 4, .data = data};

	assert_true(merge_packet(merge, target, &packet, now));
}

/* A file always has more, until it ends. */
static void ordered_target_is_waited_for_without_limit(void **state)
{
	const struct merge_limits limits = {.hold_ms = 100, .queue_bytes = 1 << 20};
	const struct merge_sink sink = {.packet = take_time};
	struct merge *merge = merge_new(2, &limits, &sink);

	(void)state;
	gone.count = 0;
	assert_non_null(merge);
	merge_set_ordered(merge, 0);
	put(merge, 1, ms(50), 1);
	put(merge, 0, ms(10), 2);
	merge_watermark(merge, 1, ms(60), 2);
	/* the file's own packets need not wait */
	merge_pump(merge, 5000);
	put(merge, 0, ms(20), 60000);
	merge_pump(merge, 1000000);
	assert_int_equal(gone.count, 2);
	put(merge, 0, ms(50) + 1, 2000000);
	/* a promise that nothing of 50 follows, without the slack of a live stream */
	merge_pump(merge, 2000000);
	assert_int_equal(gone.count, 3);
	merge_pump(merge, 2000000 + SETTLE);
	assert_int_equal(gone.count, 4);
	for (size_t i = 1; i < gone.count; i++)
		assert_true(gone.times[i] > gone.times[i - 1]);
	put(merge, 1, ms(55), 2000000);
	assert_int_equal(merge_pump(merge, 3000000), INT_MAX);
	merge_end(merge, 0);
	merge_pump(merge, 3000000);
	assert_int_equal(gone.count, 5);
	assert_int_equal(merge_counts(merge, 0).late + merge_counts(merge, 1).late, 0);
	merge_free(merge);
}

/* It does not hinder itself, nor another file whose packets have the same time. */
static void ordered_targets_of_one_time_with_full_queues_go_on(void **state)
{
	const struct merge_limits limits = {.hold_ms = 100, .queue_bytes = 1};
	const struct merge_sink sink = {.packet = take_time};
	struct merge *merge = merge_new(2, &limits, &sink);

	(void)state;
	gone.count = 0;
	assert_non_null(merge);
	for (unsigned i = 0; i < 2; i++) {
		merge_set_ordered(merge, i);
		for (int j = 0; j < 3; j++)
			put(merge, i, ms(5), 1);
		assert_true(merge_is_full(merge, i));
	}
	merge_pump(merge, 1);
	assert_true(gone.count > 0);
	merge_free(merge);
}

static bool take_any(void *context, unsigned target, const struct packet *packet)
{
	(void)context;
	(void)target;
	(void)packet;
	return true;
}

static void fill_until_enough(struct merge *merge, unsigned target)
{
	for (uint64_t time = 2; !merge_has_enough(merge, target); time++)
		put(merge, target, time, 1);
}

/* Without other targets than files, more packets in the queues do not help anybody. */
static void ordered_targets_alone_are_read_ahead_a_little(void **state)
{
	const struct merge_limits limits = {.hold_ms = 100, .queue_bytes = 16 << 20};
	const struct merge_sink sink = {.packet = take_any};
	struct merge *merge = merge_new(3, &limits, &sink);

	(void)state;
	assert_non_null(merge);
	merge_set_ordered(merge, 0);
	merge_set_ordered(merge, 1);
	/* packets of a live target may come late, so that the files' wait */
	fill_until_enough(merge, 0);
	assert_true(merge_is_full(merge, 0));
	merge_end(merge, 2);
	fill_until_enough(merge, 1);
	assert_false(merge_is_full(merge, 1));
	merge_begin(merge, 2, 1);
	assert_false(merge_has_enough(merge, 1));
	merge_end(merge, 2);
	assert_true(merge_has_enough(merge, 1));
	merge_free(merge);
}

/* Before its second watermark, the interval that it was asked for is all that is known. */
static void full_queue_waits_for_two_watermarks(void **state)
{
	const struct merge_limits limits = {
		.hold_ms = 60000, .queue_bytes = 64 << 10, .watermark_ms = 1000};
	const struct merge_sink sink = {.packet = take_any};
	struct merge *merge = merge_new(2, &limits, &sink);

	(void)state;
	assert_non_null(merge);
	merge_begin(merge, 0, 1);
	merge_begin(merge, 1, 1);
	merge_watermark(merge, 1, ms(1), 1);
	for (uint64_t i = 0; !merge_is_full(merge, 0); i++)
		put(merge, 0, ms(500) + i, 500);
	merge_pump(merge, 2000);
	assert_int_equal(merge_counts(merge, 0).written, 0);
	merge_pump(merge, 2001);
	assert_true(merge_counts(merge, 0).written > 0);
	merge_free(merge);
}

/* Otherwise all would wait for a target that is not read. */
static void first_packet_of_a_target_that_has_enough_may_leave(void **state)
{
	const struct merge_limits limits = {.hold_ms = 100, .queue_bytes = 16 << 20};
	const struct merge_sink sink = {.packet = take_any};
	struct merge *merge = merge_new(2, &limits, &sink);

	(void)state;
	assert_non_null(merge);
	for (unsigned i = 0; i < 2; i++) {
		merge_set_ordered(merge, i);
		/* nothing is queued */
		assert_false(merge_has_enough(merge, i));
		for (int j = 0; j < 100000; j++)
			put(merge, i, 1, 1);
		assert_false(merge_has_enough(merge, i));
		fill_until_enough(merge, i);
	}
	merge_pump(merge, 1);
	assert_true(merge_counts(merge, 0).written > 0);
	merge_free(merge);
}

/* The least of the running targets' watermarks, and none without one. */
static void promise_is_the_least_of_running_targets(void **state)
{
	const struct merge_limits limits = {.hold_ms = 100, .queue_bytes = 1 << 20};
	const struct merge_sink sink = {.packet = take_time};
	struct merge *merge = merge_new(3, &limits, &sink);
	uint64_t promise;

	(void)state;
	gone.count = 0;
	assert_non_null(merge);
	assert_false(merge_promise(merge, &promise));
	merge_watermark(merge, 0, ms(50), 1);
	merge_watermark(merge, 1, ms(40), 1);
	/* a packet alone is no promise, however late it is */
	put(merge, 2, ms(90), 1);
	assert_false(merge_promise(merge, &promise));
	merge_watermark(merge, 2, ms(60), 1);
	assert_true(merge_promise(merge, &promise));
	assert_true(promise == ms(40));
	/* nor does the hold make one */
	merge_pump(merge, 5000);
	assert_int_equal(gone.count, 1);
	assert_true(merge_promise(merge, &promise));
	assert_true(promise == ms(40));
	/* what waits for the sink is not promised */
	merge_end(merge, 1);
	put(merge, 0, ms(45), 5000);
	assert_true(merge_promise(merge, &promise));
	assert_true(promise == ms(45) - 1);
	merge_pump(merge, 5000);
	assert_true(merge_promise(merge, &promise));
	assert_true(promise == ms(50));
	/* a target that comes back promises what it has promised */
	merge_begin(merge, 1, 5000);
	assert_true(merge_promise(merge, &promise));
	assert_true(promise == ms(40));
	for (unsigned i = 0; i < 3; i++)
		merge_end(merge, i);
	assert_false(merge_promise(merge, &promise));
	merge_free(merge);
}

static void timestamps_of_next_year_keep_order_of_others(void **state)
{
	enum { HOLD = 2000, BEHIND = 300, ROUNDS_HERE = 50 };
	const uint64_t next_year = (uint64_t)365 * 86400 * 1000 * NS_PER_MS;
	static struct world world;
	uint64_t last = 0;

	(void)state;
	world_open(&world, 3, HOLD, PLENTY);
	world.now = 10000;
	world_packet(&world, 2, next_year, 100);
	world_wait_for_all(&world);
	assert_int_equal(world.left, 1);
	/* the one is quick, the other is 300 ms behind: both in step of 100 */
	for (uint64_t i = 1; i < ROUNDS_HERE; i++) {
		world.now += 50;
		world_packet(&world, 0, world.now * NS_PER_MS, 100);
		world_pump(&world);
		world.now += 50;
		world_packet(&world, 1, (world.now - BEHIND) * NS_PER_MS, 100);
		world_pump(&world);
	}
	world_wait_for_all(&world);
	for (size_t i = 1; i < world.left; i++) {
		const struct item *item = &world.items[world.order[i]];

		assert_true(item->time >= last);
		last = item->time;
	}
	world_close(&world);
}

/* One that is out of all range makes nobody late, and is no one's progress. */
static void timestamp_out_of_range_is_no_progress(void **state)
{
	enum { HOLD = 2000 };
	static struct world world;

	(void)state;
	world_open(&world, 2, HOLD, PLENTY);
	world.now = 10000;
	world_packet(&world, 0, PACKET_TIME_MAX, 100);
	world_wait_for_all(&world);
	assert_int_equal(merge_newest_ns(world.merge, 0), 0);
	/* the first may yet send something earlier, and is waited for */
	world_packet(&world, 1, ms(7), 100);
	assert_int_equal(world_pump(&world), HOLD);
	world_packet(&world, 0, ms(5), 100);
	world_wait_for_all(&world);
	assert_int_equal(world.left, 3);
	assert_int_equal(world.order[1], 2);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(merge_counts(world.merge, i).late, 0);
	world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_events_keep_the_properties),
		cmocka_unit_test(equal_timestamps_in_target_order),
		cmocka_unit_test(watermark_releases_at_once),
		cmocka_unit_test(newest_of_one_source_releases_for_no_other),
		cmocka_unit_test(silent_source_delays_by_the_hold),
		cmocka_unit_test(end_of_source_releases_others),
		cmocka_unit_test(reconnected_source_is_waited_for),
		cmocka_unit_test(watermark_between_streams_counts),
		cmocka_unit_test(reconnected_source_full_queue_waits_200_ms),
		cmocka_unit_test(newest_time_is_kept),
		cmocka_unit_test(full_queue_releases_after_200_ms),
		cmocka_unit_test(flood_of_old_packets_delays_by_ten_holds),
		cmocka_unit_test(trickle_of_old_packets_delays_by_the_hold),
		cmocka_unit_test(output_pause_restarts_the_hold),
		cmocka_unit_test(full_source_delays_by_ten_holds),
		cmocka_unit_test(hung_source_full_queue_waits_200_ms),
		cmocka_unit_test(discarded_queue_is_not_full),
		cmocka_unit_test(blocks_leave_at_once),
		cmocka_unit_test(blocks_fill_a_queue),
		cmocka_unit_test(sink_that_is_full_keeps_packets_queued),
		cmocka_unit_test(drain_waits_for_no_source),
		cmocka_unit_test(empty_merge_has_no_timeout),
		cmocka_unit_test(ordered_target_is_waited_for_without_limit),
		cmocka_unit_test(ordered_targets_of_one_time_with_full_queues_go_on),
		cmocka_unit_test(ordered_targets_alone_are_read_ahead_a_little),
		cmocka_unit_test(full_queue_waits_for_two_watermarks),
		cmocka_unit_test(first_packet_of_a_target_that_has_enough_may_leave),
		cmocka_unit_test(promise_is_the_least_of_running_targets),
		cmocka_unit_test(timestamps_of_next_year_keep_order_of_others),
		cmocka_unit_test(timestamp_out_of_range_is_no_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
