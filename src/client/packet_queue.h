/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/packet.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Queue of a target's packets, in order of time, and of arrival if the times are
 * equal. A packet that arrives too late is moved by up to 1,024 positions.
 */
struct packet_queue {
	struct queue_entry **ring; /* pointers in order of time */
	size_t capacity;	   /* of ring, a power of two */
	size_t first;
	size_t count;
	struct queue_slab *last; /* has the bytes of the latest packets */
	size_t bytes;		 /* of allocated memory */
};

/* A packet in a queue. */
struct queued_packet {
	struct packet packet;
	uint64_t arrived; /* ms */
};

/* Adds a copy; now is the time of arrival in ms. False: out of memory. */
bool packet_queue_push(struct packet_queue *queue, const struct packet *packet, uint64_t now);

/* The first packet, valid until popped. The queue must not be empty. */
const struct queued_packet *packet_queue_first(const struct packet_queue *queue);

/* Removes the first packet. The queue must not be empty. */
void packet_queue_pop(struct packet_queue *queue);

/* Frees all packets. The queue is empty and can be used again. */
void packet_queue_cleanup(struct packet_queue *queue);
