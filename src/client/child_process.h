/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * Starts a program, which is found as by execvp(3), as the leader of a session of its
 * own. fds become its descriptors 0 to 2; it inherits no others. It receives SIGTERM
 * when this process ends. Returns 0, with ret_pid for child_process_end(), or an error
 * number.
 */
int child_process_start(const char *const *argv, const int fds[3], pid_t *ret_pid);

/* How a process ended. */
struct child_exit {
	bool by_signal;
	int number; /* of the signal, or the exit status */
};

/* Has a process ended? It still is for child_process_end(). */
bool child_process_has_ended(pid_t pid, struct child_exit *ret_exit);

/* Terminates the process group, as far as it still runs, and waits for its leader. */
void child_process_end(pid_t pid);
