/* SPDX-License-Identifier: MIT */
/*
 * Parses command lines by an option table. In: argv and the table of a program.
 * Out: calls of the rows' set functions, or the table as help text.
 */
#include "common/option_table.h"

#include "common/text.h"

#include <assert.h>
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

enum {
	ROW = 256, /* above every character that getopt returns */
	HELP_COLUMN = 20,
};

/* getopt_long_only(3) accepts each prefix of a name: -n would be -netrc. */
static bool is_full_name(const struct option_row *row, const char *typed)
{
	size_t size;

	typed += strspn(typed, "-");
	size = strcspn(typed, "=");
	return strlen(row->name) == size && strncmp(row->name, typed, size) == 0;
}

/* Returns the argument in which getopt found an option; its value may be the next one. */
static const char *typed_option(char **argv)
{
	return optarg && argv[optind - 1] == optarg ? argv[optind - 2] : argv[optind - 1];
}

/*
 * Returns the length of what can be shown of an option. From the first character
 * on that no option has in its name, it may be a part of a target with a
 * password: -wUSER:PASSWORD@HOST.
 */
static int shown_size(const char *typed)
{
	int size = 0;

	while (typed[size] == '-' || isalnum((unsigned char)typed[size]))
		size++;
	return size;
}

static void reject_unknown(const char *typed, struct error *error)
{
	error_set(error, 1, "unknown option %.*s; see -help", shown_size(typed), typed);
}

/* Rejects what getopt rejected: with the val of a row its value is wrong. */
static void reject_option(
	const struct option_row *rows, int val, const char *typed, struct error *error)
{
	if (val < ROW)
		reject_unknown(typed, error);
	else
		error_set(error, 1, "%.*s %s", shown_size(typed), typed,
			rows[val - ROW].argument ? "needs an argument" : "takes no argument");
}

static bool store_option(const struct option_row *row, void *settings, struct error *error)
{
	char *field = (char *)settings + row->offset;

	if (row->set)
		return row->set(settings, optarg, error);
	if (row->argument)
		*(const char **)(void *)field = optarg;
	else
		*(bool *)field = true;
	return true;
}

int option_table_parse(int argc, char **argv, const struct option_row *rows, size_t count,
	void *settings, struct error *error)
{
	struct option options[OPTIONS_MAX + 1] = {0};
	int found;

	assert(count <= OPTIONS_MAX);
	for (size_t i = 0; i < count; i++)
		options[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument : no_argument,
			.val = ROW + (int)i,
		};
	opterr = 0;
	optind = 0; /* getopt(3): forget any command line before */
	while ((found = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		if (found == '?') {
			reject_option(rows, optopt, argv[optind - 1], error);
			return -1;
		}
		if (!is_full_name(&rows[found - ROW], typed_option(argv))) {
			reject_unknown(typed_option(argv), error);
			return -1;
		}
		if (!store_option(&rows[found - ROW], settings, error))
			return -1;
	}
	return optind;
}

/*
 * Prints "-i, -interface NAME", where "i" is another spelling. Returns the number
 * of rows printed.
 */
static size_t print_names(FILE *out, const struct option_row *rows, size_t count)
{
	size_t taken = 1;
	int width = 0;

	for (; taken < count && !rows[taken].help; taken++)
		width += fprintf(out, "-%s, ", rows[taken].name);
	width += fprintf(out, "-%s %s", rows->name, rows->argument ? rows->argument : "");
	fprintf(out, "%*s", width < HELP_COLUMN ? HELP_COLUMN - width : 0, "");
	return taken;
}

void option_table_print(FILE *out, const struct option_row *rows, size_t count)
{
	for (size_t i = 0; i < count;) {
		const char *help = rows[i].help;

		fputs("  ", out);
		i += print_names(out, rows + i, count - i);
		fprintf(out, " %s\n", help);
	}
}

bool option_range_parse(const struct option_range *range, const char *value, uint64_t *ret_number)
{
	uint64_t number;

	if (!text_number(value, range->max, &number) || number < range->min)
		return false;
	*ret_number = number;
	return true;
}

bool option_range_reject(
	const struct option_range *range, const char *shown, int status, struct error *error)
{
	return error_set(error, status,
		"%s: \"%s\" is not a number%s%s from %" PRIu64 " to %" PRIu64, range->name, shown,
		range->unit ? " of " : "", range->unit ? range->unit : "", range->min, range->max);
}
