/* SPDX-License-Identifier: MIT */
/*
 * Numbers and flows for people: a duration as it is read back differs little from what it
 * was, and is short; a share never looks like all or nothing if it is neither.
 */
#include "client/path_flow_text.h"
#include "client/path_units.h"

#include "unit.h"

#include <math.h>
#include <netinet/in.h>
#include <string.h>

enum { ROUNDS = 100000 };

/* Reads a number with a unit back, as ns. */
static double read_duration(const char *text)
{
	static const char *const names[] = {" ns", " us", " ms", " s"};
	char *unit;
	double value = strtod(text, &unit);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(unit, names[i]) == 0)
			return value;
		value *= 1000;
	}
	fail_msg("\"%s\" has no unit", text);
	return 0;
}

static uint64_t some_number(struct seed *seed)
{
	const uint64_t wide = (uint64_t)seed_u32(seed) << 32 | seed_u32(seed);

	return wide >> seed_below(seed, 64);
}

static void durations_short_and_near(void **state)
{
	struct seed seed = seed_start();
	char text[PATH_UNITS_SIZE];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const uint64_t duration = some_number(&seed);

		path_units_duration(duration, text);
		/* two digits at least; one of the first nanoseconds is exact */
		assert_true(fabs(read_duration(text) - (double)duration) <=
			    (duration < 1000 ? 0 : 0.05 * (double)duration));
		if (duration < UINT64_C(999000000000))
			assert_true(strlen(text) <= strlen("999 us"));
	}
}

static void offsets_as_exact_as_their_bound(void **state)
{
	struct seed seed = seed_start();
	char text[PATH_UNITS_SIZE];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const uint64_t distance = some_number(&seed) >> 16;
		const uint64_t bound = some_number(&seed) >> 16;

		path_units_offset(distance, bound, text);
		assert_true(fabs(read_duration(text) - (double)distance) <= (double)bound / 2 + 1);
	}
}

static void shares_neither_all_nor_nothing(void **state)
{
	struct seed seed = seed_start();
	char text[PATH_UNITS_SIZE];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const uint64_t whole = 1 + (some_number(&seed) >> 8);
		const uint64_t some = some_number(&seed) % (whole + 1);
		const uint64_t part = seed_below(&seed, 2) ? some : whole - some;

		path_units_share(part, whole, text);
		assert_int_equal(strcmp(text, "0.0 %") == 0, part == 0);
		assert_int_equal(strncmp(text, "100", 3) == 0, part == whole);
		if (*text != '<')
			assert_true(fabs(strtod(text, NULL) -
					    100.0 * (double)part / (double)whole) < 0.101);
	}
	path_units_share(0, 0, text);
	assert_string_equal(text, "0.0 %");
}

static void flows_described(void **state)
{
	struct path_flow_key flow = {.source = {192, 0, 2, 1},
		.destination = {198, 51, 100, 7},
		.source_port = {0x13, 0x88},
		.destination_port = {0, 80},
		.protocol = IPPROTO_TCP,
		.version = 4};
	char text[PATH_FLOW_TEXT_MAX];

	(void)state;
	path_flow_describe(&flow, text);
	assert_string_equal(text, "TCP 192.0.2.1.5000 > 198.51.100.7.80");
	flow.protocol = IPPROTO_ICMP;
	path_flow_describe(&flow, text);
	assert_string_equal(text, "ICMP 192.0.2.1 > 198.51.100.7, type 19 code 136");
	memcpy(flow.destination_port, flow.source_port, sizeof(flow.source_port));
	path_flow_describe(&flow, text);
	assert_string_equal(text, "ICMP 192.0.2.1 > 198.51.100.7, echo 5000");
	flow = (struct path_flow_key){.source = {0xfe, 0x80, [15] = 1},
		.destination = {0xff, 2, [15] = 5},
		.protocol = 253,
		.version = 6};
	path_flow_describe(&flow, text);
	assert_string_equal(text, "protocol 253 fe80::1 > ff02::5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_short_and_near),
		cmocka_unit_test(offsets_as_exact_as_their_bound),
		cmocka_unit_test(shares_neither_all_nor_nothing),
		cmocka_unit_test(flows_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
