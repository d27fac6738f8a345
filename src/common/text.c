/*
 * Text from outside. In: strings that nobody has checked. Out: what can be
 * printed, and numbers within a bound.
 */
#include "common/text.h"

#include <string.h>

enum { ESCAPED = 4, ELLIPSIS = 3 };

/* Writes \xNN; printf(3) would take most of the time of long texts. */
static size_t put_escape(char *out, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[c >> 4];
	out[3] = digits[c & 0xf];
	return ESCAPED;
}

void text_escape(char *out, size_t size, const char *text)
{
	size_t used = 0;

	if (size == 0)
		return;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = c >= ' ' && c <= '~';

		if (used + ESCAPED + ELLIPSIS >= size) {
			if (used + ELLIPSIS < size)
				memcpy(out + used, "...", ELLIPSIS);
			used += used + ELLIPSIS < size ? ELLIPSIS : 0;
			break;
		}
		if (plain)
			out[used++] = (char)c;
		else
			used += put_escape(out + used, c);
	}
	out[used] = '\0';
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
