/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "common/option_table.h"
#include "worker/settings.h"

extern const struct option_row settings_rows[];
extern const size_t settings_row_count;

/*
 * Reads the environment and the command line, which overrides it. Returns false with error set for
 * the first invalid value.
 */
bool settings_read(int argc, char **argv, struct settings *ret_settings, struct error *error);
