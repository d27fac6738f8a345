/*
 * Command lines. In: argv and a program's table. Out: calls of the rows' set
 * functions, and the same table as help text.
 */
#include "common/options.h"

#include <assert.h>
#include <getopt.h>

enum { ROW = 256 }; /* above every character that getopt returns */

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
	/* the colon tells a missing argument from an unknown option */
	while ((found = getopt_long_only(argc, argv, ":", options, NULL)) !=
		-1) {
		if (found == '?' || found == ':') {
			failure_set(failure, 1,
				found == ':' ? "%s needs an argument"
					     : "%s is no option that I know, "
					       "see -help",
				argv[optind - 1]);
			return -1;
		}
		if (!rows[found - ROW].set(settings, optarg, failure))
			return -1;
	}
	return optind;
}

void options_print(FILE *out, const struct option_row *rows, size_t count)
{
	char left[64];

	for (size_t i = 0; i < count; i++) {
		if (!rows[i].help)
			continue;
		snprintf(left, sizeof(left), "-%s %s", rows[i].name,
			rows[i].argument ? rows[i].argument : "");
		fprintf(out, "  %-18s %s\n", left, rows[i].help);
	}
}
