/*
 * Standing on its own, without systemd. In: a listening socket. Out: one
 * child process for each connection.
 */
#include "worker/listen.h"

#include "common/clock.h"
#include "worker/address.h"
#include "worker/journal.h"
#include "worker/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

enum {
	END_MS = 5000,
	PAUSE_MS = 100, /* after accept found the process out of something */
};

struct listener {
	int fd;
	int signal_fd;
	pid_t *children;
	size_t child_count;
	const struct settings *settings;
	listen_serve *serve;
};

static void child_main(
	struct listener *listener, int fd, bool busy, pid_t parent)
{
	struct failure failure = {0};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(listener->fd);
	close(listener->signal_fd);
	if (!privilege_reduce(&failure)) {
		journal_line(LOG_ERR, "%s", failure.text);
		_exit(1);
	}
	/* nothing that captures outlives the listener */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	_exit(listener->serve(fd, listener->settings, busy));
}

static void accept_one(struct listener *listener)
{
	const size_t most = listener->settings->clients;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	pid_t self = getpid();
	pid_t pid;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
			errno == ENOBUFS)
			poll(NULL, 0, PAUSE_MS);
		return;
	}
	/* as many again are told that there is no room, in children, too */
	if (listener->child_count < 2 * most) {
		pid = fork();
		if (pid == 0)
			child_main(listener, fd, listener->child_count >= most,
				self);
		if (pid > 0)
			listener->children[listener->child_count++] = pid;
		if (pid < 0) {
			journal_line(
				LOG_ERR, "can't fork: %s", strerror(errno));
			poll(NULL, 0, PAUSE_MS);
		}
	}
	close(fd);
}

static void forget(struct listener *listener, pid_t pid)
{
	for (size_t i = 0; i < listener->child_count; i++)
		if (listener->children[i] == pid)
			listener->children[i] =
				listener->children[--listener->child_count];
}

static void reap(struct listener *listener)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/* it could not report its end itself */
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM)
			journal_line(LOG_ERR,
				"process %d, of one capture, was killed by "
				"signal %d",
				(int)pid, WTERMSIG(status));
		forget(listener, pid);
	}
}

/* Returns the signal that came, 0 if none has. */
static int take_signal(struct listener *listener)
{
	struct signalfd_siginfo info;

	if (read(listener->signal_fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo == SIGCHLD)
		reap(listener);
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
		if (poll(fds, 2, -1) < 0)
			continue;
		signal = fds[0].revents ? take_signal(listener) : 0;
		if (signal == SIGTERM || signal == SIGINT)
			return;
		if (fds[1].revents)
			accept_one(listener);
	}
}

static void signal_children(const struct listener *listener, int signal)
{
	for (size_t i = 0; i < listener->child_count; i++)
		kill(listener->children[i], signal);
}

/* Children end by themselves, unless a peer that hardly reads keeps them. */
static void end_children(struct listener *listener)
{
	struct pollfd fd = {.fd = listener->signal_fd, .events = POLLIN};
	const uint64_t deadline = clock_ms() + END_MS;

	signal_children(listener, SIGTERM);
	while (listener->child_count > 0 && clock_ms() < deadline) {
		poll(&fd, 1, PAUSE_MS);
		take_signal(listener);
	}
	signal_children(listener, SIGKILL);
	/* ours alone: exec may have left us children of somebody else */
	while (listener->child_count > 0)
		if (waitpid(*listener->children, NULL, 0) >= 0 ||
			errno != EINTR)
			forget(listener, *listener->children);
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
	/* a connection may be gone before accept() sees it */
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	listener.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	listener.children = calloc(
		(size_t)2 * settings->clients, sizeof(*listener.children));
	if (listener.signal_fd >= 0 && listener.children) {
		accept_until_signal(&listener);
		/* while it is ours: closed, a successor may have replaced it */
		if (settings->listen)
			address_remove(settings->listen);
		close(fd);
		fd = -1;
		end_children(&listener);
		status = 0;
	} else {
		journal_line(LOG_ERR, "can't listen: %s", strerror(errno));
	}
	free(listener.children);
	if (listener.signal_fd >= 0)
		close(listener.signal_fd);
	if (fd >= 0)
		close(fd);
	return status;
}
