/* SPDX-License-Identifier: MIT */
/*
 * Compares and cuts slices of text. In: slices. Out: smaller slices.
 */
#include "common/slice.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool slice_is(struct slice slice, const char *text)
{
	return slice_same(slice, (struct slice){text, strlen(text)});
}

bool slice_same(struct slice one, struct slice other)
{
	return one.size == other.size &&
	       (one.size == 0 || strncasecmp(one.at, other.at, one.size) == 0);
}

bool slice_begins(struct slice slice, const char *start)
{
	const size_t size = strlen(start);

	return slice.size >= size && strncasecmp(slice.at, start, size) == 0;
}

bool slice_is_token(struct slice slice)
{
	for (size_t i = 0; i < slice.size; i++) {
		unsigned char c = (unsigned char)slice.at[i];

		if (!isalnum(c) && !(c && strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return slice.size > 0;
}

bool slice_cut(struct slice *rest, char c, struct slice *ret_head)
{
	const char *found = rest->size > 0 ? memchr(rest->at, c, rest->size) : NULL;

	if (!found)
		return false;
	*ret_head = (struct slice){rest->at, (size_t)(found - rest->at)};
	rest->size -= ret_head->size + 1;
	rest->at = found + 1;
	return true;
}

struct slice slice_trim(struct slice slice)
{
	while (slice.size > 0 && (*slice.at == ' ' || *slice.at == '\t')) {
		slice.at++;
		slice.size--;
	}
	while (slice.size > 0 &&
		(slice.at[slice.size - 1] == ' ' || slice.at[slice.size - 1] == '\t'))
		slice.size--;
	return slice;
}
