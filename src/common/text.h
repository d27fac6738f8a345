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

/*
 * Decodes the %XX (RFC 3986, section 2.1) that size bytes begin with. Returns
 * the byte, -1 if they begin with none.
 */
int text_percent(const char *text, size_t size);
