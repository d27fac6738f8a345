/* SPDX-License-Identifier: MIT */
#pragma once

#include "worker/settings.h"

/*
 * Writes the capture that settings->capture asks for to fd, a pipe, a file or a socket
 * whose other end reads: without HTTP, for the user who started this process. Returns the
 * exit status: 1 with an error on stderr if it was refused or has failed.
 */
int pipe_capture_serve(int fd, const struct settings *settings);
