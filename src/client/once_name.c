/* SPDX-License-Identifier: MIT */
/* The name of -once-at. In: a name, labels and interfaces. Out: whether they agree. */
#include "client/once_name.h"

#include <stdio.h>
#include <string.h>

enum { WHOLE_SIZE = 512 };

/* Is this the beginning of whole, up to a colon, or all of it? */
static bool begins(const char *whole, const char *beginning)
{
	const size_t size = strlen(beginning);

	return strncmp(whole, beginning, size) == 0 && (whole[size] == '\0' || whole[size] == ':');
}

bool once_name_check(const char *name, const struct target_list *targets, struct error *error)
{
	for (size_t i = 0; i < targets->count; i++) {
		const struct target *target = &targets->list[i];

		if (target_is_file(target) || target->kind == TARGET_COMMAND ||
			begins(name, target->label))
			return true;
	}
	return error_set(error, 1,
		"-once-at %s: no target has this label; try one of them, or LABEL:INTERFACE", name);
}

bool once_name_has_label(const char *name, const char *label)
{
	return begins(name, label);
}

bool once_name_means(const char *name, bool of_target, const char *label, const char *interface)
{
	char whole[WHOLE_SIZE];

	snprintf(whole, sizeof(whole), "%s:%s", label, interface);
	return begins(whole, name) || (!of_target && begins(interface, name));
}
