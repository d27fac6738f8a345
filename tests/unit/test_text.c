/* SPDX-License-Identifier: MIT */
/*
 * Text from outside: what text_escape() prints is always one line of printable
 * UTF-8 within its space, and text_number() agrees with strtoull(3) on all it
 * takes.
 */
#include "common/text.h"

#include "../lib/printable.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

enum { ROUNDS = 20000, TEXT_MAX = 48, GUARD = 0x5a };

static void escape_printable_text_is_unchanged(void **state)
{
	char printable[128];
	char out[256];
	size_t used = 0;

	(void)state;
	for (char c = ' '; c <= '~'; c++)
		printable[used++] = c;
	printable[used] = '\0';
	text_escape(out, sizeof(out), printable);
	assert_string_equal(out, printable);
	text_escape(out, sizeof(out), "");
	assert_string_equal(out, "");
}

/* Writes a character as UTF-8 does, or as it does not, in length bytes. */
static void encode(char out[5], uint32_t c, unsigned length)
{
	static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (unsigned i = length - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(first[length] | c);
	out[length] = '\0';
}

static unsigned shortest(uint32_t c)
{
	if (c < 0x80)
		return 1;
	return c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

/* Every character, and every longer way to write it, and what is no one. */
static void escape_printable_utf8_is_unchanged(void **state)
{
	(void)state;
	for (uint32_t c = 1; c < 0x200000; c++)
		for (unsigned length = shortest(c); length <= 4; length++) {
			char text[5];
			char out[32];

			encode(text, c, length);
			text_escape(out, sizeof(out), text);
			if (printable_line(text))
				assert_string_equal(out, text);
			else
				assert_int_equal(strlen(out), 4 * strlen(text));
		}
}

static void escape_names_in_any_script_are_unchanged(void **state)
{
	static const char *const names[] = {("gr\xc3\xb6\xc3\x9f"
					     "e"),
		"\xe8\xa1\x8c", "\xd0\xbf\xd0\xb8\xd0\xbd\xd0\xb3", "\xf0\x9f\x90\x9f"};
	static const char *const bad[][2] = {
		{"a\xc2\x9b"
		 "31mb",
			"a\\xc2\\x9b31mb"},
		{"\xe2\x80\xae"
		 "cod.exe",
			"\\xe2\\x80\\xaecod.exe"},
		{"\xc3", "\\xc3"},
		{"\xc0\x8a", "\\xc0\\x8a"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"caf\xe9!", "caf\\xe9!"},
		{"\xff\xc3\xa9", "\\xff\xc3\xa9"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		text_escape(out, sizeof(out), names[i]);
		assert_string_equal(out, names[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		text_escape(out, sizeof(out), bad[i][0]);
		assert_string_equal(out, bad[i][1]);
	}
}

static void escape_other_bytes_become_hex(void **state)
{
	(void)state;
	for (unsigned c = 1; c < 256; c++) {
		const char text[] = {'<', (char)c, '>', '\0'};
		char expected[16];
		char out[32];

		if (c >= ' ' && c <= '~')
			continue;
		snprintf(expected, sizeof(expected), "<\\x%02x>", c);
		text_escape(out, sizeof(out), text);
		assert_string_equal(out, expected);
	}
}

/* The length of the printable character that a text begins with, 0: none. */
static size_t character(const char *text)
{
	for (size_t size = 1; size <= strnlen(text, 4); size++) {
		char copy[5] = "";

		memcpy(copy, text, size);
		if (printable_line(copy))
			return size;
	}
	return 0;
}

/* The escape of all of it, for texts of at most TEXT_MAX bytes. */
static void escape_all(const char *text, char out[TEXT_MAX * 4 + 1])
{
	char *to = out;

	while (*text) {
		const size_t size = character(text);

		if (size > 0)
			to += sprintf(to, "%.*s", (int)size, text);
		else
			to += sprintf(to, "\\x%02x", (unsigned char)*text);
		text += size > 0 ? size : 1;
	}
	*to = '\0';
}

static void check_escape(const char *text, size_t size)
{
	char whole[TEXT_MAX * 4 + 1] = "";
	char out[TEXT_MAX * 4 + 32];
	size_t length;

	escape_all(text, whole);
	memset(out, GUARD, sizeof(out));
	text_escape(out, size, text);
	for (size_t i = size; i < sizeof(out); i++)
		assert_int_equal(out[i], GUARD);
	if (size == 0)
		return;
	length = strnlen(out, size);
	assert_true(length < size);
	/* with room for one more escape and the dots it is whole */
	if (strlen(whole) + 7 <= size)
		assert_string_equal(out, whole);
	if (strcmp(out, whole) == 0 || size < 4)
		return;
	assert_true(length >= 3);
	assert_string_equal(out + length - 3, "...");
	assert_memory_equal(out, whole, length - 3);
}

static void escape_fits_any_size(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		char text[TEXT_MAX + 1] = "";
		size_t size = seed_below(&seed, TEXT_MAX + 1);

		for (size_t j = 0; j < size; j++)
			text[j] = (char)(seed_below(&seed, 2) ? 'a' + (int)seed_below(&seed, 26)
							      : 1 + (int)seed_below(&seed, 255));
		check_escape(text, seed_below(&seed, TEXT_MAX * 4 + 16));
	}
}

static void escape_part_stops_at_its_end_and_keeps_lines(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		bool has_lines;
		const char *expected;
	} all[] = {
		{"abc", 2, true, "ab"},
		{"a\0b", 3, true, "a"},
		{"a\n\tb\r\nc\rd\r", 10, true, "a\n\tb\r\nc\\x0dd\\x0d"},
		{"a\n\tb\r\n", 6, false, "a\\x0a\\x09b\\x0d\\x0a"},
		{"\xc3\xa9", 1, true, "\\xc3"},
		{"\r\n", 1, true, "\\x0d"},
		{"", 0, true, ""},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		assert_true(text_escape_part(
			out, sizeof(out), all[i].text, all[i].length, all[i].has_lines));
		assert_string_equal(out, all[i].expected);
	}
	assert_false(text_escape_part(out, 10, "0123456789", 10, true));
	assert_string_equal(out, "012...");
	assert_true(text_escape_part(out, 17, "0123456789", 10, true));
	assert_string_equal(out, "0123456789");
}

/* The expected result of text_number(), by the C library. */
static bool number_by_libc(const char *text, uint64_t max, uint64_t *ret_value)
{
	size_t size = strlen(text);
	unsigned long long value;

	if (size == 0 || strspn(text, "0123456789") != size)
		return false;
	errno = 0;
	value = strtoull(text, NULL, 10);
	if (errno != 0 || value > max)
		return false;
	*ret_value = value;
	return true;
}

static void check_number(const char *text, uint64_t max)
{
	uint64_t expected = GUARD;
	uint64_t value = GUARD;
	bool taken = number_by_libc(text, max, &expected);

	if (text_number(text, max, &value) != taken)
		fail_msg("\"%s\" with max %" PRIu64, text, max);
	assert_int_equal(value, expected);
}

static void number_with_other_characters_is_rejected(void **state)
{
	static const char *const bad[] = {"", " ", " 1", "1 ", "+1", "-1", "0x1", "1e3", "1.0",
		"1\n", "\xd9\xa1", ":", "/", "12a", "-0"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint64_t value = GUARD;

		assert_false(text_number(bad[i], UINT64_MAX, &value));
		assert_int_equal(value, GUARD);
	}
}

static void number_above_the_limit_is_rejected(void **state)
{
	static const uint64_t maxima[] = {
		0, 1, 9, 10, 11, 65535, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(maxima) / sizeof(*maxima); i++)
		for (uint64_t off = 0; off < 32; off++) {
			/* around the bound, from 15 below to 16 above */
			uint64_t value = maxima[i] - 15 + off;

			snprintf(text, sizeof(text), "%" PRIu64, value);
			check_number(text, maxima[i]);
		}
	check_number("18446744073709551616", UINT64_MAX);
	check_number("184467440737095516150", UINT64_MAX);
	check_number("00000000000000000000000000000000007", UINT64_MAX);
}

static void number_agrees_with_libc(void **state)
{
	static const char alphabet[] = "0123456789012345678901234567 +-x";
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		char text[24] = "";
		size_t size = seed_below(&seed, sizeof(text));
		uint64_t max = (uint64_t)seed_u32(&seed) << 32 | seed_u32(&seed);

		for (size_t j = 0; j < size; j++)
			text[j] = alphabet[seed_below(&seed, i % 2 ? sizeof(alphabet) - 1 : 10)];
		check_number(text, max >> seed_below(&seed, 64));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escape_printable_text_is_unchanged),
		cmocka_unit_test(escape_printable_utf8_is_unchanged),
		cmocka_unit_test(escape_names_in_any_script_are_unchanged),
		cmocka_unit_test(escape_other_bytes_become_hex),
		cmocka_unit_test(escape_fits_any_size),
		cmocka_unit_test(escape_part_stops_at_its_end_and_keeps_lines),
		cmocka_unit_test(number_with_other_characters_is_rejected),
		cmocka_unit_test(number_above_the_limit_is_rejected),
		cmocka_unit_test(number_agrees_with_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
