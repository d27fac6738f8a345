/*
 * Command lines: one dash or two, options and operands in any order, what is
 * wrong is named, and the table prints as help.
 */
#include "common/options.h"

#include "unit.h"

#include <getopt.h>
#include <string.h>

enum { ARGUMENTS_MAX = 8 };

struct chosen {
	const char *filter;
	int quiet;
};

static bool set_filter(void *to, const char *value, struct failure *failure)
{
	if (strcmp(value, "bad") == 0)
		return failure_set(failure, 1, "-filter: \"%s\"", value);
	((struct chosen *)to)->filter = value;
	return true;
}

static bool set_quiet(void *to, const char *value, struct failure *failure)
{
	(void)failure;
	assert_null(value);
	((struct chosen *)to)->quiet++;
	return true;
}

static const struct option_row rows[] = {
	{"filter", "EXPR", "what to take", set_filter, 0},
	{"quiet", NULL, "say less", set_quiet, 0},
	{"q", NULL, NULL, set_quiet, 0},
};

/* One command line, cut at its spaces, and what became of it. */
struct line {
	char text[128];
	char *argv[ARGUMENTS_MAX + 1];
	int argc;
	struct chosen chosen;
	struct failure failure;
	int operand;
};

static void parse_line(struct line *line, const char *text)
{
	*line = (struct line){0};
	snprintf(line->text, sizeof(line->text), "%s", text);
	for (char *word = strtok(line->text, " "); word;
		word = strtok(NULL, " ")) {
		assert_true(line->argc < ARGUMENTS_MAX);
		line->argv[line->argc++] = word;
	}
	optind = 0; /* getopt(3): forget the line before */
	line->operand = options_parse(line->argc, line->argv, rows,
		sizeof(rows) / sizeof(*rows), &line->chosen, &line->failure);
}

static void one_dash_or_two(void **state)
{
	static const char *const spellings[] = {"ddump -filter udp -quiet",
		"ddump --filter udp --quiet", "ddump --filter=udp -q",
		"ddump -filter=udp --q"};
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		parse_line(&line, spellings[i]);
		assert_int_equal(line.operand, line.argc);
		assert_string_equal(line.chosen.filter, "udp");
		assert_int_equal(line.chosen.quiet, 1);
		assert_int_equal(line.failure.status, 0);
	}
}

static void operands_stand_anywhere(void **state)
{
	struct line line;

	(void)state;
	parse_line(&line, "ddump one -filter udp two -q three");
	assert_int_equal(line.operand, line.argc - 3);
	assert_string_equal(line.argv[line.operand], "one");
	assert_string_equal(line.argv[line.operand + 1], "two");
	assert_string_equal(line.argv[line.operand + 2], "three");
	assert_string_equal(line.chosen.filter, "udp");
	assert_int_equal(line.chosen.quiet, 1);

	parse_line(&line, "ddump -q -- -filter");
	assert_int_equal(line.operand, line.argc - 1);
	assert_string_equal(line.argv[line.operand], "-filter");
	assert_null(line.chosen.filter);

	parse_line(&line, "ddump");
	assert_int_equal(line.operand, 1);
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *line;
		const char *sentence;
	} bad[] = {
		{"ddump -filtre udp", "-filtre is no option"},
		{"ddump --filtre=udp", "--filtre is no option"},
		{"ddump one -x two", "-x is no option"},
		{"ddump one -filter", "-filter needs an argument"},
		{"ddump --filter", "--filter needs an argument"},
		{"ddump --quiet=yes", "--quiet takes no argument"},
		{"ddump -filter bad -q", "-filter: \"bad\""},
	};
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		parse_line(&line, bad[i].line);
		assert_int_equal(line.operand, -1);
		assert_int_equal(line.failure.status, 1);
		if (!strstr(line.failure.text, bad[i].sentence))
			fail_msg("%s: %s", bad[i].line, line.failure.text);
		assert_int_equal(line.chosen.quiet, 0);
	}
}

static void the_table_is_the_help(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	options_print(out, rows, sizeof(rows) / sizeof(*rows));
	assert_int_equal(fclose(out), 0);
	/* two columns; another spelling stands before the name */
	assert_string_equal(text, "  -filter EXPR         what to take\n"
				  "  -q, -quiet           say less\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_dash_or_two),
		cmocka_unit_test(operands_stand_anywhere),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(the_table_is_the_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
