/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { OPTIONS_MAX = 64 };

/*
 * One option of a program. The same table is parser and help text. A row without
 * help text is printed on the line of the row above it: it is another spelling.
 */
struct option_row {
	const char *name;     /* without its dashes */
	const char *argument; /* its name in -help; NULL: the option takes none */
	const char *help;
	/*
	 * Checks the value and stores it in settings; false sets error. NULL: at
	 * offset in settings is a const char * for the value, or for an option
	 * without argument a bool.
	 */
	bool (*set)(void *settings, const char *value, struct error *error);
	size_t offset;
};

/* The range of a number that a user gives as an option or a parameter. */
struct option_range {
	const char *name; /* as messages show it: "-ring", "snaplen" */
	const char *unit; /* "MiB"; NULL: none */
	uint64_t min;
	uint64_t max;
};

/* Parses a decimal number. False: it is not one, or it is out of range. */
bool option_range_parse(const struct option_range *range, const char *value, uint64_t *ret_number);

/*
 * Sets error to the sentence about a value that option_range_parse() rejects;
 * shown is the value without secrets. Returns false.
 */
bool option_range_reject(
	const struct option_range *range, const char *shown, int status, struct error *error);

/*
 * Parses argv by a table of count rows: one dash or two, options and operands
 * mixed, as getopt_long_only(3) does, but without abbreviations. Returns the index of the first
 * operand in the reordered argv, or -1 with error set.
 */
int option_table_parse(int argc, char **argv, const struct option_row *rows, size_t count,
	void *settings, struct error *error);

/* Prints the table in two columns, as -help does: "-i, -interface NAME  help". */
void option_table_print(FILE *out, const struct option_row *rows, size_t count);
