/*
 * Signals. In: what the user or the system sends. Out: a flag, and a readable
 * descriptor. A handler has nothing but statics, so they are here.
 */
#include "client/interrupt.h"

#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t count;
static volatile sig_atomic_t asked;
static volatile sig_atomic_t wake_fd = -1;

static void on_signal(int signal)
{
	const uint64_t one = 1;

	if (signal == SIGUSR1)
		asked = 1;
	else if (count++ > 0)
		_exit(128 + signal);
	if (write(wake_fd, &one, sizeof(one)) < 0)
		return; /* it is awake already */
}

int interrupt_catch(void)
{
	/* without SA_RESTART, so that a blocked write ends, too */
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction before;

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigemptyset(&action.sa_mask);
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
	return count > 0;
}

bool interrupt_asked(void)
{
	bool was = asked;

	asked = 0;
	return was;
}
