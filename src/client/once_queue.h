/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/once_connection.h"
#include "format/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The packets of -once that wait for a decision, or for those before them. */

struct waiting_packet {
	struct waiting_packet *next;
	struct once_sight sight; /* connection NULL: it has none */
	bool is_decided;	 /* it will be written */
	struct packet packet;
	unsigned target;
	uint64_t due_ms; /* CLOCK_NEVER: once_queue_date() has not seen it */
	size_t bytes;
	unsigned char data[];
};

/* In order of arrival. To be set up by once_queue_init(). */
struct once_queue {
	struct waiting_packet *first; /* NULL: it is empty */
	struct waiting_packet **last;
	struct waiting_packet *undated; /* the first one that once_queue_date() has not seen */
	size_t bytes;
};

void once_queue_init(struct once_queue *queue);

/* Adds a copy of a packet. False: out of memory. */
bool once_queue_add(struct once_queue *queue, unsigned target, const struct packet *packet,
	const struct once_sight *sight, bool is_decided);

/* Removes the first packet. The queue must not be empty. */
void once_queue_remove_first(struct once_queue *queue);

/* Sets when packets are due that have come since the last call. */
void once_queue_date(struct once_queue *queue, uint64_t due_ms);

void once_queue_cleanup(struct once_queue *queue);
