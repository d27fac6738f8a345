/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/target_list.h"
#include "common/error.h"

#include <stdbool.h>

/*
 * The name of -once-at: LABEL or LABEL:INTERFACE of a target, or, if no target has this label,
 * what an interface in a file is called, web1 or web1:eth0.
 */

/*
 * Can some interface of these targets have this name? False: error is set. Files and programs
 * have any interfaces, so that it is known at the end only.
 */
bool once_name_check(const char *name, const struct target_list *targets, struct error *error);

/* Is it this label, or does it begin with it? Then it means a target, and no name in a file. */
bool once_name_has_label(const char *name, const char *label);

/*
 * Does it mean an interface, as it is shown, of the target with this label? of_target: it has
 * the label of a target, so that a target which gives its interfaces such names is not meant.
 */
bool once_name_means(const char *name, bool of_target, const char *label, const char *interface);
