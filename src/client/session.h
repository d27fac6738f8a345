/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"
#include "common/error.h"

/*
 * Captures on all targets and writes one stream, until it is over or the user
 * ends it; then prints a summary to stderr, and writes the report of -report.
 * Asks for the passphrase of -key, which it stores in options. Returns the exit
 * status:
 *
 *     0  all is well
 *     1  nothing was captured, or the output or the report failed; error is set
 *        unless the reason has been printed
 *     2  packets are missing: a target failed, ended early, had an outage,
 *        lagged at the end, or dropped packets
 */
int session_run(struct options *options, struct error *error);
