/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/clock_offset.h"
#include "client/interface_table.h"
#include "client/notices.h"
#include "client/options.h"
#include "client/path_events.h"
#include "client/path_own_flows.h"
#include "client/path_reports.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The paths of -paths: which way the packets of all targets took, and where they were lost.
 * Fed by the streams (what each capture covers) and by the merge (packets in order).
 * Functions accept NULL, and then do nothing: -paths is off.
 */
struct paths;

/* What paths needs of a run. */
struct paths_plan {
	const struct options *options;
	const struct interface_table *interfaces;
	struct notices *notices;
	unsigned targets;
};

/* NULL: out of memory, or no random numbers. */
struct paths *paths_new(const struct paths_plan *plan);

void paths_free(struct paths *paths);

/* Sets what receives that nothing of a packet was seen after a place. */
void paths_on_last_seen(struct paths *paths, path_last_seen_receiver *receiver, void *context);

/* Returns for how long a packet may be under way: it grows when a clock becomes known. */
uint64_t paths_window_ns(const struct paths *paths);

/* A packet of a target's stream has come; time is that of its timestamp in the output. */
void paths_arrived(struct paths *paths, unsigned target, uint64_t time_ns);

/* The same for counters, or a watermark. */
void paths_statistics(struct paths *paths, unsigned target, const struct statistics *statistics);

/* A target's stream has ended, or was lost. */
void paths_stream_ended(struct paths *paths, unsigned target);

/* For -align-traffic: returns what a time of a target's stream is corrected to at present. */
uint64_t paths_align_time(const struct paths *paths, unsigned target, uint64_t time_ns);

/* The same of a packet that has come. */
uint64_t paths_align_packet(struct paths *paths, unsigned target, uint64_t time_ns);

/* The same of a watermark that has come. */
uint64_t paths_align_watermark(struct paths *paths, unsigned target, uint64_t time_ns);

/*
 * The offset of a target's clock from the local one was estimated. To be called before the
 * first packet of its stream.
 */
void paths_clock(struct paths *paths, unsigned target, const struct clock_offset *offset);

/* A target's stream will come by this connection, whose packets are not followed. */
void paths_connection(struct paths *paths, unsigned target, const struct path_own_end *local,
	const struct path_own_end *peer);

/* The output begins: all targets have interfaces that are there in time. */
void paths_output_begins(struct paths *paths);

/*
 * Adds a packet in the order of the output; paths must not be NULL. number is its number
 * there, from 1. Returns the number of the same packet's first sight.
 */
uint64_t paths_add(
	struct paths *paths, unsigned target, const struct packet *packet, uint64_t number);

/*
 * Returns a timestamp, or a time a little after the local one if that is earlier: a host whose
 * clock is years ahead must not end or hold up the packets of all others.
 */
uint64_t paths_plausible_ns(uint64_t time_ns);

/* The merge has come up to this time. */
void paths_advance(struct paths *paths, uint64_t now_ns);

/* No packet follows. A second call does nothing. */
void paths_finish(struct paths *paths);

/* Prints the table for people. */
void paths_print(const struct paths *paths, FILE *out);

/* Prints the members of the object "paths" of the JSON report; paths must not be NULL. */
void paths_print_json(const struct paths *paths, FILE *out);
