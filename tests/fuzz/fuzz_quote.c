/* SPDX-License-Identifier: MIT */
/*
 * Any text as a word for a shell, and any query of a tcpdump+ssh:// target as a script:
 * /bin/sh itself expands the word to the text, and in the script every value is such a
 * word, so that no byte of it is syntax.
 */
#include "../lib/printable.h"
#include "fuzz.h"

#include "client/shell_quote.h"
#include "client/tcpdump_query.h"
#include "client/tcpdump_script.h"

#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { TEXT_MAX = 4000 };

/* Expands a word by sh, in the command "printf %s WORD". Returns the size; -1: it fails. */
static ssize_t expand(const char *word, char *out, size_t size)
{
	char command[4 * TEXT_MAX + 64];
	const char *const argv[] = {"sh", "-c", command, NULL};
	posix_spawn_file_actions_t actions;
	ssize_t got = 0;
	ssize_t part;
	int pipes[2];
	int status;
	pid_t pid;

	must((size_t)snprintf(command, sizeof(command), "printf %%s %s", word) < sizeof(command),
		"the command fits");
	must(pipe(pipes) == 0, "there are pipes");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, pipes[0]);
	must(posix_spawn(&pid, "/bin/sh", &actions, NULL, (char *const *)argv, environ) == 0,
		"sh runs");
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	while ((part = read(pipes[0], out + got, size - (size_t)got)) > 0)
		got += part;
	close(pipes[0]);
	must(waitpid(pid, &status, 0) == pid, "sh ends");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? got : -1;
}

/* Each part of a word is between single quotes, or an escaped single quote. */
static void check_word(const char *word)
{
	must(*word == '\'', "a word begins with a quote");
	while (*word) {
		if (strncmp(word, "\\'", 2) == 0) {
			word += 2;
			continue;
		}
		must(*word == '\'', "nothing is outside of quotes");
		word = strchr(word + 1, '\'');
		must(word, "a quote ends");
		word++;
	}
}

static void try_quote(const char *text)
{
	static unsigned count;
	static char out[TEXT_MAX + 1];
	char *word = malloc(shell_quote_size(text));
	const char *end;

	must(word, "there is memory");
	end = shell_quote(word, text);
	must((size_t)(end - word) == strlen(word) && strlen(word) < shell_quote_size(text),
		"the size is right");
	check_word(word);
	/* a process for each input would leave little time for others */
	if (count++ % 64 == 0) {
		const ssize_t size = expand(word, out, sizeof(out));

		must(size == (ssize_t)strlen(text), "sh finds one word of that size");
		must(memcmp(out, text, strlen(text)) == 0, "sh finds the text");
	}
	free(word);
}

/* Removes all quoted words of a script, in place. */
static void cut_words(char *script)
{
	char *out = script;

	for (const char *at = script; *at;) {
		if (*at == '\\' && at[1]) {
			at += 2;
		} else if (*at == '\'') {
			at = strchr(at + 1, '\'');
			must(at, "a quote ends");
			at++;
		} else {
			*out++ = *at++;
		}
	}
	*out = '\0';
}

/* Removes a text that is once in a script, in place. */
static void cut_text(char *script, const char *text)
{
	char *at = strstr(script, text);

	must(at, "the script has the text");
	memmove(at, at + strlen(text), strlen(at + strlen(text)) + 1);
}

/* The script of a query is that of an empty one, with words in it. */
static void check_script(const struct tcpdump_query *query)
{
	static const char timer[] = "(sleep  & trap \"kill $!\" TERM; wait $! && kill $tcpdump) "
				    "</dev/null >/dev/null 2>&1 3<&- &\n"
				    "watch=\"$watch $!\"\n";
	static const char line[] = "user=\nfilter=\"$filter and ($user)\"\n";
	const struct tcpdump_query plain = {.sudo = query->sudo};
	char *script = tcpdump_script_make(query);
	char *expected = tcpdump_script_make(&plain);
	char *user;

	must(script && expected, "there is memory");
	must(strlen(script) < 65536, "a script fits into a pipe");
	cut_words(script);
	cut_words(expected);
	/* what only this one has */
	user = strstr(script, line);
	must((user != NULL) == (query->filter && *query->filter), "a filter is joined to the rest");
	if (user)
		cut_text(script, line);
	if (query->snaplen)
		cut_text(script, " -s ");
	if (query->count)
		cut_text(script, " -c ");
	if (query->linktype && strcmp(query->linktype, "native") != 0)
		cut_text(script, " -y ");
	if (query->duration)
		cut_text(script, timer);
	must(strcmp(script, expected) == 0, "values are words and nothing else");
	free(script);
	free(expected);
}

static void try_query(const char *text)
{
	static const struct target_defaults none = {0};
	struct tcpdump_query query = {0};
	struct error error = {0};

	if (!tcpdump_query_parse(text, &none, &query, &error)) {
		must(error.status == 1 && printable_line(error.text), "a refusal has a sentence");
		must(!query.filter && !query.interface, "a refusal leaves nothing");
		return;
	}
	check_script(&query);
	tcpdump_query_cleanup(&query);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text;

	if (size > TEXT_MAX)
		return 0;
	text = malloc(size + 1);
	must(text, "there is memory");
	memcpy(text, bytes, size);
	text[size] = '\0';
	try_quote(text);
	try_query(text);
	free(text);
	return 0;
}
