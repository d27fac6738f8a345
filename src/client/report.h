#pragma once

#include "client/members.h"

/*
 * Writes the labels of targets that have not answered yet into out: a few, and
 * how many more.
 */
void report_waiting(const struct members *members, char *out, size_t size);

/*
 * Says what came of each target, as tcpdump does at its end, and how many
 * packets were written; pending of these have not reached the reader, or the
 * disk.
 */
void report_counts(
	const struct members *members, uint64_t written, uint64_t pending);

/* Warns of every loss. */
void report_losses(const struct members *members);

/*
 * Says how many packets had arrived and did not reach the reader, if any:
 * pending of them had got as far as the output.
 */
void report_unwritten(const struct members *members, uint64_t pending);
