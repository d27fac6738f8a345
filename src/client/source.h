/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/clock_offset.h"
#include "client/conversion_losses.h"
#include "client/event_loop.h"
#include "client/feed.h"
#include "client/host_names.h"
#include "client/interface_table.h"
#include "client/merge.h"
#include "client/notices.h"
#include "client/once.h"
#include "client/options.h"
#include "client/outages.h"
#include "client/paths.h"
#include "client/refusals.h"

#include <stdbool.h>
#include <stdint.h>

enum source_state {
	SOURCE_CONNECTING, /* for the first time */
	SOURCE_RUNNING,	   /* its capture has begun */
	SOURCE_LOST,	   /* -retry connects it again, now or later */
	SOURCE_OVER,	   /* it sends nothing more */
	SOURCE_STATES,
};

enum source_event {
	SOURCE_BEGINS, /* the first interface of a stream has come */
	SOURCE_FAILS,  /* the stream ended too early, or an attempt failed */
	SOURCE_ENDS,   /* the stream is complete */
};

struct packet_delay;

/* What all sources of a run share. Times in ms are those of clock_ms(). */
struct source_common {
	const struct options *options;
	struct event_loop *loop;
	struct merge *merge;
	struct interface_table *interfaces;
	struct notices *notices;
	struct host_names *names;	  /* NULL: not needed */
	struct paths *paths;		  /* NULL: off */
	struct once *once;		  /* the same */
	const struct packet_delay *delay; /* of -paths */
	struct refusals refusals;	  /* before the output begins */
	unsigned in_state[SOURCE_STATES];
	unsigned begun_count;	   /* captures that have begun, ever */
	unsigned missing_count;	   /* sources that never began and are over */
	unsigned failed_count;	   /* sources that failed at least once */
	unsigned paused_count;	   /* paused feeds, at most: some may have ended since */
	unsigned ended_count;	   /* feeds whose on_end was called, at most */
	uint64_t ended_due_ms;	   /* when to look at them next */
	uint64_t due_ms;	   /* not later than the first of the sources that have one */
	uint64_t missing_since_ms; /* the first of the missing; 0: none */
	uint64_t now_ms;	   /* when the present chunk came */
	bool output_blocked;	   /* the output accepts nothing at present */
	bool has_left_out;	   /* there are additions to the queries to warn of */
	bool linktype_chosen;
	uint32_t linktype; /* of a pcap output, once it is chosen */
};

enum { OUTAGE_TEXT_MAX = 512, SOURCE_TEXT_MAX = 256 };

/* One target under way. */
struct source {
	struct source_common *common;
	const struct target *target;
	unsigned index;
	enum source_state state;
	struct feed feed;
	struct handshakes handshakes; /* of its transfer */
	struct clock_offset clock_offset;
	struct clock_watch clock_watch;
	bool awaits_start; /* by start_waves.h */
	bool failed;	   /* at least once */
	bool is_ending;	   /* ddump has asked its program to end */
	bool ended;	   /* by itself, with a complete stream */
	bool is_refused;   /* for good: another attempt cannot succeed */
	bool is_worker;	   /* the answer, or the stream, comes from ddump-worker */
	bool is_pcap;	   /* the stream is a pcap, with one interface */
	bool has_sent;	   /* packets, of this link type: */
	uint32_t linktype;
	bool has_watermarks;
	/* since its drops were reported last: */
	bool was_paused;  /* its queue was full */
	bool was_blocked; /* the output was blocked while it was paused */
	struct conversion_losses omissions;
	unsigned left_out;	  /* additions to the query that its worker does not support */
	unsigned left_out_warned; /* those that were reported */
	/* for -retry: */
	unsigned attempt;	  /* the last one; 0: none since a steady stream */
	uint64_t due_ms;	  /* when to connect again, or to give an attempt up */
	uint64_t stream_began_ms; /* its last stream; 0: none has begun */
	uint64_t last_data_ms;
	uint64_t last_paused_ms; /* when its feed was last found paused, or ddump held up */
	bool is_silent;		 /* for so long that it was reported */
	uint64_t lost_since_ns;	 /* packets up to this time had come */
	unsigned outage_count;	 /* outages that have ended */
	struct outages outages;	 /* for the report */
	char loss_reason[SOURCE_TEXT_MAX];
	char last_message[SOURCE_TEXT_MAX]; /* the last reason of a loss or a failed attempt */
	char outage_text[OUTAGE_TEXT_MAX];  /* for the next packet's comment */
	/* of warnings: */
	uint64_t drops_reported;
	uint64_t drops_reported_ms;
	uint64_t step_reported_ms; /* a clock step; 0: never */
	unsigned steps_reported;
};

/*
 * Changes a source's state, prints a message about that, and begins or ends it in
 * the merge. error is the reason of SOURCE_FAILS, otherwise NULL. A source that
 * fails is lost if -retry applies, and connects again at due_ms; otherwise it is
 * over.
 */
void source_transition(struct source *source, enum source_event event, const struct error *error);

/* Sets source->due_ms. */
void source_set_due(struct source *source, uint64_t due_ms);

/*
 * Returns how many ms to wait before attempt number attempt, which is at least
 * 1, to connect again: exponential from 250 ms to 30 s, with jitter. random is any
 * number.
 */
uint64_t source_retry_delay_ms(unsigned attempt, uint32_t random);

/*
 * Returns up to which time (ns, by the clock of its timestamps) the packets of a
 * source have come, before the stream that sent them has ended. now_ms is the
 * present time.
 */
uint64_t source_complete_up_to_ns(const struct source *source, uint64_t now_ms);

/* Warns, at most every 10 s, of packets that a source's host dropped. */
void source_warn_of_drops(struct source *source);

/* Warns if a watermark of the time time_ns shows that the host's clock was set. */
void source_warn_of_step(struct source *source, uint64_t time_ns);

/* Adds the losses of a source to the notes, once its last packet has left. */
void source_note_losses(const struct source *source);

enum { SOURCE_TIME_SIZE = 64 };

/* Prints a time of day in UTC, as journals and Wireshark show it. */
void source_print_time(uint64_t time_ns, char out[SOURCE_TIME_SIZE]);
