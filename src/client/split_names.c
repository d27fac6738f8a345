/* SPDX-License-Identifier: MIT */
/*
 * The names of the files of -split. In: -w, and the labels of all targets. Out: a name for
 * each target, or an error before the first connection.
 *
 * Labels may come from others: they name no directory and no option, two targets never share
 * a file, and only a capture is overwritten.
 */
#include "client/split_names.h"

#include "client/file_name.h"
#include "client/redact.h"
#include "client/ring_file.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHOWN_MAX = 512 };

/* A name and the label it is made of. */
struct named {
	const char *name;
	const char *label;
};

bool split_names_fail(const char *name, const char *reason, struct error *error)
{
	char shown[SHOWN_MAX];

	redact_copy(shown, sizeof(shown), name);
	return error_set(error, 1, "cannot use %s: %s", shown, reason);
}

/* Returns the name of -w, with a '/' if that is a directory; for free(). NULL: error is set. */
static char *find_pattern(const char *output, struct error *error)
{
	struct stat status;
	const bool exists = stat(output, &status) == 0;
	const bool needs_slash =
		exists && S_ISDIR(status.st_mode) && output[strlen(output) - 1] != '/';
	char *pattern = NULL;

	if (exists && !S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) {
		split_names_fail(output, "-split needs a directory or the name of a file", error);
		return NULL;
	}
	if (asprintf(&pattern, "%s%s", output, needs_slash ? "/" : "") < 0) {
		error_set(error, 1, "out of memory");
		return NULL;
	}
	return pattern;
}

static bool fail_too_long(const char *label, struct error *error)
{
	return error_set(error, 1,
		"-split: the name of the file of %s is too long; try a shorter label, LABEL=TARGET",
		label);
}

/* Makes the name of one target's files, for free(). NULL: error is set. */
static char *make_name(
	const struct options *options, const char *pattern, const char *label, struct error *error)
{
	char name[PATH_MAX];
	const char *slash;
	char *copy;

	if (!file_name_of_label(name, pattern, label, options->pcapng ? ".pcapng" : ".pcap")) {
		fail_too_long(label, error);
		return NULL;
	}
	slash = strrchr(name, '/');
	if (strlen(slash ? slash + 1 : name) > NAME_MAX) {
		fail_too_long(label, error);
		return NULL;
	}
	copy = strdup(name);
	if (!copy)
		error_set(error, 1, "out of memory");
	return copy;
}

static int compare(const void *left, const void *right)
{
	const struct named *a = left;
	const struct named *b = right;

	return strcasecmp(a->name, b->name);
}

/* Some file systems do not distinguish case: there, two such names are one file. */
static bool check_distinct(char *const *names, const struct options *options, struct error *error)
{
	const size_t count = options->targets.count;
	struct named *sorted = calloc(count, sizeof(*sorted));
	bool good = true;
	char shown[SHOWN_MAX];

	if (!sorted)
		return error_set(error, 1, "out of memory");
	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct named){names[i], options->targets.list[i].label};
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 1; i < count && good; i++) {
		if (compare(&sorted[i - 1], &sorted[i]) != 0)
			continue;
		redact_copy(shown, sizeof(shown), sorted[i].name);
		good = error_set(error, 1,
			"-split: %s and %s would both be written to %s; try other labels, "
			"LABEL=TARGET",
			sorted[i - 1].label, sorted[i].label, shown);
	}
	free(sorted);
	return good;
}

/*
 * May the file be made, and does its name stand for nothing else than a capture? The names of
 * several files are rotation's, which checks them.
 */
static bool check_name(const char *name, const struct options *options, struct error *error)
{
	if (options_rotate(options))
		return true;
	if (ring_file_find(name) == RING_FILE_OTHER)
		return split_names_fail(
			name, "it is not a capture file, and -split would overwrite it", error);
	if (target_list_reads(&options->targets, name))
		return split_names_fail(name, "a target reads this file; try another name", error);
	if (options->report && strcmp(options->report, name) == 0)
		return split_names_fail(
			name, "-report writes this file, too; try another name", error);
	return true;
}

/* Finds out at the start that no file can be made. A name with a time may have others. */
static bool check_directory(const char *pattern, struct error *error)
{
	char *copy;
	bool good = true;

	if (file_name_has_conversion(pattern))
		return true;
	/* dirname(3) takes "a/" for a name in "." */
	if (asprintf(&copy, "%sx", pattern) < 0)
		return error_set(error, 1, "out of memory");
	if (access(dirname(copy), W_OK | X_OK) != 0)
		good = split_names_fail(copy, strerror(errno), error);
	free(copy);
	return good;
}

/* Makes and checks the names in a list of NULLs. */
static bool make_names(
	char **names, const struct options *options, const char *pattern, struct error *error)
{
	for (size_t i = 0; i < options->targets.count; i++) {
		names[i] = make_name(options, pattern, options->targets.list[i].label, error);
		if (!names[i] || !check_name(names[i], options, error))
			return false;
	}
	return check_distinct(names, options, error) && check_directory(pattern, error);
}

char **split_names_new(const struct options *options, struct error *error)
{
	char *pattern = find_pattern(options->output, error);
	char **names;

	if (!pattern)
		return NULL;
	names = calloc(options->targets.count, sizeof(char *));
	if (!names)
		error_set(error, 1, "out of memory");
	else if (!make_names(names, options, pattern, error)) {
		split_names_free(names, options);
		names = NULL;
	}
	free(pattern);
	return names;
}

void split_names_free(char **names, const struct options *options)
{
	for (size_t i = 0; names && i < options->targets.count; i++)
		free(names[i]);
	free(names);
}
