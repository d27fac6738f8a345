/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/tcpdump_query.h"

/* Exit statuses of the script, besides those of tcpdump and sudo. */
enum {
	TCPDUMP_SCRIPT_NO_CONNECTION = 121, /* SSH_CONNECTION is not set */
	TCPDUMP_SCRIPT_NO_TCPDUMP = 122,
	TCPDUMP_SCRIPT_NO_SUDO = 123,
};

/*
 * Returns a script for a POSIX shell that reads it from stdin, on a host to which ssh has
 * connected, for free(); NULL: out of memory. It runs tcpdump until stdin ends.
 */
char *tcpdump_script_make(const struct tcpdump_query *query);

/* The same, to list the host's interfaces on stdout: tcpdump -D. */
extern const char tcpdump_script_list[];
