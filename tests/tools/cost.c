/* SPDX-License-Identifier: MIT */
/*
 * Runs a command and measures its cost.
 *
 *     cost FILE COMMAND [ARGUMENT...]
 *
 * Writes lines to FILE: "pid N" when the command runs, and after its end "peak
 * N", its largest resident size in KiB, "cpu N" and "wall N", CPU time and
 * elapsed time in microseconds, and "core N", 1 if it left a core dump. Ends
 * with the command's status.
 */
#include "common/clock.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t microseconds(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

int main(int argc, char **argv)
{
	uint64_t begin;
	struct rusage usage;
	FILE *file;
	int status;
	pid_t pid;

	if (argc < 3)
		errx(1, "usage: cost FILE COMMAND [ARGUMENT...]");
	file = fopen(argv[1], "we");
	if (!file)
		err(1, "%s", argv[1]);
	begin = clock_ns(CLOCK_MONOTONIC);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	fprintf(file, "pid %d\n", pid);
	fflush(file);
	if (wait4(pid, &status, 0, &usage) < 0)
		err(1, "wait4");
	fprintf(file, "peak %ld\ncpu %" PRIu64 "\nwall %" PRIu64 "\ncore %d\n", usage.ru_maxrss,
		microseconds(usage.ru_utime) + microseconds(usage.ru_stime),
		(clock_ns(CLOCK_MONOTONIC) - begin) / 1000, WCOREDUMP(status) ? 1 : 0);
	fclose(file);
	if (WIFSIGNALED(status))
		errx(128 + WTERMSIG(status), "%s: %s", argv[2], strsignal(WTERMSIG(status)));
	return WEXITSTATUS(status);
}
