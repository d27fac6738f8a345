/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"
#include "common/error.h"

#include <stdbool.h>

/*
 * Makes the name of each target's files, for -split, without time and number: as many as there
 * are targets, for split_names_free(). Checks that they are distinct, also on file systems
 * that ignore case, and that they stand for no other file than a capture. Returns NULL with
 * error set.
 */
char **split_names_new(const struct options *options, struct error *error);

/* Accepts NULL. */
void split_names_free(char **names, const struct options *options);

/* Sets error: a name cannot be used for a reason. Returns false. */
bool split_names_fail(const char *name, const char *reason, struct error *error);
