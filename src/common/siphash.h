/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash-1-3: a keyed hash, so that nobody without the key can choose inputs that collide.
 * In: words of 8 bytes, then a tail of less; out: 64 bits. The sums so far of a longer input
 * can be had on the way, as siphash_end() changes nothing.
 */
struct siphash {
	uint64_t v[4]; /* the paper's name */
};

struct siphash siphash_begin(const uint64_t key[2]);

/* Adds so many words of 8 bytes. */
void siphash_add(struct siphash *hash, const unsigned char *bytes, size_t words);

/* Returns the hash of all words added, with 0 to 7 more bytes; size: of all, in bytes. */
uint64_t siphash_end(const struct siphash *hash, const unsigned char *tail, size_t size);
