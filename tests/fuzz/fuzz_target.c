/* SPDX-License-Identifier: MIT */
/*
 * Any text as targets, one a line, with and without options, and as a file of
 * them: an accepted target has a command, a path, or a URL without
 * credentials and a label of its
 * own, a rejected one a message; and a password is in neither.
 */
#include "../lib/printable.h"
#include "fuzz.h"

#include "client/interface_query.h"
#include "client/redact.h"
#include "client/target_list.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECRET "SECRETxyz"

/* Few enough to compare all pairs. */
enum { LINES_MAX = 50 };

static const struct target_defaults options = {
	.filter = "tcp port 80 & a=b+c #%",
	.snaplen = "96",
	.payload = "0",
	.linktype = "native",
	.interfaces = {"eth0"},
	.interface_count = 1,
};

static void check_failure(const struct error *error, bool has_secret)
{
	must(error->status == 1, "a refusal has its status");
	must(*error->text, "a refusal has a sentence");
	must(printable_line(error->text), "a sentence is printable");
	must(!has_secret || !strstr(error->text, SECRET), "a sentence has no password");
}

/* Has the query exactly one parameter of that name, unless the text has it? */
static size_t count_parameters(const char *url, const char *name)
{
	const char *at = strchr(url, '?');
	size_t count = 0;

	while (at && *at) {
		size_t size = strcspn(++at, "&=");

		count += size == strlen(name) && memcmp(at, name, size) == 0;
		at += strcspn(at, "&");
	}
	return count;
}

/* Whatever is before it, a parameter that version 0.1 does not have is found. */
static void check_newer(const char *url)
{
	char *longer = NULL;

	must(asprintf(&longer, "%s&promisc=1", url) >= 0, "there is memory");
	must(target_query_is_newer(longer), "a newer parameter is found");
	free(longer);
}

/* A filter of the options is in the URL as it was given. */
static void check_filter(const char *url, bool defaults)
{
	char *filter = target_query_filter(url);

	must(!defaults || filter, "a filter is found");
	curl_free(filter);
}

static void check_url(const char *url, bool defaults)
{
	const char *host = strstr(url, "://");
	size_t size;

	must(strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0,
		"the protocol is http or https");
	host += 3;
	size = strcspn(host, "/?#");
	must(size > 0, "there is a host");
	must(host[size] == '/', "there is a path");
	must(!memchr(host, '@', size), "the URL has no credentials");
	must(memchr(host, ':', size), "the port is there");
	must(!strpbrk(url, " \t\r\n#"), "the URL is one");
	must(count_parameters(url, "precision") > 0 || count_parameters(url, "format") > 0,
		"the precision is asked for");
	check_newer(url);
	check_filter(url, defaults);
	must(!defaults || (count_parameters(url, "filter") > 0 &&
				  count_parameters(url, "snaplen") > 0 &&
				  count_parameters(url, "payload") > 0 &&
				  count_parameters(url, "linktype") > 0 &&
				  count_parameters(url, "interface") > 0),
		"an option that the URL does not have is added");
}

/* Without options ddump adds nothing that an old worker does not support. */
static void check_additions(const struct target *target, bool defaults)
{
	const bool accepts = target_query_accepts_watermark(target->url);
	char *url = target_query_extend(
		target->url, target->additions | (accepts ? TARGET_WATERMARK : 0), 0);

	must(url, "there is memory");
	must(defaults || target->additions == 0, "nothing is added without options");
	must((target->additions == 0 && !accepts) == (strcmp(url, target->url) == 0),
		"an addition is added");
	must(!accepts || count_parameters(url, "watermark") == 1,
		"the interval of watermarks is asked for once");
	must(strncmp(url, target->url, strlen(target->url)) == 0, "an addition is at the end");
	must(count_parameters(url, "promisc") <= 1 || !(target->additions & TARGET_PROMISC),
		"a parameter of the user is not added again");
	free(url);
}

static void check_labels(const struct target_list *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		must(*targets->list[i].label, "a label is not empty");
		for (size_t j = 0; j < i; j++)
			must(strcmp(targets->list[i].label, targets->list[j].label) != 0,
				"a label is its target's own");
	}
}

/* A word for ssh cannot be an option there, nor shell syntax. */
static void check_ssh(const struct target *target)
{
	must(*target->ssh_host && *target->ssh_host != '-', "ssh's host is not an option");
	must(!strpbrk(target->ssh_host, " \t\r\n'\"`$\\;|&<>()"), "ssh's host is a word");
	must(!target->ssh_port || target->ssh_port[strspn(target->ssh_port, "0123456789")] == '\0',
		"ssh's port is a number");
	must(!target->ssh_user || *target->ssh_user != '-', "ssh's user is not an option");
	must(!target->user && !target->password, "the worker reached by ssh gets no credentials");
}

/* A worker that is not reached by its address. */
static void check_loopback(const char *url)
{
	must(strncmp(url, "http://127.0.0.1:8475/", 22) == 0, "such a worker is on the loopback");
}

/* Only a host has a list of interfaces, and its URL has no query. */
static void check_list(const struct target *target)
{
	struct interface_query query;
	struct error error = {0};
	const bool has_list = interface_query_make(target, &query, &error);

	if (has_list && target->url) {
		const size_t size = strlen(query.target.url);

		must(size > 11 && strcmp(query.target.url + size - 11, "/interfaces") == 0,
			"a list has its own path");
		must(strncmp(query.target.url, target->url, size - 11) == 0,
			"its host is the same");
		must(!strchr(query.target.url, '?'), "a list has no query");
	} else if (has_list) {
		must(target->kind == TARGET_TCPDUMP && *query.target.command,
			"only tcpdump lists interfaces without a URL");
	} else {
		check_failure(&error, false);
		must(target->kind != TARGET_TCPDUMP && target->kind != TARGET_UNIX,
			"a host has a list");
	}
	interface_query_cleanup(&query);
}

/* A target has one way to its stream. */
static void check_target(const struct target *target, bool defaults)
{
	must(*target->display_url && printable_line(target->display_url), "its URL can be shown");
	check_list(target);
	if (target->kind == TARGET_URL) {
		check_url(target->url, defaults);
		check_additions(target, defaults);
		if (target->ssh_host) {
			check_ssh(target);
			check_loopback(target->url);
		}
		return;
	}
	if (target->kind == TARGET_UNIX) {
		check_url(target->url, defaults);
		check_loopback(target->url);
		must(target->socket && *target->socket, "there is a socket");
		return;
	}
	if (target->kind == TARGET_TCPDUMP) {
		check_ssh(target);
		must(!target->url && *target->command, "there is a script and no URL");
		return;
	}
	must(!target->url && !target->ssh_host && !target->user, "others have no URL");
	if (target->kind == TARGET_COMMAND)
		must(target->command && *target->command, "there is a command");
	else
		must(target->path && *target->path, "there is a path");
}

static void add(struct target_list *targets, const char *text, bool defaults)
{
	static const struct target_defaults none = {0};
	struct error error = {0};
	const size_t count = targets->count;

	if (!target_list_add(targets, text, defaults ? &options : &none, &error)) {
		must(targets->count == count, "a refusal adds nothing");
		check_failure(&error, false);
		return;
	}
	must(targets->count == count + 1, "a target is one");
	must(error.status == 0, "an accepted target has no error");
	check_target(&targets->list[count], defaults);
}

/* The same text after credentials, and with the part before it. */
static void add_with_secret(const char *text, const char *before)
{
	struct target_list targets = {0};
	struct error error = {0};
	char *whole = NULL;

	must(asprintf(&whole, "%sUSER:" SECRET "@%s", before, text) >= 0, "there is memory");
	if (target_list_add(&targets, whole, &options, &error)) {
		const struct target *target = &targets.list[0];

		must(target->url && !strstr(target->url, SECRET), "a URL has no password");
		must(!strstr(target->label, SECRET), "nor has a label");
		must(target->password && strncmp(target->password, SECRET, strlen(SECRET)) == 0,
			"the password is not lost");
		must(target->user && strcmp(target->user, "USER") == 0, "the user is not lost");
	} else {
		check_failure(&error, true);
	}
	redact_argument(whole);
	must(!strstr(whole, SECRET), "a wiped argument has no password");
	target_list_cleanup(&targets);
	free(whole);
}

static void try_line(struct target_list *targets, char *line, bool defaults)
{
	const size_t size = strlen(line);

	if (*line == '@')
		return; /* names a file */
	add(targets, line, defaults);
	if (!strstr(line, SECRET)) {
		add_with_secret(line, "");
		add_with_secret(line, "https://");
		add_with_secret(line, "label=http://");
		add_with_secret(line, "ftp://");
	}
	redact_argument(line);
	must(strlen(line) <= size, "wiping adds nothing");
}

/* The same as a file, whose first line may have credentials. */
static void try_file(const char *text, size_t size, bool has_secret)
{
	static const char secret[] = "USER:" SECRET "@";
	struct target_list targets = {.allow_exec = has_secret};
	struct error error = {0};
	int fd = memfd_create("targets", MFD_CLOEXEC);
	char argument[64];

	must(fd >= 0 && (!has_secret || write(fd, secret, strlen(secret)) > 0) &&
			write(fd, text, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0,
		"there is room for a file");
	snprintf(argument, sizeof(argument), "@/proc/self/fd/%d", fd);
	if (target_list_add(&targets, argument, &options, &error))
		must(error.status == 0, "an accepted target has no error");
	else
		check_failure(&error, has_secret);
	for (size_t i = 0; i < targets.count; i++)
		check_target(&targets.list[i], true);
	check_labels(&targets);
	target_list_cleanup(&targets);
	close(fd);
}

/* Files that do not exist, that never end, and that cannot be read. */
static void try_no_files(void)
{
	static const char *const names[] = {"@/nowhere/targets", "@/dev/zero", "@/proc/self/mem"};
	static bool tried;

	for (size_t i = 0; !tried && i < sizeof(names) / sizeof(*names); i++) {
		struct target_list targets = {0};
		struct error error = {0};

		must(!target_list_add(&targets, names[i], &options, &error),
			"such a file has no targets");
		check_failure(&error, false);
		target_list_cleanup(&targets);
	}
	tried = true;
}

/*
 * The first byte decides whether there are options, and a password in a file.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct target_list targets = {0};
	char *text;
	char *rest;
	char *line;

	if (size == 0)
		return 0;
	try_no_files();
	text = malloc(size);
	must(text, "there is memory");
	memcpy(text, bytes + 1, size - 1);
	text[size - 1] = '\0';
	rest = text;
	for (int i = 0; i < LINES_MAX && (line = strsep(&rest, "\n")); i++) {
		/*
		 * a copy of exactly its size, so that reading after its end is
		 * noticed
		 */
		char *own = copy(line, strlen(line) + 1);

		try_line(&targets, own, bytes[0] & 1);
		free(own);
	}
	check_labels(&targets);
	target_list_cleanup(&targets);
	free(text);
	try_file((const char *)bytes + 1, size - 1,
		bytes[0] & 2 && !memmem(bytes, size, SECRET, strlen(SECRET)));
	return 0;
}
