#pragma once

#include <stddef.h>

/* Passwords within the text of targets. */

/*
 * Where the authority begins: behind "PROTOCOL://", if the first of all
 * characters with a meaning is that one's colon.
 */
char *secret_authority(char *text);

/* Cuts a password out of an argument of main(), which all read in ps(1). */
void secret_wipe(char *argument);

/* Copies a text without its password into out, for messages. */
void secret_hide(char *out, size_t size, const char *text);
