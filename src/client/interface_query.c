/* SPDX-License-Identifier: MIT */
/*
 * Requests for lists of interfaces. In: the target of a capture. Out: a target whose
 * stream is the list.
 */
#include "client/interface_query.h"

#include "client/tcpdump_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANNOT "cannot list the interfaces: "

/* Replaces the path and the query of a worker's URL. */
static bool set_url(struct interface_query *query, const char *url, struct error *error)
{
	static const char capture[] = "/capture";
	const size_t size = strcspn(url, "?");
	const size_t end = strlen(capture);

	if (size < end || memcmp(url + size - end, capture, end) != 0)
		return error_set(
			error, 1, CANNOT "the path of a worker ends in /capture; check the URL");
	if (asprintf(&query->text, "%.*s/interfaces", (int)(size - end), url) < 0) {
		query->text = NULL;
		return error_set(error, 1, "out of memory");
	}
	query->target.url = query->text;
	return true;
}

/* The script reads no query, so all targets of this kind have the same. */
static bool set_script(struct interface_query *query, struct error *error)
{
	query->text = strdup(tcpdump_script_list);
	query->target.command = query->text;
	return query->text || error_set(error, 1, "out of memory");
}

bool interface_query_make(
	const struct target *target, struct interface_query *ret_query, struct error *error)
{
	*ret_query = (struct interface_query){.target = *target};
	ret_query->target.additions = 0;
	switch (target->kind) {
	case TARGET_URL:
	case TARGET_UNIX:
		return set_url(ret_query, target->url, error);
	case TARGET_TCPDUMP:
		return set_script(ret_query, error);
	case TARGET_COMMAND:
		return error_set(error, 1, CANNOT "the target is a program, not a host");
	default:
		return error_set(error, 1, CANNOT "the target is a file, not a host");
	}
}

void interface_query_cleanup(struct interface_query *query)
{
	free(query->text);
	*query = (struct interface_query){0};
}
