/* SPDX-License-Identifier: MIT */
/*
 * The order of rows: the stretches of a way follow each other, and every row stays, once.
 */
#include "client/path_row_order.h"

#include "unit.h"

enum { ROWS = 60, HOPS = 6, ROUNDS = 300 };

static void shuffle(struct seed *seed, const struct path_stretch **rows, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		const size_t j = seed_below(seed, i);
		const struct path_stretch *kept = rows[i - 1];

		rows[i - 1] = rows[j];
		rows[j] = kept;
	}
}

static void random_graph_each_row_once(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct path_stretch stretches[ROWS];
		const struct path_stretch *rows[ROWS];
		bool has_row[ROWS] = {0};
		const size_t count = seed_below(&seed, ROWS + 1);

		for (size_t i = 0; i < count; i++) {
			stretches[i] = (struct path_stretch){
				.from = (uint16_t)seed_below(&seed, 10),
				.to = (uint16_t)seed_below(&seed, 10),
				.passed = seed_below(&seed, 5),
			};
			rows[i] = &stretches[i];
		}
		path_row_order_sort(rows, count);
		for (size_t i = 0; i < count; i++) {
			assert_false(has_row[rows[i] - stretches]);
			has_row[rows[i] - stretches] = true;
		}
	}
}

/* Ways with places of their own, in any order before. */
static void separate_ways_stay_together(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct path_stretch stretches[ROWS] = {0};
		const struct path_stretch *rows[ROWS];

		for (size_t i = 0; i < ROWS; i++) {
			const size_t place = i / HOPS * (HOPS + 1) + i % HOPS;

			stretches[i].from = (uint16_t)place;
			stretches[i].to = (uint16_t)(place + 1);
			stretches[i].passed = 1 + seed_below(&seed, 100);
			rows[i] = &stretches[i];
		}
		shuffle(&seed, rows, ROWS);
		path_row_order_sort(rows, ROWS);
		for (size_t i = 0; i < ROWS; i++)
			if (i % HOPS > 0)
				assert_int_equal(rows[i]->from, rows[i - 1]->to);
	}
}

/* Both directions pass the same places: one way there, then one way back. */
static void both_directions_one_after_the_other(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct path_stretch stretches[2 * HOPS] = {0};
		const struct path_stretch *rows[2 * HOPS];

		for (uint16_t i = 0; i < HOPS; i++) {
			stretches[i].from = stretches[HOPS + i].to = i;
			stretches[i].to = stretches[HOPS + i].from = (uint16_t)(i + 1);
		}
		for (size_t i = 0; i < 2 * HOPS; i++) {
			stretches[i].passed = 1 + seed_below(&seed, 100);
			rows[i] = &stretches[i];
		}
		shuffle(&seed, rows, 2 * HOPS);
		path_row_order_sort(rows, 2 * HOPS);
		for (size_t i = 1; i < 2 * HOPS; i++) {
			assert_int_equal(rows[i]->from, rows[i - 1]->to);
			if (i != HOPS)
				assert_int_not_equal(rows[i]->to, rows[i - 1]->from);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_graph_each_row_once),
		cmocka_unit_test(separate_ways_stay_together),
		cmocka_unit_test(both_directions_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
