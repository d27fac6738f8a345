/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_results.h"

#include <stdio.h>

/* Prints the flows that become others in a router: the first ones, or all if they are listed. */
void path_translations_print(const struct path_results *results, FILE *out);

/* Prints them as members of a JSON object: "translations" and "other_translations". */
void path_translations_print_json(const struct path_results *results, FILE *out);
