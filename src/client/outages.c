/* SPDX-License-Identifier: MIT */
/*
 * The outages of a target. In: their times and causes. Out: a list of limited size.
 */
#include "client/outages.h"

#include <stdio.h>
#include <stdlib.h>

void outages_begin(struct outages *outages, uint64_t start_ns, const char *cause)
{
	struct outage *list = outages->list;

	outages->count++;
	if (outages->kept == OUTAGES_MAX || outages->kept + 1 != outages->count)
		return;
	list = realloc(list, (outages->kept + 1) * sizeof(*list));
	if (!list)
		return;
	outages->list = list;
	list[outages->kept] = (struct outage){.start_ns = start_ns};
	snprintf(list[outages->kept].cause, sizeof(list->cause), "%s", cause);
	outages->kept++;
}

void outages_end(struct outages *outages, uint64_t end_ns)
{
	if (outages->kept > 0 && outages->kept == outages->count)
		outages->list[outages->kept - 1].end_ns = end_ns;
}

void outages_cleanup(struct outages *outages)
{
	free(outages->list);
	*outages = (struct outages){0};
}
