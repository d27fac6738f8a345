/* SPDX-License-Identifier: MIT */
/*
 * Ways of flows: each packet that came to an end is counted once, on the way that it took;
 * equal-cost ways stand apart, and a gap in a capture makes no way.
 */
#include "client/path_flow_ways.h"

#include "unit.h"

#include <string.h>

enum { ADDED = 6000, WAYS = 2 * PATH_WAYS_MAX };

struct list {
	size_t count;
	struct path_way_count entries[FLOW_WHOLE_WAYS_MAX + 1];
};

static void receive(void *context, const struct path_way_count *way)
{
	struct list *list = context;

	assert_true(list->count < FLOW_WHOLE_WAYS_MAX + 1);
	list->entries[list->count++] = *way;
}

static void take(struct flow *flow, unsigned times, const char *places)
{
	struct path_sight sights[PATH_SIGHTS_MAX] = {0};
	size_t count = 0;

	for (; places[count]; count++)
		sights[count].place = (uint16_t)(places[count] - 'a');
	for (unsigned i = 0; i < times; i++)
		path_flow_ways_add(&flow->whole, sights, count);
}

/* Asserts that the list has a way, so many packets on it, and flows as it must. */
static void expect(const struct list *list, const char *places, uint64_t packets)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct path_way *way = &list->entries[i].way;
		char text[PATH_SIGHTS_MAX + 1] = {0};

		for (unsigned at = 0; at < way->count; at++)
			text[at] = (char)('a' + way->places[at]);
		if (strcmp(text, places) != 0)
			continue;
		assert_int_equal(list->entries[i].packets, packets);
		assert_int_equal(list->entries[i].flows, way->count > 0);
		return;
	}
	fail_msg("no way %s", places);
}

static struct list report(const struct flow *flow)
{
	struct list list = {0};

	path_flow_ways_report(flow, receive, &list);
	return list;
}

static void equal_cost_ways_apart(void **state)
{
	struct flow flow = {0};
	struct list list;

	(void)state;
	take(&flow, 5, "abcf");
	take(&flow, 3, "adef");
	list = report(&flow);
	assert_int_equal(list.count, 2);
	expect(&list, "abcf", 5);
	expect(&list, "adef", 3);
}

static void gap_of_a_place_makes_no_way(void **state)
{
	struct flow flow = {0};
	struct list list;

	(void)state;
	take(&flow, 1, "cf"); /* its first places were not captured yet */
	take(&flow, 2, "af");
	take(&flow, 5, "abcf");
	take(&flow, 4, "ab"); /* lost, or on its way */
	list = report(&flow);
	assert_int_equal(list.count, 1);
	expect(&list, "abcf", 8);
}

static void bypass_without_a_gap_is_a_way(void **state)
{
	struct flow flow = {0};
	struct list list;

	(void)state;
	flow_add_way(&flow, 0, 5, 1)->is_bypass = true;
	take(&flow, 5, "abcf");
	take(&flow, 2, "af");
	list = report(&flow);
	assert_int_equal(list.count, 2);
	expect(&list, "abcf", 5);
	expect(&list, "af", 2);
}

static void gap_with_several_ways_counted_as_other(void **state)
{
	struct flow flow = {0};
	struct list list;

	(void)state;
	take(&flow, 5, "abf");
	take(&flow, 4, "acf");
	take(&flow, 2, "af");
	list = report(&flow);
	assert_int_equal(list.count, 3);
	expect(&list, "abf", 5);
	expect(&list, "acf", 4);
	expect(&list, "", 2);
}

static void one_place_is_no_way(void **state)
{
	struct flow flow = {0};

	(void)state;
	take(&flow, 5, "a");
	assert_int_equal(report(&flow).count, 0);
}

static void too_many_ways_of_a_flow_counted_as_other(void **state)
{
	static const char *const texts[] = {"abz", "acz", "adz", "aez", "afz", "agz"};
	struct flow flow = {0};
	struct list list;
	uint64_t packets = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		take(&flow, 10, texts[i]);
	list = report(&flow);
	for (size_t i = 0; i < list.count; i++)
		packets += list.entries[i].packets;
	assert_int_equal(packets, 60);
	expect(&list, "", 20);
}

static void many_ways_nothing_lost(void **state)
{
	static uint64_t truth[WAYS];
	struct seed seed = seed_start();
	struct path_ways ways;
	uint64_t flows = 0;
	uint64_t packets = 0;

	(void)state;
	assert_true(path_ways_init(&ways));
	for (unsigned i = 0; i < ADDED; i++) {
		const uint16_t number = (uint16_t)seed_below(&seed, WAYS);
		const struct path_way_count way = {
			.way = {.places = {number, 1}, .count = 2}, .flows = 1, .packets = 3};

		truth[number]++;
		path_ways_add(&ways, &way);
	}
	assert_int_equal(ways.count, PATH_WAYS_MAX);
	for (size_t i = 0; i < ways.count; i++) {
		flows += ways.list[i].flows;
		packets += ways.list[i].packets;
		assert_true(ways.list[i].flows == truth[ways.list[i].way.places[0]]);
	}
	assert_int_equal(flows + ways.others.flows, ADDED);
	assert_int_equal(packets + ways.others.packets, ADDED * 3);
	path_ways_cleanup(&ways);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_cost_ways_apart),
		cmocka_unit_test(gap_of_a_place_makes_no_way),
		cmocka_unit_test(bypass_without_a_gap_is_a_way),
		cmocka_unit_test(gap_with_several_ways_counted_as_other),
		cmocka_unit_test(one_place_is_no_way),
		cmocka_unit_test(too_many_ways_of_a_flow_counted_as_other),
		cmocka_unit_test(many_ways_nothing_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
