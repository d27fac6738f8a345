/* SPDX-License-Identifier: MIT */
/*
 * Filters of the targets of -paths. In: targets, and the filters of their streams. Out: a warning
 * if some differ.
 */
#include "client/path_filters.h"

#include <string.h>

/* Returns the filter that a target captures with, "" if it has none, NULL if unknown. */
static const char *find_filter(
	const struct target *target, const struct interface_table *interfaces, unsigned number)
{
	const uint32_t first = interfaces->targets[number].first;
	const char *filter;

	if (first == INTERFACE_TABLE_NONE)
		return NULL;
	if (target->kind == TARGET_TCPDUMP)
		return target->filter ? target->filter : "";
	filter = interfaces->list[first]->interface.filter;
	/* a worker sends its filter; most other programs do not store theirs */
	return *filter || target->url ? filter : NULL;
}

void path_filters_check(const struct target_list *targets, const struct interface_table *interfaces,
	struct notices *notices)
{
	struct label_list labels = {0};
	const char *first = NULL;
	const char *first_label = NULL;

	for (unsigned i = 0; i < targets->count; i++) {
		const struct target *target = &targets->list[i];
		const char *filter = find_filter(target, interfaces, i);

		if (!filter)
			continue;
		if (!first) {
			first = filter;
			first_label = target->label;
		} else if (strcmp(filter, first) != 0) {
			label_list_add(&labels, target->label);
		}
	}
	if (labels.count > 0)
		notices_warn(notices,
			"-paths: the filter of %s differs from that of %s, so packets may seem "
			"lost; "
			"use one -filter",
			label_list_text(&labels), first_label);
}
