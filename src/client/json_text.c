/* SPDX-License-Identifier: MIT */
/*
 * Values of JSON objects. In: texts, which can come from hosts, and times. Out: JSON.
 */
#include "client/json_text.h"

#include "common/clock.h"
#include "common/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	TIME_SIZE = 64,
	ESCAPED_SIZE = 4,  /* of one byte, as \xNN */
	ELLIPSIS_SIZE = 8, /* that text_escape() keeps free at the end */
};

void json_print_string(FILE *out, const char *text)
{
	const size_t size = strlen(text) * ESCAPED_SIZE + ELLIPSIS_SIZE;
	char *escaped = malloc(size);

	if (!escaped) {
		fputs("null", out);
		return;
	}
	text_escape(escaped, size, text);
	putc('"', out);
	for (const char *c = escaped; *c; c++) {
		if (*c == '"' || *c == '\\')
			putc('\\', out);
		putc(*c, out);
	}
	putc('"', out);
	free(escaped);
}

void json_print_string_or_null(FILE *out, const char *text)
{
	if (text && *text)
		json_print_string(out, text);
	else
		fputs("null", out);
}

void json_print_time(FILE *out, uint64_t time_ns)
{
	const time_t seconds = (time_t)(time_ns / NS_PER_S);
	char date[TIME_SIZE];
	struct tm tm;

	if (time_ns == 0) {
		fputs("null", out);
		return;
	}
	strftime(date, sizeof(date), "%FT%T", gmtime_r(&seconds, &tm));
	fprintf(out, "\"%s.%09" PRIu64 "Z\"", date, time_ns % NS_PER_S);
}
