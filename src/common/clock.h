/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define MS_PER_S UINT64_C(1000)

/* Nanoseconds of a clock_gettime(2) clock. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Milliseconds of CLOCK_MONOTONIC, which is never set, for deadlines. */
static inline uint64_t clock_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

/* A deadline that never comes. */
#define CLOCK_NEVER UINT64_MAX

static inline uint64_t clock_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t clock_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How far two times are apart. */
static inline uint64_t clock_distance(uint64_t a, uint64_t b)
{
	return a < b ? b - a : a - b;
}
