/* SPDX-License-Identifier: MIT */
/*
 * Attributes of this process that both programs set. In: a process as it was
 * started. Out: hidden memory, unblocked signals, an end with its parent.
 */
#include "common/process.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
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
