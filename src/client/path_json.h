/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_results.h"

#include <stdio.h>

/* Prints the results as the members of a JSON object (RFC 8259), without its braces. */
void path_json_print(const struct path_results *results, FILE *out);
