#pragma once

#include "client/members.h"
#include "client/writer.h"

/*
 * What becomes of packets that leave the merge: they are written, each with
 * the interface that it comes from, until there are enough of them.
 */
struct recorder {
	struct members *members;
	struct writer writer;
	bool started;	      /* the output has its header */
	bool enough;	      /* was written, or nothing more can be */
	bool unread;	      /* the output's reader has left */
	struct failure fatal; /* of the output */
	uint64_t written;     /* packets */
	bool closing;	      /* the last packet has left */
	uint32_t closed;      /* origins whose counters are written */
	bool remarked;
};

/* Starts to write, after intake_agree(). */
void recorder_start(struct recorder *recorder);

/* The merge's sink: context is the recorder. */
bool recorder_packet(
	void *context, unsigned target, const struct packet *packet);

/* Hands on what is buffered, as far as the reader takes it. */
void recorder_flush(struct recorder *recorder);

/* Writes the counters of those that have dropped packets since it did. */
void recorder_count(struct recorder *recorder);

/*
 * Writes what belongs behind the last packet: counters, and what went wrong.
 * False: the output is blocked, and it must be called again.
 */
bool recorder_close(struct recorder *recorder);
