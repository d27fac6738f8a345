/*
 * Remarks on a capture. In: sentences, as they come up. Out: one text.
 */
#include "client/remarks.h"

#include <stdarg.h>
#include <stdio.h>

enum { RESERVED = 64 }; /* for how many were left out */

void remarks_add(struct remarks *remarks, const char *format, ...)
{
	const size_t room = sizeof(remarks->text) - RESERVED - remarks->used;
	char *at = remarks->text + remarks->used;
	size_t separator = remarks->used > 0;
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(at + separator, room - separator, format, args);
	va_end(args);
	if (size < 0 || (size_t)size + separator >= room) {
		*at = '\0';
		remarks->omitted++;
		return;
	}
	if (separator)
		*at = '\n';
	remarks->used += separator + (size_t)size;
}

const char *remarks_text(struct remarks *remarks)
{
	if (remarks->used == 0 && remarks->omitted == 0)
		return NULL;
	if (remarks->omitted > 0)
		snprintf(remarks->text + remarks->used, RESERVED,
			"%sand %u more", remarks->used > 0 ? "\n" : "",
			remarks->omitted);
	return remarks->text;
}
