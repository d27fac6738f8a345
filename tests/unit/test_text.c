/*
 * Text from outside: what text_escape() prints is always one line of ASCII
 * within its room, and text_number() agrees with strtoull(3) on all it takes.
 */
#include "common/text.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

enum { ROUNDS = 20000, TEXT_MAX = 48, GUARD = 0x5a };

static void escape_leaves_printable_text_alone(void **state)
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

static void escape_shows_every_other_byte_in_hex(void **state)
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

/* The escape of all of it, for texts of at most TEXT_MAX bytes. */
static void escape_all(const char *text, char out[TEXT_MAX * 4 + 1])
{
	char *to = out;

	for (; *text; text++)
		if (*text >= ' ' && *text <= '~')
			to += sprintf(to, "%c", *text);
		else
			to += sprintf(to, "\\x%02x", (unsigned char)*text);
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

static void escape_keeps_within_any_room(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		char text[TEXT_MAX + 1] = "";
		size_t size = seed_below(&seed, TEXT_MAX + 1);

		for (size_t j = 0; j < size; j++)
			text[j] = (char)(seed_below(&seed, 2)
						 ? 'a' + (int)seed_below(
								 &seed, 26)
						 : 1 + (int)seed_below(
							       &seed, 255));
		check_escape(text, seed_below(&seed, TEXT_MAX * 4 + 16));
	}
}

/* What text_number() should say, by the C library. */
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

static void number_refuses_what_is_not_only_digits(void **state)
{
	static const char *const bad[] = {"", " ", " 1", "1 ", "+1", "-1",
		"0x1", "1e3", "1.0", "1\n", "\xd9\xa1", ":", "/", "12a", "-0"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint64_t value = GUARD;

		assert_false(text_number(bad[i], UINT64_MAX, &value));
		assert_int_equal(value, GUARD);
	}
}

static void number_keeps_its_bound(void **state)
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
		uint64_t max =
			(uint64_t)seed_u32(&seed) << 32 | seed_u32(&seed);

		for (size_t j = 0; j < size; j++)
			text[j] = alphabet[seed_below(
				&seed, i % 2 ? sizeof(alphabet) - 1 : 10)];
		check_number(text, max >> seed_below(&seed, 64));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escape_leaves_printable_text_alone),
		cmocka_unit_test(escape_shows_every_other_byte_in_hex),
		cmocka_unit_test(escape_keeps_within_any_room),
		cmocka_unit_test(number_refuses_what_is_not_only_digits),
		cmocka_unit_test(number_keeps_its_bound),
		cmocka_unit_test(number_agrees_with_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
