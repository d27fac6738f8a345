/*
 * Delays between attempts: within their bounds whatever the dice say, longer
 * each time up to jitter, and never out of all proportion.
 */
#include "client/retry.h"

#include "unit.h"

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

static void each_is_half_of_it_to_all_of_it(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const unsigned attempt = some_attempt(&seed);
		const uint64_t most = longest(attempt);

		assert_in_range(
			retry_delay(attempt, seed_u32(&seed)), most / 2, most);
		assert_int_equal(retry_delay(attempt, 0), most);
		assert_int_equal(retry_delay(attempt, UINT32_MAX), most / 2);
	}
}

static void the_next_is_no_shorter_up_to_jitter(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const unsigned attempt = 1 + (unsigned)seed_below(&seed, 100);
		const uint32_t dice = seed_u32(&seed);
		const uint64_t delay = retry_delay(attempt, dice);

		assert_true(retry_delay(attempt + 1, dice) >= delay);
		assert_true(
			2 * retry_delay(attempt + 1, seed_u32(&seed)) >= delay);
		/* more of the dice is less of a delay */
		assert_true(retry_delay(attempt, dice / 2) >= delay);
	}
}

static void all_are_between_an_eighth_of_a_second_and_30(void **state)
{
	static const unsigned edges[] = {
		1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		assert_in_range(retry_delay(edges[i], 0), 125, 30000);
		assert_in_range(retry_delay(edges[i], UINT32_MAX), 125, 30000);
	}
	assert_int_equal(retry_delay(1, 0), 250);
	assert_int_equal(retry_delay(1, UINT32_MAX), 125);
}

/* Clients that were lost together come back apart. */
static void jitter_spreads(void **state)
{
	enum { CLIENTS = 10000, PARTS = 10 };
	struct seed seed = seed_start();
	size_t parts[PARTS] = {0};

	(void)state;
	for (int i = 0; i < CLIENTS; i++) {
		const uint64_t delay = retry_delay(20, seed_u32(&seed));

		parts[(delay - MOST / 2) * PARTS / (MOST / 2 + 1)]++;
	}
	for (int i = 0; i < PARTS; i++)
		assert_in_range(
			parts[i], CLIENTS / PARTS / 2, CLIENTS / PARTS * 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_half_of_it_to_all_of_it),
		cmocka_unit_test(the_next_is_no_shorter_up_to_jitter),
		cmocka_unit_test(all_are_between_an_eighth_of_a_second_and_30),
		cmocka_unit_test(jitter_spreads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
