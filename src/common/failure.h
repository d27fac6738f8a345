#pragma once

#include <stdbool.h>

/*
 * Why something went wrong, as one printable line for a person: what was
 * wrong, named, and what cures it. Functions that can fail take a pointer to
 * one, and few modules print it: each failure is said once.
 */
struct failure {
	int status; /* worker: HTTP status; client: exit status; 0: none */
	char text[1024];
};

/*
 * Formats the line. Control characters and everything outside of ASCII come
 * out as \xNN, so that text from the network forges neither lines nor
 * terminal sequences. Returns false, for `return failure_set(…)`.
 */
bool failure_set(struct failure *failure, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
