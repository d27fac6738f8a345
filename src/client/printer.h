/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/print_text.h"
#include "common/error.h"

#include <sys/types.h>

/* The process that prints packets as text (-print). */
struct printer {
	pid_t pid; /* 0: none */
};

/*
 * Starts a process that reads pcapng and prints each packet to stdout, with the name of
 * its interface in front of each line. Returns the descriptor of the pipe to it, or -1
 * with error set: tcpdump is missing, for example.
 */
int printer_start(
	struct printer *printer, const struct print_text_options *options, struct error *error);

/*
 * Waits until it has printed everything, or nobody reads that; its pipe is closed. False:
 * it failed, and has printed the reason.
 */
bool printer_wait(struct printer *printer);
