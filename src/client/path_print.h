/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_results.h"

#include <stdio.h>

/*
 * Prints the results for people: flows that ended on their way, the table of stretches, what
 * is not known and why, the clocks. columns is the width of the terminal: the figures of
 * rows that are wider are on a line of their own; 0: no limit.
 */
void path_print(const struct path_results *results, FILE *out, unsigned columns);
