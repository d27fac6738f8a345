#pragma once

#include "client/ssh.h"
#include "common/failure.h"

#include <sys/socket.h>

/*
 * A way to a worker that listens on its host's loopback only: ssh(1) of the
 * user's own, with -W, in a process behind a socket.
 */
struct tunnel;

/*
 * Prepares a tunnel: returns it, and at ret_address where to connect to, a
 * unix socket; NULL with failure set.
 */
struct tunnel *tunnel_open(struct sockaddr *ret_address, socklen_t *ret_size,
	struct failure *failure);

/* Once this process has connected: starts ssh at the other end. */
bool tunnel_start(
	struct tunnel *tunnel, const struct ssh *ssh, struct failure *failure);

/*
 * Adds ssh's last words to a failure, if there are some; before the answer had
 * begun they take its place.
 */
void tunnel_explain(struct tunnel *tunnel, bool begun, struct failure *failure);

/* Ends ssh, if it still runs, and all that it started. Takes NULL. */
void tunnel_close(struct tunnel *tunnel);
