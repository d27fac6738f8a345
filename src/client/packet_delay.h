/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/capture_file.h"
#include "client/merge.h"
#include "client/paths.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Delays the packets of -paths on their way to the capture file, until it is known how far
 * each came: then a packet that went missing has a comment, and all sights of one packet have
 * one epb_packetid. The comment on a packet that has left before is on a later one. All zero
 * but the first seven: empty.
 */
enum { PACKET_DELAY_LATER_SIZE = 2048 };

struct packet_delay {
	struct paths *paths;
	struct capture_file *file;
	struct merge_sink sink; /* of the packets: the file, or a stage before it */
	bool is_discarded;	/* packets are only counted, and wait for nothing */
	uint64_t delay_ns;	/* at least; with follows_window as long as that of paths.h */
	bool follows_window;
	uint64_t *waiting; /* packets of each target that are kept; NULL: not counted */
	struct delayed_packet **ring;
	size_t capacity; /* of ring, a power of two */
	size_t first;
	size_t count;
	size_t bytes;			     /* of the packets */
	uint64_t number;		     /* of the last packet */
	uint64_t latest_ns;		     /* timestamp in the order of the merge */
	bool short_warned;		     /* that packets leave earlier than they should */
	char later[PACKET_DELAY_LATER_SIZE]; /* a comment for the next packet; "": none */
	uint64_t later_left_out;	     /* packets that it does not have */
};

/* For paths_on_last_seen(): gives a packet its comment. */
void packet_delay_last_seen(void *context, uint64_t number, const char *place);

/* Receives a packet, for struct merge_sink; context is the delay. False: not now. */
bool packet_delay_packet(void *context, unsigned target, const struct packet *packet);

/* The same for a block, which is not delayed. */
bool packet_delay_block(void *context, unsigned target, const unsigned char *bytes, size_t size);

/*
 * Writes the packets whose delay is over. The merge has come up to time_ns; 0: to its latest
 * packet.
 */
void packet_delay_advance(struct packet_delay *delay, uint64_t time_ns);

/* Returns up to which time all packets have been written, if the merge has come to time_ns. */
uint64_t packet_delay_promise(const struct packet_delay *delay, uint64_t time_ns);

/* Returns how many packets of a target are not written yet. NULL: 0. */
uint64_t packet_delay_waiting(const struct packet_delay *delay, unsigned target);

/* No packet follows: writes all of them. False: the file does not accept them now. */
bool packet_delay_finish(struct packet_delay *delay);

/* Frees the packets that were not written, and waiting. */
void packet_delay_cleanup(struct packet_delay *delay);
