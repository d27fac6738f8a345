/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>
#include <stdio.h>

/*
 * Prints a text as a string of JSON (RFC 8259), escaped to printable UTF-8 first, as in all
 * other output; or null if there is no memory for it.
 */
void json_print_string(FILE *out, const char *text);

/* The same, or null if text is NULL or "". */
void json_print_string_or_null(FILE *out, const char *text);

/* Prints a time (ns since 1970) as in RFC 3339, or null if it is 0. */
void json_print_time(FILE *out, uint64_t time_ns);
