#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies a string into out (size bytes, always terminated) as one line of
 * printable ASCII; other bytes become \xNN. What does not fit ends in "...".
 */
void text_escape(char *out, size_t size, const char *text);

/*
 * Parses a decimal number of nothing but digits, at most max. Returns false
 * and leaves ret_value alone if it is anything else.
 */
bool text_number(const char *text, uint64_t max, uint64_t *ret_value);
