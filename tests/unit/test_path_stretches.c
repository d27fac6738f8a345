/* SPDX-License-Identifier: MIT */
/*
 * Stretches: each pair of places has a stretch of its own, which is found again, up to the
 * limit; those beyond it are counted.
 */
#include "client/path_stretches.h"

#include "unit.h"

enum { SIDE = 90, STEP = 181, EVENTS = 100000 };

static void each_pair_its_own_stretch(void **state)
{
	static uint64_t truth[SIDE][SIDE];
	struct seed seed = seed_start();
	struct path_stretches stretches;
	uint64_t left_out = 0;

	(void)state;
	assert_true(path_stretches_init(&stretches));
	for (int i = 0; i < EVENTS; i++) {
		const size_t from = seed_below(&seed, SIDE);
		const size_t to = seed_below(&seed, SIDE);
		/* the largest number is that of no place */
		struct path_stretch *stretch = path_stretches_find(&stretches,
			from ? (uint16_t)(from * STEP) : PATH_PLACE_NONE,
			to ? (uint16_t)(to * STEP) : PATH_PLACE_NONE);

		if (!stretch) {
			left_out++;
			continue;
		}
		assert_int_equal(stretch->is_new, truth[from][to] == 0);
		stretch->is_new = false;
		assert_int_equal(stretch->passed, truth[from][to]);
		stretch->passed++;
		truth[from][to]++;
	}
	assert_int_equal(stretches.count, PATH_STRETCHES_MAX);
	assert_int_equal(stretches.left_out, left_out);
	path_stretches_cleanup(&stretches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_pair_its_own_stretch)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
