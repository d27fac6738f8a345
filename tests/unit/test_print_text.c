/* SPDX-License-Identifier: MIT */
/*
 * The lines of tcpdump: a line begins a packet only with the number that is due.
 */
#include "client/print_text.h"

#include "unit.h"

#include <string.h>

static bool begins(const char *line, uint32_t due, const char **ret_text)
{
	size_t text;

	if (!print_text_begins(line, strlen(line), due, &text))
		return false;
	*ret_text = line + text;
	return true;
}

static void only_the_number_that_is_due_begins_a_packet(void **state)
{
	static const char *const others[] = {"", "    8  x", "    6  x", "    7 x", "    7", "7",
		"    77  x", "    07 x", "\t7  x", "  +7  x", "  7\t x", "  7: x", "   -7  x",
		"    4294967303  x", "    18446744073709551623  x", "    0x7  x"};
	const char *text;

	(void)state;
	assert_true(begins("    7  12:00:00 IP", 7, &text));
	assert_string_equal(text, "12:00:00 IP");
	assert_true(begins("7  ", 7, &text));
	assert_string_equal(text, "");
	assert_true(begins("4294967295  x", UINT32_MAX, &text));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (begins(others[i], 7, &text))
			fail_msg("%s", others[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_number_that_is_due_begins_a_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
