/* SPDX-License-Identifier: MIT */
/*
 * Quotes texts for a POSIX shell. In: any text. Out: a word that stands for it.
 *
 * Between single quotes no byte is special but the single quote (POSIX.1-2017, Shell
 * Command Language, 2.2.2), which therefore stands outside of them, after a backslash.
 */
#include "client/shell_quote.h"

#include <string.h>

static const char quote[] = "'\\''";

size_t shell_quote_size(const char *text)
{
	size_t size = strlen("''") + 1;

	for (; *text; text++)
		size += *text == '\'' ? strlen(quote) : 1;
	return size;
}

char *shell_quote(char *out, const char *text)
{
	*out++ = '\'';
	for (; *text; text++) {
		const size_t size = *text == '\'' ? strlen(quote) : 1;

		memcpy(out, *text == '\'' ? quote : text, size);
		out += size;
	}
	*out++ = '\'';
	*out = '\0';
	return out;
}
