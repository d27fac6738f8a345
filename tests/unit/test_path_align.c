/* SPDX-License-Identifier: MIT */
/*
 * Targets whose clocks differ and drift, and that exchange packets: after some seconds, their
 * corrected times agree, over other targets, too, and delays are positive.
 */
#include "client/path_align.h"

#include "unit.h"

#define SECOND INT64_C(1000000000)
#define BEGIN (INT64_C(1700000000) * SECOND)

/* 0 and 1, 1 and 2, and 0 and 3 exchange packets, and so do 4 and 5; 6 has none. */
enum { TARGETS = 7, PAIRS = 4, STEP_NS = 5000000, SECONDS = 40, SETTLED = 14 };

static const unsigned pairs_of[PAIRS][2] = {{1, 0}, {1, 2}, {0, 3}, {5, 4}};
static const unsigned reference_of[TARGETS] = {0, 0, 0, 0, 4, 4, 6};

struct world {
	struct path_pairs pairs;
	struct path_delays delays;
	struct path_align *align;
	struct seed seed;
	int64_t offsets[TARGETS];
	int64_t ppm[TARGETS];
	int64_t least_ns; /* the shortest way of a packet */
};

/* Returns what the clock of a target shows at a true time. */
static uint64_t raw_of(const struct world *world, unsigned target, int64_t now)
{
	return (uint64_t)(now + world->offsets[target] +
			  (now - BEGIN) / 1000000 * world->ppm[target]);
}

static void set_up(struct world *world)
{
	*world = (struct world){.seed = seed_start(), .least_ns = 20000};
	assert_true(path_pairs_init(&world->pairs));
	world->align = path_align_new(TARGETS);
	assert_non_null(world->align);
	for (unsigned i = 0; i < TARGETS; i++) {
		/* without Ddump-Clock, for half of them; by more than that, they are not paired */
		world->offsets[i] =
			(int64_t)seed_below(&world->seed, (size_t)(2 * SECOND)) - SECOND;
		world->ppm[i] = (int64_t)seed_below(&world->seed, 91) - 45;
		if (i % 2 == 0)
			continue;
		world->offsets[i] *= 3;
		path_align_begin(world->align, i, world->offsets[i] + 400000, 500000, BEGIN);
	}
}

static void tear_down(struct world *world)
{
	path_align_free(world->align);
	path_pairs_cleanup(&world->pairs);
	path_delays_cleanup(&world->delays);
}

/* Sends a packet from one target to another; returns its delay by corrected times. */
static int64_t send(struct world *world, unsigned from, unsigned to, int64_t now)
{
	const int64_t arrived =
		now + world->least_ns +
		(int64_t)seed_below(&world->seed, 1000) * (int64_t)seed_below(&world->seed, 1000);
	const uint64_t sent_ns = path_align_packet(world->align, from, raw_of(world, from, now));
	const uint64_t arrived_ns = path_align_packet(world->align, to, raw_of(world, to, arrived));
	struct path_pending packet = {.delays = &world->delays, .is_back = from > to};

	assert_true(path_align_undo(world->align, from, sent_ns, &packet.sent_ns));
	assert_true(path_align_undo(world->align, to, arrived_ns, &packet.arrived_ns));
	assert_in_range(packet.sent_ns + 1 - raw_of(world, from, now), 0, 2);
	path_pairs_add(&world->pairs, path_pairs_find(&world->pairs, from, to), &packet);
	return (int64_t)(arrived_ns - sent_ns);
}

/* Do all clocks of a group show the same corrected time, as far as is promised? */
static void check_agreement(const struct world *world, int64_t now)
{
	for (unsigned i = 0; i < TARGETS; i++) {
		const struct path_align_state state = path_align_get(world->align, i);
		const uint64_t time = path_align_at(world->align, i, raw_of(world, i, now));
		const unsigned reference = reference_of[i];
		const int64_t difference = (int64_t)(time - path_align_at(world->align, reference,
								    raw_of(world, reference, now)));

		assert_int_equal(state.is_corrected, reference != i);
		if (!state.is_corrected)
			continue;
		assert_int_equal(state.reference, reference);
		assert_true(llabs(difference) <= (int64_t)state.error_ns + world->least_ns);
		assert_true(state.error_ns < 1000000);
	}
}

static void clocks_differ_and_drift_corrected_times_agree(void **state)
{
	struct world world;
	int64_t now = BEGIN;

	(void)state;
	set_up(&world);
	for (int64_t i = 0; i < SECONDS * SECOND / STEP_NS; i++, now += STEP_NS) {
		for (size_t pair = 0; pair < PAIRS; pair++) {
			const unsigned one = pairs_of[pair][0];
			const unsigned other = pairs_of[pair][1];
			const int64_t there = send(&world, one, other, now);
			const int64_t back = send(&world, other, one, now + STEP_NS / 2);

			if (now > BEGIN + SETTLED * SECOND)
				assert_true(there > 0 && back > 0);
		}
		if (i % 200 == 199)
			path_align_update(world.align, &world.pairs);
		if (now > BEGIN + SETTLED * SECOND && i % 100 == 0)
			check_agreement(&world, now);
	}
	tear_down(&world);
}

/* Adds a packet of a given delay; a clock that is ahead is so for this packet alone. */
static void add_pending(struct world *world, unsigned from, unsigned to, int64_t now,
	int64_t delay_ns, const int64_t ahead_ns[3])
{
	const struct path_pending packet = {.delays = &world->delays,
		.sent_ns = (uint64_t)(now + ahead_ns[from]),
		.arrived_ns = (uint64_t)(now + delay_ns + ahead_ns[to]),
		.is_back = from > to};

	path_align_packet(world->align, from, packet.sent_ns);
	path_align_packet(world->align, to, packet.arrived_ns);
	path_pairs_add(&world->pairs, path_pairs_find(&world->pairs, from, to), &packet);
}

/* Target 1 is near to 0 and to 2, as it says, and shows them times that differ by 1 s. */
static void liar_between_two_others_does_not_move_them(void **state)
{
	static const int64_t truth[3] = {0};
	static const int64_t lie[3] = {0, SECOND, 0};
	struct world world = {0};
	int64_t now = BEGIN;

	(void)state;
	assert_true(path_pairs_init(&world.pairs));
	world.align = path_align_new(3);
	assert_non_null(world.align);
	for (int64_t i = 0; i < 20 * SECOND / STEP_NS; i++, now += STEP_NS) {
		add_pending(&world, 0, 1, now, 1000, truth);
		add_pending(&world, 1, 0, now, 1000, truth);
		add_pending(&world, 1, 2, now, 1000, lie);
		add_pending(&world, 2, 1, now, 1000, lie);
		add_pending(&world, 0, 2, now, 20000000, truth);
		add_pending(&world, 2, 0, now, 20000000, truth);
		if (i % 200 == 199)
			path_align_update(world.align, &world.pairs);
	}
	assert_true(path_align_get(world.align, 2).is_corrected);
	assert_true(llabs((int64_t)(path_align_at(world.align, 2, (uint64_t)now) -
				    path_align_at(world.align, 0, (uint64_t)now))) < 20000000);
	tear_down(&world);
}

/* Packets in one direction tell one limit of the offset: nothing is corrected. */
static void one_direction_nothing_corrected(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	for (int64_t now = BEGIN; now < BEGIN + 5 * SECOND; now += STEP_NS) {
		send(&world, 0, 2, now);
		path_align_update(world.align, &world.pairs);
	}
	assert_false(path_align_get(world.align, 2).is_corrected);
	assert_int_equal(path_align_at(world.align, 2, BEGIN), BEGIN);
	tear_down(&world);
}

/* A new stream agrees with what packets have shown: that stays. Otherwise it begins anew. */
static void next_stream_keeps_better_correction(void **state)
{
	struct world world;
	int64_t now = BEGIN;
	uint64_t time;
	uint64_t raw;

	(void)state;
	set_up(&world);
	for (; now < BEGIN + 5 * SECOND; now += STEP_NS) {
		send(&world, 0, 1, now);
		send(&world, 1, 0, now);
		path_align_update(world.align, &world.pairs);
	}
	raw = raw_of(&world, 1, now + SECOND);
	time = path_align_at(world.align, 1, raw);
	path_align_begin(world.align, 1, (int64_t)(raw - time) - 300000, 400000, time + 300000);
	assert_int_equal(path_align_at(world.align, 1, raw), time);
	path_align_begin(world.align, 1, 9 * SECOND, 400000, time);
	assert_int_equal(path_align_at(world.align, 1, time + 9 * (uint64_t)SECOND), time);
	tear_down(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_differ_and_drift_corrected_times_agree),
		cmocka_unit_test(liar_between_two_others_does_not_move_them),
		cmocka_unit_test(one_direction_nothing_corrected),
		cmocka_unit_test(next_stream_keeps_better_correction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
