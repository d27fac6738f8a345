/* SPDX-License-Identifier: MIT */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The names of files that a run makes one after the other. */

/* Returns the suffix of a compressed file's name, or NULL. */
const char *file_name_compression(const char *name);

/* Does a name have a conversion of strftime(3), as for tcpdump -w? */
bool file_name_has_conversion(const char *name);

/*
 * Replaces the conversions of a name with parts of a time. False: the result is
 * empty or too long.
 */
bool file_name_of_time(char out[PATH_MAX], const char *name, const struct tm *time);

/*
 * Adds a mark and a number of at least so many digits to a name, in front of the extension
 * of a capture file: "web7.pcapng". False: the result is too long.
 */
bool file_name_of_number(
	char out[PATH_MAX], const char *name, const char *mark, uint64_t number, unsigned digits);

#define FILE_NAME_SPLIT_MARK "-"

/*
 * Adds the label of a target to a name, for -split: "night-web1.pcapng" of "night.pcapng",
 * or, if the name is that of a directory (it ends in '/'), "night/web1" and the suffix.
 * Bytes other than ASCII letters, digits, '.', '-' and '_' become '_', and so do '.' and
 * '-' at the begin of a label: it can neither name another directory nor an option.
 * False: the result is too long.
 */
bool file_name_of_label(
	char out[PATH_MAX], const char *name, const char *label, const char *suffix);
