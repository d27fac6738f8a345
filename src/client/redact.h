/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

/* Hiding of passwords in the text of targets. */

/*
 * Returns the start of the authority: after "PROTOCOL://", or text if it does
 * not begin with that.
 */
char *redact_find_authority(char *text);

#define REDACT_EXEC "exec:"

/*
 * Finds the shell command of [LABEL=]exec:COMMAND; NULL: text is not such a target.
 * A command is not redacted: nobody but its shell can parse it.
 */
const char *redact_find_command(const char *text);

/* Removes a password from an argument of main(), which ps(1) shows. */
void redact_argument(char *argument);

/* Copies text without its password to out, truncated to size, for messages. */
void redact_copy(char *out, size_t size, const char *text);
