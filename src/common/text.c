/* SPDX-License-Identifier: MIT */
/*
 * Escapes and parses untrusted text. In: strings. Out: printable text, numbers within
 * a limit.
 */
#include "common/text.h"

#include <string.h>

enum { ESCAPED = 4, ELLIPSIS = 3 };

/* Writes \xNN; for long texts printf(3) would be too slow. */
static size_t put_escape(char *out, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[c >> 4];
	out[3] = digits[c & 0xf];
	return ESCAPED;
}

/*
 * Is it an invisible character: a C1 control, which terminals interpret like ESC, a
 * line separator, or a mark that changes the direction of the following text?
 */
static bool is_control(uint32_t c)
{
	return (c >= 0x80 && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Does UTF-8 encode the character in length bytes (RFC 3629)? */
static bool is_encoded_in(uint32_t c, size_t length)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	return c >= least[length] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

/* Returns the length of a printable character at the start of bytes; 0: none. */
static size_t printable_size(const unsigned char *bytes, size_t size)
{
	uint32_t c = bytes[0];
	size_t length = 2;

	if (c < 0x80)
		return c >= ' ' && c <= '~';
	if (c < 0xc0 || c >= 0xf8)
		return 0;
	length += (c >= 0xe0) + (c >= 0xf0);
	if (size < length)
		return 0;
	c &= 0x7fU >> length;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (bytes[i] & 0x3f);
	}
	return is_encoded_in(c, length) && !is_control(c) ? length : 0;
}

/* Returns the length of a tab or line break at the start of bytes; 0: none. */
static size_t line_break_size(const unsigned char *bytes, size_t size)
{
	if (bytes[0] == '\t' || bytes[0] == '\n')
		return 1;
	return size > 1 && bytes[0] == '\r' && bytes[1] == '\n' ? 2 : 0;
}

bool text_escape_part(char *out, size_t size, const char *text, size_t length, bool has_lines)
{
	const size_t end = strnlen(text, length);
	size_t used = 0;
	size_t plain;
	size_t at;

	if (size == 0)
		return false;
	for (at = 0; at < end; at += plain ? plain : 1) {
		const unsigned char *bytes = (const unsigned char *)text + at;

		if (used + ESCAPED + ELLIPSIS >= size) {
			if (used + ELLIPSIS < size)
				memcpy(out + used, "...", ELLIPSIS);
			used += used + ELLIPSIS < size ? ELLIPSIS : 0;
			break;
		}
		plain = printable_size(bytes, end - at);
		if (plain == 0 && has_lines)
			plain = line_break_size(bytes, end - at);
		memcpy(out + used, bytes, plain);
		used += plain ? plain : put_escape(out + used, *bytes);
	}
	out[used] = '\0';
	return at >= end;
}

void text_escape(char *out, size_t size, const char *text)
{
	text_escape_part(out, size, text, strlen(text), false);
}

bool text_number(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (*text < '0' || *text > '9')
			return false;
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int text_percent(const char *text, size_t size)
{
	int high;
	int low;

	if (size < 3 || *text != '%')
		return -1;
	high = hex_digit(text[1]);
	low = hex_digit(text[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}
