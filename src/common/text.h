/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies a string to out (size bytes, always terminated) as one line of printable
 * UTF-8. Bytes that are not UTF-8, control characters and marks that change the
 * direction of text become \xNN, byte by byte. A text that does not fit is cut, and
 * ends in "...".
 */
void text_escape(char *out, size_t size, const char *text);

/*
 * The same for length bytes of text, or up to a NUL in them. With has_lines, tabs and
 * line breaks are kept. False: the text was cut.
 */
bool text_escape_part(char *out, size_t size, const char *text, size_t length, bool has_lines);

/*
 * Parses a decimal number, only digits, at most max. Returns false, and leaves
 * ret_value unchanged, if the text is anything else.
 */
bool text_number(const char *text, uint64_t max, uint64_t *ret_value);

/*
 * Decodes a %XX (RFC 3986, section 2.1) at the start of size bytes. Returns the byte,
 * or -1 if there is no %XX.
 */
int text_percent(const char *text, size_t size);
