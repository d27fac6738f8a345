/*
 * Signals. In: what the user or the system sends. Out: a flag, and a readable
 * descriptor. A handler has nothing but statics, so they are here.
 */
#include "client/interrupt.h"

#include "common/clock.h"

#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* timeout(1) signals its child, and then the group: that is one interrupt */
enum { SAME_MS = 200 };

static volatile sig_atomic_t came;
static uint64_t first; /* ms: when; for the handler alone */
static volatile sig_atomic_t asked;
static volatile sig_atomic_t wake_fd = -1;

static void on_signal(int signal)
{
	const uint64_t one = 1;

	if (signal == SIGUSR1)
		asked = 1;
	else if (!came)
		first = clock_ms();
	else if (clock_ms() >= first + SAME_MS)
		_exit(128 + signal);
	came = came || signal != SIGUSR1;
	if (write(wake_fd, &one, sizeof(one)) < 0)
		return; /* it is awake already */
}

int interrupt_catch(void)
{
	/* without SA_RESTART, so that a blocked write ends, too */
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction before;

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigfillset(&action.sa_mask); /* one at a time */
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

bool interrupt_came(void)
{
	return came;
}

bool interrupt_asked(void)
{
	bool was = asked;

	asked = 0;
	return was;
}
