/* SPDX-License-Identifier: MIT */
/*
 * Attributes of this process that both programs set. In: a process as it was
 * started. Out: hidden memory, unblocked signals, an end with its parent.
 */
#include "common/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool process_hide_memory(void)
{
	/* RLIMIT_CORE of 0 would not stop a program that receives the dumps */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

bool process_signal_at_parent_end(pid_t parent, int signal)
{
	prctl(PR_SET_PDEATHSIG, signal);
	/* it may have ended before the call */
	return getppid() == parent;
}

void process_unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void process_close_from(int first)
{
	enum { CLOSED_MAX = 1024 };

	/* Linux before 5.9 has no close_range(2) */
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	for (int fd = first; fd < CLOSED_MAX; fd++)
		close(fd);
}

bool process_replace_with_null(int fd)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool good;

	if (null < 0)
		return false;
	if (null == fd)
		return fcntl(fd, F_SETFD, 0) == 0; /* as dup2() leaves it */
	good = dup2(null, fd) >= 0;
	close(null);
	return good;
}

bool process_fill_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && !process_replace_with_null(fd))
			return false;
	return true;
}

/* Works on every kernel, with a system call per open descriptor. */
static void close_listed_on_exec(void)
{
	DIR *descriptors = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!descriptors)
		return;
	while ((entry = readdir(descriptors))) {
		const int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd > STDERR_FILENO)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	closedir(descriptors);
}

void process_close_on_exec(void)
{
	/* Linux before 5.11 has no CLOSE_RANGE_CLOEXEC */
	if (syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		close_listed_on_exec();
}
