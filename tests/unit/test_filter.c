/*
 * What is captured, as text: each part in its parentheses, the exclusions
 * first.
 */
#include "worker/filter.h"

#include "unit.h"

#include <string.h>

static void check_joined(const struct filter *filter, const char *expected)
{
	char *joined = filter_join(filter);

	assert_non_null(joined);
	assert_string_equal(joined, expected);
	free(joined);
}

static void every_part_stands_alone(void **state)
{
	static const uint32_t indexes[] = {2, 4000000000};
	struct filter none = {.user = ""};
	struct filter user = {.user = "tcp or udp"};
	struct filter interface = {
		.user = "", .interfaces = indexes, .interface_count = 1};
	struct filter exclusion = {.user = ""};

	(void)state;
	check_joined(&none, "");
	check_joined(&user, "(tcp or udp)");
	check_joined(&interface, "(ifindex 2)");
	filter_exclude(&exclusion, "tcp port %u", 8475U);
	check_joined(&exclusion, "(not ((tcp port 8475)))");
}

static void exclusions_stand_first(void **state)
{
	static const uint32_t indexes[] = {2, 4000000000};
	struct filter filter = {.user = "tcp or udp",
		.interfaces = indexes,
		.interface_count = 2};

	(void)state;
	check_joined(
		&filter, "(ifindex 2 or ifindex 4000000000) and (tcp or udp)");
	filter_exclude(&filter, "tcp port %u", 8475U);
	filter_exclude(&filter, "%s", "host ::1 and udp");
	check_joined(&filter,
		"(not ((tcp port 8475) or (host ::1 and udp))) and "
		"(ifindex 2 or ifindex 4000000000) and (tcp or udp)");
	filter.interface_count = 0;
	check_joined(&filter,
		"(not ((tcp port 8475) or (host ::1 and udp))) and "
		"(tcp or udp)");
	filter.user = "";
	check_joined(&filter, "(not ((tcp port 8475) or (host ::1 and udp)))");
}

static void text_is_no_format(void **state)
{
	struct filter filter = {.user = "%s%n%d"};

	(void)state;
	filter_exclude(&filter, "%s", "%s%n%d");
	check_joined(&filter, "(not ((%s%n%d))) and (%s%n%d)");
}

static void as_many_and_as_long_as_fit(void **state)
{
	static struct filter filter = {.user = ""};
	char longest[FILTER_EXCLUSION_SIZE];
	char *joined;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (int i = 0; i < FILTER_EXCLUSIONS_MAX; i++)
		filter_exclude(&filter, "%s", longest);
	joined = filter_join(&filter);
	assert_non_null(joined);
	/* each in parentheses, " or " between, "(not (" and "))" around */
	assert_int_equal(strlen(joined),
		FILTER_EXCLUSIONS_MAX * (sizeof(longest) - 1 + 2) +
			(FILTER_EXCLUSIONS_MAX - 1) * 4 + 6 + 2);
	free(joined);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_stands_alone),
		cmocka_unit_test(exclusions_stand_first),
		cmocka_unit_test(text_is_no_format),
		cmocka_unit_test(as_many_and_as_long_as_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
