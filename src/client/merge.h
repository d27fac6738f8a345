/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/packet.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Merges the packets of many targets into one order: by timestamp, then by the
 * position of the target, then by arrival. The present time is always a
 * parameter, in ms of a clock that never steps, so that a run can be repeated
 * exactly.
 */
struct merge;

struct merge_limits {
	uint64_t hold_ms;      /* the longest that a packet waits for a silent target */
	size_t queue_bytes;    /* memory of a target's queue, from which on it is full */
	uint64_t watermark_ms; /* the interval of watermarks that targets were asked for */
};

struct merge_counts {
	uint64_t received;
	uint64_t written;
	uint64_t late; /* written after a packet of a later time */
};

/* Receives packets. False: it accepts none now, and this one stays queued. */
struct merge_sink {
	bool (*packet)(void *context, unsigned target, const struct packet *packet);
	void *context;
	/* The same for a block. NULL: merge_block() is never called. */
	bool (*block)(void *context, unsigned target, const unsigned char *bytes, size_t size);
};

/*
 * Returns a merge for merge_free(), in which all targets run from the start;
 * NULL: out of memory.
 */
struct merge *merge_new(
	unsigned targets, const struct merge_limits *limits, const struct merge_sink *sink);

/* Accepts NULL. */
void merge_free(struct merge *merge);

/* Queues a copy of a packet, which arrives at now (ms). False: out of memory. */
bool merge_packet(struct merge *merge, unsigned target, const struct packet *packet, uint64_t now);

/*
 * Queues a copy of a block, which leaves at the next merge_pump(), before all
 * packets that came after it. Until then it counts for merge_is_full(). False:
 * out of memory.
 */
bool merge_block(struct merge *merge, unsigned target, const unsigned char *bytes, size_t size);

/* A target has sent all packets up to and including time (ns); now is in ms. */
void merge_watermark(struct merge *merge, unsigned target, uint64_t time, uint64_t now);

/* A target begins to send at now (ms), for the first time or again. */
void merge_begin(struct merge *merge, unsigned target, uint64_t now);

/*
 * A target's packets come in order of time, and as fast as they are read: it is a file.
 * Packets of other targets wait for it without limit. To be called before its first
 * packet.
 */
void merge_set_ordered(struct merge *merge, unsigned target);

/* The target sends no more; its queued packets still leave in order. */
void merge_end(struct merge *merge, unsigned target);

/* Discards the queued packets and blocks of a target; counts do not change. */
void merge_discard(struct merge *merge, unsigned target);

/* Is the queue of a target full, so that it must be paused? */
bool merge_is_full(const struct merge *merge, unsigned target);

/*
 * Need a target not be read at present? So it is if its queue is full, and while all
 * running targets are ordered, if a part of its next packets is queued.
 */
bool merge_has_enough(const struct merge *merge, unsigned target);

/* A long pause of the output ended at now (ms): the holds begin again. */
void merge_output_resumed(struct merge *merge, uint64_t now);

/*
 * Sends on all packets that may leave. Returns after how many ms to call it
 * again at the latest; -1: not before something arrives, or the sink accepts
 * packets again.
 */
int merge_pump(struct merge *merge, uint64_t now);

/*
 * Returns in ret_ns the watermark of the merge itself: all packets up to this time have
 * been sent on. False: it has none, because a running target has none.
 */
bool merge_promise(const struct merge *merge, uint64_t *ret_ns);

/*
 * Sends on everything, in order: nothing more will arrive. False: the sink did
 * not accept all of it; call it again.
 */
bool merge_drain(struct merge *merge, uint64_t now);

/* Returns the latest time of a target's packets and watermarks, ns; 0: none. */
uint64_t merge_newest_ns(const struct merge *merge, unsigned target);

/* Returns for how many ms the first packet of a target has waited; 0: it has none. */
uint64_t merge_oldest_wait_ms(const struct merge *merge, unsigned target, uint64_t now);

/* Returns how many packets of a target arrived and left so far. */
struct merge_counts merge_counts(const struct merge *merge, unsigned target);
