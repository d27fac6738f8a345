/* SPDX-License-Identifier: MIT */
/*
 * Formats error messages. In: a format and its values, trusted or not. Out: one line
 * of printable UTF-8 in the caller's struct error.
 */
#include "common/error.h"

#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *error, int status, const char *format, ...)
{
	char raw[sizeof(error->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_escape(error->text, sizeof(error->text), raw);
	error->status = status;
	return false;
}
