/* SPDX-License-Identifier: MIT */
/*
 * The losses that can be taken back: a packet takes back those of which it has a byte, wherever
 * sequence numbers wrap and blocks end, each once, and no other one.
 */
#include "client/path_told.h"

#include "unit.h"

#include <string.h>

enum { WORLDS = 20000, SIZE_MAX_SEGMENT = 70000, DIGEST = 7 };

static struct path_told told;

static bool accepts(const void *context, const struct told_loss *loss)
{
	(void)loss;
	return *(const bool *)context;
}

static bool take(const struct path_identity *identity, bool is_accepted, struct told_loss *ret_loss)
{
	return path_told_take(&told, identity, SIZE_MAX_SEGMENT, accepts, &is_accepted, ret_loss);
}

static struct path_identity bytes(uint32_t sequence, uint32_t size)
{
	return (struct path_identity){
		.kind = PATH_BYTES, .digest = DIGEST, .sequence = sequence, .size = size};
}

static void loss_taken_by_packets_with_a_byte_of_it_once(void **state)
{
	struct seed seed = seed_start();
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < WORLDS; i++) {
		const uint32_t base = seed_below(&seed, 2) ? UINT32_MAX - 100000 : seed_u32(&seed);
		/* offsets from base do not wrap */
		const uint64_t lost_at = seed_below(&seed, 150000);
		const uint32_t lost_size = 1 + (uint32_t)seed_below(&seed, SIZE_MAX_SEGMENT);
		const uint64_t seen_at = seed_below(&seed, 150000);
		const uint32_t seen_size = 1 + (uint32_t)seed_below(&seed, SIZE_MAX_SEGMENT);
		const bool has_common =
			lost_at < seen_at + seen_size && seen_at < lost_at + lost_size;
		const struct told_loss loss = {
			.identity = bytes(base + (uint32_t)lost_at, lost_size), .to = 5};
		const struct path_identity seen = bytes(base + (uint32_t)seen_at, seen_size);
		struct told_loss found = {0};

		/* the loss is gone at the end of each turn */
		path_told_add(&told, &loss);
		assert_false(take(&seen, false, &found));
		assert_int_equal(take(&seen, true, &found), has_common);
		assert_int_equal(found.to, has_common ? 5 : 0);
		assert_int_equal(take(&loss.identity, true, &found), !has_common);
		taken += has_common;
	}
	assert_true(taken > WORLDS / 4 && taken < WORLDS);
}

static void whole_packet_taken_by_the_same_one_alone(void **state)
{
	const struct told_loss loss = {.identity = {.kind = PATH_WHOLE, .digest = 9, .size = 50}};
	struct path_identity other = loss.identity;
	struct told_loss found;

	(void)state;
	memset(&told, 0, sizeof(told));
	path_told_add(&told, &loss);
	other.digest += TOLD_BUCKETS; /* it shares the bucket */
	assert_false(take(&other, true, &found));
	assert_true(take(&loss.identity, true, &found));
	assert_false(take(&loss.identity, true, &found));
}

static void bucket_that_is_full_keeps_the_latest(void **state)
{
	struct told_loss found;

	(void)state;
	memset(&told, 0, sizeof(told));
	for (uint32_t i = 0; i <= TOLD_IN_BUCKET; i++)
		path_told_add(&told, &(struct told_loss){.identity = bytes(i * 10, 10)});
	found.identity = bytes(0, 10);
	assert_false(take(&found.identity, true, &found));
	for (uint32_t i = 1; i <= TOLD_IN_BUCKET; i++) {
		const struct path_identity identity = bytes(i * 10, 10);

		assert_true(take(&identity, true, &found));
		assert_int_equal(found.identity.sequence, i * 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loss_taken_by_packets_with_a_byte_of_it_once),
		cmocka_unit_test(whole_packet_taken_by_the_same_one_alone),
		cmocka_unit_test(bucket_that_is_full_keeps_the_latest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
