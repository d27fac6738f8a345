/* SPDX-License-Identifier: MIT */
/*
 * tcpdump on a host: the query becomes words of a script, its reports become counters,
 * and its end a sentence with a remedy.
 */
#include "client/shell_quote.h"
#include "client/tcpdump_query.h"
#include "client/tcpdump_report.h"
#include "client/tcpdump_script.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct target_defaults nothing = {0};

static void words_are_quoted(void **state)
{
	static const struct {
		const char *text, *word;
	} rows[] = {
		{"", "''"},
		{"a b", "'a b'"},
		{"it's", "'it'\\''s'"},
		{"'", "''\\'''"},
		{"$(x)`y`\\\n!", "'$(x)`y`\\\n!'"},
	};
	char word[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_ptr_equal(shell_quote(word, rows[i].text), word + strlen(rows[i].word));
		assert_string_equal(word, rows[i].word);
		assert_int_equal(shell_quote_size(rows[i].text), strlen(word) + 1);
	}
}

/* Every byte, by the shell itself. */
static void shell_finds_the_text(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < 50; round++) {
		char text[300];
		char word[4 * sizeof(text) + 8];
		char command[sizeof(word) + 16];
		char found[sizeof(text)];
		FILE *shell;
		size_t size;

		for (size_t i = 0; i < sizeof(text) - 1; i++)
			text[i] = (char)(round ? 1 + seed_below(&seed, 255) : 1 + i % 255);
		text[sizeof(text) - 1] = '\0';
		shell_quote(word, text);
		snprintf(command, sizeof(command), "printf %%s %s", word);
		shell = popen(command, "r");
		assert_non_null(shell);
		size = fread(found, 1, sizeof(found), shell);
		assert_int_equal(pclose(shell), 0);
		assert_int_equal(size, strlen(text));
		assert_memory_equal(found, text, size);
	}
}

static struct tcpdump_query parse(const char *text, const struct target_defaults *defaults)
{
	struct tcpdump_query query;
	struct error error = {0};

	if (!tcpdump_query_parse(text, defaults, &query, &error))
		fail_msg("%s: %s", text, error.text);
	return query;
}

static void query_decoded(void **state)
{
	struct tcpdump_query query =
		parse("filter=a+b%26c%2b&interface=eth%30&snaplen=96&count=7&sudo=1"
		      "&linktype=native",
			&nothing);

	(void)state;
	assert_string_equal(query.filter, "a b&c+");
	assert_string_equal(query.interface, "eth0");
	assert_string_equal(query.snaplen, "96");
	assert_string_equal(query.count, "7");
	assert_string_equal(query.linktype, "native");
	assert_true(query.sudo);
	tcpdump_query_cleanup(&query);
	query = parse("duration=31536000&sudo=0&linktype=sll2&interface=any", &nothing);
	assert_string_equal(query.duration, "31536000");
	assert_string_equal(query.linktype, "sll2");
	tcpdump_query_cleanup(&query);
	query = parse(NULL, &nothing);
	assert_null(query.filter);
	assert_false(query.sudo);
	tcpdump_query_cleanup(&query);
}

static void options_apply_where_the_query_lacks_them(void **state)
{
	const struct target_defaults defaults = {.filter = "tcp",
		.snaplen = "60",
		.linktype = "native",
		.interfaces = {"lo"},
		.interface_count = 1};
	const struct target_defaults two = {.interfaces = {"lo", "eth0"}, .interface_count = 2};
	struct tcpdump_query query = parse("filter=udp", &defaults);
	struct error error = {0};

	(void)state;
	assert_string_equal(query.filter, "udp");
	assert_string_equal(query.interface, "lo");
	assert_string_equal(query.snaplen, "60");
	assert_string_equal(query.linktype, "native");
	tcpdump_query_cleanup(&query);
	assert_false(tcpdump_query_parse("", &two, &query, &error));
	assert_non_null(strstr(error.text, "one interface"));
}

/* Neither the option nor the query may lead to a capture with payload. */
static void payload_limit_rejected(void **state)
{
	const struct target_defaults headers = {.payload = "0"};
	struct tcpdump_query query;
	struct error error = {0};

	(void)state;
	assert_false(tcpdump_query_parse("", &headers, &query, &error));
	assert_non_null(strstr(error.text, "payload: tcpdump cannot leave it out"));
	error = (struct error){0};
	assert_false(tcpdump_query_parse("payload=0", &nothing, &query, &error));
	assert_non_null(strstr(error.text, "payload: tcpdump cannot leave it out"));
}

static void bad_query_named(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{"filtre=icmp", "\"filtre\""},
		{"filter=a&filter=b", "filter is given twice"},
		{"filter", "\"filter\" has no value"},
		{"filter=a%00b", "NUL"},
		{"filter=a)+or+(b", "')' has no '('"},
		{"filter=(a", "'(' has no ')'"},
		{"snaplen=x", "snaplen: \"x\" is not a number from 0 to 262144"},
		{"snaplen=-1", "snaplen: \"-1\""},
		{"count=0", "count: \"0\" is not a number from 1 to"},
		{"sudo=yes", "sudo: \"yes\" is neither 0 nor 1"},
		{"interface=", "interface: the name is empty"},
		{"promisc=1", "unknown parameter \"promisc\""},
		{"duration=0", "duration: \"0\" is not a number from 1 to 31536000"},
		{"duration=5&sudo=1", "duration: with sudo=1 the user must not end tcpdump"},
		{"linktype=ppp", "linktype: \"ppp\" is neither sll, sll2 nor native"},
		{"linktype=native", "linktype: native needs one interface, and not any"},
		{"linktype=native&interface=any", "linktype: native needs one interface"},
		{"linktype=sll&interface=eth0", "linktype: for one interface tcpdump has only"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tcpdump_query query;
		struct error error = {0};

		assert_false(tcpdump_query_parse(rows[i].text, &nothing, &query, &error));
		if (!strstr(error.text, rows[i].sentence))
			fail_msg("%s: %s", rows[i].text, error.text);
	}
}

static void script_has_the_values_as_words(void **state)
{
	struct tcpdump_query query =
		parse("filter=udp+or+'x'&interface=-z&snaplen=96&count=7&sudo=1", &nothing);
	char *script = tcpdump_script_make(&query);

	(void)state;
	assert_non_null(strstr(script, "user='udp or '\\''x'\\'''\n"));
	assert_non_null(strstr(script, "filter=\"$filter and ($user)\"\n"));
	assert_non_null(strstr(
		script, "sudo -n tcpdump -U -w - -B 8192 -i '-z' -s '96' -c '7' -- \"$filter\" <"));
	/* the packets that close the connection, with sudo only */
	assert_non_null(strstr(script, "filter=\"($closing) or ($filter)\""));
	free(script);
	tcpdump_query_cleanup(&query);
	script = tcpdump_script_make(&(struct tcpdump_query){.no_promisc = true});
	assert_non_null(strstr(script, "\ntcpdump -p -U -w - "));
	free(script);
	script = tcpdump_script_make(&(struct tcpdump_query){0});
	assert_non_null(strstr(script, "\ntcpdump -U -w - -B 8192 -i 'any' -- \"$filter\" <"));
	assert_null(strstr(script, "sudo"));
	assert_null(strstr(script, "sleep"));
	free(script);
}

static void script_has_the_link_type_and_the_duration(void **state)
{
	static const struct {
		const char *query, *words;
	} rows[] = {
		{"linktype=sll", " -i 'any' -y 'LINUX_SLL' -- "},
		{"linktype=sll2", " -i 'any' -y 'LINUX_SLL2' -- "},
		{"linktype=native&interface=lo", " -i 'lo' -- "},
		{"duration=5", "\n(sleep '5' & "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tcpdump_query query = parse(rows[i].query, &nothing);
		char *script = tcpdump_script_make(&query);

		if (!strstr(script, rows[i].words))
			fail_msg("%s: %s", rows[i].query, script);
		free(script);
		tcpdump_query_cleanup(&query);
	}
}

static void counters_are_parsed(void **state)
{
	static const char *const usual[] = {"17 packets captured", "1 packet captured",
		"18446744073709551615 packets received by filter", "1 packet dropped by kernel",
		"3 packets dropped by interface", "tcpdump: listening on any, link-type LINUX_SLL2",
		"tcpdump: data link type EN10MB"};
	static const char *const others[] = {"18446744073709551616 packets dropped by kernel",
		"packets dropped by kernel", "-1 packets dropped by kernel",
		"5 packets dropped by kernels", "5 frames captured",
		"tcpdump: eth9: No such device"};
	struct tcpdump_report report = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		assert_true(tcpdump_report_add(&report, usual[i]));
	assert_int_equal(report.counters.valid, STATISTICS_ALL);
	assert_true(report.counters.received == UINT64_MAX);
	assert_int_equal(report.counters.dropped, 1);
	assert_int_equal(report.counters.interface_dropped, 3);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(tcpdump_report_add(&report, others[i]));
	assert_int_equal(report.counters.dropped, 1);
}

static void end_has_a_sentence_with_a_remedy(void **state)
{
	static const struct {
		int status;
		const char *lines[2];
		const char *sentence;
	} rows[] = {
		{121, {NULL}, "SSH_CONNECTION"},
		{122, {NULL}, "has no tcpdump; install it there"},
		{123, {NULL}, "has no sudo; try without sudo=1"},
		{3, {NULL}, "tcpdump exited with status 3"},
		{255, {"ssh: connect to host a port 22: Connection refused"},
			"ssh: connect to host a port 22: Connection refused"},
		{255, {"a@b: Permission denied (publickey)."},
			"ssh: a@b: Permission denied (publickey).; ssh cannot prompt"},
		{255, {"Host key verification failed."}, "; log in with ssh once"},
		{255, {NULL}, "ssh: exit status 255"},
		{1, {"tcpdump: eth9: No such device exists", "(No such device exists)"},
			"tcpdump: eth9: No such device exists; check the interface"},
		{1, {"tcpdump: can't parse filter expression: syntax error"}, "; check the filter"},
		{1,
			{"tcpdump: any: You don't have permission to perform this capture",
				"(socket: Operation not permitted)"},
			"; add sudo=1 to the query"},
		{1, {"sudo: a password is required"},
			"; allow the user to run tcpdump with NOPASSWD"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tcpdump_report report = {0};
		struct error error = {0};

		for (size_t line = 0; line < 2 && rows[i].lines[line]; line++)
			tcpdump_report_add(&report, rows[i].lines[line]);
		assert_false(tcpdump_report_exit(&report, rows[i].status, &error));
		if (!strstr(error.text, rows[i].sentence))
			fail_msg("%d: %s", rows[i].status, error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_quoted),
		cmocka_unit_test(shell_finds_the_text),
		cmocka_unit_test(query_decoded),
		cmocka_unit_test(options_apply_where_the_query_lacks_them),
		cmocka_unit_test(payload_limit_rejected),
		cmocka_unit_test(bad_query_named),
		cmocka_unit_test(script_has_the_values_as_words),
		cmocka_unit_test(script_has_the_link_type_and_the_duration),
		cmocka_unit_test(counters_are_parsed),
		cmocka_unit_test(end_has_a_sentence_with_a_remedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
