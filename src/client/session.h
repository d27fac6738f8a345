/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"
#include "client/output.h"
#include "common/error.h"

/*
 * Captures on all targets and writes one stream, until it is over or the user
 * ends it; then prints a summary to stderr. Returns the exit status:
 *
 *     0  all is well
 *     1  nothing was captured, or the output failed; error is set unless the
 *        reason has been printed
 *     2  packets are missing: a target failed, ended early, had an outage,
 *        lagged at the end, or dropped packets
 */
int session_run(const struct options *options, struct output *output, struct error *error);
