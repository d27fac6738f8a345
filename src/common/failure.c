/*
 * Sentences about what went wrong. In: a format and what it names, trusted or
 * not. Out: one line of printable ASCII in the caller's struct failure.
 */
#include "common/failure.h"

#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>

bool failure_set(struct failure *failure, int status, const char *format, ...)
{
	char raw[sizeof(failure->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_escape(failure->text, sizeof(failure->text), raw);
	failure->status = status;
	return false;
}
