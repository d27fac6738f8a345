/* SPDX-License-Identifier: MIT */
/*
 * Requests for lists of interfaces: where a target's list is, and that others have none.
 */
#include "client/interface_query.h"

#include "unit.h"

#include <string.h>

static const struct target_defaults options = {
	.filter = "icmp", .interfaces = {"eth0"}, .interface_count = 1};

static void worker_has_a_list_beside_its_captures(void **state)
{
	static const struct {
		const char *text, *url;
	} rows[] = {
		{"web1", "http://web1:8475/interfaces"},
		{"a=https://u:p@web1:443/x/capture?filter=a/capture",
			"https://web1:443/x/interfaces"},
		{"ssh://me@web1:22", "http://127.0.0.1:8475/interfaces"},
		{"unix:/run/w.sock?snaplen=60", "http://127.0.0.1:8475/interfaces"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct interface_query query;
		struct target target;
		struct error error = {0};

		assert_true(target_parse(&target, rows[i].text, &options, &error));
		if (!interface_query_make(&target, &query, &error))
			fail_msg("%s: %s", rows[i].text, error.text);
		assert_string_equal(query.target.url, rows[i].url);
		assert_int_equal(query.target.additions, 0);
		/* the rest of the target is the same */
		assert_ptr_equal(query.target.user, target.user);
		assert_ptr_equal(query.target.socket, target.socket);
		assert_ptr_equal(query.target.ssh_host, target.ssh_host);
		interface_query_cleanup(&query);
		target_cleanup(&target);
	}
}

static void tcpdump_has_a_script(void **state)
{
	struct interface_query query;
	struct target target;
	struct error error = {0};

	(void)state;
	assert_true(target_parse(&target, "tcpdump+ssh://db1?sudo=1", &options, &error));
	assert_true(interface_query_make(&target, &query, &error));
	assert_non_null(strstr(query.target.command, "exec tcpdump -D "));
	assert_null(strstr(query.target.command, "icmp"));
	interface_query_cleanup(&query);
	target_cleanup(&target);
}

static void others_have_no_list(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{"exec:ls", "the target is a program"},
		{"./x.pcap", "the target is a file"},
		{"-", "the target is a file"},
		{"http://web1/x.pcap", "the path of a worker ends in /capture"},
		{"http://web1/capture/", "the path of a worker ends in /capture"},
		{"http://web1/precapture", "the path of a worker ends in /capture"},
		{"http://web1/x?y=/capture", "the path of a worker ends in /capture"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct interface_query query;
		struct target target;
		struct error error = {0};

		assert_true(target_parse(&target, rows[i].text, &options, &error));
		assert_false(interface_query_make(&target, &query, &error));
		assert_ptr_equal(strstr(error.text, "cannot list the interfaces: "), error.text);
		assert_non_null(strstr(error.text, rows[i].sentence));
		interface_query_cleanup(&query);
		target_cleanup(&target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worker_has_a_list_beside_its_captures),
		cmocka_unit_test(tcpdump_has_a_script),
		cmocka_unit_test(others_have_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
