/* SPDX-License-Identifier: MIT */
/*
 * Places as texts. In: the number of a place. Out: its name, and direction.
 */
#include "client/path_place_text.h"

#include <stdio.h>
#include <string.h>

void path_place_describe(const struct path_results *results, uint16_t place, bool has_direction,
	char out[PATH_PLACE_TEXT_MAX])
{
	static const char *const directions[] = {
		[PATH_DIRECTION_UNKNOWN] = "",
		[PATH_INCOMING] = " in",
		[PATH_OUTGOING] = " out",
	};
	const struct path_place *found;

	if (place == PATH_PLACE_NONE) {
		snprintf(out, PATH_PLACE_TEXT_MAX, "?");
		return;
	}
	found = path_pairing_get_place(results->pairing, place);
	snprintf(out, PATH_PLACE_TEXT_MAX, "%s%s",
		results->names.place(results->names.context, found),
		has_direction ? directions[found->direction] : "");
}

void path_place_describe_among(const struct path_results *results, const uint16_t *places,
	size_t count, size_t at, char out[PATH_PLACE_TEXT_MAX])
{
	char other[PATH_PLACE_TEXT_MAX];

	path_place_describe(results, places[at], false, out);
	for (size_t i = 0; i < count; i++) {
		if (i == at)
			continue;
		path_place_describe(results, places[i], false, other);
		if (strcmp(out, other) == 0) {
			path_place_describe(results, places[at], true, out);
			return;
		}
	}
}

size_t path_place_text_width(const char *text)
{
	size_t width = 0;

	/* bytes of UTF-8 that continue a character do not count */
	for (const char *c = text; *c; c++)
		width += ((unsigned char)*c & 0xc0) != 0x80;
	return width;
}
