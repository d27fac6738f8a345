/* SPDX-License-Identifier: MIT */
/*
 * Lines of interfaces: fields that awk finds, and nothing of a host that a terminal acts on.
 */
#include "client/interface_lines.h"

#include "../lib/printable.h"
#include "client/interface_json.h"
#include "unit.h"

#include <string.h>

typedef char *lines_maker(const char *label, const void *bytes, size_t size, struct error *error);

static void check_lines(
	lines_maker *make, const char *label, const char *text, const char *expected)
{
	struct error error = {0};
	char *lines = make(label, text, strlen(text), &error);

	if (!lines) {
		fail_msg("%s: %s", text, error.text);
		return;
	}
	assert_string_equal(lines, expected);
	assert_true(printable_text(lines, strlen(lines), true));
	free(lines);
}

static void check_refused(lines_maker *make, const char *text, const char *sentence)
{
	struct error error = {0};

	assert_null(make("web1", text, strlen(text), &error));
	if (!strstr(error.text, sentence))
		fail_msg("%s: %s", text, error.text);
	assert_true(printable_line(error.text));
}

static void worker_interfaces_have_a_line_each(void **state)
{
	(void)state;
	check_lines(interface_lines_of_worker, "web1",
		"[{\"index\":1,\"name\":\"eth0\",\"up\":true,"
		"\"addresses\":[\"192.0.2.11\",\"2001:db8::11\"],\"linktype\":\"EN10MB\"},"
		"{\"index\":2,\"name\":\"wg0\",\"up\":false,\"addresses\":[],\"linktype\":\"RAW\"},"
		"{\"index\":3,\"name\":\"ppp0\",\"up\":true,\"addresses\":[],\"linktype\":null},"
		"{\"index\":4,\"name\":\"x\",\"up\":true,\"addresses\":[\"::1\"],"
		"\"linktype\":\"NEW\"}]",
		"web1  1.eth0  up  Ethernet  192.0.2.11 2001:db8::11\n"
		"web1  2.wg0  down  IP\n"
		"web1  3.ppp0  up  -\n"
		"web1  4.x  up  NEW  ::1\n");
	check_lines(interface_lines_of_worker, "web1", "[]", "");
}

static void worker_texts_are_fields_without_control_characters(void **state)
{
	(void)state;
	check_lines(interface_lines_of_worker, "a b",
		"[{\"index\":1,\"name\":\"\\u001b]0;x\\u0007 a\\nb\\u202e\\u00e9\",\"up\":true,"
		"\"addresses\":[],\"linktype\":\"A B\\u009b\"}]",
		"a\\x20b  1.\\x1b]0;x\\x07\\x20a\\x0ab\\xe2\\x80\\xae\xc3\xa9  up  "
		"A\\x20B\\xc2\\x9b\n");
}

static void worker_damaged_list_has_no_lines(void **state)
{
	(void)state;
	check_refused(interface_lines_of_worker,
		"[{\"index\":1,\"name\":\"lo\",\"up\":true,\"addresses\":[]},", "'{' is missing");
	check_refused(interface_lines_of_worker, "", "not a list of interfaces");
}

static void tcpdump_lines_are_unchanged(void **state)
{
	(void)state;
	check_lines(interface_lines_of_tcpdump, "db1",
		"1.eth0 [Up, Running, Connected]\n2.any (Pseudo-device) [Up, Running]\n",
		"db1  1.eth0 [Up, Running, Connected]\ndb1  2.any (Pseudo-device) [Up, Running]\n");
	check_lines(
		interface_lines_of_tcpdump, "db1", "10.a\x1b[2J\tb", "db1  10.a\\x1b[2J\\x09b\n");
}

static void tcpdump_other_output_is_refused(void **state)
{
	char *many = calloc(INTERFACE_JSON_COUNT_MAX + 2, 4);

	(void)state;
	check_refused(
		interface_lines_of_tcpdump, "Welcome\x07!\n1.eth0\n", "line \"Welcome\\x07!\"");
	check_refused(interface_lines_of_tcpdump, "1.eth0\n\n", "line \"\"");
	check_refused(interface_lines_of_tcpdump, "12\n", "line \"12\"");
	check_refused(interface_lines_of_tcpdump, ".eth0\n", "line \".eth0\"");
	check_refused(interface_lines_of_tcpdump, "", "tcpdump lists no interface; ");
	assert_non_null(many);
	for (int i = 0; i <= INTERFACE_JSON_COUNT_MAX; i++)
		memcpy(many + 4 * (size_t)i, "1.a\n", 4);
	check_refused(interface_lines_of_tcpdump, many, "more than 4096 interfaces");
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worker_interfaces_have_a_line_each),
		cmocka_unit_test(worker_texts_are_fields_without_control_characters),
		cmocka_unit_test(worker_damaged_list_has_no_lines),
		cmocka_unit_test(tcpdump_lines_are_unchanged),
		cmocka_unit_test(tcpdump_other_output_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
