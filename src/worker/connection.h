#pragma once

#include "common/failure.h"

#include <stddef.h>
#include <stdint.h>

/* The socket of one client, with deadlines and without surprises. */
struct connection {
	int fd;
	int stop_fd; /* readable: the worker is asked to end; -1: never */
	uint64_t stop_deadline; /* ms, since stop_fd was readable; 0 */
	uint64_t deadline;	/* ms: no write waits for longer; 0: never */
	int silent_checks;	/* in a row that found the peer not answering */
	size_t unasked;		/* bytes that came behind the request */
};

/* Takes the socket over: non-blocking, with keepalive. */
void connection_open(struct connection *connection, int fd);

/*
 * Reads until a request's head is complete. Returns its length; 0 with
 * failure set: 400, 408, 414, 431, 503, or status 0 if the peer has left.
 */
size_t connection_read_head(struct connection *connection, char *buffer,
	size_t size, struct failure *failure);

/*
 * Writes all of size bytes, however long the peer takes. Returns false when
 * the peer is gone, or has not taken it by the deadline, or a second after
 * stop_fd was readable.
 */
bool connection_write(
	struct connection *connection, const void *bytes, size_t size);

/*
 * Tells whether the peer has left, or no longer answers. To be called when
 * the socket has something to say, and about once a second.
 */
bool connection_is_gone(struct connection *connection);

/* Closes so that all that was written arrives: half first, then drained. */
void connection_close(struct connection *connection);
