/* SPDX-License-Identifier: MIT */
/* Starts in waves: never more at once than the limit, each source once, nobody for ever. */
#include "client/start_waves.h"

#include "common/clock.h"
#include "unit.h"

#include <string.h>

enum { COUNT = 1000 };

static struct {
	struct start_waves waves;
	struct target targets[COUNT];
	struct source sources[COUNT];
	unsigned started;
	unsigned connecting[START_WAVE_KINDS];
} world;

/* Every third one is by ssh. */
static bool is_ssh(unsigned index)
{
	return index % 3 == 0;
}

static void fill(unsigned count)
{
	static char host[] = "host";

	memset(&world, 0, sizeof(world));
	for (unsigned i = 0; i < count; i++) {
		world.targets[i].ssh_host = is_ssh(i) ? host : NULL;
		world.sources[i].target = &world.targets[i];
		world.sources[i].index = i;
		start_waves_add(&world.waves, &world.sources[i]);
		/* twice is once */
		start_waves_add(&world.waves, &world.sources[i]);
		assert_int_equal(world.sources[i].due_ms, CLOCK_NEVER);
	}
}

/* Starts all whose turn it is. Returns how many. */
static unsigned start(unsigned count, uint64_t now)
{
	static int feed; /* its address only */
	struct source *next;
	unsigned started = 0;

	while ((next = start_waves_next(&world.waves, world.sources, count, now))) {
		assert_false(next->awaits_start);
		assert_false(feed_is_active(&next->feed));
		next->feed.transfer = (struct transfer *)(void *)&feed;
		world.connecting[is_ssh(next->index) ? START_WAVE_SSH : START_WAVE_OTHER]++;
		started++;
	}
	world.started += started;
	return started;
}

/* A random one of those that connect begins, fails, or is lost. */
static void end_one(struct seed *seed)
{
	static const enum source_state ends[] = {SOURCE_RUNNING, SOURCE_OVER, SOURCE_LOST};
	const size_t first = seed_below(seed, COUNT);

	for (unsigned i = 0; i < COUNT; i++) {
		struct source *source = &world.sources[(first + i) % COUNT];

		if (source->state != SOURCE_CONNECTING || !feed_is_active(&source->feed))
			continue;
		source->state = ends[seed_below(seed, 3)];
		if (source->state != SOURCE_RUNNING)
			source->feed = (struct feed){0};
		world.connecting[is_ssh(source->index) ? START_WAVE_SSH : START_WAVE_OTHER]--;
		return;
	}
}

static void sources_start_once_and_never_too_many(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	fill(COUNT);
	for (unsigned turn = 0; turn < COUNT; turn++) {
		start(COUNT, 1);
		assert_true(world.connecting[START_WAVE_SSH] <= START_WAVES_SSH_MAX);
		assert_true(world.connecting[START_WAVE_OTHER] <= START_WAVES_OTHER_MAX);
		end_one(&seed);
	}
	assert_int_equal(world.started, COUNT);
	assert_int_equal(start_waves_due_ms(&world.waves), CLOCK_NEVER);
	assert_int_equal(start(COUNT, 1), 0);
}

/* Hosts that do not answer: the others start nevertheless, at the rate of the limits. */
static void sources_that_take_long_give_their_turn_away(void **state)
{
	uint64_t now = 1;
	unsigned turns = 0;

	(void)state;
	fill(COUNT);
	for (; world.started < COUNT; turns++) {
		assert_true(start(COUNT, now) > 0);
		if (world.started == COUNT)
			break;
		assert_int_equal(start(COUNT, start_waves_due_ms(&world.waves) - 1), 0);
		now = start_waves_due_ms(&world.waves);
	}
	assert_in_range(now, START_WAVES_SSH_MS * (COUNT / 3 / START_WAVES_SSH_MAX - 1),
		START_WAVES_SSH_MS * (COUNT / 3 / START_WAVES_SSH_MAX + 1));
}

/* They start in the order of the command line, and others do not wait for ssh. */
static void sources_start_in_order(void **state)
{
	(void)state;
	fill(100);
	start(100, 1);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(
			world.sources[i].awaits_start, is_ssh(i) && i >= 3 * START_WAVES_SSH_MAX);
}

/* A lost source connects again. */
static void sources_may_wait_again(void **state)
{
	(void)state;
	fill(2);
	assert_int_equal(start(2, 1), 2);
	world.sources[1].state = SOURCE_LOST;
	world.sources[1].feed = (struct feed){0};
	start_waves_add(&world.waves, &world.sources[1]);
	assert_int_equal(start(2, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_start_once_and_never_too_many),
		cmocka_unit_test(sources_that_take_long_give_their_turn_away),
		cmocka_unit_test(sources_start_in_order),
		cmocka_unit_test(sources_may_wait_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
