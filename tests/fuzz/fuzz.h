/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's entry: each target defines it; replay.c calls it, too. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Aborts if a condition does not hold that must hold for every input. */
static inline void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Adds bytes to a checksum that depends on their order. */
static inline uint64_t mix(uint64_t sum, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ at[i]) * 0x100000001b3;
	return sum;
}

/* A copy of exactly that size, so that reading after its end is noticed. */
static inline void *copy(const void *bytes, size_t size)
{
	uint8_t *to = malloc(size ? size : 1);

	must(to, "there is memory");
	for (size_t i = 0; i < size; i++)
		to[i] = ((const uint8_t *)bytes)[i];
	return to;
}
