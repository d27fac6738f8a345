/* SPDX-License-Identifier: MIT */
/*
 * Messages for the user. In: sentences. Out: lines on stderr, never on the rest
 * of a status line, and comments for a pcapng output: for its header, its next packet
 * and its end.
 */
#include "client/notices.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERASE "\r\033[K"

enum {
	LINE_SIZE = 2048,
	RESERVED = 64, /* for the number of omitted lines */
	LABELS_NAMED_MAX = 5,
	LABEL_MAX = 80,				      /* bytes of one that are shown */
	SECTION_TEXT_MAX = PCAPNG_TEXT_MAX / 2 + 512, /* with a label */
	LATEST_MAX = 8,				      /* lines that can be repeated */
};

static bool status_line_is_drawn;
static notice_receiver *receiver; /* NULL: stderr */

struct kept_line {
	enum notice_kind kind;
	char text[LINE_SIZE];
};

/* The oldest one first. */
static struct {
	struct kept_line lines[LATEST_MAX];
	size_t count;
	unsigned long long left_out;
} latest;

void notice_set_receiver(notice_receiver *new_receiver)
{
	receiver = new_receiver;
}

void notice_status_line(const char *line)
{
	/* a status is worth nothing a moment later: not for stderr */
	if (receiver) {
		if (line)
			receiver(NOTICE_STATUS, line);
		return;
	}
	if (status_line_is_drawn && !line)
		fputs(ERASE, stderr);
	if (line)
		fprintf(stderr, ERASE "%s", line);
	status_line_is_drawn = line != NULL;
	/* stderr is not buffered by default, but it can be */
	fflush(stderr);
}

static void print_kept(const struct kept_line *line)
{
	fprintf(stderr, "ddump: %s%s\n", line->kind == NOTICE_WARNING ? "warning: " : "",
		line->text);
}

/* Returns the last slot of latest. If all are in use, the oldest line that is no warning ends. */
static struct kept_line *take_slot(void)
{
	size_t oldest = 0;

	if (latest.count < LATEST_MAX)
		return &latest.lines[latest.count++];
	while (oldest < LATEST_MAX && latest.lines[oldest].kind == NOTICE_WARNING)
		oldest++;
	if (oldest == LATEST_MAX)
		oldest = 0;
	memmove(&latest.lines[oldest], &latest.lines[oldest + 1],
		(LATEST_MAX - 1 - oldest) * sizeof(latest.lines[0]));
	latest.left_out++;
	return &latest.lines[LATEST_MAX - 1];
}

static void print_line(enum notice_kind kind, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void print_line(enum notice_kind kind, const char *format, va_list args)
{
	struct kept_line *line = take_slot();

	notice_status_line(NULL);
	line->kind = kind;
	vsnprintf(line->text, sizeof(line->text), format, args);
	if (!receiver || !receiver(kind, line->text))
		print_kept(line);
}

void notice_repeat_latest(void)
{
	notice_status_line(NULL);
	for (size_t i = 0; i < latest.count; i++)
		print_kept(&latest.lines[i]);
	if (latest.left_out > 0)
		fprintf(stderr, "ddump: and %llu earlier lines; append 2> FILE to keep all\n",
			latest.left_out);
}

void notice(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(NOTICE_PLAIN, format, args);
	va_end(args);
}

void notice_failure(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(NOTICE_FAILURE, format, args);
	va_end(args);
}

void notice_reason(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(NOTICE_REASON, format, args);
	va_end(args);
}

void notice_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(NOTICE_WARNING, format, args);
	va_end(args);
}

_Static_assert(LABELS_NAMED_MAX *(LABEL_MAX + 2) + RESERVED < sizeof((struct label_list){0}.text),
	"all labels that are named fit");

void label_list_add(struct label_list *labels, const char *label)
{
	if (labels->count++ >= LABELS_NAMED_MAX)
		return;
	labels->used +=
		(size_t)snprintf(labels->text + labels->used, sizeof(labels->text) - labels->used,
			"%s%.*s", labels->used > 0 ? ", " : "", LABEL_MAX, label);
}

const char *label_list_text(struct label_list *labels)
{
	if (labels->count > LABELS_NAMED_MAX)
		snprintf(labels->text + labels->used, RESERVED, " and %u more",
			labels->count - LABELS_NAMED_MAX);
	return labels->text;
}

static void add_line(struct notes *notes, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void add_line(struct notes *notes, const char *format, va_list args)
{
	const size_t space = sizeof(notes->text) - RESERVED - notes->used;
	char *end = notes->text + notes->used;
	const size_t separator = notes->used > 0;
	const int size = vsnprintf(end + separator, space - separator, format, args);

	if (size < 0 || (size_t)size + separator >= space) {
		*end = '\0';
		notes->omitted++;
		return;
	}
	if (separator)
		*end = '\n';
	notes->used += separator + (size_t)size;
}

void notes_add(struct notes *notes, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_line(notes, format, args);
	va_end(args);
}

const char *notes_text(struct notes *notes)
{
	if (notes->used == 0 && notes->omitted == 0)
		return NULL;
	if (notes->omitted > 0)
		snprintf(notes->text + notes->used, RESERVED, "%sand %u more",
			notes->used > 0 ? "\n" : "", notes->omitted);
	return notes->text;
}

void notes_clear(struct notes *notes)
{
	notes->text[0] = '\0';
	notes->used = 0;
	notes->omitted = 0;
}

bool notices_init(struct notices *notices, unsigned target_count)
{
	memset(notices, 0, sizeof(*notices));
	notices->of_targets = calloc(target_count, sizeof(struct notes *));
	notices->own = calloc(target_count, sizeof(struct notes *));
	notices->own_next = calloc(target_count, sizeof(struct notes *));
	if (!notices->of_targets || !notices->own || !notices->own_next)
		return false;
	notices->target_count = target_count;
	return true;
}

void notices_cleanup(struct notices *notices)
{
	for (unsigned i = 0; i < notices->target_count; i++) {
		free(notices->of_targets[i]);
		free(notices->own[i]);
		free(notices->own_next[i]);
	}
	free(notices->of_targets);
	free(notices->own);
	free(notices->own_next);
	*notices = (struct notices){0};
}

struct notes *notices_events(struct notices *notices, unsigned target)
{
	if (!notices->is_split)
		return &notices->general;
	if (!notices->own[target])
		notices->own[target] = calloc(1, sizeof(struct notes));
	return notices->own[target] ? notices->own[target] : &notices->general;
}

const char *notices_general_after(struct notices *notices, const struct notes_seen *seen)
{
	const struct notes *general = &notices->general;

	if (general->used == seen->used && general->omitted == seen->omitted)
		return NULL;
	return notes_text(&notices->general) + seen->used + (seen->used > 0);
}

void notices_forget(struct notices *notices, unsigned target, struct notes_seen *seen)
{
	if (notices->own[target])
		notes_clear(notices->own[target]);
	*seen = (struct notes_seen){notices->general.used, notices->general.omitted};
}

struct notes *notices_for_packet(struct notices *notices, unsigned target)
{
	return notices->is_split ? notices->own_next[target] : &notices->next;
}

/* With -split, the next packet of a file has nothing about other targets. */
static void add_to_next(struct notices *notices, unsigned target, const char *text)
{
	if (notices->is_split && target == NOTICES_OF_ALL)
		return;
	if (notices->is_split && !notices->own_next[target])
		notices->own_next[target] = calloc(1, sizeof(struct notes));
	if (notices_for_packet(notices, target))
		notes_add(notices_for_packet(notices, target), "%s", text);
}

static void add_note(struct notices *notices, unsigned target, bool with_end, const char *text)
{
	const bool is_own = notices->is_split && target != NOTICES_OF_ALL;
	struct notes *end = is_own ? notices_events(notices, target) : &notices->general;

	if (notices->place == NOTICES_IN_HEADERS)
		notes_add(is_own ? end : &notices->headers, "%s", text);
	if (notices->place == NOTICES_ON_PACKETS)
		add_to_next(notices, target, text);
	if (notices->place == NOTICES_AT_END || (notices->place == NOTICES_ON_PACKETS && with_end))
		notes_add(end, "%s", text);
}

static void warn(struct notices *notices, unsigned target, bool with_end, const char *format,
	va_list args) __attribute__((format(printf, 4, 0)));

/* Prints a warning, and adds it to the notes of the present place. */
static void warn(
	struct notices *notices, unsigned target, bool with_end, const char *format, va_list args)
{
	char text[LINE_SIZE];

	vsnprintf(text, sizeof(text), format, args);
	notice_warning("%s", text);
	add_note(notices, target, with_end, text);
}

void notices_warn_of(struct notices *notices, unsigned target, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	warn(notices, target, true, format, args);
	va_end(args);
}

void notices_warn(struct notices *notices, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	warn(notices, NOTICES_OF_ALL, true, format, args);
	va_end(args);
}

void notices_warn_now(struct notices *notices, unsigned target, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	warn(notices, target, false, format, args);
	va_end(args);
}

void notices_add(struct notices *notices, unsigned target, bool with_end, const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (notices->place != NOTICES_IN_HEADERS)
		add_note(notices, target, with_end, text);
}

static bool has_line(const char *text, const char *line)
{
	const size_t size = strlen(line);
	const char *at = text;

	while ((at = strstr(at, line))) {
		const bool begins = at == text || at[-1] == '\n';

		at += size;
		if (begins && (*at == '\n' || *at == '\0'))
			return true;
	}
	return false;
}

/* Prints each line of text into out as "LABEL: WHAT: LINE". False: it was cut. */
static bool print_labelled(
	char *out, size_t size, const char *label, const char *what, const char *text)
{
	size_t used = 0;

	do {
		const size_t length = strcspn(text, "\n");
		const int added = snprintf(out + used, size - used, "%s%s: %s: %.*s",
			used > 0 ? "\n" : "", label, what, (int)length, text);

		if (added < 0 || (size_t)added >= size - used) {
			out[used] = '\0';
			return false;
		}
		used += (size_t)added;
		text += length;
	} while (*text++ == '\n');
	return true;
}

bool notices_add_section(struct notices *notices, unsigned target, const char *label,
	const char *what, const char *text)
{
	struct notes **notes = &notices->of_targets[target];
	char lines[SECTION_TEXT_MAX];
	const bool fits = print_labelled(lines, sizeof(lines), label, what, text);

	if (!*notes)
		*notes = calloc(1, sizeof(**notes));
	if (!*notes)
		return false;
	if (!has_line((*notes)->text, lines))
		notes_add(*notes, "%s", lines);
	return fits;
}

const char *notices_of_target(const struct notices *notices, unsigned target)
{
	struct notes *notes = notices->of_targets[target];

	return notes ? notes_text(notes) : NULL;
}
