/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"
#include "common/error.h"

/*
 * Lists the interfaces of all targets on stdout, in the order of the targets, and reports
 * each target that has no list on stderr. Returns the exit status: 0 if all have answered.
 * If it is not 0, error may be set to what else is wrong.
 */
int interface_list_run(struct options *options, struct error *error);
