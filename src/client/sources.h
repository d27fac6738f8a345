/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/source.h"
#include "client/source_snapshot.h"
#include "client/start_waves.h"

/* All sources of a run. */
struct sources {
	struct source_common common;
	struct source *list;
	unsigned count;
	struct source_snapshot *snapshots; /* of all, see sources_snapshots() */
	struct start_waves waves;
	uint64_t silence_check_ms; /* when to look next for silent sources */
	uint64_t linktype_by_ms;   /* the latest time to choose it; 0: not set */
};

/*
 * Begins to connect all targets of the options. common has options, loop, merge,
 * interfaces and notices, which stay the caller's. False: out of memory or
 * descriptors. In both cases sources_stop() and sources_cleanup() follow.
 */
bool sources_start(struct sources *sources, const struct source_common *common);

/* Ends all feeds; accepts a struct that is all zero. */
void sources_stop(struct sources *sources);

/*
 * Frees all. To be called after event_loop_free(): connections may use the
 * sources until then.
 */
void sources_cleanup(struct sources *sources);

/*
 * Handles what has become due: sources whose turn to connect has come, feeds that have
 * ended or that have taken too long to begin, lost sources to reconnect, and silent ones to
 * warn of.
 */
void sources_handle_events(struct sources *sources);

/* When sources_handle_events() must run by itself: ms, or CLOCK_NEVER. */
uint64_t sources_due_ms(const struct sources *sources);

/*
 * Warns of captures that have begun without additions to their queries, because their
 * workers do not support these. To be called when the output begins, and after it.
 */
void sources_warn_of_left_out(struct sources *sources);

/* Resumes paused feeds whose queues have space again. */
void sources_resume(struct sources *sources);

/*
 * Asks the tcpdumps on hosts to end, which makes them report their counters. Returns
 * whether there are any; sources_are_ending() then tells of them.
 */
bool sources_ask_to_end(struct sources *sources);

/* Are some of these still running? What they report as a failure now is none. */
bool sources_are_ending(const struct sources *sources);

/*
 * The run is ended while sources still capture: warns of those whose last
 * packets have not come. Returns the number of them.
 */
unsigned sources_warn_of_lag(struct sources *sources);

/*
 * Adds the losses of all sources to the notes. To be called once, when the last
 * packet has left.
 */
void sources_note_losses(struct sources *sources);

/* Warns of the parts of each stream that the output omits. To be called once, at the end. */
void sources_report_omissions(struct sources *sources);

/*
 * Returns the values of all sources at now_ms (clock_ms()) and now_ns
 * (CLOCK_REALTIME): an array of sources->count, which belongs to sources and is
 * overwritten by the next call.
 */
const struct source_snapshot *sources_snapshots(
	struct sources *sources, uint64_t now_ms, uint64_t now_ns);
