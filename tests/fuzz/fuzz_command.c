/*
 * Any words as a command line: ddump's, Wireshark's call of it, or the
 * worker's, which has an environment as well. What is taken is within its
 * range, what is refused has a sentence, and a password is in neither the
 * arguments that others see nor in what is said.
 */
#include "fuzz.h"

#include "client/arguments.h"
#include "client/extcap.h"
#include "format/packet.h"
#include "worker/filter.h"
#include "worker/settings.h"

#include <string.h>

#define SECRET "SECRETxyz"

/* Words that stand in front of those that come in, and behind. */
enum { WORDS_MAX = 256, OWN_MAX = 4 };

/* Programs change the order of words, and take some away: these are kept. */
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

/* A word that names a file of targets would be read, whatever it is. */
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

static void check_failure(const struct failure *failure)
{
	must(failure->status == 1, "a refusal has its status");
	must(*failure->text, "a refusal has a sentence");
	for (const char *c = failure->text; *c; c++)
		must(*c >= ' ' && *c <= '~', "a sentence is printable");
	must(!strstr(failure->text, SECRET), "a sentence has no password");
}

static void check_arguments(const struct arguments *arguments)
{
	must(arguments->targets.count > 0 || arguments->help ||
			arguments->version,
		"there is something to do");
	must(arguments->count <= INT64_MAX, "-c is in its range");
	must(arguments->duration <= 31536000, "-duration is in its range");
	must(arguments->hold <= 600000, "-hold is in its range");
	must(arguments->defaults.interface_count <= TARGET_INTERFACES_MAX,
		"there are not too many interfaces");
}

/* Unless an option has taken our word for its value. */
static bool has_password(const struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		if (targets->list[i].password &&
			strcmp(targets->list[i].password, SECRET) == 0)
			return true;
	return false;
}

/* Nothing of what a target's password was may be left for ps(1). */
static void check_wiped(const struct line *line)
{
	for (int i = 0; i < line->count; i++)
		must(!strstr(line->kept[i], SECRET),
			"no argument has a password");
}

static void try_ddump(const char *text)
{
	struct line line = {0};
	struct arguments arguments;
	struct failure failure = {0};

	line_add(&line, "ddump");
	line_cut(&line, text);
	line_add(&line, "USER:" SECRET "@host");
	if (arguments_read(line.count, line.words, &arguments, &failure)) {
		must(failure.status == 0, "what is taken has no failure");
		check_arguments(&arguments);
		if (has_password(&arguments.targets))
			check_wiped(&line);
	} else {
		check_failure(&failure);
	}
	arguments_clear(&arguments);
	line_free(&line);
}

/* What the dialog says is a command line of ours, without its passphrase. */
static void check_translation(const struct words *words)
{
	struct line line = {0};
	struct arguments arguments;
	struct failure failure = {0};
	bool reads = false;

	must(words->count > 3 && !words->list[words->count],
		"a capture has a command line");
	for (int i = 0; i < words->count; i++) {
		must(!strstr(words->list[i], SECRET),
			"a passphrase is on no command line");
		reads = reads || names_file(words->list[i]);
	}
	if (reads || words->count > WORDS_MAX)
		return;
	for (int i = 0; i < words->count; i++)
		line_add(&line, words->list[i]);
	line.words[line.count] = NULL;
	if (arguments_read(line.count, line.words, &arguments, &failure)) {
		check_arguments(&arguments);
		must(arguments.pcapng && arguments.quiet,
			"Wireshark gets pcapng, and is told no news");
	} else {
		check_failure(&failure);
	}
	arguments_clear(&arguments);
	line_free(&line);
}

static void try_extcap(const char *text)
{
	struct line line = {0};
	struct extcap extcap;
	struct failure failure = {0};

	line_add(&line, "ddump");
	/* it is asked for other things than captures, too */
	if (strncmp(text, "--extcap-", strlen("--extcap-")) != 0)
		line_add(&line, "--capture");
	else
		line_add(&line, "--extcap-version=4.0");
	line_add(&line, "--passphrase");
	line_add(&line, SECRET);
	line_cut(&line, text);
	must(extcap_is_called(line.count, line.words), "it is Wireshark's");
	if (!extcap_read(line.count, line.words, &extcap, &failure))
		check_failure(&failure);
	else if (extcap.capture)
		check_translation(&extcap.line);
	for (int i = 1; i < line.count; i++)
		must(!*line.kept[i], "nothing is left for ps(1)");
	extcap_clear(&extcap);
	line_free(&line);
}

static void check_settings(const struct settings *settings)
{
	must(settings->ring >= 2 << 20 && settings->ring <= 256 << 20,
		"a ring is in its range");
	must(settings->snaplen <= PACKET_MAX, "a snaplen is in its range");
	must(settings->duration <= QUERY_DURATION_MAX,
		"a duration is in its range");
	must(settings->clients >= 1 && settings->clients <= 4096,
		"a number of clients is in its range");
	must(settings->socket_mode <= 0777, "a mode is in its range");
	must(!settings->exclude ||
			strlen(settings->exclude) < FILTER_EXCLUSION_SIZE,
		"an exclusion fits");
	must(settings->interface_count <= QUERY_INTERFACES_MAX,
		"there are not too many interfaces");
	for (size_t i = 0; i < settings->interface_count; i++)
		must(*settings->interfaces[i] &&
				!strpbrk(settings->interfaces[i], "/ \t\r\n"),
			"an interface has a name");
}

/* The first words are what the environment says. */
static void try_worker(const char *text)
{
	static const char *const names[] = {"DDUMP_EXCLUDE", "DDUMP_RING",
		"DDUMP_INTERFACES", "DDUMP_MAX_DURATION", "DDUMP_MAX_SNAPLEN"};
	enum { NAMES = sizeof(names) / sizeof(*names) };
	struct line line = {0};
	struct line rest = {0};
	struct settings settings;
	struct failure failure = {0};

	line_cut(&line, text);
	line_add(&rest, "ddump-worker");
	for (int i = 0; i < line.count; i++)
		if (i >= NAMES)
			line_add(&rest, line.words[i]);
		else if (*line.words[i])
			setenv(names[i], line.words[i], 1);
	if (settings_read(rest.count, rest.words, &settings, &failure))
		check_settings(&settings);
	else
		check_failure(&failure);
	for (int i = 0; i < NAMES; i++)
		unsetenv(names[i]);
	line_free(&line);
	line_free(&rest);
}

/* Does it say by itself what must not be found? A shell's quotes may be in it.
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

/* The first byte says whose command line it is; lines are its words. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static void (*const tries[])(const char *text) = {
		try_ddump, try_extcap, try_worker};
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
