/*
 * All targets. In: arguments, and files of them. Out: a list in which no two
 * have the same label.
 */
#include "client/secret.h"
#include "client/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHOWN_MAX = 256,
	LINE_ROOM = 1 << 17, /* a target has no more than half of it */
};

static bool is_taken(const struct targets *targets, const char *label)
{
	for (size_t i = 0; i < targets->count; i++)
		if (strcmp(targets->list[i].label, label) == 0)
			return true;
	return false;
}

/* The number behind the last label that is base, or "base#N"; 0: none is. */
static unsigned last_number(const struct targets *targets, const char *base)
{
	size_t size = strlen(base);

	for (size_t i = targets->count; i > 0; i--) {
		const char *label = targets->list[i - 1].label;

		if (strncmp(label, base, size) != 0)
			continue;
		if (!label[size])
			return 1;
		if (label[size] == '#')
			return (unsigned)strtoul(label + size + 1, NULL, 10);
	}
	return 0;
}

/* Gives a target that the user did not name a number, if it needs one. */
static bool make_unique(const struct targets *targets, struct target *target,
	struct failure *failure)
{
	unsigned number = last_number(targets, target->label);
	char *numbered;

	if (target->named && is_taken(targets, target->label))
		return failure_set(failure, 1,
			"the label %s is another target's already",
			target->label);
	if (target->named || number == 0)
		return true;
	if (asprintf(&numbered, "%s#%u", target->label, number + 1) < 0)
		return failure_set(failure, 1, "out of memory");
	free(target->label);
	target->label = numbered;
	return true;
}

static bool append(struct targets *targets, const struct target *target,
	struct failure *failure)
{
	struct target *list;

	if (targets->count == TARGETS_MAX)
		return failure_set(
			failure, 1, "more than %d targets", TARGETS_MAX);
	list = realloc(targets->list, (targets->count + 1) * sizeof(*list));
	if (!list)
		return failure_set(failure, 1, "out of memory");
	targets->list = list;
	list[targets->count++] = *target;
	return true;
}

static bool add_one(struct targets *targets, const char *text,
	const struct target_defaults *defaults, struct failure *failure)
{
	struct target target;

	if (!target_parse(&target, text, defaults, failure))
		return false;
	if (make_unique(targets, &target, failure) &&
		append(targets, &target, failure))
		return true;
	target_clear(&target);
	return false;
}

/* Cuts white space and a comment off a line, in place. */
static char *trim(char *line)
{
	size_t size;

	for (char *c = strchr(line, '#'); c; c = strchr(c + 1, '#'))
		if (c == line || strchr(" \t", c[-1])) {
			*c = '\0';
			break;
		}
	line += strspn(line, " \t\r\n");
	size = strlen(line);
	while (size > 0 && strchr(" \t\r\n", line[size - 1]))
		line[--size] = '\0';
	return line;
}

/*
 * Reads a line, without its end, to where LINE_ROOM bytes are. False: nothing
 * is left, it can't be read, or it does not fit; then that is said.
 */
static bool read_line(FILE *in, char *line, struct failure *failure)
{
	size_t size = 0;
	int c;

	while ((c = getc(in)) != EOF && c != '\n') {
		if (size == LINE_ROOM - 1)
			return failure_set(failure, 1,
				"a line of more than %d bytes", LINE_ROOM - 1);
		line[size++] = (char)c;
	}
	line[size] = '\0';
	return c != EOF || size > 0;
}

/* shown: what the file is called in messages. */
static bool add_lines(struct targets *targets, FILE *in, const char *shown,
	const struct target_defaults *defaults, struct failure *failure)
{
	char line[LINE_ROOM];
	struct failure inner = {0};
	unsigned number = 0;
	bool good = true;

	while (good && ++number && read_line(in, line, &inner)) {
		char *text = trim(line);

		if (*text == '@')
			good = failure_set(&inner, 1,
				"a file of targets can't name another");
		else if (*text)
			good = add_one(targets, text, defaults, &inner);
	}
	if (inner.status)
		good = failure_set(failure, 1, "%s, line %u: %s", shown, number,
			inner.text);
	else if (ferror(in))
		good = failure_set(failure, 1, "@%s: can't be read", shown);
	explicit_bzero(line, sizeof(line));
	return good;
}

static bool add_file(struct targets *targets, const char *path,
	const struct target_defaults *defaults, struct failure *failure)
{
	char shown[SHOWN_MAX];
	bool good;
	FILE *in;

	secret_hide(shown, sizeof(shown), path);
	if (strcmp(path, "-") == 0)
		return add_lines(targets, stdin, shown, defaults, failure);
	in = fopen(path, "re");
	if (!in)
		return failure_set(
			failure, 1, "@%s: %s", shown, strerror(errno));
	good = add_lines(targets, in, shown, defaults, failure);
	fclose(in);
	return good;
}

bool targets_add(struct targets *targets, const char *argument,
	const struct target_defaults *defaults, struct failure *failure)
{
	if (*argument == '@')
		return add_file(targets, argument + 1, defaults, failure);
	return add_one(targets, argument, defaults, failure);
}

void targets_free(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		target_clear(&targets->list[i]);
	free(targets->list);
	*targets = (struct targets){0};
}
