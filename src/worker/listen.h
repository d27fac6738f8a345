#pragma once

#include "worker/settings.h"

/* Serves one connection; busy: nothing but a 503 is to be had. */
typedef int listen_serve(int fd, const struct settings *settings, bool busy);

/*
 * Accepts until SIGTERM or SIGINT, one child per connection, then ends the
 * children and closes fd; before that, it removes the socket of -listen unix:.
 * Returns the exit status.
 */
int listen_run(int fd, const struct settings *settings, listen_serve *serve);
