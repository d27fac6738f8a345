/* SPDX-License-Identifier: MIT */
/*
 * Histograms: percentiles of random durations are near those of the sorted durations, and
 * the buckets contain each duration once.
 */
#include "client/path_histogram.h"

#include "unit.h"

enum { DURATIONS = 2000, ROUNDS = 100, HOURS_BITS = 44 };

static uint64_t some_duration(struct seed *seed, unsigned bits)
{
	const uint64_t wide = (uint64_t)seed_u32(seed) << 32 | seed_u32(seed);

	return wide >> (64 - bits) >> seed_below(seed, bits);
}

static int compare(const void *one, const void *other)
{
	const uint64_t a = *(const uint64_t *)one;
	const uint64_t b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

static void random_durations_percentiles_near(void **state)
{
	static const double shares[] = {0.0, 0.01, 0.5, 0.9, 0.99, 1.0};
	static uint64_t sorted[DURATIONS];
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		const size_t count = 1 + seed_below(&seed, DURATIONS);
		const uint64_t least = some_duration(&seed, HOURS_BITS);
		struct path_histogram histogram = {0};

		for (size_t i = 0; i < count; i++) {
			sorted[i] = least + some_duration(&seed, HOURS_BITS);
			path_histogram_add(&histogram, sorted[i]);
		}
		qsort(sorted, count, sizeof(*sorted), compare);
		assert_int_equal(histogram.count, count);
		assert_int_equal(histogram.least_ns, sorted[0]);
		assert_int_equal(histogram.most_ns, sorted[count - 1]);
		for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
			const uint64_t got = path_histogram_percentile(&histogram, shares[i]);
			size_t rank = (size_t)(shares[i] * (double)count + 0.999999);
			uint64_t want;

			rank = rank > 0 ? rank - 1 : 0;
			want = sorted[rank < count ? rank : count - 1];
			assert_true(got <= want + want / 16 && want <= got + want / 16);
			assert_true(got >= sorted[0] && got <= sorted[count - 1]);
		}
	}
}

static void each_duration_in_one_bucket(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < 20000; round++) {
		const uint64_t duration = some_duration(&seed, 64);
		struct path_histogram histogram = {0};
		size_t bucket = 0;

		path_histogram_add(&histogram, duration);
		while (histogram.buckets[bucket] == 0)
			bucket++;
		assert_true(duration <= path_histogram_up_to_ns(bucket));
		if (bucket > 0)
			assert_true(duration > path_histogram_up_to_ns(bucket - 1));
		/* one duration is known exactly, however long it is */
		if (bucket == PATH_HISTOGRAM_BUCKETS - 1 || duration < PATH_HISTOGRAM_STEPS)
			assert_int_equal(path_histogram_percentile(&histogram, 0.5), duration);
	}
}

/* The last bucket is of all that is longer, and so has no middle. */
static void durations_without_end_give_the_longest(void **state)
{
	const uint64_t last = path_histogram_up_to_ns(PATH_HISTOGRAM_BUCKETS - 2) + 1;
	struct path_histogram histogram = {0};

	(void)state;
	path_histogram_add(&histogram, last);
	path_histogram_add(&histogram, UINT64_MAX);
	assert_int_equal(histogram.buckets[PATH_HISTOGRAM_BUCKETS - 1], 2);
	assert_true(path_histogram_percentile(&histogram, 0.5) == UINT64_MAX);
	histogram = (struct path_histogram){0};
	path_histogram_add(&histogram, last - 1);
	path_histogram_add(&histogram, UINT64_MAX);
	assert_int_equal(histogram.buckets[PATH_HISTOGRAM_BUCKETS - 2], 1);
	assert_true(path_histogram_percentile(&histogram, 0.5) < last);
}

static void no_duration_zero(void **state)
{
	const struct path_histogram histogram = {0};

	(void)state;
	assert_int_equal(path_histogram_percentile(&histogram, 0.5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_durations_percentiles_near),
		cmocka_unit_test(each_duration_in_one_bucket),
		cmocka_unit_test(durations_without_end_give_the_longest),
		cmocka_unit_test(no_duration_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
