/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/*
 * An error as one printable line: "cannot VERB OBJECT: reason", or "OBJECT: what is
 * wrong", with a remedy if there is one. Functions that can fail receive a pointer to
 * one; only the top level prints it, once.
 */
struct error {
	int status; /* worker: HTTP status; client: exit status; 0: no error */
	char text[1024];
};

/*
 * Sets the line and the status. Control characters and bytes that are not UTF-8
 * become \xNN (text.h), so that text from the network cannot forge lines or terminal
 * sequences. Returns false, for `return error_set(…)`.
 */
bool error_set(struct error *error, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
