/* SPDX-License-Identifier: MIT */
/*
 * Header fields of -header: what is wrong is named without the value, and http is for
 * this machine only.
 */
#include "client/request_headers.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECRET "S3cr3t"

static void fields_are_added(void **state)
{
	struct request_headers headers = {0};
	struct error error = {0};
	struct curl_slist *list;

	(void)state;
	assert_true(request_headers_add(&headers, "Authorization: Bearer x=", &error));
	assert_true(request_headers_add(&headers, "X-a:b", &error));
	list = request_headers_append(&headers, NULL);
	assert_non_null(list);
	assert_string_equal(list->data, "Authorization: Bearer x=");
	assert_string_equal(list->next->data, "X-a:b");
	assert_null(list->next->next);
	request_headers_free_list(list);
	request_headers_cleanup(&headers);
	assert_int_equal(headers.count, 0);
}

static void bad_field_named_without_its_value(void **state)
{
	static char many[REQUEST_HEADER_SIZE + 32] = "X: " SECRET;
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{SECRET, "not NAME: VALUE"},
		{"Bearer " SECRET, "not NAME: VALUE"},
		{": " SECRET, "not NAME: VALUE"},
		{"A b: " SECRET, "not NAME: VALUE"},
		{"A:", "is empty"},
		{"A:   ", "is empty"},
		{"A: " SECRET "\r\nB: x", "control character"},
		{"A: " SECRET "\n", "control character"},
		{"A: " SECRET "\t", "control character"},
		{"A: " SECRET "\x7f", "control character"},
		{"transfer-encoding: " SECRET, "ddump sets transfer-encoding itself"},
		{many, "more than 8191 bytes"},
		{"@/nonexistent/headers", "@/nonexistent/headers: No such file"},
		{"@/dev/null", "has no fields"},
	};

	(void)state;
	memset(many + strlen(many), 'x', REQUEST_HEADER_SIZE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct request_headers headers = {0};
		struct error error = {0};

		assert_false(request_headers_add(&headers, rows[i].text, &error));
		if (!strstr(error.text, rows[i].sentence) || strstr(error.text, SECRET))
			fail_msg("%s: %s", rows[i].sentence, error.text);
		request_headers_cleanup(&headers);
	}
}

static void file_has_a_field_in_each_line(void **state)
{
	static const char text[] = "A: b\r\n\nC: d";
	char path[] = "/tmp/ddump-test-XXXXXX";
	char argument[sizeof(path) + 1];
	const int fd = mkstemp(path);
	struct request_headers headers = {0};
	struct error error = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	snprintf(argument, sizeof(argument), "@%s", path);
	assert_true(request_headers_add(&headers, argument, &error));
	unlink(path);
	assert_int_equal(headers.count, 2);
	assert_string_equal(headers.list[0], "A: b");
	assert_string_equal(headers.list[1], "C: d");
	request_headers_cleanup(&headers);
}

static void only_this_machine_is_loopback(void **state)
{
	static const char *const loopback[] = {"http://127.0.0.1:8475/capture?x",
		"http://127.1.2.3:80/", "http://localhost:1/", "http://[::1]:8475/capture"};
	static const char *const others[] = {"http://127.evil.example:8475/", "http://a:1/",
		"http://localhost.example:1/", "http://[::2]:1/", "http://10.127.0.1:1/", "x"};

	(void)state;
	for (size_t i = 0; i < sizeof(loopback) / sizeof(*loopback); i++)
		assert_true(request_headers_is_loopback(loopback[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(request_headers_is_loopback(others[i]));
}

static void http_to_others_needs_permission(void **state)
{
	static const struct {
		const char *target;
		bool is_good;
	} rows[] = {
		{"a", false},
		{"http://a", false},
		{"https://a", true},
		{"ssh://a", true},
		{"127.0.0.1", true},
		{"unix:/run/w", true},
		{"./file", true},
		{"exec:true", true},
		{"tcpdump+ssh://a", true},
	};
	static const struct target_defaults nothing = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct request_headers headers = {0};
		struct target_list targets = {0};
		struct error error = {0};

		assert_true(target_list_add(&targets, rows[i].target, &nothing, &error));
		assert_true(request_headers_check(&headers, &targets, &error));
		assert_true(request_headers_add(&headers, "A: " SECRET, &error));
		assert_int_equal(
			request_headers_check(&headers, &targets, &error), rows[i].is_good);
		headers.over_http = true;
		assert_true(request_headers_check(&headers, &targets, &error));
		request_headers_cleanup(&headers);
		target_list_cleanup(&targets);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_added),
		cmocka_unit_test(bad_field_named_without_its_value),
		cmocka_unit_test(file_has_a_field_in_each_line),
		cmocka_unit_test(only_this_machine_is_loopback),
		cmocka_unit_test(http_to_others_needs_permission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
