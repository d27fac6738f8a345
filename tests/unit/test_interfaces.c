/* SPDX-License-Identifier: MIT */
/*
 * Names of interfaces in JSON: valid UTF-8 stays, all other bytes are escaped, and
 * the result is always valid UTF-8.
 */
#include "worker/interfaces.h"

#include "unit.h"

#include <string.h>

static void check_name(const char *name, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	interfaces_print_name(out, name);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void interfaces_name_plain_is_unchanged(void **state)
{
	(void)state;
	check_name("eth0", "\"eth0\"");
	check_name("", "\"\"");
	check_name("a\"\\b", "\"a\\\"\\\\b\"");
	check_name("\x01\x7f", "\"\\u0001\\u007f\"");
}

static void interfaces_name_utf8_is_unchanged(void **state)
{
	(void)state;
	check_name("\xc3\xa9", "\"\xc3\xa9\"");
	check_name("\xe0\xa0\x80\xed\x9f\xbf", "\"\xe0\xa0\x80\xed\x9f\xbf\"");
	check_name("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

/* RFC 3629: overlong forms, surrogates and numbers after U+10FFFF are not UTF-8. */
static void interfaces_name_other_bytes_are_escaped(void **state)
{
	(void)state;
	check_name("\xff", "\"\\u00ff\"");
	check_name("\xc3", "\"\\u00c3\"");
	check_name("\xc0\x80", "\"\\u00c0\\u0080\"");
	check_name("\xe0\x80\x80", "\"\\u00e0\\u0080\\u0080\"");
	check_name("\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\"");
	check_name("\xf0\x80\x80\x80", "\"\\u00f0\\u0080\\u0080\\u0080\"");
	check_name("\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_name_plain_is_unchanged),
		cmocka_unit_test(interfaces_name_utf8_is_unchanged),
		cmocka_unit_test(interfaces_name_other_bytes_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
