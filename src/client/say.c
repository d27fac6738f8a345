/*
 * The lines that ddump says. In: sentences. Out: stderr, one line each, none
 * of them behind the rest of a status line.
 */
#include "client/say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define ERASE "\r\033[K"

static bool is_drawn;

static void say_line(const char *kind, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void say_line(const char *kind, const char *format, va_list args)
{
	char line[2048];

	say_status(NULL);
	vsnprintf(line, sizeof(line), format, args);
	fprintf(stderr, "ddump: %s%s\n", kind, line);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line("", format, args);
	va_end(args);
}

void say_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line("warning: ", format, args);
	va_end(args);
}

void say_status(const char *line)
{
	if (is_drawn && !line)
		fputs(ERASE, stderr);
	if (line)
		fprintf(stderr, ERASE "%s", line);
	is_drawn = line != NULL;
	/* stderr is not buffered, unless somebody has made it so */
	fflush(stderr);
}
