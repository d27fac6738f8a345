/*
 * The merge's rules: each by itself, and all of them over random packets,
 * watermarks, ends, returns and discards, where a model tells what must leave
 * and what must stay. Nothing is lost or doubled, whatever comes.
 */
#include "merge_world.h"

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
	default:
		return now;
	}
}

static void some_packet(
	struct seed *seed, struct world *world, unsigned target, bool heeds)
{
	if (!world->members[target].running ||
		(heeds && merge_is_full(world->merge, target)))
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

static void every_step_follows_the_rules(void **state)
{
	static struct world world;
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const uint64_t hold = seed_below(&seed, 40);
		const size_t bytes = seed_below(&seed, 3)
					     ? seed_below(&seed, 200000)
					     : PLENTY;

		world_open(&world, 1 + (unsigned)seed_below(&seed, TARGETS),
			hold, bytes);
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

static void equal_times_keep_the_targets_order(void **state)
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

static void a_watermark_releases_at_once(void **state)
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
static void what_one_has_spoken_counts_for_no_other(void **state)
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

static void silence_costs_the_hold_and_no_more(void **state)
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
	assert_int_equal(merge_count(world.merge, 1).late, 2);
	assert_true(world.items[world.order[1]].time == ms(39));
	/* one of the same time is not late */
	world_packet(&world, 1, ms(50), 3);
	world_wait_for_all(&world);
	assert_int_equal(merge_count(world.merge, 1).late, 2);
	world_close(&world);
}

static void ends_let_the_others_go(void **state)
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
static void who_begins_again_is_waited_for(void **state)
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

static void what_is_told_between_the_streams_counts(void **state)
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

static void who_begins_again_is_given_a_moment(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, 20000);
	world_end(&world, 1);
	world.now = 500;
	world_begin(&world, 1);
	for (uint64_t i = 0; !merge_is_full(world.merge, 0); i++)
		world_packet(&world, 0, ms(100 + i), 3000);
	assert_int_equal(world_pump(&world), FULL_GRACE);
	world_wait_for_all(&world);
	world_close(&world);
}

static void the_latest_that_was_told_is_known(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, PLENTY);
	assert_int_equal(merge_spoken(world.merge, 0), 0);
	world_packet(&world, 0, ms(50), 3);
	assert_int_equal(merge_spoken(world.merge, 0), ms(50));
	assert_int_equal(merge_spoken(world.merge, 1), 0);
	world_watermark(&world, 0, ms(70));
	world_packet(&world, 0, ms(60), 3);
	world_end(&world, 0);
	world_discard(&world, 0);
	world_begin(&world, 0);
	assert_int_equal(merge_spoken(world.merge, 0), ms(70));
	world_close(&world);
}

static void a_full_queue_lets_go(void **state)
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
	assert_int_equal(world_pump(&world), FULL_GRACE);
	assert_true(world_wait(&world, FULL_GRACE) > 0);
	assert_false(merge_is_full(world.merge, 0));
	/* just as much as must; the others' that stand before it as well */
	assert_in_range(world.left, 2, 10);
	assert_int_equal(merge_count(world.merge, 1).written, 1);
	check_exact(&world);
	world_close(&world);
}

/* Whoever was full could not tell anything. */
static void a_pause_is_no_silence(void **state)
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
	assert_int_equal(world_pump(&world), FULL_GRACE);
	assert_int_equal(merge_count(world.merge, 0).written, 0);
	world_wait_for_all(&world);
	world_close(&world);
}

/* It may do so for ever, and as fast as the merge takes it. */
static void nobody_waits_for_a_flood_of_the_past(void **state)
{
	enum { NOW_S = 1700000000, TURNS = 12 };
	const uint64_t now = NOW_S * UINT64_C(1000000000);
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, 20000);
	world_packet(&world, 1, now, 30);
	for (unsigned i = 0; i < TURNS; i++) {
		while (!merge_is_full(world.merge, 0))
			world_packet(&world, 0, ms(i), 3000);
		world_pump(&world);
		assert_int_equal(merge_count(world.merge, 1).written, i >= 10);
		world.now += 100;
	}
	world_wait_for_all(&world);
	world_close(&world);
}

/* One that is never full, and always has something that is earlier. */
static void nobody_waits_for_a_trickle_of_the_past(void **state)
{
	enum { NOW_S = 1700000000, TURNS = 120 };
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, PLENTY);
	world_packet(&world, 1, NOW_S * UINT64_C(1000000000), 30);
	for (unsigned i = 0; i < TURNS; i++) {
		world_packet(&world, 0, i + 1, 30);
		world_pump(&world);
		assert_int_equal(merge_count(world.merge, 1).written, i >= 100);
		world.now += 10;
	}
	world_wait_for_all(&world);
	world_close(&world);
}

/*
 * Target 1 has told of now, and target 0 fills its queue TURNS times, in steps
 * of its own time from so far back, and stays full for that part of the 100 ms
 * from one time to the next. Until when (ms) target 1 is kept waiting; 0: all
 * that time.
 */
static uint64_t wait_for(uint64_t back, uint64_t step, uint64_t full)
{
	enum { TURNS = 100, TURN_MS = 100 };
	static struct world world;
	uint64_t left = 0;

	world_open(&world, 2, 1000, 8000);
	world_packet(&world, 1, ms(back), 30);
	for (unsigned i = 0; i < TURNS; i++) {
		while (!merge_is_full(world.merge, 0))
			world_packet(&world, 0, ms(i * step), 3000);
		world.now += full;
		world_pump(&world);
		if (left == 0 && merge_count(world.merge, 1).written > 0)
			left = world.now;
		world.now += TURN_MS - full;
	}
	world_wait_for_all(&world);
	world_close(&world);
	return left;
}

/* Its reader was slow, not itself: it is full, or it catches up. */
static void one_that_is_behind_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(wait_for(3600000, 300, 0), 0);
	assert_int_equal(wait_for(100000, 300, 0), 0);
	assert_int_equal(wait_for(100000, 100, 50), 0);
	assert_int_equal(wait_for(100000, 10, 90), 0);
}

/* Bursts of the past, as fast as time passes: no reader has to do with that. */
static void nobody_waits_for_who_stays_behind(void **state)
{
	(void)state;
	assert_in_range(wait_for(1800000, 100, 0), 1000, 2000);
	assert_in_range(wait_for(1800000, 0, 0), 1000, 2000);
	assert_in_range(wait_for(10500, 100, 0), 1000, 2000);
	assert_in_range(wait_for(10500, 100, 5), 1000, 4000);
}

/* One that is full, catches up slowly, and has nothing but what is earlier. */
static void nobody_waits_for_ever_for_who_is_full(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 1000, 8000);
	world_packet(&world, 1, ms(1000000), 30);
	for (uint64_t i = 0; merge_count(world.merge, 1).written == 0; i++) {
		while (!merge_is_full(world.merge, 0))
			world_packet(&world, 0, ms(i), 3000);
		world.now += 900;
		world_pump(&world);
		world.now += 100;
	}
	assert_in_range(world.now, EXCUSE + 1000, EXCUSE + 3000);
	world_wait_for_all(&world);
	world_close(&world);
}

static void a_hung_one_takes_nobodys_moment(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 3, 1000, 20000);
	world.now = 500;
	for (uint64_t i = 0; !merge_is_full(world.merge, 0); i++)
		world_packet(&world, 0, ms(100 + i), 3000);
	world_watermark(&world, 1, ms(50));
	assert_int_equal(world_pump(&world), FULL_GRACE);
	world_wait_for_all(&world);
	world_close(&world);
}

static void a_discarded_queue_is_not_full(void **state)
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

static void a_sink_that_has_enough_stops_it(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 2, 0, PLENTY);
	for (uint64_t i = 0; i < 10; i++)
		world_packet(&world, i % 2, ms(i), 3);
	world.room = 4;
	assert_int_equal(merge_pump(world.merge, world.now), -1);
	assert_int_equal(world.left, 4);
	/* what it did not take stays, and is the next again */
	world.room = 1;
	assert_int_equal(merge_pump(world.merge, world.now), -1);
	assert_int_equal(world.left, 5);
	assert_false(merge_drain(world.merge));
	assert_int_equal(world.left, 5);
	world_close(&world);
}

static void a_drain_waits_for_nobody(void **state)
{
	static struct world world;

	(void)state;
	/* draining is the one time when less than the rules is asked */
	world_open(&world, 3, 1000, PLENTY);
	for (uint64_t i = 0; i < 30; i++)
		world_packet(&world, i % 3, ms(i * 7 % 30), 3);
	assert_true(world_pump(&world) > 0);
	world.draining = true;
	merge_drain(world.merge);
	assert_int_equal(world.left, 30);
	check_exact(&world);
	world_close(&world);
}

static void an_empty_merge_waits_for_nothing(void **state)
{
	static struct world world;

	(void)state;
	world_open(&world, 1, 1000, PLENTY);
	assert_int_equal(world_pump(&world), -1);
	merge_drain(world.merge);
	world_discard(&world, 0);
	world_packet(&world, 0, 0, 0);
	assert_int_equal(world_pump(&world), -1);
	assert_int_equal(world.left, 1);
	world_close(&world);
	merge_free(NULL);
}

/* A clock that is a year ahead makes the others late, and not disordered. */
static void stamps_of_next_year_disorder_nobody(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_follows_the_rules),
		cmocka_unit_test(equal_times_keep_the_targets_order),
		cmocka_unit_test(a_watermark_releases_at_once),
		cmocka_unit_test(what_one_has_spoken_counts_for_no_other),
		cmocka_unit_test(silence_costs_the_hold_and_no_more),
		cmocka_unit_test(ends_let_the_others_go),
		cmocka_unit_test(who_begins_again_is_waited_for),
		cmocka_unit_test(what_is_told_between_the_streams_counts),
		cmocka_unit_test(who_begins_again_is_given_a_moment),
		cmocka_unit_test(the_latest_that_was_told_is_known),
		cmocka_unit_test(a_full_queue_lets_go),
		cmocka_unit_test(nobody_waits_for_a_flood_of_the_past),
		cmocka_unit_test(nobody_waits_for_a_trickle_of_the_past),
		cmocka_unit_test(one_that_is_behind_is_waited_for),
		cmocka_unit_test(nobody_waits_for_who_stays_behind),
		cmocka_unit_test(a_pause_is_no_silence),
		cmocka_unit_test(nobody_waits_for_ever_for_who_is_full),
		cmocka_unit_test(a_hung_one_takes_nobodys_moment),
		cmocka_unit_test(a_discarded_queue_is_not_full),
		cmocka_unit_test(a_sink_that_has_enough_stops_it),
		cmocka_unit_test(a_drain_waits_for_nobody),
		cmocka_unit_test(an_empty_merge_waits_for_nothing),
		cmocka_unit_test(stamps_of_next_year_disorder_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
