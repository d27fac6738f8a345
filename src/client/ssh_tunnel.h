/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/ssh_process.h"
#include "common/error.h"

#include <sys/socket.h>

/*
 * A connection to a worker on its host's loopback: a socket that the user's
 * ssh(1) forwards with -W.
 */
struct ssh_tunnel;

/*
 * Returns a tunnel, and in ret_address the unix socket to connect to, or NULL
 * with error set.
 */
struct ssh_tunnel *ssh_tunnel_open(
	struct sockaddr *ret_address, socklen_t *ret_size, struct error *error);

/* Starts ssh, after this process has connected. Returns false with error set. */
bool ssh_tunnel_start(
	struct ssh_tunnel *tunnel, const struct ssh_process *ssh, struct error *error);

/*
 * Adds the last line of ssh's stderr to error, if there is one; it replaces the
 * error if no response has begun.
 */
void ssh_tunnel_explain(struct ssh_tunnel *tunnel, bool has_response, struct error *error);

/* Terminates ssh with all its children. Accepts NULL. */
void ssh_tunnel_free(struct ssh_tunnel *tunnel);
