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

/* Returns the size of a name without the extension of a capture file. */
static size_t find_stem(const char *name)
{
	static const char *const suffixes[] = {".pcap", ".pcapng", ".cap"};
	const char *suffix = find_suffix(name, suffixes, sizeof(suffixes) / sizeof(*suffixes));

	return strlen(name) - (suffix ? strlen(suffix) : 0);
}

bool file_name_of_number(
	char out[PATH_MAX], const char *name, const char *mark, uint64_t number, unsigned digits)
{
	const size_t stem = find_stem(name);
	const int size = snprintf(out, PATH_MAX, "%.*s%s%0*" PRIu64 "%s", (int)stem, name, mark,
		(int)digits, number, name + stem);

	return size > 0 && size < PATH_MAX;
}

/* Can a byte of a label be in the name of a file? */
static bool is_plain(char c, bool is_first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (!is_first && (c == '.' || c == '-'));
}

bool file_name_of_label(char out[PATH_MAX], const char *name, const char *label, const char *suffix)
{
	const bool is_directory = *name && name[strlen(name) - 1] == '/';
	const size_t stem = is_directory ? strlen(name) : find_stem(name);
	const int begin = snprintf(
		out, PATH_MAX, "%.*s%s", (int)stem, name, is_directory ? "" : FILE_NAME_SPLIT_MARK);
	const size_t size = strlen(label);
	int end;

	if (begin < 0 || (size_t)begin + size >= PATH_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		out[(size_t)begin + i] = (char)(is_plain(label[i], i == 0) ? label[i] : '_');
	end = snprintf(out + begin + size, PATH_MAX - (size_t)begin - size, "%s",
		is_directory ? suffix : name + stem);
	return end >= 0 && (size_t)end < PATH_MAX - (size_t)begin - size;
}
