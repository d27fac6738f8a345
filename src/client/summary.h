/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/notices.h"
#include "client/once.h"
#include "client/source_snapshot.h"

/* Lists the targets whose capture has not begun. */
void summary_list_waiting(
	const struct source_snapshot *sources, unsigned count, struct label_list *ret_labels);

/*
 * Reports the counts of each target, as tcpdump does at its end, and the number
 * of packets written. pending of these have not reached the reader or the disk.
 */
void summary_print_counts(
	const struct source_snapshot *sources, unsigned count, uint64_t written, uint64_t pending);

/* Reports what -once has left out; once NULL: it is off. */
void summary_print_once(const struct once *once);

/* Warns of every loss. Returns whether packets are missing; late ones are not. */
bool summary_warn_of_losses(const struct source_snapshot *sources, unsigned count);

/*
 * Warns of packets that had arrived and did not reach the reader. pending of
 * them are in the output's buffer.
 */
void summary_warn_of_unwritten(
	const struct source_snapshot *sources, unsigned count, uint64_t pending);
