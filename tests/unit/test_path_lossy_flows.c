/* SPDX-License-Identifier: MIT */
/*
 * Flows that lost packets: no count is too large, none is too small by more than is stated,
 * and the flows with the most losses are in the list, however many others there are.
 */
#include "client/path_lossy_flows.h"

#include "unit.h"

#include <string.h>

enum { FLOWS = 20000, HEAVY = 30, TOP = 50 };

static struct path_flow_key make_flow(uint32_t number)
{
	struct path_flow_key flow = {.protocol = 17, .version = 4};

	memcpy(flow.source, &number, sizeof(number));
	return flow;
}

static uint32_t number_of(const struct path_lossy_flow *flow)
{
	uint32_t number;

	memcpy(&number, flow->flow.source, sizeof(number));
	return number;
}

static void lose(struct path_lossy_flows *flows, uint32_t number, uint16_t to)
{
	const struct path_flow_key key = make_flow(number);
	const struct path_missing missing = {.flow = &key, .from.place = 1, .to = to};

	path_lossy_flows_add(flows, &missing);
}

static void many_flows_heaviest_kept(void **state)
{
	static uint64_t truth[FLOWS];
	const struct path_lossy_flow *top[TOP];
	struct seed seed = seed_start();
	struct path_lossy_flows flows;
	const uint64_t total = 300000;
	size_t count;
	size_t heavy = 0;

	(void)state;
	assert_true(path_lossy_flows_init(&flows));
	for (uint64_t i = 0; i < total; i++) {
		/* a third of the losses is of few flows */
		const size_t below = seed_below(&seed, 3) == 0 ? HEAVY : FLOWS;
		const uint32_t number = (uint32_t)seed_below(&seed, below);

		truth[number]++;
		lose(&flows, number, 2);
	}
	assert_true(flows.count <= PATH_LOSSY_FLOWS_MAX);
	assert_true(flows.forgotten <= total / PATH_LOSSY_FLOWS_MAX);
	count = path_lossy_flows_sort(&flows, top, TOP);
	assert_true(count >= HEAVY);
	for (size_t i = 0; i < count; i++) {
		const uint64_t real = truth[number_of(top[i])];

		assert_true(top[i]->lost <= real && real <= top[i]->lost + flows.forgotten);
		assert_true(i == 0 || top[i - 1]->lost >= top[i]->lost);
		heavy += number_of(top[i]) < HEAVY;
	}
	assert_int_equal(heavy, HEAVY);
	path_lossy_flows_cleanup(&flows);
}

/* Few flows are exact; the same flow on two stretches is two entries. */
static void few_flows_exact(void **state)
{
	const struct path_lossy_flow *top[TOP];
	struct seed seed = seed_start();
	struct path_lossy_flows flows;
	uint64_t truth[2][20] = {0};
	size_t count;

	(void)state;
	assert_true(path_lossy_flows_init(&flows));
	for (int i = 0; i < 5000; i++) {
		const uint32_t number = (uint32_t)seed_below(&seed, 20);
		const size_t to = seed_below(&seed, 2);

		truth[to][number]++;
		lose(&flows, number, (uint16_t)to);
	}
	assert_int_equal(flows.forgotten, 0);
	count = path_lossy_flows_sort(&flows, top, TOP);
	assert_int_equal(count, 40);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(top[i]->lost, truth[top[i]->to][number_of(top[i])]);
	assert_int_equal(path_lossy_flows_sort(&flows, top, 3), 3);
	path_lossy_flows_cleanup(&flows);
}

static bool ends_at(const void *context, const struct path_lossy_flow *flow)
{
	return flow->to == *(const uint16_t *)context;
}

static void removed_flows_gone_others_found(void **state)
{
	const struct path_lossy_flow *top[TOP];
	struct path_lossy_flows flows;
	const uint16_t removed = 1;

	(void)state;
	assert_true(path_lossy_flows_init(&flows));
	for (uint32_t i = 0; i < 600; i++)
		lose(&flows, i, (uint16_t)(i % 3));
	path_lossy_flows_remove(&flows, ends_at, &removed);
	assert_int_equal(flows.count, 400);
	for (uint32_t i = 0; i < 600; i++)
		if (i % 3 != 1)
			lose(&flows, i, (uint16_t)(i % 3));
	assert_int_equal(flows.count, 400);
	assert_int_equal(path_lossy_flows_sort(&flows, top, TOP), TOP);
	for (size_t i = 0; i < TOP; i++)
		assert_int_equal(top[i]->lost, 2);
	path_lossy_flows_cleanup(&flows);
}

/* What is taken back is not counted, and a flow without losses leaves. */
static void losses_taken_back_not_counted(void **state)
{
	const struct path_lossy_flow *top[TOP];
	struct path_lossy_flows flows;

	(void)state;
	assert_true(path_lossy_flows_init(&flows));
	for (uint32_t i = 0; i < 10; i++)
		for (uint32_t lost = 0; lost <= i; lost++)
			lose(&flows, i, 1);
	for (uint32_t i = 0; i < 10; i++) {
		const struct path_flow_key key = make_flow(i);
		const struct path_missing missing = {.flow = &key, .from.place = 1, .to = 1};
		const struct path_missing elsewhere = {.flow = &key, .from.place = 1, .to = 2};

		path_lossy_flows_take_back(&flows, &missing);
		path_lossy_flows_take_back(&flows, &elsewhere);
	}
	assert_int_equal(path_lossy_flows_sort(&flows, top, TOP), 9);
	for (uint32_t i = 0; i < 9; i++) {
		assert_int_equal(number_of(top[i]), 9 - i);
		assert_int_equal(top[i]->lost, 9 - i);
	}
	path_lossy_flows_cleanup(&flows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_flows_heaviest_kept),
		cmocka_unit_test(few_flows_exact),
		cmocka_unit_test(removed_flows_gone_others_found),
		cmocka_unit_test(losses_taken_back_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
