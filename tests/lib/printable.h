/* SPDX-License-Identifier: MIT */
/*
 * Is a text safe for a terminal? Decided by the C library's UTF-8 decoder, so that
 * the project's own is not the judge of itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* lines: line feeds are allowed. */
bool printable_text(const char *text, size_t size, bool lines);

/* The same for a string of one line. */
bool printable_line(const char *text);
