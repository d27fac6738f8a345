/* SPDX-License-Identifier: MIT */
/*
 * ddump -wireshark. In: a command line. Out: one of Wireshark, which then runs ddump as
 * its interface, so that Stop and Restart reach the hosts.
 *
 * Wireshark passes values to that interface as preferences, extcap.ddump.NAME. It saves
 * them, too. So each one is set, also those that were not typed: otherwise one
 * of an earlier capture would apply. What the interface cannot get is rejected,
 * and so is what may not be saved, or seen in a list of processes.
 */
#include "client/wireshark.h"

#include "client/config.h"
#include "client/extcap_dialog.h"
#include "client/notices.h"
#include "client/own_files.h"
#include "client/redact.h"
#include "client/target_kind.h"
#include "client/wireshark_profile.h"
#include "common/option_table.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WORDS_MAX = 128,   /* of Wireshark's command line */
	LIST_SIZE = 32768, /* bytes of all targets; Linux allows 128 KiB for one argument */
	NUMBER_SIZE = 24,
	NAME_SIZE = 32, /* of a preference */
	SHOWN_MAX = 200,
};

#define NOT_FOR_WIRESHARK "cannot be passed to Wireshark"

/* Options that Wireshark or its interface has as well; all others are rejected. */
static const char *const passed[] = {"wireshark", "pcapng", "filter", "interface", "i", "header",
	"p", "snaplen", "s", "payload", "linktype", "require", "retry", "ca", "crl", "cert", "key",
	"netrc", "ssh", "hold", "align", "paths", "once", "once-at", "no-names", "c", "duration",
	"w", NULL};

/* Of the others, those that a pipe into Wireshark does not help. */
static const char *const unpiped[] = {"D", "print", "n", "print-options", "paths-delay",
	"align-traffic", "split", "C", "G", "W", "ring", "z", NULL};

/* What options_read() does not keep. */
struct typed {
	const char *values[OPTIONS_MAX]; /* by rows of options_rows; NULL: not typed */
	bool flags[OPTIONS_MAX];
	char headers[LIST_SIZE]; /* in the dialog's syntax of words, as targets */
	char targets[LIST_SIZE];
	char interfaces[LIST_SIZE];
};

/* Wireshark's command line. */
struct line {
	char *words[WORDS_MAX + 1];
	size_t count;
};

bool wireshark_copy(int argc, char **argv, struct wireshark_call *ret_call, struct error *error)
{
	bool is_called = false;

	*ret_call = (struct wireshark_call){0};
	for (int i = 1; i < argc; i++)
		is_called = is_called || strcmp(argv[i], "-wireshark") == 0 ||
			    strcmp(argv[i], "--wireshark") == 0;
	if (!is_called)
		return true;
	ret_call->words = calloc((size_t)argc + 1, sizeof(*ret_call->words));
	for (int i = 0; ret_call->words && i < argc; i++) {
		ret_call->words[i] = strdup(argv[i]);
		if (!ret_call->words[i])
			return error_set(error, 1, "out of memory");
		ret_call->count++;
	}
	return ret_call->words || error_set(error, 1, "out of memory");
}

void wireshark_cleanup(struct wireshark_call *call)
{
	for (int i = 0; i < call->count; i++) {
		explicit_bzero(call->words[i], strlen(call->words[i]));
		free(call->words[i]);
	}
	free(call->words);
	*call = (struct wireshark_call){0};
}

/* Adds a word to a list in the dialog's syntax: in quotes, and quotes in the other ones. */
static bool list_add(char list[LIST_SIZE], const char *word, struct error *error)
{
	size_t used = strlen(list);
	const size_t worst = 3 * strlen(word) + sizeof(" ''");

	if (used + worst > LIST_SIZE)
		return error_set(error, 1, "-wireshark: too many targets; try @FILE");
	if (used > 0)
		list[used++] = ' ';
	do {
		const char quote = *word == '"' ? '\'' : '"';
		const size_t size = *word == '"' ? strspn(word, "\"") : strcspn(word, "\"");

		list[used++] = quote;
		memcpy(list + used, word, size);
		used += size;
		list[used++] = quote;
		word += size;
	} while (*word);
	list[used] = '\0';
	return true;
}

/*
 * Copies a path as an absolute one, since Wireshark's folder is another one; prefix is
 * what is before it.
 */
static bool print_path(char *out, size_t size, const char *prefix, int prefix_size,
	const char *path, struct error *error)
{
	char folder[PATH_MAX] = "";
	int used;

	if (*path != '/' && !getcwd(folder, sizeof(folder)))
		return error_set(error, 1, "cannot find the current folder: %s", strerror(errno));
	used = snprintf(
		out, size, "%.*s%s%s%s", prefix_size, prefix, folder, *folder ? "/" : "", path);
	return (used > 0 && (size_t)used < size) ||
	       error_set(error, 1, "-wireshark: the name of a file is too long");
}

static bool add_header(void *to, const char *value, struct error *error)
{
	struct typed *typed = to;
	char path[2 * PATH_MAX];

	if (*value != '@')
		return error_set(error, 1,
			"-header: with -wireshark, others could see the value; try -header @FILE");
	return print_path(path, sizeof(path), "@", 1, value + 1, error) &&
	       list_add(typed->headers, path, error);
}

static bool reject_target(const char *word, const char *reason, struct error *error)
{
	char shown[SHOWN_MAX];

	redact_copy(shown, sizeof(shown), word);
	return error_set(error, 1, "%s: " NOT_FOR_WIRESHARK "%s", shown, reason);
}

static bool add_target(struct typed *typed, const char *word, struct error *error)
{
	char own[LIST_SIZE / 4];
	const char *rest;
	const enum target_kind kind = target_kind_find(word, &rest);

	if (kind == TARGET_COMMAND)
		return reject_target("exec",
			", which would save the command; pipe ddump into wireshark -k -i -", error);
	if (kind == TARGET_STDIN || strcmp(word, "@-") == 0)
		return reject_target(word, ", which has another standard input; try a file", error);
	if (strlen(word) >= sizeof(own))
		return reject_target(word, ": too long; try @FILE", error);
	redact_copy(own, sizeof(own), word);
	if (kind == TARGET_URL && strcmp(own, word) != 0)
		return reject_target(
			word, ", which would save its password; try -netrc or @FILE", error);
	if (*word == '@')
		rest = word + 1;
	else if (kind != TARGET_FILE && kind != TARGET_UNIX)
		return list_add(typed->targets, word, error);
	return print_path(own, sizeof(own), word, (int)(rest - word), rest, error) &&
	       list_add(typed->targets, own, error);
}

static bool is_in(const char *const *list, const char *option)
{
	while (*list && strcmp(*list, option) != 0)
		list++;
	return *list != NULL;
}

static bool reject_option(const char *option, struct error *error)
{
	return error_set(error, 1, "-%s: " NOT_FOR_WIRESHARK "; leave it out, or %s", option,
		is_in(unpiped, option) ? "leave out -wireshark"
				       : "pipe ddump -pcapng into wireshark -k -i -");
}

/* Finds what was typed, and rejects what Wireshark cannot get. */
static bool read_typed(
	const struct wireshark_call *call, struct typed *ret_typed, struct error *error)
{
	struct option_row rows[OPTIONS_MAX] = {0};
	int operand;

	for (size_t i = 0; i < options_row_count; i++) {
		rows[i] = options_rows[i];
		rows[i].set = strcmp(rows[i].name, "header") == 0 ? add_header : NULL;
		rows[i].offset = rows[i].argument ? offsetof(struct typed, values[i])
						  : offsetof(struct typed, flags[i]);
	}
	operand = option_table_parse(
		call->count, call->words, rows, options_row_count, ret_typed, error);
	if (operand < 0)
		return false;
	for (size_t i = 0; i < options_row_count; i++)
		if ((ret_typed->values[i] || ret_typed->flags[i]) && !is_in(passed, rows[i].name))
			return reject_option(rows[i].name, error);
	for (int i = operand; i < call->count; i++)
		if (!add_target(ret_typed, call->words[i], error))
			return false;
	return true;
}

static bool line_add(struct line *line, struct error *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool line_add(struct line *line, struct error *error, const char *format, ...)
{
	va_list args;
	int size;

	if (line->count == WORDS_MAX)
		return error_set(error, 1, "-wireshark: too many options");
	va_start(args, format);
	size = vasprintf(&line->words[line->count], format, args);
	va_end(args);
	if (size < 0) {
		line->words[line->count] = NULL;
		return error_set(error, 1, "out of memory");
	}
	line->count++;
	return true;
}

struct preferences {
	struct line *line;
	struct error *error;
};

/* Wireshark leaves dashes out of the names of preferences. */
static void print_preference_name(char out[NAME_SIZE], const char *name)
{
	size_t used = 0;

	for (; *name && used < NAME_SIZE - 1; name++)
		if (*name != '-')
			out[used++] = *name;
	out[used] = '\0';
}

static bool add_preference(void *context, const char *name, const char *value)
{
	const struct preferences *preferences = context;
	char shown[NAME_SIZE];

	print_preference_name(shown, name);
	return line_add(preferences->line, preferences->error, "-o") &&
	       line_add(preferences->line, preferences->error, "extcap.ddump.%s:%s", shown, value);
}

/* Replaces the name of a file, if there is one, by its absolute path in space. */
static bool make_absolute(char **path, char space[PATH_MAX], struct error *error)
{
	if (!*path || !**path)
		return true;
	if (!print_path(space, PATH_MAX, "", 0, *path, error))
		return false;
	*path = space;
	return true;
}

/* Adds a preference for each field of the dialog. */
static bool add_preferences(
	struct line *line, struct typed *typed, const struct options *options, struct error *error)
{
	const struct target_defaults *defaults = &options->defaults;
	char paths[4][PATH_MAX];
	char hold[NUMBER_SIZE];
	struct extcap_dialog dialog = {
		.targets = typed->targets,
		.headers = typed->headers,
		.interfaces = typed->interfaces,
		.snaplen = (char *)defaults->snaplen,
		.payload = (char *)defaults->payload,
		.linktype = (char *)defaults->linktype,
		.require = (char *)(options->require_all ? "all" : "any"),
		.ca = (char *)options->credentials.ca,
		.crl = (char *)options->credentials.crl,
		.cert = (char *)options->credentials.cert,
		.key = (char *)options->credentials.key,
		.ssh = (char *)options->ssh,
		.hold = hold,
		.no_promisc = defaults->no_promisc,
		.retry = options->retry,
		.netrc = options->netrc,
		.align = options->align,
		.once_at = (char *)options->once_at,
		.paths = options->paths,
		.once = options->once,
		.no_names = options->no_names,
	};

	snprintf(hold, sizeof(hold), "%" PRIu64, options->hold);
	for (size_t i = 0; i < defaults->interface_count; i++)
		if (!list_add(typed->interfaces, defaults->interfaces[i], error))
			return false;
	return make_absolute(&dialog.ca, paths[0], error) &&
	       make_absolute(&dialog.crl, paths[1], error) &&
	       make_absolute(&dialog.cert, paths[2], error) &&
	       make_absolute(&dialog.key, paths[3], error) &&
	       extcap_dialog_each(&dialog, add_preference, &(struct preferences){line, error});
}

/* Adds the options that Wireshark itself has. */
static bool add_options(struct line *line, const struct options *options, struct error *error)
{
	char path[PATH_MAX];

	if (options->defaults.filter &&
		!(line_add(line, error, "-f") &&
			line_add(line, error, "%s", options->defaults.filter)))
		return false;
	if (options->count > 0 &&
		!(line_add(line, error, "-c") && line_add(line, error, "%" PRIu64, options->count)))
		return false;
	if (options->duration > 0 &&
		!(line_add(line, error, "-a") &&
			line_add(line, error, "duration:%" PRIu64, options->duration)))
		return false;
	if (!options->output)
		return true;
	if (strcmp(options->output, "-") == 0)
		return error_set(error, 1, "-w -: " NOT_FOR_WIRESHARK "; leave it out");
	return print_path(path, sizeof(path), "", 0, options->output, error) &&
	       line_add(line, error, "-w") && line_add(line, error, "%s", path);
}

static void warn_of_old_profile(const char *profile)
{
	char home[PATH_MAX];
	char folder[PATH_MAX];
	unsigned version;

	if (wireshark_profile_home(home) &&
		wireshark_profile_version(home, profile, folder, &version) &&
		version < WIRESHARK_PROFILE_VERSION)
		notice_warning("%s: is the profile of an older ddump; close Wireshark and remove "
			       "this folder to renew it",
			folder);
}

/* Native link headers allow what others do not: preferences.native says what. */
static const char *choose_profile(const struct options *options)
{
	const char *linktype = options->defaults.linktype;

	return linktype && strcmp(linktype, "native") == 0 ? "ddump-native" : "ddump";
}

static bool make_line(
	struct line *line, struct typed *typed, const struct options *options, struct error *error)
{
	const char *profile = choose_profile(options);
	char script[PATH_MAX];

	warn_of_old_profile(profile);
	if (!line_add(line, error, "wireshark") || !line_add(line, error, "-C") ||
		!line_add(line, error, "%s", profile) || !line_add(line, error, "-k") ||
		!line_add(line, error, "-i") || !line_add(line, error, "ddump"))
		return false;
	if (own_files_find(script, "ddump/ddump.lua") &&
		!(line_add(line, error, "-X") && line_add(line, error, "lua_script:%s", script)))
		return false;
	return add_options(line, options, error) && add_preferences(line, typed, options, error);
}

static void line_cleanup(struct line *line)
{
	for (size_t i = 0; i < line->count; i++)
		free(line->words[i]);
}

/* Without one, Wireshark prints advice for programmers and aborts. */
static bool check_display(struct error *error)
{
	static const char *const names[] = {
		"DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "QT_QPA_PLATFORM"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return true;
	}
	return error_set(error, 1,
		"-wireshark: no display: DISPLAY and WAYLAND_DISPLAY are not set; start ddump "
		"where your desktop is, or write the packets with -w FILE.pcapng");
}

int wireshark_run(
	const struct wireshark_call *call, const struct options *options, struct error *error)
{
	struct line line = {0};
	struct typed *typed = calloc(1, sizeof(*typed));

	if (!typed)
		error_set(error, 1, "out of memory");
	else if (read_typed(call, typed, error) && make_line(&line, typed, options, error) &&
		 check_display(error)) {
		execvp(line.words[0], line.words);
		error_set(error, 1, "cannot start wireshark: %s%s", strerror(errno),
			errno == ENOENT ? "; install the package wireshark" : "");
	}
	line_cleanup(&line);
	free(typed);
	return EXIT_FAILURE;
}
