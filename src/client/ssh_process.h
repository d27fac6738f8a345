/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/target.h"

#include <sys/types.h>

/* How to run the user's ssh(1) for a target. */
struct ssh_process {
	const struct target *target; /* with host, port and user */
	const char *command;	     /* a shell command; NULL: ssh */
	const char *remote;	     /* to run there, in plain words; NULL: nothing */
};

enum { SSH_PORT_SIZE = 8 };

/*
 * Starts ssh with options (the last one is NULL) and the host. fds become its
 * descriptors 0 to 2; it inherits no others. Returns 0, with ret_pid for
 * child_process_end(), or an error number.
 */
int ssh_process_start(const struct ssh_process *ssh, const char *const *options, const int fds[3],
	pid_t *ret_pid);

/*
 * Finds the port of the target's sshd: the target's ssh_port, or that of ssh's
 * configuration ("ssh -G"), or 22.
 */
void ssh_process_find_port(const struct ssh_process *ssh, char ret_port[SSH_PORT_SIZE]);
