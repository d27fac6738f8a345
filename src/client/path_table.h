/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_results.h"

#include <stdint.h>
#include <stdio.h>

/*
 * The results of the pairing: for each stretch, from one place to the next that is captured,
 * how many packets passed and were lost, and how long they took (one-way delay and loss,
 * RFC 7679 and RFC 7680); for flows that ended on the way, where; the clocks' differences.
 */
struct path_table;

/* NULL: out of memory. */
struct path_table *path_table_new(const struct path_names *names);

/* Accepts NULL. */
void path_table_free(struct path_table *table);

/* The pairing whose events come, once it exists. It stays the caller's. */
void path_table_set_pairing(struct path_table *table, const struct path_pairing *pairing);

/* The same for what routers translate; it explains endings. */
void path_table_set_translations(
	struct path_table *table, const struct path_translations *translations);

/* Ways are printed also if no two of them have the same ends. */
void path_table_list_all_ways(struct path_table *table);

/* The sink of a pairing that fills the table, but for last_seen, which is NULL. */
struct path_pairing_sink path_table_sink(struct path_table *table);

/*
 * The kernel of a target turned out to have dropped packets at an unknown time: losses on
 * stretches that end there are not certain any more.
 */
void path_table_doubt_target(struct path_table *table, unsigned target);

/*
 * A target's clock minus the local one is offset_ns, wrong by bound_ns at the most, at the
 * time at_ns of the local clock. Packets limit it further, or have it forgotten if they
 * contradict it, because a clock was set.
 */
void path_table_set_clock(struct path_table *table, unsigned target, int64_t offset_ns,
	uint64_t bound_ns, uint64_t at_ns);

/*
 * No event follows. Until then, the delays between two hosts are those of windows that are
 * complete (PATH_CLOCK_WINDOW_MS).
 */
void path_table_finish(struct path_table *table);

/* The clocks of the targets that exchange packets. */
const struct path_pairs *path_table_pairs(const struct path_table *table);

/* Prints the table, for people; columns is the width of the terminal, or 0. */
void path_table_print(const struct path_table *table, FILE *out, unsigned columns);

/* Prints the same as the members of a JSON object (without its braces), for -report. */
void path_table_print_json(const struct path_table *table, FILE *out);
