/*
 * The command line: every option in its spellings, what is wrong with a value
 * by name, and no password left in argv.
 */
#include "client/arguments.h"

#include "format/packet.h"
#include "unit.h"

#include <getopt.h>
#include <string.h>

enum { WORDS_MAX = 48, TEXT_MAX = 2048 };

/* A command line, cut at its '|', and what became of it. */
struct line {
	char text[TEXT_MAX];
	char *argv[WORDS_MAX + 1];
	int argc;
	struct arguments arguments;
	struct failure failure;
	bool good;
};

static struct line line;

static void read_line(const char *text)
{
	line = (struct line){0};
	assert_true(strlen(text) < sizeof(line.text) - 8);
	snprintf(line.text, sizeof(line.text), "ddump|%s", text);
	for (char *word = line.text; word;) {
		char *end = strchr(word, '|');

		assert_true(line.argc < WORDS_MAX);
		if (end)
			*end++ = '\0';
		line.argv[line.argc++] = word;
		word = end;
	}
	optind = 0; /* getopt(3): forget the line before */
	line.good = arguments_read(
		line.argc, line.argv, &line.arguments, &line.failure);
}

static void good(const char *text)
{
	read_line(text);
	if (!line.good)
		fail_msg("%s: %s", text, line.failure.text);
	assert_int_equal(line.failure.status, 0);
}

static void bad(const char *text, const char *sentence)
{
	read_line(text);
	if (line.good)
		fail_msg("%s: is taken", text);
	assert_int_equal(line.failure.status, 1);
	if (!strstr(line.failure.text, sentence))
		fail_msg("%s: %s", text, line.failure.text);
	arguments_clear(&line.arguments);
}

static void what_is_not_said_has_defaults(void **state)
{
	(void)state;
	good("a");
	assert_int_equal(line.arguments.targets.count, 1);
	assert_null(line.arguments.output);
	assert_null(line.arguments.defaults.filter);
	assert_null(line.arguments.defaults.snaplen);
	assert_int_equal(line.arguments.defaults.interface_count, 0);
	assert_null(line.arguments.credentials.ca);
	assert_null(line.arguments.credentials.cert);
	assert_null(line.arguments.credentials.key);
	assert_int_equal(line.arguments.count, 0);
	assert_int_equal(line.arguments.duration, 0);
	assert_int_equal(line.arguments.hold, 2000);
	assert_true(line.arguments.require_all);
	assert_false(line.arguments.pcapng || line.arguments.align ||
		     line.arguments.retry || line.arguments.status);
	assert_false(line.arguments.netrc || line.arguments.quiet ||
		     line.arguments.verbose || line.arguments.version ||
		     line.arguments.help);
	arguments_clear(&line.arguments);
	bad("-quiet", "no target given");
}

static void every_option_is_taken(void **state)
{
	static const char *const lines[] = {
		"-ca|CA|-cert|CERT|-key|KEY|-filter|tcp port 80|-interface|e0|"
		"-interface|e1|-snaplen|96|-w|out.pcap|-c|10|-duration|20|"
		"-hold|30|-require|any|-netrc|-quiet|-verbose|-version|-help|a|"
		"-pcapng|-align|-retry|-status",
		"a|--status|--retry|--align|--pcapng|--help|--version|--"
		"verbose|--quiet|--netrc|--require|any|"
		"--hold|30|--duration|20|--c|10|--w|out.pcap|--snaplen|96|"
		"--interface|e0|--interface|e1|--filter|tcp port 80|--key|KEY|"
		"--cert|CERT|--ca|CA",
		"-ca=CA|--cert=CERT|-key=KEY|-filter=tcp port 80|a|-i=e0|"
		"--interface=e1|-snaplen=96|-w=out.pcap|-c=10|-duration=20|"
		"-hold=30|-require=any|-netrc|-quiet|-verbose|-version|-h|"
		"-status|-align|--pcapng|--retry",
		"-i|e0|-s|96|-i|e1|-h|-w|out.pcap|-c|10|-duration|20|a|-hold|"
		"0030|"
		"-filter|tcp port "
		"80|-require|any|-netrc|-quiet|-verbose|-version|-ca|CA|-cert|"
		"CERT|-key|KEY|-align|-pcapng|-status|-retry",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const struct arguments *arguments = &line.arguments;

		good(lines[i]);
		assert_string_equal(arguments->credentials.ca, "CA");
		assert_string_equal(arguments->credentials.cert, "CERT");
		assert_string_equal(arguments->credentials.key, "KEY");
		assert_string_equal(arguments->defaults.filter, "tcp port 80");
		assert_string_equal(arguments->defaults.snaplen, "96");
		assert_int_equal(arguments->defaults.interface_count, 2);
		assert_string_equal(arguments->defaults.interfaces[0], "e0");
		assert_string_equal(arguments->defaults.interfaces[1], "e1");
		assert_string_equal(arguments->output, "out.pcap");
		assert_int_equal(arguments->count, 10);
		assert_int_equal(arguments->duration, 20);
		assert_int_equal(arguments->hold, 30);
		assert_false(arguments->require_all);
		assert_true(arguments->pcapng && arguments->align &&
			    arguments->retry && arguments->status);
		assert_true(arguments->netrc && arguments->quiet &&
			    arguments->verbose && arguments->version &&
			    arguments->help);
		assert_int_equal(arguments->targets.count, 1);
		arguments_clear(&line.arguments);
	}
}

/* An option counts for all targets, wherever it stands. */
static void options_and_operands_mix(void **state)
{
	(void)state;
	good("a|-filter|x|b|-quiet|c|-c|1|d|--|-e");
	assert_true(line.arguments.quiet);
	assert_int_equal(line.arguments.count, 1);
	assert_int_equal(line.arguments.targets.count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct target *target = &line.arguments.targets.list[i];

		assert_int_equal(target->label[i == 4], 'a' + i);
		assert_non_null(strstr(target->url, "filter=x"));
	}
	arguments_clear(&line.arguments);
}

static void help_and_version_need_no_target(void **state)
{
	static const char *const lines[] = {
		"-help", "--help", "-h", "--h", "-version", "--version"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		good(lines[i]);
		assert_int_equal(line.arguments.help, i < 4);
		assert_int_equal(line.arguments.version, i >= 4);
		arguments_clear(&line.arguments);
	}
}

static void numbers_have_bounds(void **state)
{
	static const char *const options[] = {
		"-c", "-duration", "-hold", "-snaplen"};
	static const char *const values[] = {"", "-1", "+1", "1.5", "x", "1x",
		" 1", "0x10", "1e3", "99999999999999999999"};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		for (size_t j = 0; j < sizeof(values) / sizeof(*values); j++) {
			snprintf(text, sizeof(text), "%s|%s|a", options[i],
				values[j]);
			bad(text, options[i]);
		}
	bad("-c|0|a", "-c: \"0\"");
	bad("-duration|0|a", "-duration: \"0\"");
	bad("-snaplen|262145|a", "0 to 262144");
	bad("-s|262145|a", "-snaplen");
	bad("-hold|600001|a", "0 to 600000");
	bad("-duration|31536001|a", "1 to 31536000");
	good("-c|9223372036854775807|-duration|31536000|-hold|600000|"
	     "-s|262144|a");
	arguments_clear(&line.arguments);
	good("-hold|0|-s|0|a");
	assert_int_equal(line.arguments.hold, 0);
	assert_string_equal(line.arguments.defaults.snaplen, "0");
	arguments_clear(&line.arguments);
}

static void what_is_no_option_is_named(void **state)
{
	static const char *const names[] = {
		"-x", "--filtre", "-filtre=x", "-1", "-:", "--x=-c"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char shown[64];

		/* a value may be a secret */
		snprintf(shown, sizeof(shown), "%.*s is no option",
			(int)strcspn(names[i], "="), names[i]);
		snprintf(text, sizeof(text), "a|%s|b", names[i]);
		bad(text, shown);
	}
	/* neither verbose nor version, and nothing that takes a value */
	bad("-ver|a", "-ver");
	bad("-quiet=1|a", "-quiet");
}

static void a_missing_value_is_told(void **state)
{
	char text[64];

	(void)state;
	for (size_t i = 0; i < arguments_row_count; i++) {
		if (!arguments_rows[i].argument)
			continue;
		snprintf(text, sizeof(text), "a|-%s", arguments_rows[i].name);
		bad(text, text + 2);
		bad(text, "needs an argument");
	}
}

static void other_values_are_refused(void **state)
{
	(void)state;
	bad("-require|some|a", "-require: \"some\"");
	bad("-require||a", "neither all nor any");
	good("-w|pcapng|-require|all|a");
	assert_true(line.arguments.require_all);
	arguments_clear(&line.arguments);
	good("-w|-|a");
	assert_string_equal(line.arguments.output, "-");
	arguments_clear(&line.arguments);
	good("-w||a");
	arguments_clear(&line.arguments);
}

/* Each alone, so that none stands for another. */
static void switches_are_apart(void **state)
{
	static const char *const names[] = {"pcapng", "align", "retry",
		"status", "netrc", "quiet", "verbose"};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct arguments *is = &line.arguments;

		snprintf(text, sizeof(text), "a|-%s", names[i]);
		good(text);
		assert_int_equal(is->pcapng, i == 0);
		assert_int_equal(is->align, i == 1);
		assert_int_equal(is->retry, i == 2);
		assert_int_equal(is->status, i == 3);
		assert_int_equal(is->netrc, i == 4);
		assert_int_equal(is->quiet, i == 5);
		assert_int_equal(is->verbose, i == 6);
		arguments_clear(&line.arguments);
	}
}

/* A file that is called so is written so, and so may be any other. */
static void a_name_chooses_pcapng(void **state)
{
	static const struct {
		const char *text;
		bool pcapng;
	} cases[] = {{"-w|x.pcapng|a", true}, {"-w=/x/y.pcapng|a", true},
		{"a|--w|.x.pcapng", true}, {"-w|x.pcap|-pcapng|a", true},
		{"-pcapng|-w|x.pcap|a", true}, {"-pcapng|-w|-|a", true},
		{"-pcapng|a", true}, {"-w|x.pcap|a", false},
		{"-w|pcapng|a", false}, {"-w|.pcapng|a", false},
		{"-w|x.pcapng.gz|a", false}, {"-w|xpcapng|a", false},
		{"-w|x.pcapng/|a", false}, {"-w|x.PCAPNG|a", false},
		{"-w|-|a", false}, {"-w||a", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		good(cases[i].text);
		if (line.arguments.pcapng != cases[i].pcapng)
			fail_msg("%s", cases[i].text);
		arguments_clear(&line.arguments);
	}
}

static void interfaces_have_a_limit(void **state)
{
	char text[TEXT_MAX] = "a";

	(void)state;
	for (int i = 0; i < TARGET_INTERFACES_MAX / 2; i++)
		strcat(text, "|-i=e|-i=f");
	good(text);
	assert_int_equal(
		line.arguments.defaults.interface_count, TARGET_INTERFACES_MAX);
	arguments_clear(&line.arguments);
	strcat(text, "|-i=g");
	bad(text, "-interface: more than 32");
}

static void no_password_stays_in_argv(void **state)
{
	static const char *const lines[] = {"http://u:S3cr3t@a|-c|1|u:S3cr3t@b",
		"x=https://u:S3cr3t@a|y=u:S3cr3t@b", "-help|u:S3cr3t@a",
		"http://u:S3cr3t@a|--|u:S3cr3t@b"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const struct target *target;

		good(lines[i]);
		for (size_t j = 0; j + 6 <= sizeof(line.text); j++)
			assert_memory_not_equal(line.text + j, "S3cr3t", 6);
		target = &line.arguments.targets.list[0];
		assert_string_equal(target->password, "S3cr3t");
		assert_null(strstr(target->url, "S3cr3t"));
		arguments_clear(&line.arguments);
	}
}

static void a_bad_target_tells_no_password(void **state)
{
	static const char *const lines[] = {"http://u:S3cr3t@a:x",
		"ftp://u:S3cr3t@a", "b|u:S3cr3t#@a", "l=b|l=u:S3cr3t@c"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		bad(lines[i], "");
		assert_null(strstr(line.failure.text, "S3cr3t"));
		for (size_t j = 0; j + 6 <= sizeof(line.text); j++)
			assert_memory_not_equal(line.text + j, "S3cr3t", 6);
	}
}

/* A value that was forgotten, so that the target stands in its place. */
static void a_bad_value_tells_no_password(void **state)
{
	static const char *const lines[] = {"-hold|http://u:S3cr3t@a",
		"-c|http://u:S3cr3t@a", "-require|http://u:S3cr3t@a",
		"-x=http://u:S3cr3t@a", "-http://u:S3cr3t@a",
		"-quiet=http://u:S3cr3t@a", "@http://u:S3cr3t@a"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		bad(lines[i], "");
		assert_null(strstr(line.failure.text, "S3cr3t"));
	}
}

static void the_table_is_complete(void **state)
{
	(void)state;
	assert_true(arguments_row_count <= OPTIONS_MAX);
	for (size_t i = 0; i < arguments_row_count; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(
				arguments_rows[i].name, arguments_rows[j].name);
	/* only another spelling has no help, and not the first row */
	assert_non_null(arguments_rows[0].help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_has_defaults),
		cmocka_unit_test(every_option_is_taken),
		cmocka_unit_test(options_and_operands_mix),
		cmocka_unit_test(help_and_version_need_no_target),
		cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(what_is_no_option_is_named),
		cmocka_unit_test(a_missing_value_is_told),
		cmocka_unit_test(other_values_are_refused),
		cmocka_unit_test(switches_are_apart),
		cmocka_unit_test(a_name_chooses_pcapng),
		cmocka_unit_test(interfaces_have_a_limit),
		cmocka_unit_test(no_password_stays_in_argv),
		cmocka_unit_test(a_bad_target_tells_no_password),
		cmocka_unit_test(a_bad_value_tells_no_password),
		cmocka_unit_test(the_table_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
