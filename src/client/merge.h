#pragma once

#include "format/packet.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The merge of many targets' packets into one order: by time, then by the
 * target's place, then by arrival. Time of day is in the packets; the clock
 * that decides how long one waits is the caller's, in ms, so that a run can
 * be repeated exactly.
 */
struct merge;

struct merge_limits {
	uint64_t hold;	    /* ms that a packet waits for a silent target */
	size_t queue_bytes; /* of memory per target, after which it is full */
};

struct merge_counts {
	uint64_t received;
	uint64_t written;
	uint64_t late; /* written after a packet of a later time */
};

/* Where packets leave; false: it takes none now, this one stays. */
struct merge_sink {
	bool (*packet)(
		void *context, unsigned target, const struct packet *packet);
	void *context;
};

/* All targets run from the start. NULL: out of memory. */
struct merge *merge_new(unsigned targets, const struct merge_limits *limits,
	const struct merge_sink *sink);

void merge_free(struct merge *merge);

/* Takes a copy of a packet in. False: out of memory. */
bool merge_packet(struct merge *merge, unsigned target,
	const struct packet *packet, uint64_t now);

/* The target has sent all packets up to and including time (ns). */
void merge_watermark(
	struct merge *merge, unsigned target, uint64_t time, uint64_t now);

/* The target begins to send, for the first time or again. */
void merge_begin(struct merge *merge, unsigned target, uint64_t now);

/* The target will send no more; what it has sent still leaves in order. */
void merge_end(struct merge *merge, unsigned target);

/* Forgets what of a target has not left yet. */
void merge_discard(struct merge *merge, unsigned target);

/* Has a target so much waiting that it must not send more for now? */
bool merge_is_full(const struct merge *merge, unsigned target);

/* For long, until now, nothing could leave: that is no target's silence. */
void merge_resume(struct merge *merge, uint64_t now);

/*
 * Lets leave what may. Returns after how many ms to ask again at the latest;
 * -1: not before something arrives.
 */
int merge_pump(struct merge *merge, uint64_t now);

/*
 * Lets everything leave, in order: nothing more will arrive. False: the sink
 * did not take all of it.
 */
bool merge_drain(struct merge *merge);

/* The latest time (ns) that a target has told, 0: none. */
uint64_t merge_spoken(const struct merge *merge, unsigned target);

/* For how many ms a target's first packet has waited at now; 0: it has none. */
uint64_t merge_waiting(
	const struct merge *merge, unsigned target, uint64_t now);

struct merge_counts merge_count(const struct merge *merge, unsigned target);
