/* SPDX-License-Identifier: MIT */
/*
 * Prints the options that a program parses, from its option table: one spelling
 * a line.
 *
 *     options ddump|ddump-worker
 *
 * In: a program's name. Out: lines like "interface NAME" and "i NAME".
 */
#include "client/config.h"
#include "worker/config.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

static void print(const struct option_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s%s%s\n", rows[i].name, rows[i].argument ? " " : "",
			rows[i].argument ? rows[i].argument : "");
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "ddump") == 0)
		print(options_rows, options_row_count);
	else if (argc == 2 && strcmp(argv[1], "ddump-worker") == 0)
		print(settings_rows, settings_row_count);
	else
		errx(1, "usage: options ddump|ddump-worker");
	return 0;
}
