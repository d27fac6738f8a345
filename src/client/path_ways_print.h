/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_results.h"

#include <stdio.h>

/*
 * Adds the ways of flows that have ended and of those that have not. False: out of memory. Either
 * way ret_ways is for path_ways_cleanup().
 */
bool path_ways_collect(const struct path_results *results, struct path_ways *ret_ways);

/* Prints the ways of flows, if the same ends have several ways, or all are to be listed. */
void path_ways_print(const struct path_results *results, FILE *out);

/* Prints them as members of a JSON object (RFC 8259): "ways" and "other_ways". */
void path_ways_print_json(const struct path_results *results, FILE *out);
