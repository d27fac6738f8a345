#pragma once

#include "common/failure.h"

#include <stddef.h>
#include <stdio.h>

enum { OPTIONS_MAX = 64 };

/*
 * One option of a program: the table of these is parser and usage. A row
 * without a help text shares the line of the row above it: mostly it is another
 * spelling.
 */
struct option_row {
	const char *name;     /* without its dashes */
	const char *argument; /* what --help calls it; NULL: takes none */
	const char *help;
	/*
	 * Takes the value over into settings; false sets failure. NULL: at
	 * offset there is a const char * for it, or without argument a bool
	 * that becomes true.
	 */
	bool (*set)(void *settings, const char *value, struct failure *failure);
	size_t offset;
};

/*
 * Parses argv against a table of count rows, one dash or two, options and
 * operands mixed as getopt_long_only(3) does, but names are not shortened.
 * Returns the index of the first operand in the reordered argv, or -1 with
 * failure set.
 */
int options_parse(int argc, char **argv, const struct option_row *rows,
	size_t count, void *settings, struct failure *failure);

/* Prints the table as --help does, two columns: "-i, -interface NAME  help". */
void options_print(FILE *out, const struct option_row *rows, size_t count);
