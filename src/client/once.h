/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/interface_table.h"
#include "client/merge.h"
#include "client/notices.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The stage of -once, between the merge and the output: of each connection it passes on what
 * one place saw, see once_connection.h, and leaves out the other sights. Packets that belong to
 * no connection, see once_key.h, are all passed on. Memory is bounded; what it is not enough
 * for is passed on.
 *
 * Packets leave in the order in which they came. While one waits for a decision, those after
 * it wait, too.
 */
struct once;

struct once_plan {
	struct merge_sink sink;			      /* for what is passed on */
	void (*fail)(void *file, const char *reason); /* ends the run */
	void *file;				      /* for fail() */
	const struct interface_table *interfaces;
	struct notices *notices;
	unsigned targets;
	const char *name; /* of -once-at: LABEL or LABEL:INTERFACE; NULL: none */
};

struct once_counts {
	uint64_t written;
	uint64_t left_out;
	uint64_t unconnected; /* of written: packets of no connection */
	uint64_t unchecked;   /* of written: there was no memory to choose */
	uint64_t in_doubt;    /* of left_out: perhaps not seen at the place that was chosen */
	uint64_t connections;
	uint64_t split;	    /* of connections: packets of several places were written */
	uint64_t elsewhere; /* of connections: the name of -once-at is not their place */
};

/* NULL: out of memory, or no random numbers. */
struct once *once_new(const struct once_plan *plan);

/* Accepts NULL. */
void once_free(struct once *once);

/* Receives a packet, for struct merge_sink; context is the struct once. False: not now. */
bool once_packet(void *context, unsigned target, const struct packet *packet);

/* The same for a block, which does not wait. */
bool once_block(void *context, unsigned target, const unsigned char *bytes, size_t size);

/*
 * Passes on the packets that have waited long enough. The merge has come up to time_ns; 0:
 * that is not known, and they wait by the clock of now_ms.
 */
void once_advance(struct once *once, uint64_t time_ns, uint64_t now_ms);

/* When to call it again at the latest, if the merge does not come on: ms, or CLOCK_NEVER. */
uint64_t once_due_ms(const struct once *once);

/* Returns up to which time all packets have been passed on, if the merge has come to time_ns. */
uint64_t once_promise(const struct once *once, uint64_t time_ns);

/*
 * Warns once if a host has dropped packets, of which others' sights were left out. To be
 * called from time to time.
 */
void once_check_drops(struct once *once);

/*
 * No packet follows: passes on what waits, and warns of what may be missing. False: the sink
 * does not accept it now; call it again.
 */
bool once_finish(struct once *once);

struct once_counts once_counts(const struct once *once);

/* Returns how many packets of a target were left out; 0 if once is NULL. */
uint64_t once_left_out(const struct once *once, unsigned target);

/* The same for those that wait. */
uint64_t once_waiting(const struct once *once, unsigned target);
