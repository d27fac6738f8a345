/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRAM_MESSAGE_MAX = 256 };

/*
 * What a program of a target writes to stderr: each line is printed with the target's
 * label, escaped, and limited in length. At most 20 lines are printed in 10 s. Fields
 * from line on are zero at first.
 */
struct program_messages {
	const char *label;
	bool is_quiet; /* prints no lines */
	/* Handles a line, escaped. True: it is neither printed nor the last. May be NULL. */
	bool (*on_line)(void *context, const char *line);
	void *context;
	char line[PROGRAM_MESSAGE_MAX]; /* the one that is being read */
	size_t used;
	char last[PROGRAM_MESSAGE_MAX]; /* the last one that was not empty, escaped */
	unsigned printed;		/* since window_ms */
	unsigned omitted;		/* the same */
	uint64_t window_ms;
};

/* Handles the next bytes of stderr, at now_ms. */
void program_messages_push(
	struct program_messages *messages, const char *bytes, size_t size, uint64_t now_ms);

/* The program has closed stderr: prints an incomplete line, and how many were omitted. */
void program_messages_end(struct program_messages *messages, uint64_t now_ms);
