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

/*
 * Writes the capture that settings->capture asks for to fd, a pipe, a file or a socket
 * whose other end reads: without HTTP, for the user who started this process. Returns the
 * exit status: 1 with an error on stderr if it was refused or has failed.
 */
int handler_capture(int fd, const struct settings *settings);
