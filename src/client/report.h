#pragma once

#include "client/members.h"

#include <stdint.h>

/*
 * Writes the labels of targets that have not answered yet into out: a few, and
 * how many more.
 */
void report_waiting(const struct members *members, char *out, size_t size);

/* Says what came of each target, as tcpdump does at its end. */
void report_end(const struct members *members, uint64_t written);

/*
 * Says how many packets had arrived and did not reach the reader, if any:
 * pending of them had got as far as the output.
 */
void report_unwritten(const struct members *members, uint64_t pending);
