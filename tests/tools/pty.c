/* SPDX-License-Identifier: MIT */
/*
 * Runs a command whose stdout is a terminal.
 *
 *     pty COMMAND [ARGUMENT...]
 *
 * In: the bytes that the command writes to that terminal. Out: the same, on
 * stdout. Stdin and stderr are the caller's. Ends with the command's status.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Opens both ends of a terminal: returns ours, sets the command's. */
static int terminal_open(int *ret_other)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int other;

	if (fd < 0 || grantpt(fd) || unlockpt(fd))
		err(1, "no terminal");
	other = open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (other < 0)
		err(1, "%s", ptsname(fd));
	*ret_other = other;
	return fd;
}

int main(int argc, char **argv)
{
	char bytes[4096];
	ssize_t got;
	int status;
	int other;
	pid_t pid;
	int fd;

	if (argc < 2)
		errx(1, "usage: pty COMMAND [ARGUMENT...]");
	fd = terminal_open(&other);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		dup2(other, STDOUT_FILENO);
		execvp(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	close(other);
	/* EIO means that no process writes to the terminal any more */
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		if (write(STDOUT_FILENO, bytes, (size_t)got) != got)
			err(1, "write");
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	if (WIFSIGNALED(status))
		errx(128 + WTERMSIG(status), "%s: %s", argv[1], strsignal(WTERMSIG(status)));
	return WEXITSTATUS(status);
}
