/* SPDX-License-Identifier: MIT */
/*
 * What is captured, as text: each part in its parentheses, the exclusions
 * first.
 */
#include "worker/filter_expression.h"

#include "unit.h"

#include <string.h>

static void check_joined(const struct capture_filter *filter, const char *expected)
{
	char *joined = filter_expression_join(filter);

	assert_non_null(joined);
	assert_string_equal(joined, expected);
	free(joined);
}

static void filter_expression_each_part_has_parentheses(void **state)
{
	static const uint32_t indexes[] = {2, 4000000000};
	struct capture_filter none = {.user = ""};
	struct capture_filter user = {.user = "tcp or udp"};
	struct capture_filter interface = {.user = "", .interfaces = indexes, .interface_count = 1};
	struct capture_filter exclusion = {.user = ""};

	(void)state;
	check_joined(&none, "");
	check_joined(&user, "(tcp or udp)");
	check_joined(&interface, "(ifindex 2)");
	exclusions_add_port(&exclusion.exclusions, 8475);
	check_joined(&exclusion, "(not ((tcp port 8475)))");
}

static void filter_expression_exclusions_come_first(void **state)
{
	static const uint32_t indexes[] = {2, 4000000000};
	struct capture_filter filter = {
		.user = "tcp or udp", .interfaces = indexes, .interface_count = 2};
	struct endpoint endpoint;

	(void)state;
	check_joined(&filter, "(ifindex 2 or ifindex 4000000000) and (tcp or udp)");
	exclusions_add_port(&filter.exclusions, 8475);
	assert_true(endpoint_parse("::1", 4711, &endpoint));
	exclusions_add_endpoint(&filter.exclusions, &endpoint);
	filter.exclusions.loopback = 1;
	filter.exclusions.expression = "udp";
	check_joined(&filter, "(not ((tcp port 8475) or (host ::1 and tcp port 4711) or "
			      "(ifindex 1 and outbound) or (udp))) and "
			      "(ifindex 2 or ifindex 4000000000) and (tcp or udp)");
	filter.interface_count = 0;
	filter.exclusions.port_count = 0;
	filter.exclusions.endpoint_count = 0;
	filter.exclusions.loopback = 0;
	check_joined(&filter, "(not ((udp))) and (tcp or udp)");
	filter.user = " ";
	check_joined(&filter, "(not ((udp)))");
}

static void filter_expression_is_not_a_format(void **state)
{
	struct capture_filter filter = {.user = "%s%n%d", .exclusions.expression = "%s%n%d"};

	(void)state;
	check_joined(&filter, "(not ((%s%n%d))) and (%s%n%d)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_expression_each_part_has_parentheses),
		cmocka_unit_test(filter_expression_exclusions_come_first),
		cmocka_unit_test(filter_expression_is_not_a_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
