/* SPDX-License-Identifier: MIT */
/*
 * Messages of a program: lines however they are split, printable, not too long, not too
 * many, and none lost without a count.
 */
#include "client/program_messages.h"

#include "../lib/printable.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SAID_SIZE = 65536 };

static char said[SAID_SIZE];
static FILE *file;
static int before;

static void capture_stderr(void)
{
	file = tmpfile();
	before = dup(STDERR_FILENO);
	assert_non_null(file);
	assert_true(before >= 0);
	dup2(fileno(file), STDERR_FILENO);
}

static void release_stderr(void)
{
	size_t size;

	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	size = fread(said, 1, sizeof(said) - 1, file);
	said[size] = '\0';
	fclose(file);
}

static void push(struct program_messages *messages, const char *text, uint64_t now_ms)
{
	program_messages_push(messages, text, strlen(text), now_ms);
}

static void line_split_anywhere_is_one(void **state)
{
	static const char text[] = "one\r\n\ntwo three\nfour";

	(void)state;
	for (size_t split = 0; split < strlen(text); split++) {
		struct program_messages messages = {.label = "web1"};

		capture_stderr();
		program_messages_push(&messages, text, split, 1);
		push(&messages, text + split, 2);
		program_messages_end(&messages, 3);
		release_stderr();
		assert_string_equal(
			said, "ddump: web1: one\nddump: web1: two three\nddump: web1: four\n");
		assert_string_equal(messages.last, "four");
	}
}

static void random_bytes_are_printable_and_short(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct program_messages messages = {.label = "web1"};
		char bytes[2000];
		char *rest = said;
		char *line;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)seed_below(&seed, 256);
		capture_stderr();
		program_messages_push(&messages, bytes, sizeof(bytes), 1);
		program_messages_end(&messages, 1);
		release_stderr();
		while ((line = strsep(&rest, "\n")) && *line) {
			assert_true(printable_line(line));
			assert_true(strlen(line) < PROGRAM_MESSAGE_MAX + strlen("ddump: web1: "));
		}
	}
}

static unsigned count_lines(const char *text)
{
	unsigned count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void lines_beyond_the_rate_are_counted(void **state)
{
	struct program_messages messages = {.label = "web1"};

	(void)state;
	capture_stderr();
	for (uint64_t i = 0; i < 100; i++)
		push(&messages, "again\n", 1000 + i);
	push(&messages, "later\n", 20000);
	for (int i = 0; i < 30; i++)
		push(&messages, "again\n", 20001);
	program_messages_end(&messages, 20002);
	release_stderr();
	assert_int_equal(count_lines(said), 20 + 1 + 20 + 1);
	assert_non_null(strstr(said, "web1: 80 more lines"));
	assert_non_null(strstr(said, "web1: 11 more lines"));
}

static void quiet_keeps_the_last_line_only(void **state)
{
	struct program_messages messages = {.label = "web1", .is_quiet = true};

	(void)state;
	capture_stderr();
	for (int i = 0; i < 100; i++)
		push(&messages, "again\n", 1);
	push(&messages, "at \x1b[31mlast\n\n", 1);
	program_messages_end(&messages, 1);
	release_stderr();
	assert_string_equal(said, "");
	assert_string_equal(messages.last, "at \\x1b[31mlast");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_split_anywhere_is_one),
		cmocka_unit_test(random_bytes_are_printable_and_short),
		cmocka_unit_test(lines_beyond_the_rate_are_counted),
		cmocka_unit_test(quiet_keeps_the_last_line_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
