/*
 * Any text as targets, one a line, with and without options, and as a file of
 * them: what is taken has a URL without credentials and a label of its own,
 * what is refused a sentence; and a password is in neither.
 */
#include "fuzz.h"

#include "client/secret.h"
#include "client/target.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECRET "SECRETxyz"

/* Few enough for looking at all pairs. */
enum { LINES_MAX = 50 };

static const struct target_defaults options = {
	.filter = "tcp port 80 & a=b+c #%",
	.snaplen = "96",
	.interfaces = {"eth0", "lo"},
	.interface_count = 2,
};

static void check_failure(const struct failure *failure, bool has_secret)
{
	must(failure->status == 1, "a refusal has its status");
	must(*failure->text, "a refusal has a sentence");
	for (const char *c = failure->text; *c; c++)
		must(*c >= ' ' && *c <= '~', "a sentence is printable");
	must(!has_secret || !strstr(failure->text, SECRET),
		"a sentence has no password");
}

/* Has the query exactly one parameter of that name, unless the text has? */
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

static void check_url(const char *url, bool defaults)
{
	const char *host = strstr(url, "://");
	size_t size;

	must(strncmp(url, "http://", 7) == 0 ||
			strncmp(url, "https://", 8) == 0,
		"the protocol is http or https");
	host += 3;
	size = strcspn(host, "/?#");
	must(size > 0, "there is a host");
	must(host[size] == '/', "there is a path");
	must(!memchr(host, '@', size), "the URL has no credentials");
	must(memchr(host, ':', size), "the port is there");
	must(!strpbrk(url, " \t\r\n#"), "the URL is one");
	must(count_parameters(url, "precision") > 0 ||
			count_parameters(url, "format") > 0,
		"the precision is asked for");
	must(!defaults || (count_parameters(url, "filter") > 0 &&
				  count_parameters(url, "snaplen") > 0 &&
				  count_parameters(url, "interface") > 0),
		"an option that the URL does not have is added");
}

static void check_labels(const struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		must(*targets->list[i].label, "a label is not empty");
		for (size_t j = 0; j < i; j++)
			must(strcmp(targets->list[i].label,
				     targets->list[j].label) != 0,
				"a label is its target's own");
	}
}

/* What goes to ssh can't be an option there, nor a word of a shell's. */
static void check_ssh(const struct target *target)
{
	if (!target->ssh_host)
		return;
	must(*target->ssh_host && *target->ssh_host != '-',
		"ssh's host is no option");
	must(!strpbrk(target->ssh_host, " \t\r\n'\"`$\\;|&<>()"),
		"ssh's host is a word");
	must(!target->ssh_port || target->ssh_port[strspn(target->ssh_port,
					  "0123456789")] == '\0',
		"ssh's port is a number");
	must(!target->ssh_user || *target->ssh_user != '-',
		"ssh's user is no option");
	must(!target->user && !target->password,
		"the worker behind ssh gets no credentials");
	must(strncmp(target->url, "http://127.0.0.1:8475/", 22) == 0,
		"the worker behind ssh is on the loopback");
}

static void add(struct targets *targets, const char *text, bool defaults)
{
	static const struct target_defaults none = {0};
	struct failure failure = {0};
	const size_t count = targets->count;

	if (!targets_add(
		    targets, text, defaults ? &options : &none, &failure)) {
		must(targets->count == count, "a refusal adds nothing");
		check_failure(&failure, false);
		return;
	}
	must(targets->count == count + 1, "a target is one");
	must(failure.status == 0, "what is taken has no failure");
	check_url(targets->list[count].url, defaults);
	check_ssh(&targets->list[count]);
}

/* The same text behind credentials, and with what stands before it. */
static void add_with_secret(const char *text, const char *before)
{
	struct targets targets = {0};
	struct failure failure = {0};
	char *whole = NULL;

	must(asprintf(&whole, "%sUSER:" SECRET "@%s", before, text) >= 0,
		"there is memory");
	if (targets_add(&targets, whole, &options, &failure)) {
		const struct target *target = &targets.list[0];

		must(!strstr(target->url, SECRET), "a URL has no password");
		must(!strstr(target->label, SECRET), "nor has a label");
		must(target->password && strncmp(target->password, SECRET,
						 strlen(SECRET)) == 0,
			"the password is not lost");
		must(target->user && strcmp(target->user, "USER") == 0,
			"the user is not lost");
	} else {
		check_failure(&failure, true);
	}
	secret_wipe(whole);
	must(!strstr(whole, SECRET), "a wiped argument has no password");
	targets_free(&targets);
	free(whole);
}

static void try_line(struct targets *targets, char *line, bool defaults)
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
	secret_wipe(line);
	must(strlen(line) <= size, "wiping adds nothing");
}

/* The same as a file, whose first line may have credentials. */
static void try_file(const char *text, size_t size, bool has_secret)
{
	static const char secret[] = "USER:" SECRET "@";
	struct targets targets = {0};
	struct failure failure = {0};
	int fd = memfd_create("targets", MFD_CLOEXEC);
	char argument[64];

	must(fd >= 0 &&
			(!has_secret ||
				write(fd, secret, strlen(secret)) > 0) &&
			write(fd, text, size) == (ssize_t)size &&
			lseek(fd, 0, SEEK_SET) == 0,
		"there is room for a file");
	snprintf(argument, sizeof(argument), "@/proc/self/fd/%d", fd);
	if (targets_add(&targets, argument, &options, &failure))
		must(failure.status == 0, "what is taken has no failure");
	else
		check_failure(&failure, has_secret);
	for (size_t i = 0; i < targets.count; i++) {
		check_url(targets.list[i].url, true);
		check_ssh(&targets.list[i]);
	}
	check_labels(&targets);
	targets_free(&targets);
	close(fd);
}

/* Files that are none, that never end, and that can't be read. */
static void try_no_files(void)
{
	static const char *const names[] = {
		"@/nowhere/targets", "@/dev/zero", "@/proc/self/mem"};
	static bool tried;

	for (size_t i = 0; !tried && i < sizeof(names) / sizeof(*names); i++) {
		struct targets targets = {0};
		struct failure failure = {0};

		must(!targets_add(&targets, names[i], &options, &failure),
			"such a file has no targets");
		check_failure(&failure, false);
		targets_free(&targets);
	}
	tried = true;
}

/* The first byte says whether there are options, and a password in a file. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct targets targets = {0};
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
		/* a copy of its size, so that reading behind it is noticed */
		char *own = copy(line, strlen(line) + 1);

		try_line(&targets, own, bytes[0] & 1);
		free(own);
	}
	check_labels(&targets);
	targets_free(&targets);
	free(text);
	try_file((const char *)bytes + 1, size - 1,
		bytes[0] & 2 && !memmem(bytes, size, SECRET, strlen(SECRET)));
	return 0;
}
