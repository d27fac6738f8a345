/* SPDX-License-Identifier: MIT */
/*
 * What a process does to itself before it has secrets or begins others: each check runs in
 * a child, and its exit status tells what was wrong.
 */
#include "common/process.h"

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPEN_FD = 100 };

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static bool is_null(int fd)
{
	struct stat null;
	struct stat status;

	return stat("/dev/null", &null) == 0 && fstat(fd, &status) == 0 &&
	       null.st_rdev == status.st_rdev;
}

static int hide(void)
{
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1)
		return 1;
	return process_hide_memory() && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 2;
}

static int close_from(void)
{
	const int low = fcntl(STDOUT_FILENO, F_DUPFD, OPEN_FD - 1);

	if (low < 0 || fcntl(STDOUT_FILENO, F_DUPFD, OPEN_FD) < 0)
		return 1;
	process_close_from(low + 1);
	return is_open(low) && !is_open(low + 1) && is_open(STDOUT_FILENO) ? 0 : 2;
}

/* The lowest one is what open(2) returns next. */
static int fill(void)
{
	static const int closed[][2] = {
		{STDIN_FILENO, STDERR_FILENO}, {STDOUT_FILENO, STDIN_FILENO}};

	for (size_t i = 0; i < 2; i++) {
		close(closed[i][0]);
		close(closed[i][1]);
		if (!process_fill_standard_fds())
			return 1;
		for (size_t j = 0; j < 2; j++)
			if (!is_null(closed[i][j]) || fcntl(closed[i][j], F_GETFD) != 0)
				return 2;
	}
	return open("/dev/null", O_RDONLY | O_CLOEXEC) > STDERR_FILENO ? 0 : 3;
}

static int replace(void)
{
	const int fd = fcntl(STDOUT_FILENO, F_DUPFD, OPEN_FD);

	if (fd < 0 || !process_replace_with_null(fd) || !is_null(fd))
		return 1;
	if (!process_replace_with_null(STDIN_FILENO) || !is_null(STDIN_FILENO))
		return 2;
	return !process_replace_with_null(-1) ? 0 : 3;
}

static int inherit_nothing(void)
{
	const int fd = fcntl(STDOUT_FILENO, F_DUPFD, OPEN_FD);

	if (fd < 0)
		return 1;
	process_close_on_exec();
	for (int i = 0; i <= STDERR_FILENO; i++)
		if (fcntl(i, F_GETFD) & FD_CLOEXEC)
			return 2;
	return fcntl(fd, F_GETFD) & FD_CLOEXEC ? 0 : 3;
}

static int unblock(void)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	process_unblock_signals();
	sigprocmask(SIG_SETMASK, NULL, &set);
	return sigismember(&set, SIGTERM) == 0 && sigismember(&set, SIGINT) == 0 ? 0 : 1;
}

static int watch_parent(void)
{
	int signal = 0;

	if (process_signal_at_parent_end(getppid() + 1, SIGKILL))
		return 1;
	if (!process_signal_at_parent_end(getppid(), SIGTERM))
		return 2;
	prctl(PR_GET_PDEATHSIG, &signal);
	return signal == SIGTERM ? 0 : 3;
}

static void each_does_what_it_says(void **state)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} checks[] = {
		{"hide memory", hide},
		{"close descriptors", close_from},
		{"fill standard descriptors", fill},
		{"replace a descriptor", replace},
		{"inherit nothing", inherit_nothing},
		{"unblock signals", unblock},
		{"watch the parent", watch_parent},
	};

	(void)state;
	if (is_emulated())
		return; /* an emulator has descriptors of its own */
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		int status;
		const pid_t child = fork();

		if (child == 0)
			_exit(checks[i].run());
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("%s: status %#x", checks[i].name, (unsigned)status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_does_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
