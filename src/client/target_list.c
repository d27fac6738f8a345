/* SPDX-License-Identifier: MIT */
/*
 * List of targets. In: arguments, and files of targets. Out: targets with
 * unique labels.
 */
#include "client/target_list.h"

#include "client/redact.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SHOWN_MAX = 256,
	LINE_SIZE = 1 << 17, /* twice the longest target */
	SLOTS_MIN = 64,	     /* a power of two */
	LIST_MIN = 16,
};

/* A label in the hash table. */
struct label_slot {
	unsigned position; /* of its target in the list, plus 1; 0: the slot is free */
	unsigned number;   /* the last one that was added to this label; 0: none */
};

/* FNV-1a. The labels are the user's own. */
static size_t hash_label(const char *label)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *label; label++)
		hash = (hash ^ (unsigned char)*label) * 0x100000001b3;
	return (size_t)(hash ^ (hash >> 32));
}

/* Returns the slot of a label, or the free one where it belongs. */
static struct label_slot *find_slot(const struct target_list *targets, const char *label)
{
	const size_t mask = targets->slot_count - 1;
	size_t at = hash_label(label) & mask;

	while (targets->slots[at].position > 0 &&
		strcmp(targets->list[targets->slots[at].position - 1].label, label) != 0)
		at = (at + 1) & mask;
	return &targets->slots[at];
}

/* Doubles the hash table. False: out of memory. */
static bool grow_slots(struct target_list *targets)
{
	const struct target_list old = *targets;

	targets->slot_count = old.slot_count ? 2 * old.slot_count : SLOTS_MIN;
	targets->slots = calloc(targets->slot_count, sizeof(*targets->slots));
	if (!targets->slots) {
		*targets = old;
		return false;
	}
	for (size_t i = 0; i < old.slot_count; i++)
		if (old.slots[i].position > 0)
			*find_slot(targets, old.list[old.slots[i].position - 1].label) =
				old.slots[i];
	free(old.slots);
	return true;
}

/* Makes space for one more target. False: out of memory. */
static bool reserve_target(struct target_list *targets)
{
	const size_t capacity = targets->capacity ? 2 * targets->capacity : LIST_MIN;
	struct target *list;

	/* half of the slots stay free */
	if (2 * targets->count >= targets->slot_count && !grow_slots(targets))
		return false;
	if (targets->count < targets->capacity)
		return true;
	list = realloc(targets->list, capacity * sizeof(*list));
	if (!list)
		return false;
	targets->list = list;
	targets->capacity = capacity;
	return true;
}

/*
 * Adds a number to a label that another target has, and frees it: "base#2", and so on.
 * NULL: out of memory.
 */
static char *add_number(const struct target_list *targets, char *label)
{
	struct label_slot *base = find_slot(targets, label);
	char *numbered = NULL;

	base->number = base->number ? base->number : 1;
	do {
		free(numbered);
		if (asprintf(&numbered, "%s#%u", label, ++base->number) < 0)
			numbered = NULL;
	} while (numbered && find_slot(targets, numbered)->position > 0);
	free(label);
	return numbered;
}

/* Adds a number to a label that the user did not give, if it needs one. */
static bool make_label_unique(
	const struct target_list *targets, struct target *target, struct error *error)
{
	if (find_slot(targets, target->label)->position == 0)
		return true;
	if (target->has_label)
		return error_set(
			error, 1, "label %s: two targets have the same label", target->label);
	target->label = add_number(targets, target->label);
	return target->label || error_set(error, 1, "out of memory");
}

/* Adds a target, whose label may be changed. False: see error; it is still the caller's. */
static bool append_target(struct target_list *targets, struct target *target, struct error *error)
{
	if (targets->count == TARGETS_MAX)
		return error_set(error, 1, "more than %d targets", TARGETS_MAX);
	if (!reserve_target(targets))
		return error_set(error, 1, "out of memory");
	if (!make_label_unique(targets, target, error))
		return false;
	targets->list[targets->count] = *target;
	find_slot(targets, target->label)->position = (unsigned)++targets->count;
	return true;
}

/* Standard input can be read once: as a target, or as a file of targets. */
static bool claim_stdin(struct target_list *targets, struct error *error)
{
	if (targets->has_stdin)
		return error_set(error, 1, "\"-\" and \"@-\": standard input can be used once");
	targets->has_stdin = true;
	return true;
}

static bool add_target(struct target_list *targets, const char *text,
	const struct target_defaults *defaults, struct error *error)
{
	struct target target;

	if (!target_parse(&target, text, defaults, error))
		return false;
	if ((target.kind != TARGET_STDIN || claim_stdin(targets, error)) &&
		append_target(targets, &target, error))
		return true;
	target_cleanup(&target);
	return false;
}

/* Ends a line at its comment. */
static void cut_comment(char *line)
{
	for (char *c = strchr(line, '#'); c; c = strchr(c + 1, '#'))
		if (c == line || strchr(" \t", c[-1])) {
			*c = '\0';
			return;
		}
}

/* Removes white space and a comment from a line, in place. */
static char *trim_line(char *line)
{
	const char *unused;
	size_t size;

	line += strspn(line, " \t\r\n");
	/* a command has comments of its own */
	if (target_kind_find(line, &unused) != TARGET_COMMAND)
		cut_comment(line);
	size = strlen(line);
	while (size > 0 && strchr(" \t\r\n", line[size - 1]))
		line[--size] = '\0';
	return line;
}

/*
 * Reads a line without its newline into LINE_SIZE bytes. False: end of file, a
 * read error, or, with error set, the line is too long.
 */
static bool read_line(FILE *in, char *line, struct error *error)
{
	size_t size = 0;
	int c;

	while ((c = getc(in)) != EOF && c != '\n') {
		if (size == LINE_SIZE - 1)
			return error_set(
				error, 1, "the line has more than %d bytes", LINE_SIZE - 1);
		line[size++] = (char)c;
	}
	line[size] = '\0';
	return c != EOF || size > 0;
}

/* Is it a line that a file of targets must not have? */
static bool is_forbidden(const struct target_list *targets, const char *text)
{
	const char *unused;

	return target_kind_find(text, &unused) == TARGET_COMMAND && !targets->allow_exec;
}

/* shown: the file's name for messages. */
static bool add_lines(struct target_list *targets, FILE *in, const char *shown,
	const struct target_defaults *defaults, struct error *error)
{
	char line[LINE_SIZE];
	struct error inner = {0};
	unsigned number;
	bool good = true;

	for (number = 1; read_line(in, line, &inner); number++) {
		const char *text = trim_line(line);

		if (*text == '@')
			good = error_set(&inner, 1, "a file of targets cannot include another");
		else if (is_forbidden(targets, text))
			good = error_set(&inner, 1, "exec: needs the option -allow-exec");
		else if (*text)
			good = add_target(targets, text, defaults, &inner);
		if (!good)
			break;
	}
	if (inner.status)
		good = error_set(error, 1, "%s, line %u: %s", shown, number, inner.text);
	else if (ferror(in))
		good = error_set(error, 1, "cannot read @%s: %s", shown, strerror(errno));
	explicit_bzero(line, sizeof(line));
	return good;
}

static bool add_file(struct target_list *targets, const char *path,
	const struct target_defaults *defaults, struct error *error)
{
	char shown[SHOWN_MAX];
	bool good;
	FILE *in;

	redact_copy(shown, sizeof(shown), path);
	if (strcmp(path, "-") == 0)
		return claim_stdin(targets, error) &&
		       add_lines(targets, stdin, shown, defaults, error);
	in = fopen(path, "re");
	if (!in)
		return error_set(error, 1, "@%s: %s", shown, strerror(errno));
	good = add_lines(targets, in, shown, defaults, error);
	fclose(in);
	return good;
}

bool target_list_add(struct target_list *targets, const char *argument,
	const struct target_defaults *defaults, struct error *error)
{
	if (*argument == '@')
		return add_file(targets, argument + 1, defaults, error);
	return add_target(targets, argument, defaults, error);
}

/* Gets the status of the regular file that a target reads. False: it reads none. */
static bool find_input(const struct target *target, struct stat *ret_status)
{
	if (target->kind == TARGET_FILE)
		return stat(target->path, ret_status) == 0 && S_ISREG(ret_status->st_mode);
	return target->kind == TARGET_STDIN && fstat(STDIN_FILENO, ret_status) == 0 &&
	       S_ISREG(ret_status->st_mode);
}

bool target_list_reads(const struct target_list *targets, const char *path)
{
	struct stat output;
	struct stat input;

	if (stat(path, &output) != 0)
		return false;
	for (size_t i = 0; i < targets->count; i++)
		if (find_input(&targets->list[i], &input) && input.st_dev == output.st_dev &&
			input.st_ino == output.st_ino)
			return true;
	return false;
}

void target_list_cleanup(struct target_list *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		target_cleanup(&targets->list[i]);
	free(targets->list);
	free(targets->slots);
	*targets = (struct target_list){0};
}
