/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/notices.h"

/*
 * Requests that servers reject before the output begins. Mistakes in options reach all
 * targets, so equal messages become one line with all labels. All zero: none.
 */
struct refusals {
	char text[1024];
	struct label_list labels;
	bool ends_run; /* without any of these targets the run cannot begin */
};

/*
 * Keeps a message about the target with that label, and prints those before it if they
 * have another text. url is the request's, or NULL; a filter in it that the
 * message is about is quoted.
 */
void refusals_add(struct refusals *refusals, const char *label, const char *url, const char *text);

/* Prints what was kept, and forgets it. */
void refusals_report(struct refusals *refusals);
