/* SPDX-License-Identifier: MIT */
/*
 * Sightings against a plain list: each interface has one number for good, the
 * next one in the order of their first sight, and the many are the first.
 */
#include "worker/interface_ids.h"

#include "unit.h"

#include <string.h>

enum { ROUNDS = 30, STEPS = 20000 };

/* Place i has the index of the interface with number i + 1. */
struct model {
	uint32_t list[INTERFACE_IDS_MAX];
	uint32_t count;
};

static struct interface_ids interface_ids;
static struct model model;

static void reset(void)
{
	memset(&interface_ids, 0, sizeof(interface_ids));
	model.count = 0;
}

static uint32_t model_number(uint32_t index, bool *ret_is_new)
{
	*ret_is_new = false;
	for (uint32_t i = 0; i < model.count; i++)
		if (model.list[i] == index)
			return i + 1;
	if (index == 0 || model.count == INTERFACE_IDS_MAX)
		return 0;
	*ret_is_new = true;
	model.list[model.count++] = index;
	return model.count;
}

static void see(uint32_t index)
{
	bool is_new = true;
	bool expected_new;
	uint32_t expected = model_number(index, &expected_new);

	assert_int_equal(interface_ids_get(&interface_ids, index, &is_new), expected);
	assert_int_equal(is_new, expected_new);
	assert_int_equal(interface_ids.count, model.count);
}

/* Dense ones, ones that share their place, and anything at all. */
static uint32_t some_index(struct seed *seed, size_t many)
{
	switch (seed_below(seed, 4)) {
	case 0:
		return (uint32_t)(seed_below(seed, many) * INTERFACE_IDS_SLOTS);
	case 1:
		return UINT32_MAX - (uint32_t)seed_below(seed, many);
	case 2:
		return seed_below(seed, 50) ? 0 : seed_u32(seed);
	default:
		return (uint32_t)seed_below(seed, many);
	}
}

static void interface_ids_match_the_model(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const size_t many = 1 + seed_below(&seed, i % 3 ? 100 : 3000);

		reset();
		for (int j = 0; j < STEPS / (i % 3 ? 1 : 4); j++)
			see(some_index(&seed, many));
	}
}

static void interface_ids_too_many_get_0(void **state)
{
	(void)state;
	reset();
	for (uint32_t i = 1; i <= 2 * INTERFACE_IDS_MAX; i++)
		see(i * 3);
	assert_int_equal(interface_ids.count, INTERFACE_IDS_MAX);
	/* and go on to do so, while the known ones stay what they are */
	for (uint32_t i = 1; i <= 2 * INTERFACE_IDS_MAX; i++)
		see(i * 3);
}

static void interface_ids_index_0_gets_0(void **state)
{
	(void)state;
	reset();
	see(0);
	assert_int_equal(interface_ids.count, 0);
	see(INTERFACE_IDS_SLOTS); /* has its place */
	see(0);
	assert_int_equal(interface_ids.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interface_ids_match_the_model),
		cmocka_unit_test(interface_ids_too_many_get_0),
		cmocka_unit_test(interface_ids_index_0_gets_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
