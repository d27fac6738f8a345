#pragma once

#include <stdint.h>

/*
 * Returns how many ms to wait before a lost target is tried for the attempt-th
 * time (from 1): exponential from 250 ms, with jitter, at most 30 s. random is
 * any number.
 */
uint64_t retry_delay(unsigned attempt, uint32_t random);
