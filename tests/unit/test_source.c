/* SPDX-License-Identifier: MIT */
/*
 * Delays between attempts: within their bounds whatever the random number is, longer
 * each time up to jitter, and never out of all proportion.
 */
#include "client/source.h"

#include "unit.h"

#include <string.h>

enum { FIRST = 250, MOST = 30000, ROUNDS = 100000 };

/* Without jitter. */
static uint64_t longest(unsigned attempt)
{
	uint64_t delay = FIRST;

	for (unsigned i = 1; i < attempt && delay < MOST; i++)
		delay *= 2;
	return delay < MOST ? delay : MOST;
}

static unsigned some_attempt(struct seed *seed)
{
	if (seed_below(seed, 10) == 0)
		return seed_u32(seed) | 1;
	return 1 + (unsigned)seed_below(seed, 80);
}

static void retry_delay_is_half_to_all_of_the_maximum(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const unsigned attempt = some_attempt(&seed);
		const uint64_t most = longest(attempt);

		assert_uint_in_range(
			source_retry_delay_ms(attempt, seed_u32(&seed)), most / 2, most);
		assert_int_equal(source_retry_delay_ms(attempt, 0), most);
		assert_int_equal(source_retry_delay_ms(attempt, UINT32_MAX), most / 2);
	}
}

static void retry_delay_grows_with_attempts(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const unsigned attempt = 1 + (unsigned)seed_below(&seed, 100);
		const uint32_t dice = seed_u32(&seed);
		const uint64_t delay = source_retry_delay_ms(attempt, dice);

		assert_true(source_retry_delay_ms(attempt + 1, dice) >= delay);
		assert_true(2 * source_retry_delay_ms(attempt + 1, seed_u32(&seed)) >= delay);
		/* more of the dice is less of a delay */
		assert_true(source_retry_delay_ms(attempt, dice / 2) >= delay);
	}
}

static void retry_delay_is_125_ms_to_30_s(void **state)
{
	static const unsigned edges[] = {1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		assert_uint_in_range(source_retry_delay_ms(edges[i], 0), 125, 30000);
		assert_uint_in_range(source_retry_delay_ms(edges[i], UINT32_MAX), 125, 30000);
	}
	assert_int_equal(source_retry_delay_ms(1, 0), 250);
	assert_int_equal(source_retry_delay_ms(1, UINT32_MAX), 125);
}

/* Clients that were lost together come back apart. */
static void retry_jitter_spreads_clients(void **state)
{
	enum { CLIENTS = 10000, PARTS = 10 };
	struct seed seed = seed_start();
	size_t parts[PARTS] = {0};

	(void)state;
	for (int i = 0; i < CLIENTS; i++) {
		const uint64_t delay = source_retry_delay_ms(20, seed_u32(&seed));

		parts[(delay - MOST / 2) * PARTS / (MOST / 2 + 1)]++;
	}
	for (int i = 0; i < PARTS; i++)
		assert_uint_in_range(parts[i], CLIENTS / PARTS / 2, CLIENTS / PARTS * 2);
}

enum action { BEGIN = 1, FAIL, END };

/* What a source goes through, and what comes of it. */
static const struct row {
	const char *name;
	bool retry;
	bool require_all;
	bool refused;
	enum action actions[5];
	enum source_state state;
	unsigned begun, missing, failed;
} rows[] = {
	{"begins", false, false, false, {BEGIN}, SOURCE_RUNNING, 1, 0, 0},
	{"ends", false, false, false, {BEGIN, END}, SOURCE_OVER, 1, 0, 0},
	{"ends without an interface", false, false, false, {END}, SOURCE_OVER, 1, 0, 0},
	{"fails at once", false, false, false, {FAIL}, SOURCE_OVER, 0, 1, 1},
	{"fails later", false, false, false, {BEGIN, FAIL}, SOURCE_OVER, 1, 0, 1},
	{"is lost", true, false, false, {BEGIN, FAIL}, SOURCE_LOST, 1, 0, 1},
	{"is lost twice", true, false, false, {BEGIN, FAIL, FAIL}, SOURCE_LOST, 1, 0, 1},
	{"comes back", true, false, false, {BEGIN, FAIL, BEGIN}, SOURCE_RUNNING, 1, 0, 1},
	{"comes back and ends", true, false, false, {BEGIN, FAIL, BEGIN, END}, SOURCE_OVER, 1, 0,
		1},
	{"is not reached, not required", true, false, false, {FAIL}, SOURCE_LOST, 0, 0, 1},
	{"is not reached, required", true, true, false, {FAIL}, SOURCE_OVER, 0, 1, 1},
	{"is lost, required", true, true, false, {BEGIN, FAIL}, SOURCE_LOST, 1, 0, 1},
	{"is refused", true, false, true, {FAIL}, SOURCE_OVER, 0, 1, 1},
	{"ends twice", false, false, false, {BEGIN, END, END}, SOURCE_OVER, 1, 0, 0},
};

static bool ignore_packet(void *context, unsigned target, const struct packet *packet)
{
	(void)context;
	(void)target;
	(void)packet;
	return true;
}

static void play(struct source *source, const struct row *row)
{
	struct error error;

	error_set(&error, 1, "%s", row->name);
	for (size_t i = 0; i < 5 && row->actions[i]; i++) {
		static const enum source_event events[] = {
			[BEGIN] = SOURCE_BEGINS, [FAIL] = SOURCE_FAILS, [END] = SOURCE_ENDS};

		source_transition(source, events[row->actions[i]], &error);
	}
}

static enum action last_action(const struct row *row)
{
	size_t i = 0;

	while (i < 4 && row->actions[i + 1])
		i++;
	return row->actions[i];
}

static void transition_table(void **state)
{
	static char label[] = "web1";
	const struct merge_limits limits = {.hold_ms = 1000, .queue_bytes = 1 << 20};
	const struct merge_sink sink = {.packet = ignore_packet};
	struct target target = {.label = label};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		static struct notices notices;
		struct interface_table interfaces;
		const struct row *row = &rows[i];
		struct options options = {.retry = row->retry, .require_all = row->require_all};
		struct source_common common = {.options = &options,
			.merge = merge_new(1, &limits, &sink),
			.notices = &notices,
			.interfaces = &interfaces,
			.in_state[SOURCE_CONNECTING] = 1};
		struct source source = {
			.common = &common, .target = &target, .is_refused = row->refused};

		print_message("%s\n", row->name);
		assert_non_null(common.merge);
		assert_true(interface_table_init(&interfaces, 1));
		play(&source, row);
		assert_int_equal(source.state, row->state);
		assert_int_equal(common.in_state[row->state], 1);
		assert_int_equal(common.begun_count, row->begun);
		assert_int_equal(common.missing_count, row->missing);
		assert_int_equal(common.failed_count, row->failed);
		/* the header of a file has the targets that are missing then */
		assert_int_equal(interfaces.targets[0].trouble != NULL,
			source.state == SOURCE_LOST ||
				(source.state == SOURCE_OVER && !source.ended));
		assert_true(source.ended == (last_action(row) == END));
		interface_table_cleanup(&interfaces);
		outages_cleanup(&source.outages);
		merge_free(common.merge);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transition_table),
		cmocka_unit_test(retry_delay_is_half_to_all_of_the_maximum),
		cmocka_unit_test(retry_delay_grows_with_attempts),
		cmocka_unit_test(retry_delay_is_125_ms_to_30_s),
		cmocka_unit_test(retry_jitter_spreads_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
