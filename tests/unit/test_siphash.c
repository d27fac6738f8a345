/* SPDX-License-Identifier: MIT */
/*
 * SipHash-1-3: the hashes of the bytes 0, 1, 2 and so on, with a key of zeros. They are
 * those of CPython 3.11: PYTHONHASHSEED=0 python3 -c 'print(hash(bytes(range(63))))'
 */
#include "common/siphash.h"

#include "unit.h"

static const struct {
	size_t size;
	uint64_t hash;
} vectors[] = {
	{1, UINT64_C(0x68a914128e01e473)},
	{7, UINT64_C(0x2f098ab0c751325a)},
	{8, UINT64_C(0xead411e67ebe2eea)},
	{9, UINT64_C(0x75927f9d95124362)},
	{15, UINT64_C(0xf30eb725bb91c9ea)},
	{16, UINT64_C(0x8972188433a5c5b7)},
	{63, UINT64_C(0x385d3e39e5f37359)},
	{64, UINT64_C(0x75e05fd5bbc870c6)},
};

static void test_hash_is_that_of_another_program(void **state)
{
	static const uint64_t key[2];
	unsigned char bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		const size_t size = vectors[i].size;
		struct siphash hash = siphash_begin(key);

		siphash_add(&hash, bytes, size / 8);
		assert_true(siphash_end(&hash, bytes + size / 8 * 8, size) == vectors[i].hash);
	}
}

static void test_words_in_any_parts_have_one_hash(void **state)
{
	struct seed seed = seed_start();
	unsigned char bytes[128];
	uint64_t key[2];

	(void)state;
	seed_bytes(&seed, key, sizeof(key));
	seed_bytes(&seed, bytes, sizeof(bytes));
	for (size_t first = 0; first <= 16; first++) {
		struct siphash parts = siphash_begin(key);
		struct siphash whole = siphash_begin(key);

		siphash_add(&parts, bytes, first);
		siphash_end(&parts, bytes, 5);
		siphash_add(&parts, bytes + first * 8, 16 - first);
		siphash_add(&whole, bytes, 16);
		assert_true(siphash_end(&parts, NULL, 128) == siphash_end(&whole, NULL, 128));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_is_that_of_another_program),
		cmocka_unit_test(test_words_in_any_parts_have_one_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
