/* SPDX-License-Identifier: MIT */
/*
 * What passes between ddump and tcpdump for -print. In: the user's options, and lines
 * of tcpdump. Out: checked options; the packet to which a line belongs.
 */
#include "client/print_text.h"

#include "client/redact.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 10, SHOWN_MAX = 200 };

bool print_text_is_option(const char *word)
{
	/* without letters that take a value, and without -l, -U and --number, which are set */
	static const char letters[] = "AbefHKnNqStuvxX";

	return word[0] == '-' && word[1] && word[1 + strspn(word + 1, letters)] == '\0';
}

bool print_text_parse(
	const char *value, struct print_text_options *ret_options, struct error *error)
{
	char shown[SHOWN_MAX];
	char *rest = ret_options->text;
	char *word;

	ret_options->count = 0;
	redact_copy(shown, sizeof(shown), value);
	if (strlen(value) >= sizeof(ret_options->text))
		return error_set(
			error, 1, "-print-options: longer than %d characters", PRINT_TEXT_SIZE - 1);
	memcpy(ret_options->text, value, strlen(value) + 1);
	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (!print_text_is_option(word) || ret_options->count == PRINT_TEXT_WORDS_MAX)
			return error_set(error, 1,
				"-print-options: \"%s\" has more than -A -b -e -f -H -K -n -N -q "
				"-S -t -u -v -x -X",
				shown);
		ret_options->words[ret_options->count++] = word;
	}
	return true;
}

/* Returns the number of bytes of a line, from at on, that are in a set. */
static size_t span(const char *line, size_t size, size_t at, const char *set)
{
	size_t count = 0;

	while (at + count < size && line[at + count] && strchr(set, line[at + count]))
		count++;
	return count;
}

bool print_text_begins(const char *line, size_t size, uint32_t due, size_t *ret_text)
{
	const size_t start = span(line, size, 0, " ");
	const size_t count = span(line, size, start, "0123456789");
	const size_t end = start + count;
	char digits[DIGITS_MAX + 1];
	uint64_t number;

	if (count > DIGITS_MAX || size < end + 2 || memcmp(line + end, "  ", 2) != 0)
		return false;
	memcpy(digits, line + start, count);
	digits[count] = '\0';
	if (!text_number(digits, UINT32_MAX, &number) || number != due)
		return false;
	*ret_text = end + 2;
	return true;
}
