/* SPDX-License-Identifier: MIT */
/*
 * Delays between two hosts: each packet is counted once, each delay is within the bound
 * that is stated for all, whatever the traffic, the clocks and the sizes of lists are.
 */
#include "client/path_delays.h"

#include "common/clock.h"
#include "unit.h"

enum { WORLDS = 40, STRETCHES = 3 };

static const uint64_t BEGIN = UINT64_C(1700000000123456789);

/* Other's clock is offset plus a drift; true delays are kept per stretch. */
struct world {
	struct seed *seed;
	int64_t offset_ns;
	int drift_ppm;
	struct path_pairs pairs;
	struct path_pair *pair;
	struct path_delays delays[2 * STRETCHES]; /* the second half goes back */
	struct path_histogram truth[2 * STRETCHES];
};

static uint64_t other_time(const struct world *world, uint64_t time_ns)
{
	const int64_t age_us = (int64_t)((time_ns - BEGIN) / 1000);

	return time_ns + (uint64_t)(world->offset_ns + age_us * world->drift_ppm / 1000);
}

static void set_up(struct world *world, struct seed *seed)
{
	*world = (struct world){.seed = seed};
	world->offset_ns = ((int64_t)seed_below(seed, 2000001) - 1000000) * 3600000;
	world->drift_ppm = (int)seed_below(seed, 199) - 99;
	assert_true(path_pairs_init(&world->pairs));
	world->pair = path_pairs_find(&world->pairs, 7, 3);
	assert_non_null(world->pair);
}

static void tear_down(struct world *world)
{
	for (size_t i = 0; i < 2 * STRETCHES; i++)
		path_delays_cleanup(&world->delays[i]);
	path_pairs_cleanup(&world->pairs);
}

/* Sends a packet at a true time, which is that of one's clock. */
static void pass(struct world *world, size_t stretch, uint64_t time_ns, uint64_t delay_ns)
{
	struct path_pending packet = {
		.delays = &world->delays[stretch],
		.is_back = stretch >= STRETCHES,
		.sent_ns = time_ns,
		.arrived_ns = time_ns + delay_ns,
	};

	if (packet.is_back)
		packet.sent_ns = other_time(world, packet.sent_ns);
	else
		packet.arrived_ns = other_time(world, packet.arrived_ns);
	path_histogram_add(&world->truth[stretch], delay_ns);
	path_pairs_add(&world->pairs, world->pair, &packet);
}

static uint64_t distance(uint64_t one, uint64_t other)
{
	return one > other ? one - other : other - one;
}

/* Exact least and most are within the bound; so is each rank, as far as buckets allow. */
static void check_delays(const struct world *world, size_t stretch)
{
	const struct path_delays *delays = &world->delays[stretch];
	const struct path_histogram *truth = &world->truth[stretch];
	const struct path_histogram *found = delays->histogram;
	const uint64_t known = found ? found->count : 0;

	assert_int_equal(known + delays->unknown, truth->count);
	if (delays->unknown > 0 || !found)
		return;
	assert_true(distance(found->least_ns, truth->least_ns) <= delays->bound_ns + 2);
	assert_true(distance(found->most_ns, truth->most_ns) <= delays->bound_ns + 2);
	for (double share = 0; share <= 1; share += 0.1) {
		const uint64_t a = path_histogram_percentile(found, share);
		const uint64_t b = path_histogram_percentile(truth, share);

		assert_true(distance(a, b) <= delays->bound_ns + 2 + a / 8 + b / 8);
	}
}

static void random_traffic_delays_in_bound(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < WORLDS; i++) {
		struct world world;
		const size_t per_second = 2 + seed_below(&seed, 1000);
		const bool has_back = i % 4 > 0;
		const size_t most_delay = 1 + seed_below(&seed, 10000000);

		set_up(&world, &seed);
		for (uint64_t n = 0; n < 5 * per_second; n++) {
			const size_t stretch =
				seed_below(&seed, has_back ? 2 * STRETCHES : STRETCHES);

			pass(&world, stretch, BEGIN + n * NS_PER_S / per_second,
				seed_below(&seed, most_delay) + 100000 * (stretch % STRETCHES));
		}
		path_pairs_finish(&world.pairs);
		for (size_t j = 0; j < 2 * STRETCHES; j++) {
			check_delays(&world, j);
			if (!has_back)
				assert_null(world.delays[j].histogram);
		}
		assert_int_equal(world.pair->steps, 0);
		tear_down(&world);
	}
}

/* More packets in a window than are kept: it ends early, and no delay is missing. */
static void full_list_no_delay_is_missing(void **state)
{
	struct seed seed = seed_start();
	struct world world;

	(void)state;
	set_up(&world, &seed);
	for (uint64_t n = 0; n < 10 * PATH_PENDING_MAX; n++)
		pass(&world, n % 2 ? 0 : STRETCHES, BEGIN + n * 1000,
			5000 + seed_below(&seed, 500));
	path_pairs_finish(&world.pairs);
	assert_int_equal(world.delays[0].unknown + world.delays[STRETCHES].unknown, 0);
	check_delays(&world, 0);
	check_delays(&world, STRETCHES);
	assert_true(world.delays[0].bound_ns < 20000);
	assert_true(world.pairs.pending_size <= PATH_PENDING_TOTAL);
	tear_down(&world);
}

/* One direction only, but both clocks are known by other means. */
static void known_clocks_bound_one_direction(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < WORLDS; i++) {
		struct world world;
		struct path_known_clock one = {.is_known = true, .at_ns = BEGIN};
		struct path_known_clock other = one;

		set_up(&world, &seed);
		/* the local clock is one's, but for an error that the bound has */
		one.bound_ns = seed_below(&seed, 1000000);
		one.offset_ns = -(int64_t)seed_below(&seed, one.bound_ns + 1);
		other.bound_ns = 1000 + seed_below(&seed, 1000000);
		other.offset_ns = world.offset_ns + (int64_t)seed_below(&seed, other.bound_ns);
		path_pairs_set_clock(&world.pairs, 7, &other);
		path_pairs_set_clock(&world.pairs, 3, &one);
		for (uint64_t n = 0; n < 2000; n++)
			pass(&world, 0, BEGIN + n * NS_PER_MS, 1000 + seed_below(&seed, 5000000));
		path_pairs_finish(&world.pairs);
		assert_int_equal(world.delays[0].unknown, 0);
		check_delays(&world, 0);
		assert_true(world.pair->latest.has_low && world.pair->latest.has_high);
		tear_down(&world);
	}
}

/* Packets contradict what was known of a clock: it is forgotten, not mixed in. */
static void contradicted_clock_forgotten(void **state)
{
	struct seed seed = seed_start();
	struct world world;
	struct path_known_clock clock = {.is_known = true, .bound_ns = 1000, .at_ns = BEGIN};

	(void)state;
	set_up(&world, &seed);
	path_pairs_set_clock(&world.pairs, 3, &clock);
	clock.offset_ns = world.offset_ns + (int64_t)NS_PER_S;
	path_pairs_set_clock(&world.pairs, 7, &clock);
	for (uint64_t n = 0; n < 2000; n++)
		pass(&world, n % 2 ? 0 : STRETCHES, BEGIN + n * NS_PER_MS,
			seed_below(&seed, 50000));
	path_pairs_finish(&world.pairs);
	check_delays(&world, 0);
	check_delays(&world, STRETCHES);
	assert_false(world.pairs.clocks[3].is_known || world.pairs.clocks[7].is_known);
	tear_down(&world);
}

/* Both orders of two targets are one pair; beyond the limit there is none. */
static void pairs_found_up_to_limit(void **state)
{
	struct path_pairs pairs;

	(void)state;
	assert_true(path_pairs_init(&pairs));
	for (unsigned i = 1; i <= PATH_PAIRS_MAX; i++)
		assert_non_null(path_pairs_find(&pairs, 0, i));
	assert_null(path_pairs_find(&pairs, 1, 2));
	for (unsigned i = 1; i <= PATH_PAIRS_MAX; i++) {
		const struct path_pair *pair = path_pairs_find(&pairs, i, 0);

		assert_int_equal(pair->one, 0);
		assert_int_equal(pair->other, i);
	}
	path_pairs_cleanup(&pairs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_traffic_delays_in_bound),
		cmocka_unit_test(full_list_no_delay_is_missing),
		cmocka_unit_test(known_clocks_bound_one_direction),
		cmocka_unit_test(contradicted_clock_forgotten),
		cmocka_unit_test(pairs_found_up_to_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
