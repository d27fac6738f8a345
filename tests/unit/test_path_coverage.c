/* SPDX-License-Identifier: MIT */
/*
 * Coverage: a time at which packets can be missing is never covered, and a time at which
 * none can be missing is, in random lives of a target whose truth is kept tick by tick.
 */
#include "client/path_coverage.h"

#include "unit.h"

#include <string.h>

enum { TICKS = 2000, WORLDS = 400, QUERIES = 200 };

/* What is true of each tick; the names of enum path_gap say why it is not covered. */
struct world {
	struct path_coverage coverage;
	enum path_gap truth[TICKS];
	size_t drops;
};

static bool has_truth(const struct world *world, size_t from, size_t to, enum path_gap cause)
{
	for (size_t i = from; i <= to; i++)
		if (world->truth[i] == cause)
			return true;
	return false;
}

/* Queries a closed interval, and compares it with what happened in it. */
static void check_query(const struct world *world, size_t from, size_t to)
{
	const enum path_gap gap = path_coverage_find_gap(&world->coverage, from, to);
	bool is_missing = false;

	for (int cause = PATH_GAP_NOT_RUNNING; cause < PATH_GAPS; cause++)
		is_missing = is_missing || has_truth(world, from, to, (enum path_gap)cause);
	if (is_missing != (gap != PATH_GAP_NONE))
		fail_msg("%zu to %zu: %d, but packets %s", from, to, gap,
			is_missing ? "are missing" : "are complete");
	if (gap != PATH_GAP_NONE)
		assert_true(has_truth(world, from, to, gap));
}

static void mark(struct world *world, size_t from, size_t to, enum path_gap cause)
{
	for (size_t i = from; i <= to && i < TICKS; i++)
		if (world->truth[i] == PATH_GAP_NONE || cause == PATH_GAP_NOT_RUNNING)
			world->truth[i] = cause;
}

/*
 * A target lives from tick to tick: streams begin and are lost, drops are reported for the
 * time since the last report, and watermarks come, if it has them. Returns the last tick.
 */
static size_t live(struct world *world, struct seed *seed, bool has_watermarks)
{
	const size_t end = TICKS / 2 + seed_below(seed, TICKS / 2);
	size_t told = 0;

	for (size_t now = 1 + seed_below(seed, 50); now < end;) {
		const size_t stop = now + 20 + seed_below(seed, 300);

		/* the first stream covers the tick of its begin; both ends of an outage are
		 * doubtful */
		mark(world, told, told > 0 ? now : now - 1, PATH_GAP_NOT_RUNNING);
		path_coverage_begin(&world->coverage, now);
		told = now;
		for (now++; now < stop && now < end; now++) {
			if (seed_below(seed, 3) == 0)
				continue;
			if (has_watermarks)
				path_coverage_watermark(&world->coverage, now);
			else
				path_coverage_advance(&world->coverage, now);
			if (seed_below(seed, 30) == 0 &&
				world->drops < PATH_COVERAGE_INTERVALS / 2) {
				path_coverage_add_drops(&world->coverage, told, now);
				mark(world, told, now, PATH_GAP_DROPPED);
				world->drops++;
			}
			told = now;
		}
		path_coverage_end(&world->coverage);
		now += seed_below(seed, 100);
	}
	mark(world, told + 1, TICKS - 1, PATH_GAP_NOT_RUNNING);
	return end;
}

static void random_lives_gaps_are_those_that_happened(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < WORLDS; i++) {
		struct world world = {0};

		live(&world, &seed, i % 2 == 0);
		for (int j = 0; j < QUERIES; j++) {
			const size_t from = seed_below(&seed, TICKS);
			const size_t most = seed_below(&seed, 2) ? 20 : TICKS;
			const size_t length = seed_below(&seed, most);

			check_query(
				&world, from, from + length < TICKS ? from + length : TICKS - 1);
		}
	}
}

/* More gaps than are kept: each that happened is still answered as one. */
static void many_gaps_none_is_forgotten(void **state)
{
	struct path_coverage coverage = {0};

	(void)state;
	path_coverage_begin(&coverage, 1000);
	for (uint64_t i = 0; i < 1000; i++) {
		const uint64_t from = 2000 + i * 100;

		path_coverage_add_drops(&coverage, from, from + 10);
		path_coverage_advance(&coverage, from + 50);
		for (uint64_t j = 0; j <= i; j += 1 + i / 10)
			assert_int_equal(path_coverage_find_gap(
						 &coverage, 2000 + j * 100 + 5, 2000 + j * 100 + 6),
				PATH_GAP_DROPPED);
		/* and the present is covered all the same */
		assert_int_equal(
			path_coverage_find_gap(&coverage, from + 20, from + 60), PATH_GAP_NONE);
	}
}

/* A kernel that drops packets all the time is one gap, and the outage before it is kept. */
static void drops_without_pause_one_gap(void **state)
{
	struct path_coverage coverage = {0};

	(void)state;
	path_coverage_begin(&coverage, 1000);
	path_coverage_advance(&coverage, 2000);
	path_coverage_end(&coverage);
	path_coverage_begin(&coverage, 3000);
	for (uint64_t at = 4000; at < 400000; at += 100)
		path_coverage_add_drops(&coverage, at, at + 100);
	assert_int_equal(path_coverage_find_gap(&coverage, 1500, 1600), PATH_GAP_NONE);
	assert_int_equal(path_coverage_find_gap(&coverage, 2500, 2600), PATH_GAP_NOT_RUNNING);
	assert_int_equal(path_coverage_find_gap(&coverage, 3500, 3600), PATH_GAP_NONE);
	assert_int_equal(path_coverage_find_gap(&coverage, 200000, 200010), PATH_GAP_DROPPED);
}

static void no_stream_not_running(void **state)
{
	const struct path_coverage coverage = {0};

	(void)state;
	assert_int_equal(path_coverage_find_gap(&coverage, 0, UINT64_MAX), PATH_GAP_NOT_RUNNING);
	assert_int_equal(path_coverage_find_gap(&coverage, 5, 5), PATH_GAP_NOT_RUNNING);
}

/* A silent target is covered, one whose watermarks stay behind is not. */
static void after_latest_packet_depends_on_watermarks(void **state)
{
	struct path_coverage coverage = {0};

	(void)state;
	path_coverage_begin(&coverage, 1000);
	path_coverage_advance(&coverage, 2000);
	assert_int_equal(path_coverage_find_gap(&coverage, 2500, 3000), PATH_GAP_NONE);
	path_coverage_watermark(&coverage, 2000);
	assert_int_equal(path_coverage_find_gap(&coverage, 1500, 2000), PATH_GAP_NONE);
	assert_int_equal(path_coverage_find_gap(&coverage, 1900, 2001), PATH_GAP_BEHIND);
	/* a packet is no promise about others */
	path_coverage_advance(&coverage, 4000);
	assert_int_equal(path_coverage_find_gap(&coverage, 2500, 3000), PATH_GAP_BEHIND);
	path_coverage_watermark(&coverage, 3000);
	assert_int_equal(path_coverage_find_gap(&coverage, 2500, 3000), PATH_GAP_NONE);
	path_coverage_end(&coverage);
	assert_int_equal(path_coverage_find_gap(&coverage, 2500, 3500), PATH_GAP_NOT_RUNNING);
}

/* What the clock shows twice was covered once only. */
static void clock_set_back_between_streams_gap(void **state)
{
	struct path_coverage coverage = {0};

	(void)state;
	path_coverage_begin(&coverage, 1000);
	path_coverage_advance(&coverage, 5000);
	path_coverage_end(&coverage);
	path_coverage_begin(&coverage, 3000);
	path_coverage_advance(&coverage, 3500);
	assert_int_equal(path_coverage_find_gap(&coverage, 2000, 2500), PATH_GAP_NONE);
	assert_int_equal(path_coverage_find_gap(&coverage, 4000, 4100), PATH_GAP_NOT_RUNNING);
	path_coverage_advance(&coverage, 7000);
	assert_int_equal(path_coverage_find_gap(&coverage, 6000, 6500), PATH_GAP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_lives_gaps_are_those_that_happened),
		cmocka_unit_test(many_gaps_none_is_forgotten),
		cmocka_unit_test(drops_without_pause_one_gap),
		cmocka_unit_test(no_stream_not_running),
		cmocka_unit_test(after_latest_packet_depends_on_watermarks),
		cmocka_unit_test(clock_set_back_between_streams_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
