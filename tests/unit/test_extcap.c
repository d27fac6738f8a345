/*
 * Wireshark's calls: which they are, the command line that says the same, and
 * that none of it is left for ps(1).
 */
#include "client/extcap.h"

#include "client/arguments.h"
#include "unit.h"

#include <string.h>

enum { WORDS_MAX = 64, TEXT_MAX = 4096 };

/* A call, cut at its '|', and what became of it. */
struct call {
	char text[TEXT_MAX];
	char *argv[WORDS_MAX + 1];
	int argc;
	struct extcap extcap;
	struct failure failure;
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
	call.good =
		extcap_read(call.argc, call.argv, &call.extcap, &call.failure);
}

/* A capture, and the words of its command line. */
static void becomes(const char *text, const char *words)
{
	char whole[TEXT_MAX];
	char line[TEXT_MAX] = "";

	snprintf(whole, sizeof(whole),
		"--capture|--extcap-interface|ddump|--fifo|FIFO%s%s",
		*text ? "|" : "", text);
	take(whole);
	if (!call.good)
		fail_msg("%s: %s", text, call.failure.text);
	assert_string_equal(call.extcap.fifo, "FIFO");
	for (int i = 0; i < call.extcap.line.count; i++) {
		strcat(line, i ? "|" : "");
		strcat(line, call.extcap.line.list[i]);
	}
	assert_null(call.extcap.line.list[call.extcap.line.count]);
	snprintf(whole, sizeof(whole), "ddump|--pcapng|--quiet|%s", words);
	assert_string_equal(line, whole);
	extcap_clear(&call.extcap);
}

static void bad(const char *text, const char *sentence)
{
	take(text);
	if (call.good)
		fail_msg("%s: is taken", text);
	assert_int_equal(call.failure.status, 1);
	if (!strstr(call.failure.text, sentence))
		fail_msg("%s: %s", text, call.failure.text);
	extcap_clear(&call.extcap);
}

static void the_first_argument_tells(void **state)
{
	static const struct {
		const char *text;
		bool called;
	} cases[] = {{"--extcap-interfaces", true},
		{"--extcap-capture-filter|x", true},
		{"--capture|--fifo|x", true}, {"web1", false},
		{"-filter|--capture|web1", false}, {"--captured", false},
		{"capture", false}, {"-extcap-x", false}, {"", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cut(cases[i].text);
		if (extcap_is_called(call.argc, call.argv) != cases[i].called)
			fail_msg("%s", cases[i].text);
	}
	assert_false(extcap_is_called(1, call.argv));
	assert_false(extcap_is_called(0, call.argv));
}

static void questions_are_told_apart(void **state)
{
	(void)state;
	take("--extcap-interfaces|--extcap-version=4.0");
	assert_true(call.good && call.extcap.interfaces);
	assert_false(call.extcap.dlts || call.extcap.config);
	extcap_clear(&call.extcap);
	take("--extcap-dlts|--extcap-interface|ddump");
	assert_true(call.good && call.extcap.dlts);
	assert_false(call.extcap.interfaces || call.extcap.capture);
	extcap_clear(&call.extcap);
	take("--extcap-config|--extcap-interface|ddump");
	assert_true(call.good && call.extcap.config);
	extcap_clear(&call.extcap);
	/* a filter to check: nobody here can */
	take("--extcap-capture-filter|tcp|--extcap-interface|ddump");
	assert_true(call.good);
	assert_int_equal(extcap_answer(&call.extcap), 1);
	extcap_clear(&call.extcap);
}

static void every_field_becomes_an_option(void **state)
{
	(void)state;
	becomes("--targets|a|--filter|tcp port 80|--interface|eth0 eth1|"
		"--snaplen|96|--require|any|--retry|--ca|/a b/ca.pem|--crl|"
		"r|--cert|c|--key|k|--passphrase|S3cr3t|--netrc|--ssh|"
		"ssh -F x|--hold|30|--align",
		"--filter|tcp port 80|--interface|eth0|--interface|eth1|"
		"--snaplen|96|--require|any|--retry|--ca|/a b/ca.pem|--crl|"
		"r|--cert|c|--key|k|--netrc|--ssh|ssh -F x|--hold|30|--align|"
		"--|a");
	/* what a call has besides, and the other way to write a value */
	becomes("--extcap-version=4.0|--extcap-control-in|x|"
		"--extcap-control-out|y|--targets=a|--hold=5",
		"--hold|5|--|a");
}

static void what_is_empty_is_not_there(void **state)
{
	(void)state;
	becomes("--targets|a|--filter||--interface| |--snaplen||--require||"
		"--ca||--crl||--cert||--key||--passphrase||--ssh||--hold||"
		"--extcap-capture-filter|",
		"--|a");
	becomes("", "--");
	becomes("--targets|", "--");
	becomes("--targets| \t ", "--");
}

static void targets_are_words(void **state)
{
	(void)state;
	becomes("--targets|  a  b\t@/x/y\n", "--|a|b|@/x/y");
	becomes("--targets|\"d=http://b?filter=port 80\" c",
		"--|d=http://b?filter=port 80|c");
	becomes("--targets|http://b?filter='port 80' c",
		"--|http://b?filter=port 80|c");
	becomes("--targets|\"it's\" 'a \"b\"'", "--|it's|a \"b\"");
	becomes("--targets|-w x --quiet", "--|-w|x|--quiet");
	bad("--capture|--fifo|x|--targets|a \"b", "--targets: a quote");
	bad("--capture|--fifo|x|--targets|a '", "--targets: a quote");
	bad("--capture|--fifo|x|--interface|'a", "--interface: a quote");
}

static void both_filters_have_to_match(void **state)
{
	(void)state;
	becomes("--extcap-capture-filter|tcp or udp|--targets|a",
		"--filter|tcp or udp|--|a");
	becomes("--extcap-capture-filter|tcp or udp|--targets|a|--filter|icmp",
		"--filter|(icmp) and (tcp or udp)|--|a");
}

static void what_is_wrong_is_told(void **state)
{
	char text[TEXT_MAX] = "--capture|--passphrase|";

	(void)state;
	bad("--capture|--fifo|x|--filtre|y", "--filtre is no option");
	bad("--capture|--fifo|x|--targets", "--targets needs an argument");
	bad("--capture|--fifo|x|--align=1", "--align takes no argument");
	bad("--capture|--fifo|x|web1", "belongs to no option");
	bad("--extcap-dlts|--extcap-interface|eth0", "eth0 is no interface");
	/* a reader waits there whatever is wrong */
	take("--capture|--fifo|x|--filtre|y");
	assert_string_equal(call.extcap.fifo, "x");
	extcap_clear(&call.extcap);
	memset(text + strlen(text), 'x', CREDENTIALS_PASSPHRASE_MAX);
	bad(text, "--passphrase: it is too long");
	text[strlen(text) - 1] = '\0';
	take(text);
	assert_true(call.good);
	extcap_clear(&call.extcap);
}

static void nothing_stays_in_argv(void **state)
{
	static const char *const texts[] = {
		"--capture|--fifo|x|--targets|u:S3cr3t@a|--passphrase|S3cr3t",
		"--capture|--passphrase=S3cr3t|--nonsense",
		"--capture|S3cr3t|--passphrase|S3cr3t"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		take(texts[i]);
		for (size_t j = 6; j < sizeof(call.text); j++)
			assert_int_equal(call.text[j], '\0');
		assert_string_equal(call.argv[0], "ddump");
		assert_null(strstr(call.failure.text, "S3cr3t"));
		extcap_clear(&call.extcap);
	}
}

/* What comes out is a command line indeed. */
static void the_line_is_read_as_any_other(void **state)
{
	struct arguments arguments;

	(void)state;
	take("--capture|--fifo|x|--targets|a 'b=http://u:S3cr3t@c?filter=port "
	     "80'|--filter|icmp|--hold|7|--require|any|--interface|e f");
	assert_true(call.good);
	if (!arguments_read(call.extcap.line.count, call.extcap.line.list,
		    &arguments, &call.failure))
		fail_msg("%s", call.failure.text);
	assert_true(arguments.pcapng && arguments.quiet);
	assert_false(arguments.require_all);
	assert_int_equal(arguments.hold, 7);
	assert_int_equal(arguments.defaults.interface_count, 2);
	assert_int_equal(arguments.targets.count, 2);
	assert_string_equal(arguments.targets.list[1].label, "b");
	assert_string_equal(arguments.targets.list[1].password, "S3cr3t");
	arguments_clear(&arguments);
	extcap_clear(&call.extcap);
	take("--capture|--fifo|x|--targets|a|--hold|x");
	assert_true(call.good);
	assert_false(arguments_read(call.extcap.line.count,
		call.extcap.line.list, &arguments, &call.failure));
	assert_non_null(strstr(call.failure.text, "-hold: \"x\""));
	arguments_clear(&arguments);
	extcap_clear(&call.extcap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_argument_tells),
		cmocka_unit_test(questions_are_told_apart),
		cmocka_unit_test(every_field_becomes_an_option),
		cmocka_unit_test(what_is_empty_is_not_there),
		cmocka_unit_test(targets_are_words),
		cmocka_unit_test(both_filters_have_to_match),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(nothing_stays_in_argv),
		cmocka_unit_test(the_line_is_read_as_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
