#pragma once

#include "worker/settings.h"

/*
 * Serves one connection, from request to last byte, and closes it; busy: with
 * nothing but a 503, because there is no room. Returns the exit status: 1 for
 * faults of the worker's own, 0 for all others.
 */
int serve_connection(int fd, const struct settings *settings, bool busy);
