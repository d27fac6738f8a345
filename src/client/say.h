#pragma once

/*
 * What the user reads: lines on stderr, and below them at most one line that
 * is drawn over and over. There is one stderr in a process, so that what is
 * drawn there is kept here and not handed round.
 */

/* Writes a line, "ddump: " in front of it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same as "ddump: warning: …". */
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Draws the status line; NULL takes it away. */
void say_status(const char *line);
