#pragma once

#include <stdint.h>
#include <time.h>

/* Nanoseconds of a clock_gettime(2) clock. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Milliseconds of the clock that never steps, for deadlines. */
static inline uint64_t clock_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

/* The deadline of what has none. */
#define CLOCK_NEVER UINT64_MAX

static inline uint64_t clock_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t clock_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}
