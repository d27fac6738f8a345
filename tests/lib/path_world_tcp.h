/* SPDX-License-Identifier: MIT */
#pragma once

#include "path_world_sim.h"

/* One TCP connection of the simulated hosts: what sending and receiving share. */
enum {
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	PSH = 0x08,
	ACK = 0x10,
	RANGES = 32,
	WINDOW = 65535, /* in units of 64 bytes */
	WINDOW_SCALE = 6,
	SEGMENTS_MAX = 200, /* of a congestion window */
};

struct tcp_range {
	uint32_t from, to;
};

struct tcp_end {
	struct tcp_connection *connection;
	struct tcp_end *peer;
	struct sim_flow *flow;			       /* of what it sends */
	uint32_t first, acked, next, highest, written; /* sequence numbers */
	uint32_t received;			       /* all up to this one */
	struct tcp_range ranges[RANGES];	       /* received beyond */
	unsigned range_count;
	uint32_t window_of_peer, window, recover, cwnd;
	uint32_t echo; /* the latest timestamp of the peer */
	uint32_t unacknowledged, read;
	unsigned duplicates, retries;
	uint64_t timer;	   /* number of the timer that is valid */
	uint64_t stall_at; /* the program reads nothing after so many bytes, for a time; 0: never */
	bool is_open, wants_fin, has_sent_fin, has_got_fin, is_delayed;
};

struct tcp_connection {
	struct tcp_end ends[2]; /* client, server */
	uint32_t mss;
	bool has_timestamp, has_keepalive, ends_by_reset, is_closed;
	unsigned rounds;
	uint32_t request, response; /* bytes of each */
	uint64_t think;
};

/* Returns how far a sequence number is after another one; it may be negative. */
static inline int32_t after(uint32_t one, uint32_t other)
{
	return (int32_t)(one - other);
}

/* path_world_tcp.c: what an end sends */
void tcp_send_segment(
	struct sim *sim, struct tcp_end *end, uint32_t sequence, uint32_t bytes, uint8_t flags);

/* Sends what the windows allow. */
void tcp_send_data(struct sim *sim, struct tcp_end *end);

/* Sends the first segment that is not acknowledged, again. */
void tcp_resend_first(struct sim *sim, struct tcp_end *end);

/* Starts the timer of a segment that waits for its acknowledgment. */
void tcp_set_timer(struct sim *sim, struct tcp_end *end);

/* The client's program sends a request, or ends the connection. */
void tcp_request(struct sim *sim, void *connection, uint64_t number);

/* The program of an end has read more: it sends what follows a whole request or response. */
void tcp_handle_read(struct sim *sim, struct tcp_end *end, uint32_t read_before);
