/*
 * Pieces of text. In: places and lengths within a buffer. Out: smaller ones.
 */
#include "worker/span.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool span_is(struct span span, const char *text)
{
	return span_same(span, (struct span){text, strlen(text)});
}

bool span_same(struct span one, struct span other)
{
	return one.size == other.size &&
	       (one.size == 0 || strncasecmp(one.at, other.at, one.size) == 0);
}

bool span_begins(struct span span, const char *start)
{
	const size_t size = strlen(start);

	return span.size >= size && strncasecmp(span.at, start, size) == 0;
}

bool span_is_token(struct span span)
{
	for (size_t i = 0; i < span.size; i++) {
		unsigned char c = (unsigned char)span.at[i];

		if (!isalnum(c) && !(c && strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return span.size > 0;
}

bool span_cut(struct span *rest, char c, struct span *ret_head)
{
	const char *found =
		rest->size > 0 ? memchr(rest->at, c, rest->size) : NULL;

	if (!found)
		return false;
	*ret_head = (struct span){rest->at, (size_t)(found - rest->at)};
	rest->size -= ret_head->size + 1;
	rest->at = found + 1;
	return true;
}

struct span span_trim(struct span span)
{
	while (span.size > 0 && (*span.at == ' ' || *span.at == '\t')) {
		span.at++;
		span.size--;
	}
	while (span.size > 0 && (span.at[span.size - 1] == ' ' ||
					span.at[span.size - 1] == '\t'))
		span.size--;
	return span;
}
