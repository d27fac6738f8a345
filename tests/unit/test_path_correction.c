/* SPDX-License-Identifier: MIT */
/*
 * Corrected timestamps keep their order however the correction changes, watermarks stay true,
 * and raw times can be had again.
 */
#include "client/path_correction.h"

#include "unit.h"

#define SECOND UINT64_C(1000000000)
#define BEGIN (UINT64_C(1700000000) * SECOND)

enum { STEPS = 20000 };

static struct path_correction correction;

/* Changes the correction at random: by ns, or by seconds. */
static void change(struct seed *seed, uint64_t raw_ns)
{
	static const uint64_t sizes[] = {1, 1000, 1000000, SECOND, 5 * SECOND};
	const uint64_t size = sizes[seed_below(seed, sizeof(sizes) / sizeof(*sizes))];
	const uint64_t now = path_correction_at(&correction, raw_ns);
	const int64_t rate = (int64_t)seed_below(seed, 200001) - 100000;

	path_correction_set(
		&correction, raw_ns, now + size / 2 - seed_u32(seed) % (size + 1), rate);
}

static void times_in_order_come_back(void **state)
{
	struct seed seed = seed_start();
	uint64_t raw = BEGIN;
	uint64_t last = 0;
	uint64_t watermark = 0;

	(void)state;
	correction = (struct path_correction){0};
	path_correction_begin(&correction, BEGIN, BEGIN - 3 * SECOND);
	for (int i = 0; i < STEPS; i++) {
		uint64_t corrected;
		uint64_t undone;

		raw += seed_below(&seed, 3) == 0 ? 1 : seed_below(&seed, SECOND / 100);
		corrected = path_correction_packet(&correction, raw);
		assert_true(corrected >= last);
		assert_true(corrected > watermark);
		assert_true(path_correction_undo(&correction, corrected, &undone));
		assert_in_range(undone + 1 - raw, 0, 2);
		last = corrected;
		if (seed_below(&seed, 20) == 0) {
			watermark = path_correction_watermark(&correction, raw);
			assert_true(watermark + 1 >= last);
		}
		if (seed_below(&seed, 50) == 0)
			change(&seed, raw + seed_below(&seed, SECOND));
	}
}

/* Times that have come keep their correction, in whatever order they come. */
static void known_times_unchanged(void **state)
{
	enum { KEPT = 100 };
	struct seed seed = seed_start();
	uint64_t kept[KEPT][2];
	uint64_t raw = BEGIN;

	(void)state;
	correction = (struct path_correction){0};
	for (int i = 0; i < KEPT; i++) {
		raw += seed_below(&seed, SECOND / 10);
		kept[i][0] = raw;
		kept[i][1] = path_correction_packet(&correction, raw);
		if (i % 4 == 0)
			change(&seed, raw);
	}
	for (int i = 0; i < KEPT; i++)
		assert_int_equal(path_correction_packet(&correction, kept[i][0]), kept[i][1]);
}

/* An earlier time is reached soon, without a step back. */
static void earlier_time_reached_by_slowness(void **state)
{
	static const uint64_t gaps[] = {1, 77, 12345678, 399999999, 3 * SECOND};

	(void)state;
	for (size_t i = 0; i < sizeof(gaps) / sizeof(*gaps); i++) {
		uint64_t raw = BEGIN;

		correction = (struct path_correction){0};
		path_correction_packet(&correction, raw);
		assert_int_equal(
			path_correction_set(&correction, raw, raw - gaps[i], -50000), gaps[i]);
		assert_int_equal(path_correction_at(&correction, raw + 1), raw + 1);
		raw += SECOND + gaps[i] * 5 / 2;
		assert_in_range(path_correction_at(&correction, raw) + gaps[i] + 2 - raw +
					(raw - BEGIN) / 20000,
			0, 4);
	}
}

static void later_time_reached_at_once(void **state)
{
	(void)state;
	correction = (struct path_correction){0};
	path_correction_packet(&correction, BEGIN);
	path_correction_set(&correction, BEGIN, BEGIN + 3 * SECOND, 0);
	assert_int_equal(path_correction_packet(&correction, BEGIN + 1), BEGIN + 3 * SECOND + 1);
}

/* After a clock was set, the next stream has the new offset at once. */
static void set_clock_begins_anew(void **state)
{
	static const int64_t steps[] = {-7200, 7200, -1, 2};
	uint64_t undone;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		const uint64_t raw = BEGIN + SECOND / 2 + (uint64_t)steps[i] * SECOND;

		correction = (struct path_correction){0};
		path_correction_begin(&correction, BEGIN, BEGIN);
		path_correction_packet(&correction, BEGIN);
		path_correction_begin(&correction, raw, BEGIN + SECOND / 2);
		assert_int_equal(path_correction_packet(&correction, raw), BEGIN + SECOND / 2);
		/* nobody can know which stream this was */
		if (steps[i] < 0)
			assert_false(path_correction_undo(&correction, BEGIN, &undone));
	}
}

/* Times that are none do not overflow, nor loop. */
static void odd_times_harmless(void **state)
{
	static const uint64_t odd[] = {0, 1, INT64_MAX, UINT64_MAX - 1, UINT64_MAX};
	struct seed seed = seed_start();
	uint64_t undone;

	(void)state;
	correction = (struct path_correction){0};
	for (int i = 0; i < 1000; i++) {
		const uint64_t raw = odd[seed_below(&seed, sizeof(odd) / sizeof(*odd))];

		path_correction_watermark(&correction, raw);
		path_correction_undo(
			&correction, path_correction_packet(&correction, raw), &undone);
		change(&seed, raw);
		if (i % 10 == 0)
			path_correction_begin(&correction, raw, raw / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_in_order_come_back),
		cmocka_unit_test(known_times_unchanged),
		cmocka_unit_test(earlier_time_reached_by_slowness),
		cmocka_unit_test(later_time_reached_at_once),
		cmocka_unit_test(set_clock_begins_anew),
		cmocka_unit_test(odd_times_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
