/* SPDX-License-Identifier: MIT */
/*
 * Clocks: whatever the network did and however far two clocks are apart, the
 * true offset is within the bound; and what is no answer is none.
 */
#include "client/clock_offset.h"

#include "unit.h"

#include <inttypes.h>
#include <string.h>

enum { ROUNDS = 200000 };

static const uint64_t S = 1000000000;
static const uint64_t NOW = UINT64_C(1700000000123456789);

/* Of a text without what is behind it in memory, as libcurl hands it over. */
static struct clock_offset estimate(const char *text, uint64_t left, uint64_t came)
{
	const size_t size = strlen(text);
	char *value = malloc(size + 1);
	struct clock_offset offset;

	assert_non_null(value);
	memcpy(value, text, size);
	offset = clock_offset_estimate(value, size, left, came);
	free(value);
	return offset;
}

/* From none to 10^digits, small ones as likely as large ones. */
static uint64_t some_delay(struct seed *seed, size_t digits)
{
	uint64_t most = 1;

	for (size_t i = seed_below(seed, digits + 1); i > 0; i--)
		most *= 10;
	return seed_below(seed, most);
}

static void estimate_true_offset_within_bound(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const int64_t sign = seed_below(&seed, 2) ? 1 : -1;
		const int64_t truth = sign * (int64_t)(some_delay(&seed, 9) * some_delay(&seed, 9));
		const uint64_t there = some_delay(&seed, 9);
		const uint64_t works = some_delay(&seed, 9);
		const uint64_t back = some_delay(&seed, 9);
		const uint64_t asked = NOW + there + (uint64_t)truth;
		const uint64_t came = NOW + there + works + back;
		struct clock_offset offset;
		char text[64];
		int64_t wrong;

		snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, asked, asked + works);
		offset = estimate(text, NOW, came);
		assert_true(offset.is_known);
		wrong = offset.ns - truth;
		assert_true((uint64_t)(wrong < 0 ? -wrong : wrong) <= offset.bound);
		/* half of the round trip, and no more */
		assert_int_equal(offset.bound, (there + back + 1) / 2);
	}
}

static void estimate_malformed_value_unknown(void **state)
{
	static const char *const texts[] = {"", " ", "\r\n", "1", "1 ", " 1", "x", "1 x", "x 1",
		"1  2", "-1 2", "1 -2", "+1 2", "1.5 2", "0x1 2", "1\t2", "1,2", "2 1", "1e3 2e3",
		"9223372036854775808 9223372036854775809",
		"99999999999999999999999 99999999999999999999999",
		"00000000000000000000000000000000000000000000000000000000000001"
		" "
		"2"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct clock_offset offset = estimate(texts[i], NOW, NOW + S);

		if (offset.is_known)
			fail_msg("\"%s\" is known", texts[i]);
		assert_int_equal(offset.ns, 0);
		assert_int_equal(offset.bound, 0);
	}
	assert_false(clock_offset_estimate("", 0, NOW, NOW).is_known);
	assert_false(clock_offset_estimate("1\0002", 3, NOW, NOW).is_known);
}

static void estimate_random_value_harmless(void **state)
{
	static const char letters[] = "0123456789 9\r\n-x";
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const size_t size = seed_below(&seed, 100);
		const uint64_t came = seed_below(&seed, 2) ? NOW : seed_u32(&seed);
		const uint64_t left = seed_below(&seed, 2) ? came : (uint64_t)seed_u32(&seed) << 31;
		char value[100];
		struct clock_offset offset;

		for (size_t j = 0; j < size; j++)
			value[j] = letters[seed_below(&seed, sizeof(letters) - 1)];
		if (seed_below(&seed, 4) == 0)
			seed_bytes(&seed, value, size);
		offset = clock_offset_estimate(value, size, left, came);
		assert_true(offset.is_known || (offset.ns == 0 && offset.bound == 0));
		assert_true(!offset.is_known || left <= came);
	}
}

/*
 * The answer came before the request left, or was written before it was read.
 */
static void estimate_clock_set_meanwhile_unknown(void **state)
{
	(void)state;
	assert_true(estimate("1000 1000", 1000, 1000).is_known);
	assert_false(estimate("1000 1000", 1001, 1000).is_known);
	assert_false(estimate("1001 1000", 1000, 2000).is_known);
	/* longer at work than we have waited */
	assert_true(estimate("1000 2000", 1000, 2000).is_known);
	assert_false(estimate("1000 2001", 1000, 2000).is_known);
	assert_false(estimate("1000 2000", 1000, UINT64_MAX).is_known);
}

/* Blanks around it, and the line's end. */
static void estimate_reads_no_further_than_size(void **state)
{
	static const char *const texts[] = {
		"3000 4000", "  3000 4000", "3000 4000\r\n", " 3000 4000 \r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const struct clock_offset offset = estimate(texts[i], 1000, 2200);

		assert_true(offset.is_known);
		assert_int_equal(offset.ns, 1900);
		assert_int_equal(offset.bound, 100);
	}
}

static void notable_only_above_bound_and_50_ms(void **state)
{
	static const int64_t MS = 1000000;
	const struct {
		bool is_known;
		int64_t ns;
		uint64_t bound;
		bool is_notable;
	} cases[] = {
		{true, 0, 0, false},
		{true, 50 * MS, 0, false},
		{true, 50 * MS + 1, 0, true},
		{true, -50 * MS, 0, false},
		{true, -50 * MS - 1, 0, true},
		{true, 80 * MS, 80 * 1000000, false},
		{true, 80 * MS + 1, 80 * 1000000, true},
		{true, -80 * MS - 1, 80 * 1000000, true},
		{true, INT64_MAX, 1, true},
		{true, -INT64_MAX, 1, true},
		{false, 1000 * MS, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct clock_offset offset = {cases[i].is_known, cases[i].ns, cases[i].bound};

		assert_int_equal(clock_offset_is_notable(&offset), cases[i].is_notable);
	}
}

static void correct_saturates(void **state)
{
	const struct clock_offset ahead = {true, 5, 0};
	const struct clock_offset behind = {true, -5, 0};
	const struct clock_offset far = {true, INT64_MIN, 0};
	const struct clock_offset unknown = {false, 5, 0};
	struct seed seed = seed_start();

	(void)state;
	assert_int_equal(clock_offset_correct(&ahead, 4), 0);
	assert_int_equal(clock_offset_correct(&ahead, 5), 0);
	assert_int_equal(clock_offset_correct(&ahead, 6), 1);
	assert_int_equal(clock_offset_correct(&behind, 0), 5);
	assert_true(clock_offset_correct(&behind, UINT64_MAX) == UINT64_MAX);
	assert_true(clock_offset_correct(&behind, UINT64_MAX - 5) == UINT64_MAX);
	assert_true(clock_offset_correct(&behind, UINT64_MAX - 6) == UINT64_MAX - 1);
	assert_true(clock_offset_correct(&far, UINT64_MAX) == UINT64_MAX);
	assert_int_equal(clock_offset_correct(&unknown, 4), 4);
	for (int i = 0; i < 1000; i++) {
		const struct clock_offset offset = {true, (int64_t)seed_u32(&seed) - INT32_MAX, 0};

		/* our time, there, and back */
		assert_int_equal(clock_offset_correct(&offset, NOW + (uint64_t)offset.ns), NOW);
	}
}

static void describe_ahead_and_behind(void **state)
{
	const struct clock_offset ahead = {true, 3000000000, 400000};
	const struct clock_offset behind = {true, -1500000, 1000};
	const struct clock_offset far = {true, INT64_MIN, UINT64_MAX};
	char text[128];
	char small[8];

	(void)state;
	clock_offset_describe(&ahead, text, sizeof(text));
	assert_string_equal(text, "3.000000 s ahead of this one (+-0.000400 s)");
	clock_offset_describe(&behind, text, sizeof(text));
	assert_string_equal(text, "0.001500 s behind this one (+-0.000001 s)");
	clock_offset_describe(&far, text, sizeof(text));
	clock_offset_describe(&ahead, small, sizeof(small));
	assert_string_equal(small, "3.00000");
}

static const uint64_t second = 1000000000;

/* What comes late, or in a burst behind a pause, is no sign of anything. */
static void find_step_ignores_delay(void **state)
{
	const struct clock_offset offset = {true, 3000000000, 400000};
	const uint64_t there = 1700000003 * second;
	struct clock_watch watch = clock_watch_begin(&offset, 1700000000 * second, second);

	(void)state;
	/* at 1 s of uptime it is "there" */
	assert_int_equal(clock_watch_find_step(&watch, there + second, 2 * second), 0);
	assert_int_equal(clock_watch_find_step(&watch, there + second, 60 * second), 0);
	assert_int_equal(clock_watch_find_step(&watch, there + 59 * second, 60 * second), 0);
	/* forward, once */
	assert_uint_in_range(clock_watch_find_step(&watch, there + 70 * second, 61 * second),
		10 * second - 500000, 10 * second + 500000);
	assert_int_equal(clock_watch_find_step(&watch, there + 71 * second, 62 * second), 0);
	/* back, once, late or not */
	assert_true(clock_watch_find_step(&watch, there + 61 * second, 62 * second) ==
		    -(int64_t)(10 * second));
	assert_int_equal(clock_watch_find_step(&watch, there + 62 * second, 90 * second), 0);
	assert_int_equal(clock_watch_find_step(&watch, there + 89 * second, 90 * second), 0);
}

/* A clock that is set makes no difference to how late it tells. */
static void lag_of_last_watermark(void **state)
{
	const struct clock_offset offset = {true, 3000000000, 400000};
	const uint64_t there = 1700000003 * second;
	struct clock_watch watch = clock_watch_begin(&offset, 1700000000 * second, second);

	(void)state;
	/* before it has told anything */
	assert_int_equal(clock_watch_lag_ns(&watch, 9 * second), 0);
	clock_watch_find_step(&watch, there + second, 2 * second);
	assert_uint_in_range(clock_watch_lag_ns(&watch, 2 * second), 0, 800000);
	assert_uint_in_range(
		clock_watch_lag_ns(&watch, 7 * second), 5 * second, 5 * second + 800000);
	/* forward, and back */
	clock_watch_find_step(&watch, there + 100 * second, 7 * second);
	assert_uint_in_range(clock_watch_lag_ns(&watch, 8 * second), second, second + 800000);
	clock_watch_find_step(&watch, there, 8 * second);
	assert_uint_in_range(clock_watch_lag_ns(&watch, 8 * second), 0, 2 * second);
	clock_watch_find_step(&watch, there + 4 * second, 11 * second);
	assert_int_equal(clock_watch_lag_ns(&watch, 0), 0);
}

static void find_step_without_offset_zero(void **state)
{
	const struct clock_offset none = {0};
	const struct clock_offset far = {true, INT64_MIN, UINT64_MAX};
	struct clock_watch watch = clock_watch_begin(&none, 1700000000 * second, second);

	(void)state;
	assert_int_equal(clock_watch_find_step(&watch, second, second), 0);
	assert_int_equal(clock_watch_find_step(&watch, UINT64_MAX, 2 * second), 0);
	assert_int_equal(clock_watch_lag_ns(&watch, 9 * second), 0);
	watch = clock_watch_begin(&far, 0, UINT64_MAX);
	assert_false(watch.is_known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(estimate_true_offset_within_bound),
		cmocka_unit_test(estimate_malformed_value_unknown),
		cmocka_unit_test(estimate_random_value_harmless),
		cmocka_unit_test(estimate_clock_set_meanwhile_unknown),
		cmocka_unit_test(estimate_reads_no_further_than_size),
		cmocka_unit_test(notable_only_above_bound_and_50_ms),
		cmocka_unit_test(correct_saturates),
		cmocka_unit_test(describe_ahead_and_behind),
		cmocka_unit_test(find_step_ignores_delay),
		cmocka_unit_test(lag_of_last_watermark),
		cmocka_unit_test(find_step_without_offset_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
