/* SPDX-License-Identifier: MIT */
/*
 * The pool of packets under way: whatever is added, split, removed or waits, each byte is in
 * exactly one journey, which its chain has; and the lists by age are in order.
 */
#include "client/path_journeys.h"

#include "unit.h"

enum { CAPACITY = 200, STEPS = 50000, BYTES = 1 << 17, BLOCK = 1 << JOURNEY_BLOCK_BITS };

#define BASE (UINT32_MAX - BYTES / 2) /* sequence numbers wrap */

struct world {
	struct journeys journeys;
	struct journey *used[CAPACITY];
	unsigned count;
	uint64_t now_ns;
};

static bool is_in_chain(const struct world *world, const struct journey *journey)
{
	uint32_t i = journeys_chain(
		&world->journeys, &journey->identity, journey->identity.sequence / BLOCK * BLOCK);

	while (i != JOURNEY_NONE && &world->journeys.list[i] != journey)
		i = world->journeys.list[i].next;
	return i != JOURNEY_NONE;
}

/* Returns how many are in a list by age, which must be in order, and linked both ways. */
static uint32_t check_list(
	const struct journeys *journeys, const struct journey_list *list, bool is_waiting)
{
	uint32_t older = JOURNEY_NONE;
	uint32_t count = 0;

	for (uint32_t i = list->oldest; i != JOURNEY_NONE; i = journeys->list[i].newer) {
		const struct journey *journey = &journeys->list[i];

		assert_int_equal(journey->is_waiting, is_waiting);
		assert_int_equal(journey->older, older);
		assert_true(is_waiting || older == JOURNEY_NONE ||
			    journeys->list[older].begin_ns <= journey->begin_ns);
		older = i;
		count++;
	}
	assert_int_equal(list->newest, older);
	return count;
}

static void check(const struct world *world, uint64_t bytes)
{
	const struct journeys *journeys = &world->journeys;
	uint64_t sum = 0;

	for (unsigned i = 0; i < world->count; i++) {
		assert_true(is_in_chain(world, world->used[i]));
		assert_true(world->used[i]->identity.size > 0);
		sum += world->used[i]->identity.size;
	}
	assert_int_equal(sum, bytes);
	assert_int_equal(journeys->used, world->count);
	assert_int_equal(check_list(journeys, &journeys->under_way, false) +
				 check_list(journeys, &journeys->waiting, true),
		world->count);
}

/* Splits a journey at a random byte, if it has more than one. */
static void split(struct world *world, struct seed *seed, struct journey *journey)
{
	const struct path_identity before = journey->identity;
	struct journey *rest;

	if (before.size < 2 || journey->is_waiting)
		return;
	rest = journeys_split(&world->journeys, journey,
		before.sequence + 1 + (uint32_t)seed_below(seed, before.size - 1));
	assert_int_equal(journey->identity.sequence, before.sequence);
	assert_int_equal(rest->identity.sequence, before.sequence + journey->identity.size);
	assert_int_equal(journey->identity.size + rest->identity.size, before.size);
	assert_int_equal(rest->begin_ns, journey->begin_ns);
	world->used[world->count++] = rest;
}

static void each_byte_in_one_journey_and_ages_in_order(void **state)
{
	static struct world world;
	struct seed seed = seed_start();
	uint64_t bytes = 0;

	(void)state;
	assert_true(journeys_init(&world.journeys, CAPACITY));
	for (unsigned i = 0; i < STEPS; i++) {
		const size_t at = world.count ? seed_below(&seed, world.count) : 0;
		const size_t what = seed_below(&seed, 4);

		if (world.count == 0 || (what == 0 && world.count < CAPACITY)) {
			const struct path_identity identity = {.kind = PATH_BYTES,
				.digest = seed_below(&seed, 3),
				.sequence = BASE + (uint32_t)seed_below(&seed, BYTES),
				.size = 1 + (uint32_t)seed_below(&seed, (size_t)3 * BLOCK)};

			world.used[world.count++] =
				journeys_add(&world.journeys, world.now_ns++, &identity);
			bytes += identity.size;
		} else if (what == 1 && world.count < CAPACITY) {
			split(&world, &seed, world.used[at]);
		} else if (what == 2 && !world.used[at]->is_waiting) {
			journeys_set_waiting(&world.journeys, world.used[at], true);
		} else if (what == 3) {
			bytes -= world.used[at]->identity.size;
			journeys_remove(&world.journeys, world.used[at]);
			world.used[at] = world.used[--world.count];
		}
		if (i % 50 == 0)
			check(&world, bytes);
	}
	check(&world, bytes);
	journeys_cleanup(&world.journeys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_in_one_journey_and_ages_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
