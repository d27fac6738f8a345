/* SPDX-License-Identifier: MIT */
#include "printable.h"

#include <locale.h>
#include <string.h>
#include <wchar.h>

static bool printable_character(wchar_t c)
{
	return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) && c >= ' ' && (c < 0x7f || c > 0x9f) &&
	       c != 0x61c && c != 0x200e && c != 0x200f && (c < 0x2028 || c > 0x202e) &&
	       (c < 0x2066 || c > 0x2069);
}

bool printable_text(const char *text, size_t size, bool lines)
{
	static locale_t utf8;
	locale_t before;
	mbstate_t state = {0};
	bool good = true;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	before = uselocale(utf8);
	while (good && size > 0) {
		wchar_t c = 0;
		const size_t length = mbrtowc(&c, text, size, &state);

		good = length > 0 && length <= size &&
		       (printable_character(c) || (lines && c == '\n'));
		text += good ? length : 0;
		size -= good ? length : 0;
	}
	uselocale(before);
	return good;
}

bool printable_line(const char *text)
{
	return printable_text(text, strlen(text), false);
}
