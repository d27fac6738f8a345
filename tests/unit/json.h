/* SPDX-License-Identifier: MIT */
#pragma once

#include "../lib/printable.h"
#include "unit.h"

#include <string.h>

/* What unit tests of JSON share. */

/* Skips a JSON string, which is all printable. Returns what follows it. */
static inline const char *json_skip_string(const char *at)
{
	assert_int_equal(*at++, '"');
	for (; *at != '"'; at++) {
		assert_int_not_equal(*at, '\0');
		if (*at == '\\')
			assert_non_null(strchr("\"\\", *++at));
	}
	return at + 1;
}

/* Are brackets and quotes balanced outside of strings? */
static inline void json_check(const char *at)
{
	char open[16];
	size_t depth = 0;

	assert_true(printable_text(at, strlen(at), true));
	while (*at) {
		if (*at == '"') {
			at = json_skip_string(at);
			continue;
		}
		if (*at == '{' || *at == '[') {
			assert_true(depth < sizeof(open));
			open[depth++] = *at == '{' ? '}' : ']';
		} else if (*at == '}' || *at == ']') {
			assert_true(depth > 0);
			assert_int_equal(open[--depth], *at);
		}
		at++;
	}
	assert_int_equal(depth, 0);
}
