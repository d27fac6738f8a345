/* SPDX-License-Identifier: MIT */
/*
 * SipHash with one round a word and three at the end (Aumasson, Bernstein: SipHash: a fast
 * short-input PRF, 2012, section 2). Its authors suggest 2 and 4 rounds as conservative
 * choice; one and three suffice where no attacker sees a hash, as in hash tables.
 */
#include "common/siphash.h"

#include <endian.h>
#include <string.h>

enum { WORD = 8, END_ROUNDS = 3, END_MARK = 0xff };

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

/* The paper's figure 2.1: two additions, rotations and XORs at a time. */
static inline void mix_round(struct siphash *hash)
{
	uint64_t *v = hash->v;

	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static inline uint64_t read_word(const unsigned char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

static inline void add_word(struct siphash *hash, uint64_t word)
{
	hash->v[3] ^= word;
	mix_round(hash);
	hash->v[0] ^= word;
}

struct siphash siphash_begin(const uint64_t key[2])
{
	/* "somepseudorandomlygeneratedbytes" */
	return (struct siphash){{
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	}};
}

void siphash_add(struct siphash *hash, const unsigned char *bytes, size_t words)
{
	struct siphash local = *hash; /* in registers */

	for (size_t i = 0; i < words; i++)
		add_word(&local, read_word(bytes + i * WORD));
	*hash = local;
}

uint64_t siphash_end(const struct siphash *hash, const unsigned char *tail, size_t size)
{
	struct siphash local = *hash;
	uint64_t last = (uint64_t)size << 56;

	for (size_t i = 0; i < size % WORD; i++)
		last |= (uint64_t)tail[i] << 8 * i;
	add_word(&local, last);
	local.v[2] ^= END_MARK;
	for (int i = 0; i < END_ROUNDS; i++)
		mix_round(&local);
	return local.v[0] ^ local.v[1] ^ local.v[2] ^ local.v[3];
}
