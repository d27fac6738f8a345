/* SPDX-License-Identifier: MIT */
/*
 * Any words as a command line: ddump's, Wireshark's call of it, or the
 * worker's, which has an environment as well. Accepted values are within their
 * range, rejected ones have a message, and a password is neither in the options
 * that others see nor in the message.
 */
#include "../lib/printable.h"
#include "fuzz.h"

#include "client/config.h"
#include "client/extcap.h"
#include "client/file_name.h"
#include "client/rotation.h"
#include "format/packet.h"
#include "worker/capture_params.h"
#include "worker/config.h"
#include "worker/exclusions.h"

#include <limits.h>
#include <string.h>

#define SECRET "SECRETxyz"

/* Words before and after those of the input. */
enum { WORDS_MAX = 256, OWN_MAX = 4 };

/* Programs change the order of words, and remove some: these are kept. */
struct line {
	char *words[WORDS_MAX + OWN_MAX + 1];
	char *kept[WORDS_MAX + OWN_MAX];
	int count;
};

static void line_add(struct line *line, const char *word)
{
	char *own = copy(word, strlen(word) + 1);

	line->kept[line->count] = own;
	line->words[line->count++] = own;
}

static void line_free(struct line *line)
{
	for (int i = 0; i < line->count; i++)
		free(line->kept[i]);
}

/* A word that names a file of targets would be read, whatever file it is. */
static bool names_file(const char *word)
{
	return *word == '@';
}

static void line_cut(struct line *line, const char *text)
{
	char *rest = strdup(text);
	char *const whole = rest;
	char *word;

	must(rest, "there is memory");
	while (line->count < WORDS_MAX && (word = strsep(&rest, "\n")))
		if (!names_file(word))
			line_add(line, word);
	free(whole);
}

static void check_failure(const struct error *error)
{
	must(error->status == 1, "a refusal has its status");
	must(*error->text, "a refusal has a sentence");
	must(printable_line(error->text), "a sentence is printable");
	must(!strstr(error->text, SECRET), "a sentence has no password");
}

/* A name with its number is no other file of the same stem, and has its extension. */
static void check_names(const struct options *options)
{
	const struct tm tm = {.tm_year = 123, .tm_mday = 4, .tm_hour = 5};
	char name[PATH_MAX];
	char numbered[PATH_MAX];

	if (!options->output || !(options->file_bytes || options->file_seconds))
		return;
	if (!file_name_of_time(name, options->output, &tm))
		return;
	must(file_name_has_conversion(options->output) || strcmp(name, options->output) == 0,
		"only conversions change a name");
	if (file_name_of_number(numbered, name, "", 7, 3)) {
		must(strlen(numbered) == strlen(name) + 3, "a number adds its digits");
		must(strstr(numbered, "007"), "a number is in the name");
	}
}

/* The name of a target's file begins as that of -w, and names no other directory. */
static void check_split_names(const struct options *options)
{
	const size_t size = options->output ? strlen(options->output) : 0;
	char name[PATH_MAX];

	for (size_t i = 0; options->split && i < options->targets.count; i++) {
		const char *label = options->targets.list[i].label;
		const char *slash;

		if (!file_name_of_label(name, options->output, label, ".pcap"))
			continue;
		slash = strrchr(name, '/');
		must(!slash || (size_t)(slash - name) < size, "a label adds no directory");
		if (options->output[size - 1] == '/')
			must(slash && slash[1] != '.' && slash[1] != '-', "a label hides no file");
	}
}

static void check_arguments(const struct options *options)
{
	must(options->targets.count > 0 || options->help || options->version,
		"there is something to do");
	must(options->count <= INT64_MAX, "-c is in its range");
	must(options->duration <= 31536000, "-duration is in its range");
	must(options->file_bytes <= INT64_MAX, "-C is in its range");
	must(options->file_seconds <= 31536000, "-G is in its range");
	must(options->file_count <= ROTATION_COUNT_MAX, "-W is in its range");
	must(!options->file_count || options->file_bytes || options->file_seconds,
		"-W has -C or -G");
	must(!options->ring || options->file_count, "a ring has a size");
	check_names(options);
	must(!options->split || options->output, "-split has a name");
	check_split_names(options);
	must(options->print_options.count <= PRINT_TEXT_WORDS_MAX, "the options are not too many");
	for (size_t i = 0; i < options->print_options.count; i++)
		must(print_text_is_option(options->print_options.words[i]) &&
				!strpbrk(options->print_options.words[i], "wrzFiDEGCW"),
			"no option of tcpdump reads or writes a file");
	must(options->hold <= 600000, "-hold is in its range");
	must(options->paths_delay <= 600000, "-paths-delay is in its range");
	must(options->paths || !options->has_paths_delay, "-paths-delay has -paths");
	must(options->once || !options->once_at, "-once-at is a kind of -once");
	must(!options->paths || (options->pcapng && !options->print), "-paths writes pcapng");
	must(!options->defaults.linktype || strcmp(options->defaults.linktype, "sll") == 0 ||
			strcmp(options->defaults.linktype, "sll2") == 0 ||
			strcmp(options->defaults.linktype, "native") == 0,
		"a link type is one of three");
	must(options->defaults.interface_count <= TARGET_INTERFACES_MAX,
		"there are not too many interfaces");
}

/* Unless an option has our word as its value. */
static bool has_password(const struct target_list *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		if (targets->list[i].password && strcmp(targets->list[i].password, SECRET) == 0)
			return true;
	return false;
}

/* No part of a target's password may be left for ps(1). */
static void check_wiped(const struct line *line)
{
	for (int i = 0; i < line->count; i++)
		must(!strstr(line->kept[i], SECRET), "no argument has a password");
}

static void try_ddump(const char *text)
{
	struct line line = {0};
	struct options options;
	struct error error = {0};

	line_add(&line, "ddump");
	line_cut(&line, text);
	line_add(&line, "USER:" SECRET "@host");
	if (options_read(line.count, line.words, &options, &error)) {
		must(error.status == 0, "an accepted command line has no error");
		check_arguments(&options);
		if (has_password(&options.targets))
			check_wiped(&line);
	} else {
		check_failure(&error);
	}
	options_cleanup(&options);
	line_free(&line);
}

/* The dialog's words are a command line of ours, without its passphrase. */
static void check_translation(const struct argv_list *words)
{
	struct line line = {0};
	struct options options;
	struct error error = {0};
	bool reads = false;

	must(words->count > 3 && !words->list[words->count], "a capture has a command line");
	for (int i = 0; i < words->count; i++) {
		must(!strstr(words->list[i], SECRET), "a passphrase is on no command line");
		reads = reads || names_file(words->list[i]);
	}
	if (reads || words->count > WORDS_MAX)
		return;
	for (int i = 0; i < words->count; i++)
		line_add(&line, words->list[i]);
	line.words[line.count] = NULL;
	if (options_read(line.count, line.words, &options, &error)) {
		check_arguments(&options);
		must(options.pcapng && options.quiet, "Wireshark gets pcapng, and no messages");
	} else {
		check_failure(&error);
	}
	options_cleanup(&options);
	line_free(&line);
}

static void try_extcap(const char *text)
{
	struct line line = {0};
	struct extcap extcap;
	struct error error = {0};

	line_add(&line, "ddump");
	/* it has other requests than captures, too */
	if (strncmp(text, "--extcap-", strlen("--extcap-")) != 0)
		line_add(&line, "--capture");
	else
		line_add(&line, "--extcap-version=4.0");
	line_add(&line, "--passphrase");
	line_add(&line, SECRET);
	line_cut(&line, text);
	must(extcap_is_called(line.count, line.words), "it is Wireshark's");
	if (!extcap_read(line.count, line.words, &extcap, &error))
		check_failure(&error);
	else if (extcap.capture)
		check_translation(&extcap.line);
	for (int i = 1; i < line.count; i++)
		must(!*line.kept[i], "nothing is left for ps(1)");
	extcap_cleanup(&extcap);
	line_free(&line);
}

static void check_settings(const struct settings *settings)
{
	must(settings->ring >= 2 << 20 && settings->ring <= 256 << 20, "a ring is in its range");
	must(settings->snaplen <= PACKET_MAX, "a snaplen is in its range");
	must(settings->payload <= PACKET_MAX, "a payload is in its range");
	must(settings->duration <= CAPTURE_PARAMS_DURATION_MAX, "a duration is in its range");
	must(settings->clients >= 1 && settings->clients <= 4096,
		"a number of clients is in its range");
	must(settings->socket_mode <= 0777, "a mode is in its range");
	must(!settings->exclude || strlen(settings->exclude) < EXCLUSIONS_EXPRESSION_SIZE,
		"an exclusion fits");
	must(settings->interface_count <= SETTINGS_INTERFACES_MAX,
		"there are not too many interfaces");
	must(settings->filter_steps >= 1 && settings->filter_steps <= 65536, "a filter is limited");
	for (size_t i = 0; i < settings->interface_count; i++)
		must(*settings->interfaces[i] && !strpbrk(settings->interfaces[i], "/ \t\r\n"),
			"an interface has a name");
}

/* The first words are the environment. */
static void try_worker(const char *text)
{
	static const char *const names[] = {"DDUMP_EXCLUDE", "DDUMP_RING", "DDUMP_INTERFACES",
		"DDUMP_MAX_DURATION", "DDUMP_MAX_SNAPLEN", "DDUMP_PROMISC", "DDUMP_NAMES"};
	enum { NAMES = sizeof(names) / sizeof(*names) };
	struct line line = {0};
	struct line rest = {0};
	struct settings settings;
	struct error error = {0};

	line_cut(&line, text);
	line_add(&rest, "ddump-worker");
	for (int i = 0; i < line.count; i++)
		if (i >= NAMES)
			line_add(&rest, line.words[i]);
		else if (*line.words[i])
			setenv(names[i], line.words[i], 1);
	if (settings_read(rest.count, rest.words, &settings, &error))
		check_settings(&settings);
	else
		check_failure(&error);
	for (int i = 0; i < NAMES; i++)
		unsetenv(names[i]);
	line_free(&line);
	line_free(&rest);
}

/*
 * Does the input itself have the text that must not be found? A shell's quotes
 * may be in it.
 */
static bool tells_secret(const char *text)
{
	const char *at = SECRET;

	for (; *text && *at; text++) {
		if (strchr("'\"\\", *text))
			continue;
		if (*text != *at)
			at = SECRET;
		if (*text == *at)
			at++;
	}
	return !*at;
}

/* The first byte selects the program; lines are its words. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static void (*const tries[])(const char *text) = {try_ddump, try_extcap, try_worker};
	char *text;

	if (size == 0)
		return 0;
	text = strndup((const char *)bytes + 1, size - 1);
	must(text, "there is memory");
	if (!tells_secret(text))
		tries[bytes[0] % 3](text);
	free(text);
	return 0;
}
