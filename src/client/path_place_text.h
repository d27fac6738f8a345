/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_results.h"

enum { PATH_PLACE_TEXT_MAX = 512 };

/*
 * Writes the name of a place, "?" if it is PATH_PLACE_NONE; with its direction, as "web1:eth0
 * out", if that is wanted and known.
 */
void path_place_describe(const struct path_results *results, uint16_t place, bool has_direction,
	char out[PATH_PLACE_TEXT_MAX]);

/*
 * Writes the name of the place at an index of several, with its direction if another one of
 * them has the same name.
 */
void path_place_describe_among(const struct path_results *results, const uint16_t *places,
	size_t count, size_t at, char out[PATH_PLACE_TEXT_MAX]);

/* Returns how many columns of a terminal a text takes, at one for each character. */
size_t path_place_text_width(const char *text);
