#pragma once

#include "client/target.h"

#include <sys/types.h>

/* How a target is reached by ssh(1), the user's own. */
struct ssh {
	const struct target *target; /* names a host for it */
	const char *command;	     /* what to run, for a shell; NULL: ssh */
};

enum { SSH_PORT_SIZE = 8 };

/*
 * Starts ssh with options (NULL behind the last one) and the host. ends become
 * its descriptors 0 to 2, and it gets no other. Returns 0, with ret_pid for
 * ssh_end(), or an error number.
 */
int ssh_run(const struct ssh *ssh, const char *const *options,
	const int ends[3], pid_t *ret_pid);

/* Ends it, if it still runs, and all that it started. */
void ssh_end(pid_t pid);

/*
 * Finds the port of ssh on the target: the one that it names, or what ssh takes
 * from its configuration ("ssh -G"), or 22.
 */
void ssh_port(const struct ssh *ssh, char ret_port[SSH_PORT_SIZE]);
