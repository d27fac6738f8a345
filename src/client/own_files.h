/* SPDX-License-Identifier: MIT */
#pragma once

#include <limits.h>
#include <stdbool.h>

/* Files that are installed with ddump. */

/*
 * Finds a file of ../share, from the folder of the program itself: "ddump/ddump.lua" is
 * /usr/share/ddump/ddump.lua for /usr/bin/ddump. False: there is no such file.
 */
bool own_files_find(char ret_path[PATH_MAX], const char *name);
