#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A piece of a text that does not end in NUL; owns nothing. */
struct span {
	const char *at; /* NULL: there is none */
	size_t size;
};

/* Compares without regard to case. */
bool span_is(struct span span, const char *text);
bool span_same(struct span one, struct span other);
bool span_begins(struct span span, const char *start);

/* Is it a token by RFC 9110, section 5.6.2? */
bool span_is_token(struct span span);

/*
 * Cuts what stands before the first c off the front of rest, and c too. False:
 * there is no c, and nothing is changed.
 */
bool span_cut(struct span *rest, char c, struct span *ret_head);

/* The same without blanks and tabs at its ends. */
struct span span_trim(struct span span);
