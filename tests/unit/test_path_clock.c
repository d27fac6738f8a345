/* SPDX-License-Identifier: MIT */
/*
 * Clocks by traffic: whatever the delays, the offset and its drift are, the true offset is
 * within the limits at each time of a window, and corrected delays within their bound.
 */
#include "client/path_clock.h"

#include "common/clock.h"
#include "unit.h"

enum { WORLDS = 300, PACKETS = 400, LEG_MS = 100, LEGS = 64, OFFSET_S = 3600 };

static const uint64_t BEGIN = UINT64_C(1700000000123456789);

/* Other's clock against one's: a line of legs, each with a drift of its own. */
struct world {
	struct seed *seed;
	double offset_ns[LEGS + 1];
	uint64_t least_delay[2];
	uint64_t most_delay[2]; /* beyond the least */
};

struct packet {
	bool is_back;
	uint64_t sent_ns;
	uint64_t arrived_ns;
	uint64_t delay_ns;
};

/* Doubles are exact to a few hundred ns at such times, so they count from the begin. */
static int64_t offset_at(const struct world *world, uint64_t time_ns)
{
	const double leg_ns = (double)LEG_MS * 1e6;
	const double at = (double)(time_ns - BEGIN) / leg_ns;
	const size_t leg = (size_t)at;

	assert_true(leg < LEGS);
	return (int64_t)(world->offset_ns[leg] +
			 (world->offset_ns[leg + 1] - world->offset_ns[leg]) * (at - (double)leg));
}

static uint64_t some_delay(struct seed *seed)
{
	uint64_t most = 1;

	for (size_t i = seed_below(seed, 9); i > 0; i--)
		most *= 10;
	return seed_below(seed, most);
}

static struct world make_world(struct seed *seed)
{
	struct world world = {.seed = seed};
	/* one leg drifts by that much at the most; 1 ns less for rounding */
	const size_t most = LEG_MS * PATH_CLOCK_DRIFT_PPM - 1;

	world.offset_ns[0] = ((double)seed_below(seed, 2000001) - 1e6) * OFFSET_S * 1e3;
	for (size_t i = 0; i < LEGS; i++)
		world.offset_ns[i + 1] =
			world.offset_ns[i] + (double)seed_below(seed, 2 * most + 1) - (double)most;
	for (size_t i = 0; i < 2; i++) {
		world.least_delay[i] = some_delay(seed);
		world.most_delay[i] = some_delay(seed) + 1;
	}
	return world;
}

/* A packet that is sent at a time of one's clock. */
static struct packet send_packet(const struct world *world, bool is_back, uint64_t time_ns)
{
	const uint64_t delay =
		world->least_delay[is_back] + seed_below(world->seed, world->most_delay[is_back]);
	struct packet packet = {.is_back = is_back, .delay_ns = delay};

	packet.sent_ns = time_ns;
	packet.arrived_ns = time_ns + delay;
	if (is_back)
		packet.sent_ns += (uint64_t)offset_at(world, time_ns);
	else
		packet.arrived_ns += (uint64_t)offset_at(world, time_ns + delay);
	return packet;
}

static void check_interval(
	const struct world *world, const struct path_clock_window *window, uint64_t one_ns)
{
	const struct path_clock_interval interval = path_clock_at(window, one_ns);
	const int64_t truth = offset_at(world, one_ns);

	/* the test's own doubles are rounded */
	if ((interval.has_low && truth < interval.low_ns - 2) ||
		(interval.has_high && truth > interval.high_ns + 2))
		fail_msg("offset %" PRId64 " at %" PRIu64 " is not in %" PRId64 " to %" PRId64,
			truth, one_ns - BEGIN, interval.low_ns, interval.high_ns);
}

static void check_delay(const struct path_clock_window *window, const struct packet *packet)
{
	const uint64_t one_ns = packet->is_back ? packet->arrived_ns : packet->sent_ns;
	const struct path_clock_interval interval = path_clock_at(window, one_ns);
	struct path_clock_delay delay;
	uint64_t error;

	if (!path_clock_correct(
		    &interval, packet->is_back, packet->sent_ns, packet->arrived_ns, &delay)) {
		assert_true(!interval.has_low || !interval.has_high);
		return;
	}
	error = delay.ns > packet->delay_ns ? delay.ns - packet->delay_ns
					    : packet->delay_ns - delay.ns;
	if (error > delay.bound_ns + 2)
		fail_msg("delay %" PRIu64 " instead of %" PRIu64 ", bound %" PRIu64, delay.ns,
			packet->delay_ns, delay.bound_ns);
}

/* Checks all times of a window that has ended, and all packets that it had. */
static void check_window(const struct world *world, const struct path_clock_window *window,
	const struct packet *packets, size_t count)
{
	assert_false(window->is_stepped);
	assert_true(window->begin_ns >= BEGIN);
	for (uint64_t ms = 0; ms < PATH_CLOCK_WINDOW_MS; ms++)
		check_interval(world, window, window->begin_ns + ms * NS_PER_MS);
	for (size_t i = 0; i < count; i++)
		check_delay(window, &packets[i]);
}

/* Packets of two seconds at most, in any order; those that are not of the window end it. */
static void run_world(const struct world *world, bool has_back)
{
	static struct packet packets[PACKETS];
	struct path_clock clock = {0};
	struct path_clock_window window;
	size_t first = 0;

	for (size_t i = 0; i < PACKETS; i++) {
		const bool is_back = has_back && seed_below(world->seed, 2);
		const uint64_t second = NS_PER_S * (i / (PACKETS / 4));
		const uint64_t time = BEGIN + second + (uint64_t)seed_u32(world->seed) % NS_PER_S;

		packets[i] = send_packet(world, is_back, time);
		if (!path_clock_add(
			    &clock, is_back, packets[i].sent_ns, packets[i].arrived_ns, &window))
			continue;
		check_window(world, &window, packets + first, i - first);
		first = i;
	}
	assert_true(path_clock_end_window(&clock, &window));
	assert_false(path_clock_end_window(&clock, &window));
	check_window(world, &window, packets + first, PACKETS - first);
	assert_int_equal(clock.is_known, has_back);
}

static void random_worlds_offset_and_delays_in_bounds(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < WORLDS; i++) {
		const struct world world = make_world(&seed);

		run_world(&world, true);
	}
}

static void one_direction_one_limit(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < WORLDS; i++) {
		const struct world world = make_world(&seed);
		struct path_clock clock = {0};
		struct path_clock_window window;
		struct path_clock_interval interval;
		struct packet packet;

		run_world(&world, false);
		packet = send_packet(&world, true, BEGIN);
		path_clock_add(&clock, true, packet.sent_ns, packet.arrived_ns, &window);
		assert_true(path_clock_end_window(&clock, &window));
		interval = path_clock_at(&window, BEGIN);
		assert_true(interval.has_low);
		assert_false(interval.has_high);
	}
}

/* Much traffic without delay: the limits are as narrow as a slot's drift. */
static void much_traffic_narrow_limits(void **state)
{
	struct seed seed = seed_start();
	struct world world = make_world(&seed);
	struct path_clock clock = {0};
	struct path_clock_window window;
	const uint64_t slot_us = PATH_CLOCK_WINDOW_MS * UINT64_C(1000) / PATH_CLOCK_SLOTS;
	const uint64_t drift_ns = slot_us * PATH_CLOCK_DRIFT_PPM / 1000;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		world.least_delay[i] = 0;
		world.most_delay[i] = 1;
	}
	for (uint64_t i = 0; i < 20000; i++) {
		const uint64_t time = BEGIN + i * NS_PER_S / 20000;
		const struct packet packet = send_packet(&world, i % 2, time);

		path_clock_add(&clock, i % 2, packet.sent_ns, packet.arrived_ns, &window);
	}
	assert_true(path_clock_end_window(&clock, &window));
	for (uint64_t i = 0; i < 1000; i++) {
		const struct path_clock_interval interval =
			path_clock_at(&window, BEGIN + i * NS_PER_S / 1000);

		assert_true(interval.has_low && interval.has_high);
		assert_in_range((uint64_t)(interval.high_ns - interval.low_ns), 0, 4 * drift_ns);
	}
}

/* The clock of other is set, in a window or between two: it is found, and left behind. */
static void step_found_and_left_behind(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < WORLDS; i++) {
		struct world world = make_world(&seed);
		const bool is_between = i % 2;
		const int64_t sign = seed_below(&seed, 2) ? 1 : -1;
		const int64_t step = sign * (int64_t)(NS_PER_S + some_delay(&seed));
		uint64_t step_ns = BEGIN + NS_PER_S - 1;
		struct path_clock clock = {0};
		struct path_clock_window window;
		size_t steps = 0;

		if (is_between)
			for (size_t j = 0; j < 2; j++) {
				world.least_delay[j] = 0;
				world.most_delay[j] = 1;
			}
		else /* after packets of both directions */
			step_ns =
				BEGIN + 10 * NS_PER_MS + (uint64_t)seed_u32(&seed) % (2 * NS_PER_S);
		for (uint64_t ms = 0; ms <= 5000; ms++) {
			const uint64_t time = BEGIN + ms * NS_PER_MS;
			struct packet packet = send_packet(&world, ms % 2, time);

			if (time > step_ns && packet.is_back)
				packet.sent_ns += (uint64_t)step;
			if (time > step_ns && !packet.is_back)
				packet.arrived_ns += (uint64_t)step;
			if (path_clock_add(&clock, packet.is_back, packet.sent_ns,
				    packet.arrived_ns, &window))
				steps += window.is_stepped;
		}
		assert_in_range(steps, 1, 1);
		assert_true(clock.is_known);
		assert_false(window.is_stepped);
		for (size_t j = 0; j < PATH_CLOCK_SLOTS; j++) {
			window.slots[j].low_ns -= step;
			window.slots[j].high_ns -= step;
		}
		check_interval(&world, &window, window.begin_ns + NS_PER_S / 2);
	}
}

static void random_numbers_harmless(void **state)
{
	struct seed seed = seed_start();
	struct path_clock clock = {0};
	struct path_clock_window window;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint64_t times[3];
		struct path_clock_delay delay;

		for (size_t j = 0; j < 3; j++) {
			seed_bytes(&seed, &times[j], sizeof(times[j]));
			times[j] >>= seed_below(&seed, 64);
		}
		if (path_clock_add(&clock, i % 2, times[0], times[1], &window)) {
			const struct path_clock_interval interval =
				path_clock_at(&window, times[2]);

			path_clock_correct(&interval, i % 3 == 0, times[0], times[1], &delay);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_worlds_offset_and_delays_in_bounds),
		cmocka_unit_test(one_direction_one_limit),
		cmocka_unit_test(much_traffic_narrow_limits),
		cmocka_unit_test(step_found_and_left_behind),
		cmocka_unit_test(random_numbers_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
