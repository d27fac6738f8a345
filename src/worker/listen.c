/* SPDX-License-Identifier: MIT */
/*
 * Accepts connections without systemd. In: a listening socket. Out: one child
 * process for each connection.
 */
#include "worker/listen.h"

#include "common/clock.h"
#include "common/process.h"
#include "worker/journal.h"
#include "worker/listen_address.h"
#include "worker/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

enum {
	END_MS = 5000,
	PAUSE_MS = 100,	   /* after accept() or fork() lacked a resource */
	REPORT_MS = 10000, /* between two reports of refused connections */
};

struct listener {
	int fd;
	int signal_fd;
	pid_t *children;
	size_t child_count;
	unsigned refused;   /* connections over the limit since the last report */
	uint64_t report_at; /* ms: earliest time of the next report */
	const struct settings *settings;
	listen_serve *serve;
};

static void replace_fd(int fd, const char *path, int flags)
{
	int own = open(path, flags | O_NOCTTY | O_CLOEXEC);

	if (own < 0)
		return;
	dup2(own, fd);
	close(own);
}

/*
 * Detaches from the terminal: by TIOCSTI a compromised child could type commands
 * into the shell there. Reports still go to it.
 */
static void leave_terminal(void)
{
	setsid();
	replace_fd(STDIN_FILENO, "/dev/null", O_RDONLY);
	replace_fd(STDOUT_FILENO, "/dev/null", O_WRONLY);
	if (isatty(STDERR_FILENO))
		replace_fd(STDERR_FILENO, "/proc/self/fd/2", O_WRONLY);
}

static void child_main(struct listener *listener, int fd, bool is_over_limit, pid_t parent)
{
	struct error error = {0};

	process_unblock_signals();
	close(listener->fd);
	close(listener->signal_fd);
	leave_terminal();
	if (!privileges_keep_net_raw(&error)) {
		journal_line(LOG_ERR, "%s", error.text);
		_exit(1);
	}
	/* no capture outlives the listener */
	if (!process_signal_at_parent_end(parent, SIGTERM))
		_exit(0);
	_exit(listener->serve(fd, listener->settings, is_over_limit));
}

/* Limits the rate of reports during a flood of connections. */
static void report_refused(struct listener *listener)
{
	const uint64_t now = clock_ms();

	if (listener->refused == 0 || now < listener->report_at)
		return;
	journal_line(LOG_NOTICE,
		"refused %u connection%s: %u captures run, the limit of "
		"-max-clients",
		listener->refused, listener->refused == 1 ? "" : "s", listener->settings->clients);
	listener->refused = 0;
	listener->report_at = now + REPORT_MS;
}

/* Returns the ms until the next report is due; -1: none is. */
static int report_timeout(const struct listener *listener)
{
	const uint64_t now = clock_ms();

	if (listener->refused == 0)
		return -1;
	return now < listener->report_at ? (int)(listener->report_at - now) : 0;
}

static void accept_one(struct listener *listener)
{
	const size_t limit = listener->settings->clients;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	pid_t self = getpid();
	pid_t pid;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			poll(NULL, 0, PAUSE_MS);
		return;
	}
	if (listener->child_count >= limit)
		listener->refused++;
	/* children also send the 503 to as many again; further ones are closed */
	if (listener->child_count < 2 * limit) {
		pid = fork();
		if (pid == 0)
			child_main(listener, fd, listener->child_count >= limit, self);
		if (pid > 0)
			listener->children[listener->child_count++] = pid;
		if (pid < 0) {
			journal_line(LOG_ERR, "cannot fork: %s", strerror(errno));
			poll(NULL, 0, PAUSE_MS);
		}
	}
	close(fd);
}

static void remove_child(struct listener *listener, pid_t pid)
{
	for (size_t i = 0; i < listener->child_count; i++)
		if (listener->children[i] == pid)
			listener->children[i] = listener->children[--listener->child_count];
}

static void reap_children(struct listener *listener)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/* the child could not report this itself */
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM)
			journal_line(LOG_ERR, "process %d of a capture was killed by signal %d",
				(int)pid, WTERMSIG(status));
		remove_child(listener, pid);
	}
}

/* Returns the signal received, 0 if there is none. */
static int read_signal(struct listener *listener)
{
	struct signalfd_siginfo info;

	if (read(listener->signal_fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo == SIGCHLD)
		reap_children(listener);
	return (int)info.ssi_signo;
}

static void accept_until_signal(struct listener *listener)
{
	struct pollfd fds[] = {
		{.fd = listener->signal_fd, .events = POLLIN},
		{.fd = listener->fd, .events = POLLIN},
	};
	int signal;

	for (;;) {
		report_refused(listener);
		if (poll(fds, 2, report_timeout(listener)) < 0)
			continue;
		signal = fds[0].revents ? read_signal(listener) : 0;
		if (signal == SIGTERM || signal == SIGINT)
			break;
		if (fds[1].revents)
			accept_one(listener);
	}
	listener->report_at = 0;
	report_refused(listener);
}

static void signal_children(const struct listener *listener, int signal)
{
	for (size_t i = 0; i < listener->child_count; i++)
		kill(listener->children[i], signal);
}

/* Ends the children; a peer that does not read may delay one for some time. */
static void end_children(struct listener *listener)
{
	struct pollfd fd = {.fd = listener->signal_fd, .events = POLLIN};
	const uint64_t deadline = clock_ms() + END_MS;

	signal_children(listener, SIGTERM);
	while (listener->child_count > 0 && clock_ms() < deadline) {
		poll(&fd, 1, PAUSE_MS);
		read_signal(listener);
	}
	signal_children(listener, SIGKILL);
	/* only these: exec() may have left this process other children */
	while (listener->child_count > 0)
		if (waitpid(*listener->children, NULL, 0) >= 0 || errno != EINTR)
			remove_child(listener, *listener->children);
}

int listen_run(int fd, const struct settings *settings, listen_serve *serve)
{
	struct listener listener = {
		.fd = fd,
		.settings = settings,
		.serve = serve,
	};
	sigset_t signals;
	int status = 1;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* a connection may be gone before accept() is called */
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	listener.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	listener.children = calloc((size_t)2 * settings->clients, sizeof(*listener.children));
	if (listener.signal_fd >= 0 && listener.children) {
		accept_until_signal(&listener);
		/* before it is closed: after that, it may be the one of a successor */
		if (settings->listen)
			listen_address_remove(settings->listen);
		close(fd);
		fd = -1;
		end_children(&listener);
		status = 0;
	} else {
		journal_line(LOG_ERR, "cannot listen: %s", strerror(errno));
	}
	free(listener.children);
	if (listener.signal_fd >= 0)
		close(listener.signal_fd);
	if (fd >= 0)
		close(fd);
	return status;
}
