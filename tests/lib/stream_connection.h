/* SPDX-License-Identifier: MIT */
/*
 * One connection of the streams tool after its request. In: the response, and space
 * in the socket's buffer. Out: the bytes of the response, in chunks of any size, with
 * the delays and the ending that the request asks for.
 */
#pragma once

#include "answers.h"

enum {
	REQUEST_MAX = 8192,
	FRAME_MAX = 32, /* around a chunk, and the last chunk */
	TURN = 1 << 18, /* bytes that a connection sends in its turn */
	PAUSE_MS = 5,	/* between checks of delayed connections */
};

struct server {
	int listener;
	int epoll;
	bool open;	/* streams with gate=N may continue */
	uint64_t asked; /* requests so far */
	uint64_t until;
	const char *credentials;
	struct stream_connection *connections;
};

struct stream_connection {
	struct stream_connection *next;
	struct server *server;
	int fd;
	bool dead;
	bool asked;	 /* the request has been read */
	bool wants_room; /* epoll reports space in the socket */
	uint64_t since;	 /* ms, time of the request */
	uint64_t wake;	 /* ms, next check; 0: only when the socket has space */
	struct answer answer;
	struct packet_stream *stream;
	bool held;	 /* delayed by time or gate */
	bool in_crowd;	 /* waits for more requests (crowd=N) */
	bool ended;	 /* nothing follows the bytes in out */
	size_t attacked; /* bytes of the attack that went into out */
	size_t size;	 /* of out, of which done are sent */
	size_t done;
	size_t request_size;
	char request[REQUEST_MAX];
	char target[REQUEST_MAX];
	unsigned char out[PIECE_MAX + FRAME_MAX];
};

/* Returns CLOCK_MONOTONIC in ms. */
uint64_t stream_now_ms(void);

/* Starts or stops waiting for space in the socket. */
void stream_connection_want_room(struct stream_connection *connection, bool want);

/* Sends until the socket is full, its turn is over, or nothing is left. */
void stream_connection_send(struct stream_connection *connection);
