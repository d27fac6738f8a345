/* SPDX-License-Identifier: MIT */
/*
 * The requests of the hostile tool. In: a set and a number. Out: the bytes, how
 * they are sent, and which statuses are a correct response. The sets are
 * complete: every byte at every position, every split.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	HOSTILE_MAX = 1 << 20,
	LABEL_MAX = 96,
};

enum manner {
	WHOLE,
	SPLIT,	 /* in two parts, at the offset split */
	TRICKLE, /* one byte a second */
	ENDLESS, /* the last line is repeated, up to 1 GiB */
};

struct hostile_request {
	char label[LABEL_MAX];
	char *bytes;
	size_t size;
	enum manner manner;
	size_t split;
	const char *statuses; /* "400 431"; any but 500 if NULL */
};

/* Appends a text. */
void hostile_say(struct hostile_request *request, const char *text);

/* Appends a text count times. */
void hostile_repeat(struct hostile_request *request, const char *text, size_t count);

/* Appends a pattern with the number in place of each '#'. */
void hostile_fill(struct hostile_request *request, const char *pattern, const char *number);

#define REST " HTTP/1.1\r\nHost: a\r\n"
#define GET_IT "GET /interfaces HTTP/1.1\r\n"

/* The functions below make request number of a set; false if it has fewer. */

/* Every byte value at every position; the request is completed after it. */
bool hostile_byte(struct hostile_request *request, size_t number);

/* The same bytes as escapes in a query. */
bool hostile_escape(struct hostile_request *request, size_t number);

/* A request in two segments, split at every position. */
bool hostile_split(struct hostile_request *request, size_t number);

/* A request followed by another one, which must not be answered. */
bool hostile_shape(struct hostile_request *request, size_t number);

/* Request heads that are long, slow, or have no end. */
bool hostile_size(struct hostile_request *request, size_t number);
