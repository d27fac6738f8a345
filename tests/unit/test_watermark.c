/* SPDX-License-Identifier: MIT */
/*
 * The watermark: all packets up to it have been handed on, whatever the ring
 * does; it follows the clock while the ring is empty; it does not move back.
 */
#include "worker/watermark.h"

#include "unit.h"

#include <string.h>

#define MS UINT64_C(1000000)

enum {
	ROUNDS = 200,
	STEPS = 400,
	PACKETS_MAX = STEPS,
	START_MS = 1000000,
	IN_FLIGHT_MS = 10,
	BLOCK_CLOSED_MS = 100,
};

static void watermark_empty_ring_follows_the_clock(void **state)
{
	struct watermark watermark = {0};

	(void)state;
	for (uint64_t now = START_MS; now < START_MS + 10; now++)
		assert_int_equal(
			watermark_advance(&watermark, now * MS, 0, 0), (now - IN_FLIGHT_MS) * MS);
}

static void watermark_dropped_packets_are_not_in_the_ring(void **state)
{
	struct watermark watermark = {0};

	(void)state;
	watermark_count_packet(&watermark);
	assert_int_equal(
		watermark_advance(&watermark, START_MS * MS, 8, 7), (START_MS - IN_FLIGHT_MS) * MS);
}

static void watermark_busy_ring_stays_before_the_last_read(void **state)
{
	struct watermark watermark = {0};

	(void)state;
	assert_int_equal(watermark_advance(&watermark, START_MS * MS, 1, 0), 0);
	watermark_mark_drained(&watermark, (START_MS + 1) * MS);
	assert_int_equal(watermark_advance(&watermark, (START_MS + 2) * MS, 2, 0),
		(START_MS + 1 - BLOCK_CLOSED_MS) * MS);
}

static void watermark_busy_after_empty_does_not_move_back(void **state)
{
	struct watermark watermark = {0};
	uint64_t before = watermark_advance(&watermark, START_MS * MS, 0, 0);

	(void)state;
	watermark_mark_drained(&watermark, START_MS * MS);
	assert_int_equal(watermark_advance(&watermark, (START_MS + 1) * MS, 1, 0), before);
}

static void watermark_clock_set_back_moves_back(void **state)
{
	struct watermark watermark = {0};

	(void)state;
	watermark_advance(&watermark, START_MS * MS, 0, 0);
	assert_int_equal(watermark_advance(&watermark, START_MS * MS / 2, 0, 0),
		START_MS * MS / 2 - IN_FLIGHT_MS * MS);
}

/* The start of the last read is a time of the clock as it was before. */
static void watermark_clock_set_back_while_busy_waits_for_a_read(void **state)
{
	struct watermark watermark = {0};
	const uint64_t later = START_MS / 2;
	uint64_t before;

	(void)state;
	watermark_advance(&watermark, START_MS * MS, 1, 0);
	watermark_mark_drained(&watermark, (START_MS + 1) * MS);
	before = watermark_advance(&watermark, (START_MS + 2) * MS, 2, 0);
	assert_int_equal(watermark_advance(&watermark, later * MS, 3, 0), before);
	watermark_mark_drained(&watermark, (later + 1) * MS);
	assert_int_equal(watermark_advance(&watermark, (later + 2) * MS, 4, 0),
		(later + 1 - BLOCK_CLOSED_MS) * MS);
}

/* libpcap took two copies of a CAN frame out of the ring, and passed one. */
static void watermark_discarded_packet_is_repaired_once_idle(void **state)
{
	struct watermark watermark = {0};
	const uint64_t limit = (START_MS + BLOCK_CLOSED_MS) * MS;

	(void)state;
	watermark_count_packet(&watermark);
	watermark_advance(&watermark, START_MS * MS, 2, 0);
	watermark_mark_drained(&watermark, limit);
	assert_int_equal(watermark_advance(&watermark, limit + 1, 2, 0), START_MS * MS);
	watermark_mark_drained(&watermark, limit + 1);
	assert_int_equal(
		watermark_advance(&watermark, limit + 2, 2, 0), limit + 2 - IN_FLIGHT_MS * MS);
	watermark_count_packet(&watermark);
	assert_int_equal(
		watermark_advance(&watermark, limit + 3, 3, 0), limit + 3 - IN_FLIGHT_MS * MS);
}

/* A ring whose blocks close after at most BLOCK_CLOSED_MS. */
struct ring {
	uint64_t times[PACKETS_MAX]; /* ms, in the order of arrival */
	size_t stored;
	size_t closed; /* of these, in closed blocks */
	size_t taken;
	uint64_t open_since; /* ms */
};

static void store_packets(struct ring *ring, struct seed *seed, uint64_t now)
{
	/* timestamped a little before it is stored */
	if (ring->stored == ring->closed)
		ring->open_since = now;
	ring->times[ring->stored++] = now - seed_below(seed, IN_FLIGHT_MS);
}

static void read_ring(struct ring *ring, struct watermark *watermark, uint64_t now)
{
	for (; ring->taken < ring->closed; ring->taken++)
		watermark_count_packet(watermark);
	watermark_mark_drained(watermark, now * MS);
}

static void run_ring(struct seed *seed)
{
	struct ring ring = {0};
	struct watermark watermark = {0};
	const size_t busy = 1 + seed_below(seed, 8);
	uint64_t now = START_MS;
	uint64_t last = 0;

	for (int step = 0; step < STEPS; step++) {
		uint64_t time;

		now += seed_below(seed, 8);
		if (seed_below(seed, busy) == 0)
			store_packets(&ring, seed, now);
		if (seed_below(seed, 10) == 0 ||
			now + 10 > ring.open_since + BLOCK_CLOSED_MS - IN_FLIGHT_MS)
			ring.closed = ring.stored;
		if (seed_below(seed, 3) == 0)
			read_ring(&ring, &watermark, now);
		time = watermark_advance(&watermark, now * MS, ring.stored, 0);
		assert_true(time >= last);
		last = time;
		for (size_t i = ring.taken; i < ring.stored; i++)
			assert_true(ring.times[i] * MS > time);
	}
}

static void watermark_any_ring_holds_no_earlier_packet(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		run_ring(&seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watermark_empty_ring_follows_the_clock),
		cmocka_unit_test(watermark_dropped_packets_are_not_in_the_ring),
		cmocka_unit_test(watermark_busy_ring_stays_before_the_last_read),
		cmocka_unit_test(watermark_busy_after_empty_does_not_move_back),
		cmocka_unit_test(watermark_clock_set_back_moves_back),
		cmocka_unit_test(watermark_clock_set_back_while_busy_waits_for_a_read),
		cmocka_unit_test(watermark_discarded_packet_is_repaired_once_idle),
		cmocka_unit_test(watermark_any_ring_holds_no_earlier_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
