/* SPDX-License-Identifier: MIT */
/*
 * Wireshark's calls: which they are, the command line that says the same, and
 * that none of it is left for ps(1).
 */
#include "client/extcap.h"

#include "client/config.h"
#include "unit.h"

#include <string.h>

enum { WORDS_MAX = 64, TEXT_MAX = 4096 };

/* A call, cut at its '|', and what became of it. */
struct call {
	char text[TEXT_MAX];
	char *argv[WORDS_MAX + 1];
	int argc;
	struct extcap extcap;
	struct error error;
	bool good;
};

static struct call call;

static void cut(const char *text)
{
	call = (struct call){0};
	assert_true(strlen(text) < sizeof(call.text) - 8);
	snprintf(call.text, sizeof(call.text), "ddump|%s", text);
	for (char *word = call.text; word;) {
		char *end = strchr(word, '|');

		assert_true(call.argc < WORDS_MAX);
		if (end)
			*end++ = '\0';
		call.argv[call.argc++] = word;
		word = end;
	}
}

static void take(const char *text)
{
	cut(text);
	call.good = extcap_read(call.argc, call.argv, &call.extcap, &call.error);
}

/* A capture, and the words of its command line. */
static void becomes(const char *text, const char *words)
{
	char whole[TEXT_MAX];
	char line[TEXT_MAX] = "";

	snprintf(whole, sizeof(whole), "--capture|--extcap-interface|ddump|--fifo|FIFO%s%s",
		*text ? "|" : "", text);
	take(whole);
	if (!call.good)
		fail_msg("%s: %s", text, call.error.text);
	assert_string_equal(call.extcap.fifo, "FIFO");
	for (int i = 0; i < call.extcap.line.count; i++) {
		strcat(line, i ? "|" : "");
		strcat(line, call.extcap.line.list[i]);
	}
	assert_null(call.extcap.line.list[call.extcap.line.count]);
	snprintf(whole, sizeof(whole), "ddump|--pcapng|--quiet|%s", words);
	assert_string_equal(line, whole);
	extcap_cleanup(&call.extcap);
}

static void bad(const char *text, const char *sentence)
{
	take(text);
	if (call.good)
		fail_msg("%s: is taken", text);
	assert_int_equal(call.error.status, 1);
	if (!strstr(call.error.text, sentence))
		fail_msg("%s: %s", text, call.error.text);
	extcap_cleanup(&call.extcap);
}

static void call_detected_by_first_argument(void **state)
{
	static const struct {
		const char *text;
		bool called;
	} cases[] = {{"--extcap-interfaces", true}, {"--extcap-capture-filter|x", true},
		{"--capture|--fifo|x", true}, {"web1", false}, {"-filter|--capture|web1", false},
		{"--captured", false}, {"capture", false}, {"-extcap-x", false}, {"", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cut(cases[i].text);
		if (extcap_is_called(call.argc, call.argv) != cases[i].called)
			fail_msg("%s", cases[i].text);
	}
	assert_false(extcap_is_called(1, call.argv));
	assert_false(extcap_is_called(0, call.argv));
}

static void queries_distinguished(void **state)
{
	(void)state;
	take("--extcap-interfaces|--extcap-version=4.0");
	assert_true(call.good && call.extcap.interfaces);
	assert_false(call.extcap.dlts || call.extcap.config);
	extcap_cleanup(&call.extcap);
	take("--extcap-dlts|--extcap-interface|ddump");
	assert_true(call.good && call.extcap.dlts);
	assert_false(call.extcap.interfaces || call.extcap.capture);
	extcap_cleanup(&call.extcap);
	take("--extcap-config|--extcap-interface|ddump");
	assert_true(call.good && call.extcap.config);
	extcap_cleanup(&call.extcap);
	/* a filter to check: nobody here can */
	take("--extcap-capture-filter|tcp|--extcap-interface|ddump");
	assert_true(call.good);
	assert_int_equal(extcap_answer(&call.extcap), 1);
	extcap_cleanup(&call.extcap);
}

static void dialog_fields_become_options(void **state)
{
	(void)state;
	becomes("--targets|a|--interface|eth0 eth1|"
		"--p|--snaplen|96|--payload|0|--linktype|sll2|--require|any|--retry|--ca|/a "
		"b/ca.pem|--crl|"
		"r|--cert|c|--key|k|--passphrase|S3cr3t|--header|@t '@u v'|--netrc|--ssh|"
		"ssh -F x|--hold|30|--align|--paths|--once|--once-at|b:lo|--no-names",
		"--w|FIFO|--interface|eth0|--interface|eth1|"
		"--p|--snaplen|96|--payload|0|--linktype|sll2|--no-names|--require|any|--retry|--"
		"ca|/a "
		"b/ca.pem|--crl|"
		"r|--cert|c|--key|k|--header|@t|--header|@u v|--netrc|--ssh|ssh -F "
		"x|--hold|30|--align|--paths|--once|--once-at|b:lo|"
		"--|a");
	/* what a call has besides, and the other way to write a value */
	becomes("--extcap-version=4.0|--targets=a|--hold=5", "--hold|5|--|a");
}

static void dialog_empty_fields_ignored(void **state)
{
	(void)state;
	becomes("--targets|a|--interface| |--snaplen||--payload||--linktype||--require||"
		"--ca||--crl||--cert||--key||--passphrase||--ssh||--hold||--once-at||"
		"--extcap-capture-filter|",
		"--|a");
	becomes("--targets|a|--snaplen|262144|--linktype|sll|--require|all|--hold|2000", "--|a");
	becomes("--targets|a|--paths", "--w|FIFO|--paths|--|a");
	becomes("--targets|a|--once", "--once|--|a");
	becomes("", "--");
	becomes("--targets|", "--");
	becomes("--targets| \t ", "--");
}

static void targets_split_at_spaces(void **state)
{
	(void)state;
	becomes("--targets|  a  b\t@/x/y\n", "--|a|b|@/x/y");
	becomes("--targets|\"d=http://b?filter=port 80\" c", "--|d=http://b?filter=port 80|c");
	becomes("--targets|http://b?filter='port 80' c", "--|http://b?filter=port 80|c");
	becomes("--targets|\"it's\" 'a \"b\"'", "--|it's|a \"b\"");
	becomes("--targets|-w x --quiet", "--|-w|x|--quiet");
	bad("--capture|--fifo|x|--targets|a \"b", "--targets: a quote");
	bad("--capture|--fifo|x|--targets|a '", "--targets: a quote");
	bad("--capture|--fifo|x|--interface|'a", "--interface: a quote");
}

/* Wireshark's is the only one: it shows it, and saves none that would join it later. */
static void filter_of_wireshark_passed(void **state)
{
	(void)state;
	becomes("--extcap-capture-filter|tcp or udp|--targets|a", "--filter|tcp or udp|--|a");
	bad("--capture|--fifo|x|--targets|a|--filter|icmp", "unknown option --filter");
}

/* Without a control pipe, each message would be an error in Wireshark. */
static void messages_need_control_pipe(void **state)
{
	static const char *const calls[] = {"--capture|--fifo|x|--targets|a",
		"--capture|--fifo|x|--targets|a|--extcap-control-in|i|--extcap-control-out|o"};
	static const char *const words[] = {"--quiet", "--status"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		take(calls[i]);
		assert_true(call.good);
		assert_string_equal(call.extcap.line.list[2], words[i]);
		extcap_cleanup(&call.extcap);
	}
}

struct expected_field {
	const char *name;
	const char *value;
	bool is_found;
};

static bool find_field(void *context, const char *name, const char *value)
{
	assert_string_not_equal(name, "passphrase");
	for (struct expected_field *field = context; field->name; field++)
		if (strcmp(field->name, name) == 0) {
			assert_string_equal(value, field->value);
			field->is_found = true;
		}
	return true;
}

static void fields_without_value_have_default(void **state)
{
	struct expected_field fields[] = {{"targets", "a b", false}, {"snaplen", "262144", false},
		{"payload", "", false}, {"linktype", "sll", false}, {"require", "any", false},
		{"hold", "2000", false}, {"retry", "true", false}, {"align", "false", false},
		{NULL, NULL, false}};
	char targets[] = "a b", require[] = "any", passphrase[] = "S3cr3t";
	const struct extcap_dialog dialog = {
		.targets = targets, .require = require, .passphrase = passphrase, .retry = true};

	(void)state;
	assert_true(extcap_dialog_each(&dialog, find_field, fields));
	for (size_t i = 0; fields[i].name; i++)
		assert_true(fields[i].is_found);
}

static void call_malformed_reported(void **state)
{
	char text[TEXT_MAX] = "--capture|--passphrase|";

	(void)state;
	bad("--capture|--fifo|x|--filtre|y", "unknown option --filtre");
	bad("--capture|--fifo|x|--targets", "--targets needs an argument");
	bad("--capture|--fifo|x|--align=1", "--align takes no argument");
	bad("--capture|--fifo|x|--extcap-interface|u:S3cr3t@a", "unknown interface u:@a");
	bad("--capture|--fifo|x|web1", "unexpected argument");
	bad("--extcap-dlts|--extcap-interface|eth0", "unknown interface eth0");
	/* a reader waits there whatever is wrong */
	take("--capture|--fifo|x|--filtre|y");
	assert_string_equal(call.extcap.fifo, "x");
	extcap_cleanup(&call.extcap);
	memset(text + strlen(text), 'x', TLS_PASSPHRASE_MAX);
	bad(text, "--passphrase must be shorter than 1024 bytes");
	text[strlen(text) - 1] = '\0';
	take(text);
	assert_true(call.good);
	extcap_cleanup(&call.extcap);
}

static void argv_erased(void **state)
{
	static const char *const texts[] = {
		"--capture|--fifo|x|--targets|u:S3cr3t@a|--passphrase|S3cr3t",
		"--capture|--passphrase=S3cr3t|--nonsense", "--capture|S3cr3t|--passphrase|S3cr3t"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		take(texts[i]);
		for (size_t j = 6; j < sizeof(call.text); j++)
			assert_int_equal(call.text[j], '\0');
		assert_string_equal(call.argv[0], "ddump");
		assert_null(strstr(call.error.text, "S3cr3t"));
		extcap_cleanup(&call.extcap);
	}
}

/* What comes out is a command line indeed. */
static void translated_line_parsed(void **state)
{
	struct options options;

	(void)state;
	take("--capture|--fifo|x|--targets|a 'b=http://u:S3cr3t@c?filter=port "
	     "80'|--extcap-capture-filter|icmp|--hold|7|--require|any|--interface|e f");
	assert_true(call.good);
	if (!options_read(call.extcap.line.count, call.extcap.line.list, &options, &call.error))
		fail_msg("%s", call.error.text);
	assert_true(options.pcapng && options.quiet);
	assert_false(options.require_all);
	assert_int_equal(options.hold, 7);
	assert_int_equal(options.defaults.interface_count, 2);
	assert_int_equal(options.targets.count, 2);
	assert_string_equal(options.targets.list[1].label, "b");
	assert_string_equal(options.targets.list[1].password, "S3cr3t");
	options_cleanup(&options);
	extcap_cleanup(&call.extcap);
	take("--capture|--fifo|x|--targets|a b|--paths|--once-at|b:lo|--no-names");
	assert_true(call.good);
	if (!options_read(call.extcap.line.count, call.extcap.line.list, &options, &call.error))
		fail_msg("%s", call.error.text);
	assert_true(options.once && options.paths && options.no_names);
	assert_string_equal(options.once_at, "b:lo");
	options_cleanup(&options);
	extcap_cleanup(&call.extcap);
	take("--capture|--fifo|x|--targets|a|--hold|x");
	assert_true(call.good);
	assert_false(
		options_read(call.extcap.line.count, call.extcap.line.list, &options, &call.error));
	assert_non_null(strstr(call.error.text, "-hold: \"x\" is not a number from 0 to 600000"));
	options_cleanup(&options);
	extcap_cleanup(&call.extcap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_detected_by_first_argument),
		cmocka_unit_test(queries_distinguished),
		cmocka_unit_test(dialog_fields_become_options),
		cmocka_unit_test(dialog_empty_fields_ignored),
		cmocka_unit_test(targets_split_at_spaces),
		cmocka_unit_test(filter_of_wireshark_passed),
		cmocka_unit_test(messages_need_control_pipe),
		cmocka_unit_test(fields_without_value_have_default),
		cmocka_unit_test(call_malformed_reported),
		cmocka_unit_test(argv_erased),
		cmocka_unit_test(translated_line_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
