/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"
#include "common/error.h"
#include "common/option_table.h"

/* The option table, for -help and tests. */
extern const struct option_row options_rows[];
extern const size_t options_row_count;

/*
 * Parses the command line, erases the passwords in it, and reads its @FILEs of
 * targets. ret_options is for options_cleanup() either way. Returns false with
 * error set.
 */
bool options_read(int argc, char **argv, struct options *ret_options, struct error *error);

void options_cleanup(struct options *options);
