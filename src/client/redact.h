/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

/* Hiding of passwords in the URLs of targets. Commands and paths are not redacted. */

/*
 * Returns the start of the authority: after "PROTOCOL://", or text if it does
 * not begin with that.
 */
char *redact_find_authority(char *text);

/* Removes a password from an argument of main(), which ps(1) shows. */
void redact_argument(char *argument);

/* Copies text without its password to out, truncated to size, for messages. */
void redact_copy(char *out, size_t size, const char *text);
