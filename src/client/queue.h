#pragma once

#include "format/packet.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The packets of one target that have not left yet, in order of their time;
 * those of one time in order of arrival. Slight disorder on arrival, by up to
 * 1,024 packets, is sorted for the price of moving pointers.
 */
struct queue {
	struct queue_entry **ring; /* room is a power of two */
	size_t room;
	size_t first;
	size_t count;
	struct queue_slab *last; /* where the next packet's bytes go */
	size_t bytes;		 /* of memory taken */
};

/* A packet in a queue. */
struct queued {
	struct packet packet;
	uint64_t arrived; /* ms */
};

/* Adds a copy; now (ms) is when it arrived. False: out of memory. */
bool queue_push(struct queue *queue, const struct packet *packet, uint64_t now);

/* The first packet, until it is popped. The queue must not be empty. */
const struct queued *queue_head(const struct queue *queue);

void queue_pop(struct queue *queue);

/* Gives all memory back; the queue is empty and usable afterwards. */
void queue_clear(struct queue *queue);
