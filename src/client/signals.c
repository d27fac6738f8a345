/* SPDX-License-Identifier: MIT */
/*
 * Signal handling. In: signals. Out: flags, and a readable descriptor. A signal
 * handler has no context, so its state is in statics.
 */
#include "client/signals.h"

#include "common/clock.h"

#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* timeout(1) signals its child and then the group: that is one request */
enum { SAME_SIGNAL_MS = 200 };

static volatile sig_atomic_t stop_requested;
static uint64_t first_stop_ms; /* used by the handler only */
static volatile sig_atomic_t status_requested;
static volatile sig_atomic_t wake_fd = -1;

static void on_signal(int signal)
{
	const uint64_t one = 1;

	if (signal == SIGUSR1)
		status_requested = 1;
	else if (!stop_requested)
		first_stop_ms = clock_ms();
	else if (clock_ms() >= first_stop_ms + SAME_SIGNAL_MS)
		_exit(128 + signal);
	stop_requested = stop_requested || signal != SIGUSR1;
	if (write(wake_fd, &one, sizeof(one)) < 0)
		return; /* already readable */
}

int signals_open(void)
{
	/* without SA_RESTART, so that a signal interrupts a blocked write */
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction before;

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigfillset(&action.sa_mask); /* one handler at a time */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGHUP, &action, &before);
	if (before.sa_handler == SIG_IGN)
		signal(SIGHUP, SIG_IGN); /* nohup(1) */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write that exceeds ulimit -f fails */
	return wake_fd;
}

bool signals_stop_requested(void)
{
	return stop_requested;
}

bool signals_clear_status_request(void)
{
	const bool was_requested = status_requested;

	status_requested = 0;
	return was_requested;
}
