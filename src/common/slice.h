/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A part of a text, without a NUL at its end; it does not own the text. */
struct slice {
	const char *at; /* NULL: no slice */
	size_t size;
};

/* Compare without regard to case. */
bool slice_is(struct slice slice, const char *text);
bool slice_same(struct slice one, struct slice other);
bool slice_begins(struct slice slice, const char *start);

/* Is it a token by RFC 9110, section 5.6.2? */
bool slice_is_token(struct slice slice);

/*
 * Cuts the part of rest before the first c off into ret_head, and removes c from rest.
 * False: rest has no c, and is unchanged.
 */
bool slice_cut(struct slice *rest, char c, struct slice *ret_head);

/* Returns the slice without spaces and tabs at its ends. */
struct slice slice_trim(struct slice slice);
