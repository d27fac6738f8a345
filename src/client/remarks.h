#pragma once

#include "format/pcapng.h"

/*
 * What went wrong, for the end of a pcapng: a text of lines that fits into one
 * comment. All zero: none.
 */
struct remarks {
	char text[PCAPNG_TEXT_MAX];
	size_t used;
	unsigned omitted; /* for which there was no room */
};

void remarks_add(struct remarks *remarks, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns all of them, which stay the remarks', or NULL: there are none. */
const char *remarks_text(struct remarks *remarks);
