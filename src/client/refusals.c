/* SPDX-License-Identifier: MIT */
/*
 * Joins equal messages. In: the rejections of single targets. Out: lines on stderr.
 */
#include "client/refusals.h"

#include "client/target_query.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

enum { FILTER_SHOWN_MAX = 400 };

/* A worker begins its message with the name of the parameter. */
#define ABOUT_FILTER "HTTP status 400: filter:"

/* Prints the text, and the filter that it is about. */
static void print_text(char *out, size_t size, const char *url, const char *text)
{
	char shown[FILTER_SHOWN_MAX];
	char *filter = NULL;

	if (url && strncmp(text, ABOUT_FILTER, strlen(ABOUT_FILTER)) == 0)
		filter = target_query_filter(url);
	if (filter) {
		text_escape(shown, sizeof(shown), filter);
		snprintf(out, size, "\"%s\": %s", shown, text);
	} else {
		snprintf(out, size, "%s", text);
	}
	curl_free(filter);
}

void refusals_add(struct refusals *refusals, const char *label, const char *url, const char *text)
{
	char own[sizeof(refusals->text)];

	print_text(own, sizeof(own), url, text);
	if (strcmp(own, refusals->text) != 0)
		refusals_report(refusals);
	memcpy(refusals->text, own, sizeof(own));
	label_list_add(&refusals->labels, label);
}

void refusals_report(struct refusals *refusals)
{
	const char *labels = label_list_text(&refusals->labels);

	if (refusals->labels.count > 0 && refusals->ends_run)
		notice_reason("%s: %s", labels, refusals->text);
	else if (refusals->labels.count > 0)
		notice_failure("%s: %s", labels, refusals->text);
	*refusals = (struct refusals){.ends_run = refusals->ends_run};
}
