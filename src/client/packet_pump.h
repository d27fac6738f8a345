/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/capture_file.h"
#include "client/event_loop.h"
#include "client/merge.h"
#include "client/once.h"
#include "client/outputs.h"
#include "client/packet_delay.h"
#include "client/sources.h"
#include "client/split_files.h"
#include "client/status_line.h"

#include <stdbool.h>
#include <stdint.h>

/* What moves packets from the merge to the output. Times in ms are those of clock_ms(). */
struct packet_pump {
	struct event_loop *loop;
	struct sources *sources;
	struct merge *merge;
	struct capture_file *file;
	struct packet_delay *delay; /* of -paths; NULL: none */
	struct split_files *split;  /* of -split; NULL: none */
	struct once *once;	    /* of -once; NULL: none */
	struct outputs *outputs;
	struct status_line *status;
	uint64_t counters_due_ms;  /* when to look at the counters next */
	uint64_t blocked_since_ms; /* the output; 0: it is not blocked */
	uint64_t watermark_due_ms; /* when to write the next one at the latest */
	bool losses_are_noted;	   /* at the end of the file */
};

/*
 * Writes the packets that may leave, as far as the output accepts them, and resumes
 * sources whose queues have space. To be called after each event, once the file has
 * started. Returns as merge_pump() does.
 */
int packet_pump_run(struct packet_pump *pump);

/* Writes what is buffered, as far as the output accepts it. */
void packet_pump_flush(struct packet_pump *pump);

/*
 * Writes the packets that have arrived, then the end of the file, as far as the output
 * accepts them. Returns whether nothing is left.
 */
bool packet_pump_drain(struct packet_pump *pump);
