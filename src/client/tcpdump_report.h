/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/packet.h"

#include <stdbool.h>

enum { TCPDUMP_LINE_MAX = 256 };

/* What ssh, sudo and tcpdump write to stderr. All zero: nothing yet. */
struct tcpdump_report {
	struct statistics counters;    /* valid: those that have come */
	char reason[TCPDUMP_LINE_MAX]; /* the last line that names its program */
};

/*
 * Handles a line of stderr, which is printable. True: it is one of tcpdump's usual lines
 * at its start and its end, which are not for the user.
 */
bool tcpdump_report_add(struct tcpdump_report *report, const char *line);

/* Describes the exit status of the script, other than 0. Returns false with error set. */
bool tcpdump_report_exit(const struct tcpdump_report *report, int status, struct error *error);
