/* SPDX-License-Identifier: MIT */
/* Equal messages of several targets become one, and a filter is quoted as it was requested. */
#include "client/refusals.h"

#include "client/target_query.h"
#include "unit.h"

#include <string.h>

static char lines[4096]; /* each with its kind, and a '\n' */

static bool receive(enum notice_kind kind, const char *line)
{
	const size_t used = strlen(lines);

	snprintf(lines + used, sizeof(lines) - used, "%c %s\n", kind == NOTICE_REASON ? 'R' : 'F',
		line);
	return true;
}

static int begin(void **state)
{
	(void)state;
	lines[0] = '\0';
	notice_set_receiver(receive);
	return 0;
}

static void equal_messages_joined(void **state)
{
	struct refusals refusals = {0};

	(void)state;
	refusals_add(&refusals, "a", NULL, "x");
	refusals_add(&refusals, "b", NULL, "x");
	assert_string_equal(lines, "");
	refusals_add(&refusals, "c", NULL, "y");
	assert_string_equal(lines, "F a, b: x\n");
	refusals_report(&refusals);
	assert_string_equal(lines, "F a, b: x\nF c: y\n");
	refusals_report(&refusals);
	assert_string_equal(lines, "F a, b: x\nF c: y\n");
}

static void reason_of_error_told_apart(void **state)
{
	struct refusals refusals = {.ends_run = true};

	(void)state;
	refusals_add(&refusals, "a", NULL, "x");
	refusals_add(&refusals, "b", NULL, "y");
	refusals_report(&refusals);
	assert_string_equal(lines, "R a: x\nR b: y\n");
}

static void filter_quoted(void **state)
{
	static const char text[] = "HTTP status 400: filter: wrong";
	struct refusals refusals = {0};

	(void)state;
	refusals_add(&refusals, "a", "http://a/capture?filter=tcp+prot%2080&format=pcapng", text);
	refusals_add(&refusals, "b", "http://b/capture?snaplen=5&filter=tcp+prot+80", text);
	refusals_add(&refusals, "c", "http://c/capture?filter=udp%0a", text);
	refusals_add(&refusals, "d", "http://d/capture?filters=x", text);
	refusals_add(
		&refusals, "e", "http://e/capture?filter=x", "HTTP status 400: snaplen: wrong");
	refusals_report(&refusals);
	assert_string_equal(lines, "F a, b: \"tcp prot 80\": HTTP status 400: filter: wrong\n"
				   "F c: \"udp\\x0a\": HTTP status 400: filter: wrong\n"
				   "F d: HTTP status 400: filter: wrong\n"
				   "F e: HTTP status 400: snaplen: wrong\n");
}

static void filter_found_in_query_only(void **state)
{
	static const struct {
		const char *url;
		const char *filter;
	} cases[] = {{"http://a", NULL}, {"http://a/filter=x", NULL}, {"http://a?", NULL},
		{"http://a?filter=", ""}, {"http://a?x&filter=a%26b&filter=c", "a&b"},
		{"http://a?y=filter=x", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *filter = target_query_filter(cases[i].url);

		if (cases[i].filter) {
			assert_non_null(filter);
			assert_string_equal(filter, cases[i].filter);
		} else {
			assert_null(filter);
		}
		curl_free(filter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(equal_messages_joined, begin),
		cmocka_unit_test_setup(reason_of_error_told_apart, begin),
		cmocka_unit_test_setup(filter_quoted, begin),
		cmocka_unit_test(filter_found_in_query_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
