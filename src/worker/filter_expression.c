/* SPDX-License-Identifier: MIT */
/*
 * Prints a filter as one expression. In: exclusions, interfaces, the client's
 * expression. Out: text by which libpcap can find that nothing matches all parts.
 */
#include "worker/filter_expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_exclusions(const struct exclusions *exclusions)
{
	return exclusions->port_count > 0 || exclusions->endpoint_count > 0 ||
	       exclusions->loopback || exclusions->expression;
}

static void print_interfaces(FILE *out, const struct capture_filter *filter)
{
	for (size_t i = 0; i < filter->interface_count; i++)
		fprintf(out, "%sifindex %u", i ? " or " : "", filter->interfaces[i]);
}

static void print_joined(FILE *out, const struct capture_filter *filter)
{
	const char *and = "";

	if (has_exclusions(&filter->exclusions)) {
		fputs("(not (", out);
		exclusions_print(out, &filter->exclusions);
		fputs("))", out);
		and = " and ";
	}
	if (filter->interface_count > 0) {
		fprintf(out, "%s(", and);
		print_interfaces(out, filter);
		fputc(')', out);
		and = " and ";
	}
	/* pcap-filter(7) has no empty parentheses */
	if (filter->user[strspn(filter->user, " \t\r\n")])
		fprintf(out, "%s(%s)", and, filter->user);
}

char *filter_expression_join(const struct capture_filter *filter)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print_joined(out, filter);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
