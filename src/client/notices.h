/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/pcapng_write.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Messages for the user: lines on stderr, and below them at most one status
 * line that is redrawn. A process has one stderr, so the state of that line is
 * kept here and not passed around.
 */

/* Prints a line, "ddump: " before it. */
void notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a line as "ddump: warning: ...". */
void notice_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a line like notice(), about a target that has no packets: it is shown at once. */
void notice_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, about the reason of an error that ends the run at once: it stays with that. */
void notice_reason(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Draws the status line; NULL erases it. */
void notice_status_line(const char *line);

/*
 * Prints the latest lines again, oldest first, for a screen that has been cleared. Of more
 * than fit into eight lines, warnings stay the longest. The last line then has the number
 * of those that were left out.
 */
void notice_repeat_latest(void);

enum notice_kind {
	NOTICE_PLAIN,
	NOTICE_REASON,
	NOTICE_FAILURE,
	NOTICE_WARNING,
	NOTICE_STATUS, /* the status line */
};

/* Takes one line, without "ddump: ". False: it could not, and the line is for stderr. */
typedef bool notice_receiver(enum notice_kind kind, const char *line);

/* Another program shows the lines from now on instead of stderr. */
void notice_set_receiver(notice_receiver *receiver);

/* Labels in a message: the first few, and the number of the others. All zero: empty. */
struct label_list {
	char text[512];
	size_t used;
	unsigned count;
};

void label_list_add(struct label_list *labels, const char *label);

/* Returns "a, b, c, d, e and 3 more", owned by labels; "" if it is empty. */
const char *label_list_text(struct label_list *labels);

/* Lines of text that fit into one comment of a pcapng. All zero: empty. */
struct notes {
	char text[PCAPNG_TEXT_MAX];
	size_t used;
	unsigned omitted; /* lines that did not fit */
};

void notes_add(struct notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forgets all lines. */
void notes_clear(struct notes *notes);

/* Returns all lines, owned by notes; NULL: there are none. */
const char *notes_text(struct notes *notes);

enum { NOTICES_OF_ALL = UINT32_MAX }; /* in place of a target: several ones, or the run */

/* The place in the output for what is reported now. */
enum notices_place {
	NOTICES_IN_HEADERS, /* the output has not begun: of this file and of all others */
	NOTICES_ON_PACKETS, /* on the next packet, and at the end */
	NOTICES_AT_END,	    /* the run is over */
};

/* The notes that a run writes into its output: general ones, and some for each target. */
struct notices {
	enum notices_place place;
	struct notes headers;	   /* for the first section of each file */
	struct notes next;	   /* for the next packet */
	struct notes general;	   /* for the end of the present file */
	struct notes **of_targets; /* descriptions of sections; NULL: a target has none */
	/* of -split, for the file of a target alone; NULL: none: */
	struct notes **own;	 /* what is general without it */
	struct notes **own_next; /* for its next packet */
	unsigned target_count;
	bool is_split;
};

/* False: out of memory. In both cases notices_cleanup() frees it. */
bool notices_init(struct notices *notices, unsigned target_count);

void notices_cleanup(struct notices *notices);

/*
 * Returns the notes for events of one target: the general ones, or with -split those that
 * only the target's file gets.
 */
struct notes *notices_events(struct notices *notices, unsigned target);

/* General notes that an earlier file of a target has. All zero: none. */
struct notes_seen {
	size_t used;
	unsigned omitted;
};

/* Returns the general notes that were not seen, or NULL. */
const char *notices_general_after(struct notices *notices, const struct notes_seen *seen);

/* All notes for events of a target, and the general ones, are in a file. */
void notices_forget(struct notices *notices, unsigned target, struct notes_seen *seen);

/* Prints a warning about one target, and adds it to its notes of the present place. */
void notices_warn_of(struct notices *notices, unsigned target, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints a warning, and adds it to the notes of the present place. */
void notices_warn(struct notices *notices, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The same as notices_warn_of(), of what the end of the file does not repeat, because it
 * has the sum of it.
 */
void notices_warn_now(struct notices *notices, unsigned target, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Adds what happened to a target to the next packet's notes; with_end: and to those for
 * the end. Before the output begins it does nothing: the header has the states of targets.
 */
void notices_add(struct notices *notices, unsigned target, bool with_end, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Returns the notes for the next packet of a target: those of any target, or with -split
 * its own ones, or NULL. The caller clears them when they are written.
 */
struct notes *notices_for_packet(struct notices *notices, unsigned target);

/*
 * Adds a description of a section of a target's stream, "hardware" and "x86" for
 * example, once. Each line of text gets the target's label, so that
 * no target can write lines in the name of another one. False: it
 * is too long and was cut, or out of memory; lines for which the notes have no
 * space are counted there.
 */
bool notices_add_section(struct notices *notices, unsigned target, const char *label,
	const char *what, const char *text);

/* Returns the descriptions of one target's sections, or NULL. */
const char *notices_of_target(const struct notices *notices, unsigned target);
