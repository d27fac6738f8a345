/* SPDX-License-Identifier: MIT */
/*
 * Command lines: one dash or two, options and operands in any order, what is
 * wrong is named, and the table prints as help.
 */
#include "common/option_table.h"

#include "unit.h"

#include <getopt.h>
#include <string.h>

enum { ARGUMENTS_MAX = 8 };

struct chosen {
	const char *filter;
	int quiet;
};

static bool set_filter(void *to, const char *value, struct error *error)
{
	if (strcmp(value, "bad") == 0)
		return error_set(error, 1, "-filter: \"%s\"", value);
	((struct chosen *)to)->filter = value;
	return true;
}

static bool set_quiet(void *to, const char *value, struct error *error)
{
	(void)error;
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
	struct error error;
	int operand;
};

static void parse_line(struct line *line, const char *text)
{
	*line = (struct line){0};
	snprintf(line->text, sizeof(line->text), "%s", text);
	for (char *word = strtok(line->text, " "); word; word = strtok(NULL, " ")) {
		assert_true(line->argc < ARGUMENTS_MAX);
		line->argv[line->argc++] = word;
	}
	optind = 0; /* getopt(3): forget the line before */
	line->operand = option_table_parse(line->argc, line->argv, rows,
		sizeof(rows) / sizeof(*rows), &line->chosen, &line->error);
}

static void options_have_one_dash_or_two(void **state)
{
	static const char *const spellings[] = {"ddump -filter udp -quiet",
		"ddump --filter udp --quiet", "ddump --filter=udp -q", "ddump -filter=udp --q"};
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		parse_line(&line, spellings[i]);
		assert_int_equal(line.operand, line.argc);
		assert_string_equal(line.chosen.filter, "udp");
		assert_int_equal(line.chosen.quiet, 1);
		assert_int_equal(line.error.status, 0);
	}
}

static void options_mix_with_operands(void **state)
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

static void options_faults_are_named(void **state)
{
	static const struct {
		const char *line;
		const char *sentence;
	} bad[] = {
		{"ddump -filtre udp", "unknown option -filtre"},
		{"ddump --filtre=udp", "unknown option --filtre"},
		{"ddump one -x two", "unknown option -x"},
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
		assert_int_equal(line.error.status, 1);
		if (!strstr(line.error.text, bad[i].sentence))
			fail_msg("%s: %s", bad[i].line, line.error.text);
		assert_int_equal(line.chosen.quiet, 0);
	}
}

static void options_table_is_the_help(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	option_table_print(out, rows, sizeof(rows) / sizeof(*rows));
	assert_int_equal(fclose(out), 0);
	/* two columns; another spelling stands before the name */
	assert_string_equal(text, "  -filter EXPR         what to take\n"
				  "  -q, -quiet           say less\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_have_one_dash_or_two),
		cmocka_unit_test(options_mix_with_operands),
		cmocka_unit_test(options_faults_are_named),
		cmocka_unit_test(options_table_is_the_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
