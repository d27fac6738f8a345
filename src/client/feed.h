/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/command.h"
#include "client/event_loop.h"
#include "client/file_stream.h"
#include "client/transfer.h"

/*
 * What delivers the bytes of a source's stream: an HTTP transfer, a program or a file. All
 * zero: nothing at present.
 */
struct feed {
	struct transfer *transfer; /* at most one of these is set */
	struct command *command;
	struct file_stream *file;
};

/* What a feed of each kind needs. */
struct feed_plan {
	const struct target *target;
	unsigned additions; /* to the query of a transfer, bits of enum target_addition */
	const struct options *options;
	struct event_loop *loop;
	size_t chunk; /* the most bytes of the stream that are received at once */
	struct transfer_events transfer_events;
	struct file_stream_events file_events;
	struct command_events command_events;
};

/* Starts a feed. False: out of memory or descriptors; feed_stop() follows. */
bool feed_start(struct feed *feed, const struct feed_plan *plan);

/* Stops a feed in any state. */
void feed_stop(struct feed *feed, struct event_loop *loop);

/* Has it been started, and not stopped? */
bool feed_is_active(const struct feed *feed);

/* Was on_end called? Of a transfer it is not: libcurl reports its end. */
bool feed_has_ended(const struct feed *feed);

/* Has a feed that has ended a result? If not, ask again after a few ms. */
bool feed_has_result(struct feed *feed, uint64_t now_ms);

/*
 * Returns how a feed ended: true if the stream is complete, or false with error set.
 * code is libcurl's for a transfer; has_begun: a capture of this target has begun.
 */
bool feed_result(const struct feed *feed, CURLcode code, bool has_begun, struct error *error);

/* Returns the additions that the worker's answer rejects; 0: none. */
unsigned feed_rejected_additions(const struct feed *feed);

/* After its end: would another try end in the same way? has_begun: as above. */
bool feed_is_refused(const struct feed *feed, bool has_begun);

/* Asks a program to end, by closing its stdin. False: it is another kind of feed. */
bool feed_ask_to_end(struct feed *feed);

bool feed_is_paused(const struct feed *feed);

/*
 * Resumes a paused feed. A result other than CURLE_OK ends a transfer, and libcurl
 * does not report it again.
 */
CURLcode feed_resume(struct feed *feed);
