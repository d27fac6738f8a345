/* SPDX-License-Identifier: MIT */
#pragma once

#include "worker/settings.h"

/*
 * Serves one connection, from request to last byte, and closes it. With
 * is_over_limit each valid request gets a 503: too many captures run already.
 * Reports to the journal. Returns the exit status: 1 if the worker itself is at
 * fault (status 500, or no memory to begin with), otherwise 0.
 */
int handler_serve(int fd, const struct settings *settings, bool is_over_limit);
