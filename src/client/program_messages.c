/* SPDX-License-Identifier: MIT */
/*
 * Messages of programs. In: bytes of a program's stderr, in chunks of any size. Out:
 * printable lines for the user, not more than a person can read.
 */
#include "client/program_messages.h"

#include "client/notices.h"
#include "common/text.h"

#include <string.h>

enum {
	WINDOW_MS = 10000,
	LINES_MAX = 20, /* in a window */
};

static void report_omitted(struct program_messages *messages)
{
	if (messages->omitted > 0 && !messages->is_quiet)
		notice("%s: %u more lines of the program's messages were not printed",
			messages->label, messages->omitted);
	messages->omitted = 0;
	messages->printed = 0;
}

/* Handles the line that has been read. */
static void end_line(struct program_messages *messages, uint64_t now_ms)
{
	const size_t size = messages->used;
	char escaped[PROGRAM_MESSAGE_MAX];

	messages->used = 0;
	if (size == 0)
		return;
	text_escape_part(escaped, sizeof(escaped), messages->line, size, false);
	if (messages->on_line && messages->on_line(messages->context, escaped))
		return;
	memcpy(messages->last, escaped, sizeof(messages->last));
	if (messages->is_quiet)
		return;
	if (now_ms >= messages->window_ms + WINDOW_MS) {
		report_omitted(messages);
		messages->window_ms = now_ms;
	}
	if (messages->printed == LINES_MAX) {
		messages->omitted++;
		return;
	}
	messages->printed++;
	notice("%s: %s", messages->label, messages->last);
}

void program_messages_push(
	struct program_messages *messages, const char *bytes, size_t size, uint64_t now_ms)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r')
			end_line(messages, now_ms);
		else if (messages->used < sizeof(messages->line))
			messages->line[messages->used++] = bytes[i];
	}
}

void program_messages_end(struct program_messages *messages, uint64_t now_ms)
{
	end_line(messages, now_ms);
	report_omitted(messages);
}
