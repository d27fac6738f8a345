/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/target_list.h"
#include "common/error.h"

#include <stdbool.h>

/*
 * The name of -once-at: LABEL or LABEL:INTERFACE of a target, or what an interface in a file
 * is called, web1 or web1:eth0.
 */

/*
 * Can some interface of these targets have this name? False: error is set. Files and programs
 * have any interfaces, so that it is known at the end only.
 */
bool once_name_check(const char *name, const struct target_list *targets, struct error *error);

/* Does it mean an interface, as it is shown, of the target with this label? */
bool once_name_means(const char *name, const char *label, const char *interface);
