/* SPDX-License-Identifier: MIT */
/*
 * Blocks for each file: secrets and names, each once, in their order, within the limit.
 */
#include "client/kept_blocks.h"

#include "format/pcapng_write.h"
#include "unit.h"

#include <string.h>

enum { ROUNDS = 200, BLOCKS = 60, SIZE_MAX_ = 256, LIMIT = 4096 };

static size_t make(struct seed *seed, uint32_t type, unsigned char out[SIZE_MAX_])
{
	const uint32_t size = 16 + 4 * (uint32_t)seed_below(seed, 50);

	seed_bytes(seed, out, size);
	memcpy(out, &type, 4);
	memcpy(out + 4, &size, 4);
	return size;
}

static void secrets_and_names_are_kept_once_in_order(void **state)
{
	struct seed seed = seed_start();
	static const uint32_t types[] = {
		PCAPNG_SECRETS, PCAPNG_NAMES, PCAPNG_JOURNAL, PCAPNG_CUSTOM};

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct kept_blocks kept = {.limit = LIMIT};
		unsigned char expected[LIMIT];
		unsigned char block[SIZE_MAX_];
		const unsigned char *at;
		size_t used = 0;

		for (int i = 0; i < BLOCKS; i++) {
			const uint32_t type = types[seed_below(&seed, 4)];
			const size_t size = make(&seed, type, block);
			const bool is_kept = type == PCAPNG_SECRETS || type == PCAPNG_NAMES;
			const bool fits = used + size <= LIMIT;

			assert_int_equal(kept_blocks_add(&kept, block, size), !is_kept || fits);
			if (!is_kept || !fits)
				continue;
			memcpy(expected + used, block, size);
			used += size;
			assert_true(kept_blocks_add(&kept, block, size));
		}
		assert_int_equal(kept.bytes, used);
		for (size_t place = 0, size; (size = kept_blocks_at(&kept, place, &at)) > 0;
			place += size)
			assert_memory_equal(at, expected + place, size);
		kept_blocks_cleanup(&kept);
	}
}

static void number_of_blocks_is_limited(void **state)
{
	struct seed seed = seed_start();
	struct kept_blocks kept = {.limit = 16 << 20};
	unsigned char block[SIZE_MAX_];

	(void)state;
	for (uint32_t i = 0; i < KEPT_BLOCKS_MAX; i++) {
		const size_t size = make(&seed, PCAPNG_NAMES, block);

		memcpy(block + 8, &i, 4);
		assert_true(kept_blocks_add(&kept, block, size));
	}
	assert_false(kept_blocks_add(&kept, block, make(&seed, PCAPNG_NAMES, block)));
	kept_blocks_cleanup(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_and_names_are_kept_once_in_order),
		cmocka_unit_test(number_of_blocks_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
