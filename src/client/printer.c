/* SPDX-License-Identifier: MIT */
/*
 * The process that prints packets as text. In: the output as pcapng, from a pipe. Out:
 * text on stdout.
 *
 * It is a process of its own: a slow terminal or pager blocks this process and, by the
 * full pipe, the output as any other reader does.
 */
#include "client/printer.h"

#include "client/print_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Is tcpdump where posix_spawnp() finds it? */
static bool find_tcpdump(void)
{
	const char *path = getenv("PATH");
	char name[4096];

	for (const char *at = path ? path : ""; *at;) {
		const size_t size = strcspn(at, ":");

		snprintf(name, sizeof(name), "%.*s/tcpdump", (int)size, at);
		if (access(name, X_OK) == 0)
			return true;
		at += size + (at[size] == ':');
	}
	return false;
}

/* Old systems have tcpdump where only root looks for programs. */
static void extend_path(void)
{
	const char *path = getenv("PATH");
	char *longer;

	if (asprintf(&longer, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin") < 0)
		return;
	setenv("PATH", longer, 1);
	free(longer);
}

int printer_start(
	struct printer *printer, const struct print_text_options *options, struct error *error)
{
	int ends[2];

	if (!find_tcpdump())
		extend_path();
	if (!find_tcpdump()) {
		error_set(error, 1,
			"cannot print packets: tcpdump is missing; install it, or try -w FILE");
		return -1;
	}
	if (pipe2(ends, O_CLOEXEC) != 0) {
		error_set(error, 1, "cannot print packets: %s", strerror(errno));
		return -1;
	}
	printer->pid = fork();
	if (printer->pid == 0) {
		close(ends[1]);
		/* it ends with its input, and Ctrl-C is for ddump alone */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGUSR1, SIG_IGN); /* as by pkill(1) for all of a name */
		signal(SIGPIPE, SIG_IGN);
		_exit(print_stream(ends[0], options));
	}
	close(ends[0]);
	if (printer->pid > 0)
		return ends[1];
	close(ends[1]);
	error_set(error, 1, "cannot print packets: %s", strerror(errno));
	return -1;
}

bool printer_wait(struct printer *printer)
{
	int status = 0;
	pid_t ended;

	if (printer->pid <= 0)
		return true;
	do
		ended = waitpid(printer->pid, &status, 0);
	while (ended < 0 && errno == EINTR);
	printer->pid = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) != EXIT_FAILURE;
}
