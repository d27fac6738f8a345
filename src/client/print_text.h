/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The options that tcpdump gets for -print, and the lines that it prints. */

enum { PRINT_TEXT_WORDS_MAX = 16, PRINT_TEXT_SIZE = 256 };

/* The words of -print-options, each an option of tcpdump that changes only its text. */
struct print_text_options {
	char text[PRINT_TEXT_SIZE];
	const char *words[PRINT_TEXT_WORDS_MAX + 1]; /* with -n */
	size_t count;
};

/*
 * Parses the value of -print-options: letters of tcpdump that cannot read or write a
 * file, or change the capture. False, with error set: it has others.
 */
bool print_text_parse(
	const char *value, struct print_text_options *ret_options, struct error *error);

/*
 * Is a line the first one of packet number due, as "tcpdump --number" prints it?
 * ret_text is the offset of the text behind the number.
 */
bool print_text_begins(const char *line, size_t size, uint32_t due, size_t *ret_text);

/* Is a word an option of tcpdump that -print-options accepts, such as "-v"? */
bool print_text_is_option(const char *word);
