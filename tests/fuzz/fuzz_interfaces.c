/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a list of interfaces, a worker's answer or the output of tcpdump -D: what is
 * accepted has its members within their limits, and becomes printable lines, each with the
 * label of its target.
 */
#include "../lib/printable.h"
#include "fuzz.h"

#include "client/interface_json.h"
#include "client/interface_lines.h"

#include <arpa/inet.h>
#include <string.h>

static const char label[] = "web1";

static unsigned seen;

static void check_addresses(const char *addresses)
{
	char *texts = strdup(addresses);
	char *rest = texts;
	char *text;
	struct in6_addr unused;

	must(texts, "there is memory");
	while (*addresses && (text = strsep(&rest, " ")))
		must(inet_pton(AF_INET, text, &unused) == 1 ||
				inet_pton(AF_INET6, text, &unused) == 1,
			"an address is one");
	free(texts);
}

static void take_interface(void *context, const struct listed_interface *interface)
{
	must(context == &seen, "the context is passed on");
	must(interface->index > 0, "an index is a number");
	must(*interface->name && memchr(interface->name, '\0', sizeof(interface->name)),
		"a name is a text");
	must(memchr(interface->linktype, '\0', sizeof(interface->linktype)),
		"a link type is a text");
	check_addresses(interface->addresses);
	seen++;
}

/* Returns the number of lines, each of which must begin with the label. */
static unsigned check_lines(const char *lines)
{
	unsigned count = 0;

	must(printable_text(lines, strlen(lines), true), "lines are printable");
	for (const char *end; *lines; lines = end + 1, count++) {
		must(strncmp(lines, label, strlen(label)) == 0 &&
				strncmp(lines + strlen(label), "  ", 2) == 0,
			"a line begins with the label");
		end = strchr(lines, '\n');
		must(end, "a line has an end");
	}
	return count;
}

static void check_failure(const struct error *error)
{
	must(error->status == 1 && *error->text, "a failure has its sentence");
	must(printable_line(error->text), "a sentence is printable");
}

static void try_json(const char *bytes, size_t size)
{
	struct error error = {0};
	bool is_good;
	char *lines;

	seen = 0;
	is_good = interface_json_parse(bytes, size, take_interface, &seen, &error);
	must(seen <= INTERFACE_JSON_COUNT_MAX, "there are not too many");
	if (!is_good)
		check_failure(&error);
	else
		must(error.status == 0, "an accepted list has no error");
	lines = interface_lines_of_worker(label, bytes, size, &error);
	must((lines != NULL) == is_good, "what is accepted is printed");
	must(!lines || check_lines(lines) == seen, "each interface has a line");
	free(lines);
}

static void try_tcpdump(const char *bytes, size_t size)
{
	struct error error = {0};
	char *lines = interface_lines_of_tcpdump(label, bytes, size, &error);

	if (lines)
		must(check_lines(lines) > 0, "a list is not empty");
	else
		check_failure(&error);
	free(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *own = copy(bytes, size);

	try_json(own, size);
	try_tcpdump(own, size);
	free(own);
	return 0;
}
