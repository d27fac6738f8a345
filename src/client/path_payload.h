/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The key of the hashes: random in each run, so that no host can choose packets that collide. */
enum { PATH_BLOCK_WORDS = 32 };

struct path_hash_key {
	uint64_t words[2];		  /* of SipHash */
	uint32_t block[PATH_BLOCK_WORDS]; /* of what makes a block of payload a word */
};

/* Sets a random key. False: the system has no random numbers. */
bool path_hash_key_init(struct path_hash_key *ret_key);

/*
 * Checks of the payload up to these many bytes, and of all of it: places with different
 * snaplens compare the longest one that both have.
 */
enum {
	PATH_CHECKS = 4,
	PATH_CHECK_ALL = PATH_CHECKS - 1,
	PATH_CHECKS_ALL_VALID = (1 << PATH_CHECKS) - 1,
};
static const uint16_t path_check_sizes[PATH_CHECKS - 1] = {16, 64, 256};

/*
 * Sets the checks of a payload of which size bytes were captured, all of it if is_complete.
 * Returns which of them are valid: bit i is that of check i.
 */
uint8_t path_payload_check(const struct path_hash_key *key, const unsigned char *payload,
	uint32_t size, bool is_complete, uint32_t ret_checks[PATH_CHECKS]);
