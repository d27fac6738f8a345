/*
 * Command lines. In: argv and a program's table. Out: calls of the rows' set
 * functions, and the same table as help text.
 */
#include "common/options.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

enum {
	ROW = 256, /* above every character that getopt returns */
	HELP_COLUMN = 20,
};

/* What is wrong with an option, of which getopt found the val, or none. */
static const char *explain(const struct option_row *rows, int val)
{
	if (val < ROW)
		return "is no option that I know, see -help";
	return rows[val - ROW].argument ? "needs an argument"
					: "takes no argument";
}

/* getopt takes any beginning of a name for it: -n would be -netrc. */
static bool is_spelled_out(const struct option_row *row, const char *typed)
{
	size_t size;

	typed += strspn(typed, "-");
	size = strcspn(typed, "=");
	return strlen(row->name) == size &&
	       strncmp(row->name, typed, size) == 0;
}

/* The argument in which getopt found an option: its value may stand behind. */
static const char *typed_option(char **argv)
{
	return optarg && argv[optind - 1] == optarg ? argv[optind - 2]
						    : argv[optind - 1];
}

/* What stands behind "=" or "://" may hold a password, and is not shown. */
static void refuse(const char *typed, const char *what, struct failure *failure)
{
	size_t size = strcspn(typed, "=");
	const char *url = strstr(typed, "://");

	if (url && url < typed + size)
		size = (size_t)(url - typed);
	failure_set(failure, 1, "%.*s %s", (int)size, typed, what);
}

static bool take(
	const struct option_row *row, void *settings, struct failure *failure)
{
	char *place = (char *)settings + row->offset;

	if (row->set)
		return row->set(settings, optarg, failure);
	if (row->argument)
		*(const char **)(void *)place = optarg;
	else
		*(bool *)place = true;
	return true;
}

int options_parse(int argc, char **argv, const struct option_row *rows,
	size_t count, void *settings, struct failure *failure)
{
	struct option options[OPTIONS_MAX + 1] = {0};
	int found;

	assert(count <= OPTIONS_MAX);
	for (size_t i = 0; i < count; i++)
		options[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument
						    : no_argument,
			.val = ROW + (int)i,
		};
	opterr = 0;
	optind = 0; /* getopt(3): forget any command line before */
	while ((found = getopt_long_only(argc, argv, "", options, NULL)) !=
		-1) {
		if (found == '?') {
			refuse(argv[optind - 1], explain(rows, optopt),
				failure);
			return -1;
		}
		if (!is_spelled_out(&rows[found - ROW], typed_option(argv))) {
			refuse(typed_option(argv), explain(rows, 0), failure);
			return -1;
		}
		if (!take(&rows[found - ROW], settings, failure))
			return -1;
	}
	return optind;
}

/*
 * Prints "-i, -interface NAME", where "i" is the other spelling. Returns how
 * many rows that were.
 */
static size_t print_names(
	FILE *out, const struct option_row *rows, size_t count)
{
	size_t taken = 1;
	int width = 0;

	for (; taken < count && !rows[taken].help; taken++)
		width += fprintf(out, "-%s, ", rows[taken].name);
	width += fprintf(out, "-%s %s", rows->name,
		rows->argument ? rows->argument : "");
	fprintf(out, "%*s", width < HELP_COLUMN ? HELP_COLUMN - width : 0, "");
	return taken;
}

void options_print(FILE *out, const struct option_row *rows, size_t count)
{
	for (size_t i = 0; i < count;) {
		const char *help = rows[i].help;

		fputs("  ", out);
		i += print_names(out, rows + i, count - i);
		fprintf(out, " %s\n", help);
	}
}
