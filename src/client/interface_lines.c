/* SPDX-License-Identifier: MIT */
/*
 * Prints lists of interfaces. In: a worker's answer, or the output of tcpdump -D. Out:
 * lines for the user.
 */
#include "client/interface_lines.h"

#include "client/interface_json.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIELD_SIZE = 1024, /* a longer field is cut; a name with all its bytes escaped fits */
	LINES_MAX = INTERFACE_JSON_COUNT_MAX,
};

struct printing {
	FILE *out;
	const char *label;
};

/* Prints a text without spaces, so that awk(1) finds one field. */
static void print_field(FILE *out, const char *text)
{
	char escaped[FIELD_SIZE];

	text_escape(escaped, sizeof(escaped), text);
	for (const char *c = escaped; *c; c++)
		if (*c == ' ')
			fputs("\\x20", out);
		else
			fputc(*c, out);
}

/* Returns the usual name of a link type, which has a name of libpcap. */
static const char *show_linktype(const char *name)
{
	if (!*name)
		return "-";
	if (strcmp(name, "EN10MB") == 0)
		return "Ethernet";
	return strcmp(name, "RAW") == 0 ? "IP" : name;
}

/* An interface_json_handler. */
static void print_interface(void *context, const struct listed_interface *interface)
{
	const struct printing *printing = context;
	FILE *out = printing->out;

	print_field(out, printing->label);
	fprintf(out, "  %u.", interface->index);
	print_field(out, interface->name);
	fprintf(out, "  %s  ", interface->is_up ? "up" : "down");
	print_field(out, show_linktype(interface->linktype));
	/* the parser has checked them */
	if (*interface->addresses)
		fprintf(out, "  %s", interface->addresses);
	fputc('\n', out);
}

/* Does a line begin with a number and a dot, as all of tcpdump -D do? */
static bool is_numbered(const char *line, size_t size)
{
	size_t digits = 0;

	while (digits < size && line[digits] >= '0' && line[digits] <= '9')
		digits++;
	return digits > 0 && digits < size && line[digits] == '.';
}

/* Prints one line, without its end. */
static bool print_line(
	const struct printing *printing, const char *line, size_t size, struct error *error)
{
	char escaped[FIELD_SIZE];

	text_escape_part(escaped, sizeof(escaped), line, size, false);
	if (!is_numbered(line, size))
		return error_set(error, 1,
			"the output of tcpdump -D is not a list of interfaces: it has the line "
			"\"%.*s\"",
			60, escaped);
	print_field(printing->out, printing->label);
	fprintf(printing->out, "  %s\n", escaped);
	return true;
}

static bool print_tcpdump(
	const struct printing *printing, const char *bytes, size_t size, struct error *error)
{
	unsigned count = 0;

	while (size > 0) {
		const char *end = memchr(bytes, '\n', size);
		const size_t line_size = end ? (size_t)(end - bytes) : size;

		if (count++ == LINES_MAX)
			return error_set(
				error, 1, "tcpdump lists more than %d interfaces", LINES_MAX);
		if (!print_line(printing, bytes, line_size, error))
			return false;
		bytes += line_size + (end != NULL);
		size -= line_size + (end != NULL);
	}
	if (count == 0)
		return error_set(
			error, 1, "tcpdump lists no interface; log in as a user who can capture");
	return true;
}

/* Returns the text that was printed. NULL, and error is set: is_good is false, or no memory. */
static char *finish(FILE *out, char **text, bool is_good, struct error *error)
{
	bool is_complete = out && !ferror(out);

	if (out && fclose(out) != 0)
		is_complete = false;
	if (is_good && !is_complete)
		is_good = error_set(error, 1, "out of memory");
	if (is_good)
		return *text;
	free(*text);
	return NULL;
}

char *interface_lines_of_worker(
	const char *label, const void *bytes, size_t size, struct error *error)
{
	char *text = NULL;
	size_t text_size;
	struct printing printing = {.out = open_memstream(&text, &text_size), .label = label};
	const bool is_good = !printing.out ||
			     interface_json_parse(bytes, size, print_interface, &printing, error);

	return finish(printing.out, &text, is_good, error);
}

char *interface_lines_of_tcpdump(
	const char *label, const void *bytes, size_t size, struct error *error)
{
	char *text = NULL;
	size_t text_size;
	const struct printing printing = {.out = open_memstream(&text, &text_size), .label = label};
	const bool is_good = !printing.out || print_tcpdump(&printing, bytes, size, error);

	return finish(printing.out, &text, is_good, error);
}
