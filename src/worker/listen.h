/* SPDX-License-Identifier: MIT */
#pragma once

#include "worker/settings.h"

/* Serves one connection; with is_over_limit it gets only a 503. */
typedef int listen_serve(int fd, const struct settings *settings, bool is_over_limit);

/*
 * Accepts until SIGTERM or SIGINT, one child per connection, then ends the
 * children and closes fd; before that, it removes the socket of -listen unix:.
 * Returns the exit status.
 */
int listen_run(int fd, const struct settings *settings, listen_serve *serve);
