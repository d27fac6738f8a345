/* SPDX-License-Identifier: MIT */
/*
 * Names of output files. In: the name of -w, a time, a number. Out: a name.
 */
#include "client/file_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Returns the last size bytes of a longer text; otherwise "". */
static const char *last_bytes(const char *text, size_t size)
{
	const size_t all = strlen(text);

	return all > size ? text + all - size : "";
}

/* Returns the one of count suffixes that a name has, or NULL. */
static const char *find_suffix(const char *name, const char *const *suffixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(last_bytes(name, strlen(suffixes[i])), suffixes[i]) == 0)
			return suffixes[i];
	return NULL;
}

const char *file_name_compression(const char *name)
{
	static const char *const suffixes[] = {".gz", ".zst", ".lz4", ".xz", ".bz2"};

	return find_suffix(name, suffixes, sizeof(suffixes) / sizeof(*suffixes));
}

bool file_name_has_conversion(const char *name)
{
	static const char modifiers[] = "+_-0^#123456789EO";
	static const char conversions[] = "%aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ";

	for (; (name = strchr(name, '%')) != NULL; name++) {
		const char *c = name + 1 + strspn(name + 1, modifiers);

		if (*c && strchr(conversions, *c))
			return true;
	}
	return false;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* strftime(3) reads no arguments but the time, so that any format is safe. */
bool file_name_of_time(char out[PATH_MAX], const char *name, const struct tm *time)
{
	return strftime(out, PATH_MAX, name, time) > 0;
}
#pragma GCC diagnostic pop

bool file_name_of_number(char out[PATH_MAX], const char *name, uint64_t number, unsigned digits)
{
	static const char *const suffixes[] = {".pcap", ".pcapng", ".cap"};
	const char *suffix = find_suffix(name, suffixes, sizeof(suffixes) / sizeof(*suffixes));
	const size_t stem = strlen(name) - (suffix ? strlen(suffix) : 0);
	const int size = snprintf(out, PATH_MAX, "%.*s%0*" PRIu64 "%s", (int)stem, name,
		(int)digits, number, name + stem);

	return size > 0 && size < PATH_MAX;
}
