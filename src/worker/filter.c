/*
 * What is captured, as text. In: exclusions, interfaces, the user's
 * expression. Out: the expressions that libpcap compiles.
 */
#include "worker/filter.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void filter_exclude(struct filter *filter, const char *format, ...)
{
	va_list args;
	int size;

	assert(filter->exclusion_count < FILTER_EXCLUSIONS_MAX);
	va_start(args, format);
	size = vsnprintf(filter->exclusions[filter->exclusion_count++],
		FILTER_EXCLUSION_SIZE, format, args);
	va_end(args);
	assert(size < FILTER_EXCLUSION_SIZE);
	(void)size;
}

static void print_interfaces(FILE *out, const struct filter *filter)
{
	for (size_t i = 0; i < filter->interface_count; i++)
		fprintf(out, "%sifindex %u", i ? " or " : "",
			filter->interfaces[i]);
}

static void print_joined(FILE *out, const struct filter *filter)
{
	const char *and = "";

	for (size_t i = 0; i < filter->exclusion_count; i++)
		fprintf(out, "%s(%s)", i ? " or " : "(not (",
			filter->exclusions[i]);
	if (filter->exclusion_count > 0) {
		fputs("))", out);
		and = " and ";
	}
	if (filter->interface_count > 0) {
		fprintf(out, "%s(", and);
		print_interfaces(out, filter);
		fputc(')', out);
		and = " and ";
	}
	/* blanks in parentheses are no expression */
	if (filter->user[strspn(filter->user, " \t\r\n")])
		fprintf(out, "%s(%s)", and, filter->user);
}

typedef void print(FILE *out, const struct filter *filter);

static char *printed(print *print_part, const struct filter *filter)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print_part(out, filter);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

char *filter_interfaces(const struct filter *filter)
{
	return printed(print_interfaces, filter);
}

char *filter_join(const struct filter *filter)
{
	return printed(print_joined, filter);
}
