/* SPDX-License-Identifier: MIT */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* cmocka before 2.0 has one macro for both kinds of numbers */
#ifndef assert_uint_in_range
#define assert_uint_in_range assert_in_range
#endif

/*
 * What unit tests share: cmocka with the headers that it needs, and random
 * input that can be had again: DDUMP_SEED in the environment repeats a run.
 */
struct seed {
	unsigned short state[3];
};

static inline struct seed seed_start(void)
{
	const char *given = getenv("DDUMP_SEED");
	uint64_t number = 0;

	if (given)
		number = strtoull(given, NULL, 10);
	else if (getrandom(&number, 6, 0) != 6)
		abort();
	printf("# DDUMP_SEED=%" PRIu64 "\n", number);
	return (struct seed){{(unsigned short)number, (unsigned short)(number >> 16),
		(unsigned short)(number >> 32)}};
}

/* Returns a number from 0 to below - 1. */
static inline size_t seed_below(struct seed *seed, size_t below)
{
	return (size_t)nrand48(seed->state) % below;
}

static inline uint32_t seed_u32(struct seed *seed)
{
	return (uint32_t)jrand48(seed->state);
}

static inline void seed_bytes(struct seed *seed, void *out, size_t size)
{
	unsigned char *to = out;

	for (size_t i = 0; i < size; i++)
		to[i] = (unsigned char)seed_below(seed, 256);
}

/*
 * Does qemu-user run this test (make check-foreign)? It refuses some system
 * calls, and what the kernel prints has the byte order of another machine.
 */
static inline bool is_emulated(void)
{
	return getenv("EMULATED") != NULL;
}
