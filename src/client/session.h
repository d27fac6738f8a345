#pragma once

#include "client/arguments.h"
#include "client/output.h"
#include "common/failure.h"

/*
 * Captures on all targets and writes one stream, until it is over or somebody
 * ends it; then tells what came of each target on stderr. Returns the exit
 * status: 0 all well, 1 nothing was captured or the output failed, 2 some
 * target failed, ended early, or was behind at the end. With 1, failure says
 * why, unless that has been said.
 */
int session_run(const struct arguments *arguments, struct output *output,
	struct failure *failure);
