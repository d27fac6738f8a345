/* SPDX-License-Identifier: MIT */
/*
 * Random requests that are mostly valid: each part is written in one of its valid
 * forms, and sometimes a few bytes are changed. In: a seed. Out: bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MUTANT_MAX = 8192 };

struct mutant {
	unsigned short state[3];
	char bytes[MUTANT_MAX];
	size_t size;
};

/* Starts the random numbers. */
void mutant_seed(struct mutant *mutant, uint64_t seed);

/* Makes the next request: bytes and size. */
void mutant_make(struct mutant *mutant);
