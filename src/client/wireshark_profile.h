/* SPDX-License-Identifier: MIT */
#pragma once

#include <limits.h>
#include <stdbool.h>

/* Of the files in src/wireshark, whose first line has it. Wireshark copies them once. */
enum { WIRESHARK_PROFILE_VERSION = 2 };

/*
 * Finds Wireshark's folder of a user's settings, as Wireshark does. False: the user has
 * no home.
 */
bool wireshark_profile_home(char ret_path[PATH_MAX]);

/*
 * Finds the version of the copy of a profile in a folder of settings, and the copy's own
 * folder. False: there is no copy, or no file of it has a version any more.
 */
bool wireshark_profile_version(
	const char *home, const char *profile, char ret_path[PATH_MAX], unsigned *ret_version);
