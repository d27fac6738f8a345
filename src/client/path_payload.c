/* SPDX-License-Identifier: MIT */
/*
 * Checks of payloads. In: as much of a payload as was captured. Out: hashes of its beginnings,
 * and of all of it.
 */
#include "client/path_payload.h"

#include "common/siphash.h"
#include "format/bytes.h"

#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

enum { BLOCK_SIZE = PATH_BLOCK_WORDS * 4 };

/*
 * NH of UMAC (RFC 4418, section 5.2.2): two blocks that differ have the same hash with a
 * probability of 2^-32, for a key that nobody else has.
 */
static uint64_t hash_block(const struct path_hash_key *key, const unsigned char *block)
{
	const uint32_t *one = key->block;
	const uint32_t *other = key->block + PATH_BLOCK_WORDS / 2;
	uint64_t sum = 0;

	for (size_t i = 0; i < PATH_BLOCK_WORDS / 2; i++) {
		const uint32_t left = bytes_u32(block + i * 4, false) + one[i];
		const uint32_t right = bytes_u32(block + BLOCK_SIZE / 2 + i * 4, false) + other[i];

		sum += (uint64_t)left * right;
	}
	return sum;
}

/* Returns the hash of a whole payload: hash is that of the bytes before at. */
static uint64_t hash_rest(const struct path_hash_key *key, struct siphash hash,
	const unsigned char *payload, uint32_t at, uint32_t size)
{
	for (; size - at >= BLOCK_SIZE; at += BLOCK_SIZE) {
		const uint64_t sum = hash_block(key, payload + at);
		unsigned char bytes[sizeof(sum)];

		memcpy(bytes, &sum, sizeof(sum));
		siphash_add(&hash, bytes, 1);
	}
	siphash_add(&hash, payload + at, (size - at) / 8);
	return siphash_end(&hash, payload + (size - size % 8), size);
}

/*
 * One pass: the hash up to each size of path_check_sizes is a step on the way to the next one.
 * SipHash alone would need 0.4 us for a full Ethernet frame, so each block after these becomes one
 * word of it.
 */
uint8_t path_payload_check(const struct path_hash_key *key, const unsigned char *payload,
	uint32_t size, bool is_complete, uint32_t ret_checks[PATH_CHECKS])
{
	uint8_t valid = 0;
	struct siphash hash = siphash_begin(key->words);
	uint32_t at = 0;
	int i = 0;

	for (; i < PATH_CHECK_ALL && size >= path_check_sizes[i]; i++) {
		siphash_add(&hash, payload + at, (path_check_sizes[i] - at) / 8);
		at = path_check_sizes[i];
		ret_checks[i] = (uint32_t)siphash_end(&hash, NULL, at);
		valid |= (uint8_t)(1 << i);
	}
	if (!is_complete)
		return valid;
	ret_checks[PATH_CHECK_ALL] = (uint32_t)hash_rest(key, hash, payload, at, size);
	for (; i < PATH_CHECK_ALL; i++)
		ret_checks[i] = ret_checks[PATH_CHECK_ALL];
	return PATH_CHECKS_ALL_VALID;
}

bool path_hash_key_init(struct path_hash_key *ret_key)
{
	return getrandom(ret_key, sizeof(*ret_key), 0) == (ssize_t)sizeof(*ret_key);
}
