/* SPDX-License-Identifier: MIT */
/*
 * Flows that ended: sums are those of the events, and the list of a place has the flows
 * with the most packets, in their order.
 */
#include "client/path_endings.h"

#include "unit.h"

#include <string.h>

enum { PLACES = 5, FLOWS = 400, ROUNDS = 50 };

static struct path_flow_key make_flow(size_t number)
{
	struct path_flow_key flow = {.protocol = 6, .version = 6};

	memcpy(flow.source, &number, sizeof(number));
	return flow;
}

struct sums {
	uint64_t flows, packets, bytes, answered, continued;
};

static void check_place(const struct path_place_endings *place, const struct sums *sums,
	const uint64_t packets[FLOWS])
{
	assert_int_equal(place->flows, sums->flows);
	assert_int_equal(place->packets, sums->packets);
	assert_int_equal(place->bytes, sums->bytes);
	assert_int_equal(place->answered_flows, sums->answered);
	assert_int_equal(place->continued_flows, sums->continued);
	for (size_t i = 0; i < place->worst_count; i++) {
		size_t number;

		memcpy(&number, place->worst[i].flow.source, sizeof(number));
		assert_int_equal(place->worst[i].packets, packets[number]);
		assert_true(i == 0 || place->worst[i - 1].packets >= place->worst[i].packets);
		assert_true(place->worst[i].first_ns <= place->worst[i].last_ns);
	}
	if (place->worst_count < PATH_ENDINGS_WORST) {
		assert_int_equal(place->worst_count, place->flows);
		return;
	}
	/* as many flows have more than the last one of the list as there are before it */
	for (size_t i = 0, more = 0; i < FLOWS; i++) {
		more += packets[i] > place->worst[PATH_ENDINGS_WORST - 1].packets;
		assert_true(more < PATH_ENDINGS_WORST);
	}
}

static void random_flows_sums_and_worst(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		static uint64_t packets[PLACES][FLOWS];
		struct sums sums[PLACES] = {0};
		struct path_endings endings;
		uint16_t order[PATH_PLACES_MAX];
		const size_t flows = 1 + seed_below(&seed, FLOWS);
		size_t count;

		memset(packets, 0, sizeof(packets));
		assert_true(path_endings_init(&endings));
		for (size_t i = 0; i < flows; i++) {
			const struct path_flow_key key = make_flow(i);
			const size_t place = seed_below(&seed, PLACES);
			struct path_ending ending = {.flow = &key, .place = (uint16_t)place};

			ending.packets = 1 + seed_below(&seed, 100);
			ending.bytes = seed_below(&seed, 1000);
			ending.first_ns = seed_below(&seed, 1000);
			ending.last_ns = ending.first_ns + seed_below(&seed, 1000);
			ending.was_answered = seed_below(&seed, 2);
			ending.has_passed = seed_below(&seed, 2);
			path_endings_add(&endings, &ending, NULL);
			packets[place][i] = ending.packets;
			sums[place].flows++;
			sums[place].packets += ending.packets;
			sums[place].bytes += ending.bytes;
			sums[place].answered += ending.was_answered;
			sums[place].continued += ending.has_passed;
		}
		for (size_t i = 0; i < PLACES; i++)
			check_place(&endings.places[i], &sums[i], packets[i]);
		count = path_endings_sort(&endings, order);
		for (size_t i = 1; i < count; i++)
			assert_true(sums[order[i - 1]].flows - sums[order[i - 1]].answered >=
				    sums[order[i]].flows - sums[order[i]].answered);
		path_endings_cleanup(&endings);
	}
}

/* A flow that ends, begins anew and ends again is one line. */
static void flow_that_ends_twice_one_entry(void **state)
{
	const struct path_flow_key key = make_flow(1);
	struct path_ending ending = {.flow = &key, .place = 3, .packets = 2, .first_ns = 50};
	struct path_endings endings;

	(void)state;
	assert_true(path_endings_init(&endings));
	ending.last_ns = 60;
	path_endings_add(&endings, &ending, NULL);
	ending.first_ns = 100;
	ending.last_ns = 110;
	path_endings_add(&endings, &ending, NULL);
	assert_int_equal(endings.places[3].worst_count, 1);
	assert_int_equal(endings.places[3].worst[0].packets, 4);
	assert_int_equal(endings.places[3].worst[0].first_ns, 50);
	assert_int_equal(endings.places[3].worst[0].last_ns, 110);
	path_endings_cleanup(&endings);
}

/* At more places than have lists, flows are counted all the same. */
static void many_places_counted(void **state)
{
	const struct path_flow_key key = make_flow(1);
	struct path_endings endings;

	(void)state;
	assert_true(path_endings_init(&endings));
	for (uint16_t i = 0; i < 2 * PATH_ENDINGS_LISTS_MAX; i++) {
		const struct path_ending ending = {.flow = &key, .place = i, .packets = 1};

		path_endings_add(&endings, &ending, NULL);
		assert_int_equal(endings.places[i].flows, 1);
	}
	assert_int_equal(endings.lists, PATH_ENDINGS_LISTS_MAX);
	path_endings_cleanup(&endings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_flows_sums_and_worst),
		cmocka_unit_test(flow_that_ends_twice_one_entry),
		cmocka_unit_test(many_places_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
