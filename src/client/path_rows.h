/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_results.h"

#include <stdio.h>

/*
 * Prints the table of stretches: packets, losses, delays, and what the clocks of both hosts
 * add to these. columns: see path_print(). Returns how many rows it has; without any,
 * nothing is printed.
 */
size_t path_rows_print(const struct path_results *results, FILE *out, unsigned columns);
