/*
 * Runs a command and tells what it took.
 *
 *     peak FILE COMMAND [ARGUMENT...]
 *
 * Writes two lines to FILE: "pid N" when the command runs, and "peak N", its
 * largest resident size in KiB, when it has ended. Ends with its status.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	FILE *file;
	int status;
	pid_t pid;

	if (argc < 3)
		errx(1, "usage: peak FILE COMMAND [ARGUMENT...]");
	file = fopen(argv[1], "we");
	if (!file)
		err(1, "%s", argv[1]);
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
	fprintf(file, "peak %ld\n", usage.ru_maxrss);
	fclose(file);
	if (WIFSIGNALED(status))
		errx(128 + WTERMSIG(status), "%s: %s", argv[2],
			strsignal(WTERMSIG(status)));
	return WEXITSTATUS(status);
}
