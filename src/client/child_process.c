/* SPDX-License-Identifier: MIT */
/*
 * Programs that ddump runs. In: a command line and three descriptors. Out: a process,
 * and its end.
 *
 * A program runs in its own session: it has no terminal for prompts, Ctrl-C does not
 * end it before ddump has drained the stream, and one signal ends its children.
 * The kernel ends it with ddump, even if ddump is killed.
 */
#include "client/child_process.h"

#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TERMINATE_MS = 200, /* between SIGTERM and SIGKILL */
	STEP_MS = 1,
	NOT_STARTED = 127, /* exit status, as of a shell */
};

static void reset_signal_handlers(void)
{
	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
}

static bool set_descriptors(const int fds[3])
{
	for (int fd = 0; fd < 3; fd++)
		if (fds[fd] == fd ? fcntl(fd, F_SETFD, 0) < 0 : dup2(fds[fd], fd) < 0)
			return false;
	return true;
}

/*
 * The child, from fork(2) to exec: reports the error number if it gets no further.
 * Other threads may have held locks, so it calls async-signal-safe functions only.
 */
static void run_child(const char *const *argv, const int fds[3], pid_t parent, int report)
{
	int error_number;

	setsid();
	reset_signal_handlers();
	if (process_signal_at_parent_end(parent, SIGTERM) && set_descriptors(fds)) {
		process_unblock_signals();
		execvp(argv[0], (char *const *)argv);
	}
	error_number = errno;
	if (write(report, &error_number, sizeof(error_number)) < 0)
		_exit(NOT_STARTED);
	_exit(NOT_STARTED);
}

/* Returns the error number that a child reports; 0: its program runs. */
static int read_report(int fd)
{
	int error_number = 0;
	ssize_t size;

	do
		size = read(fd, &error_number, sizeof(error_number));
	while (size < 0 && errno == EINTR);
	return size == (ssize_t)sizeof(error_number) ? error_number : 0;
}

int child_process_start(const char *const *argv, const int fds[3], pid_t *ret_pid)
{
	const pid_t parent = getpid();
	sigset_t all;
	sigset_t before;
	int report[2];
	int error_number;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) != 0)
		return errno;
	process_close_on_exec();
	/* no handler of this process may run in the child */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	error_number = pid < 0 ? errno : 0;
	if (pid == 0)
		run_child(argv, fds, parent, report[1]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(report[1]);
	if (!error_number)
		error_number = read_report(report[0]);
	close(report[0]);
	if (error_number && pid > 0)
		waitpid(pid, NULL, 0);
	else
		*ret_pid = pid;
	return error_number;
}

bool child_process_has_ended(pid_t pid, struct child_exit *ret_exit)
{
	siginfo_t info = {0};

	/* its id stays that of its group, until child_process_end() */
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != pid)
		return false;
	*ret_exit = (struct child_exit){
		.by_signal = info.si_code != CLD_EXITED,
		.number = info.si_status,
	};
	return true;
}

void child_process_end(pid_t pid)
{
	struct child_exit unused;

	kill(-pid, SIGTERM);
	for (int ms = 0; ms < TERMINATE_MS && !child_process_has_ended(pid, &unused); ms += STEP_MS)
		poll(NULL, 0, STEP_MS);
	/*
	 * A child that was forked while the signal was blocked has not received it. The
	 * leader forks no more, and until it is waited for, the group keeps its number.
	 */
	kill(-pid, child_process_has_ended(pid, &unused) ? SIGTERM : SIGKILL);
	waitpid(pid, NULL, 0);
}
