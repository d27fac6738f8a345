/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

/* Returns the size that shell_quote() needs for a text, with its final NUL. */
size_t shell_quote_size(const char *text);

/*
 * Writes text to out as one word for a POSIX shell: the shell's value of that word is the
 * text, whatever bytes it has. Returns the end of the word, where its NUL is.
 */
char *shell_quote(char *out, const char *text);
