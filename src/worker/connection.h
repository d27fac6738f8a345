/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The socket of one client; or the pipe or file that a capture is written to. */
struct connection {
	int fd;
	bool is_pipe;		/* or a file: nothing is read, and only writes are waited for */
	int pipe_flags;		/* its file status flags of before */
	int write_error;	/* errno of the write that failed; 0: none has */
	int stop_fd;		/* becomes readable when the worker is stopped; -1: never */
	uint64_t stop_deadline; /* ms, set when stop_fd is readable; 0: not yet */
	uint64_t deadline;	/* ms, the end of all writes, set by the owner; 0: none */
	int silent_checks;	/* in a row that found the peer silent */
	size_t extra;		/* bytes received after the request */
};

/* Initializes the connection; sets the socket non-blocking, with keepalive. */
void connection_open(struct connection *connection, int fd);

/* The same for a pipe or a file, which others may share: closing restores its flags. */
void connection_open_pipe(struct connection *connection, int fd);

/* Returns the events of poll(2) after which connection_is_gone() is worth a call. */
short connection_events(const struct connection *connection);

/*
 * Reads at most size bytes, and waits for the first of them. Returns how many; 0
 * if the peer has left; -1 with errno, which is ETIME after deadline_ms.
 */
ssize_t connection_read(
	struct connection *connection, void *buffer, size_t size, uint64_t deadline_ms);

/*
 * Writes all of size bytes, and waits as long as the peer needs. Returns false
 * when the peer has left, after the deadline, or a second after stop_fd became
 * readable.
 */
bool connection_write(struct connection *connection, const void *bytes, size_t size);

/*
 * Has the peer left, or does it no longer answer? Reads and discards what it sends.
 * Call it when the socket is readable, and about once a second.
 */
bool connection_is_gone(struct connection *connection);

/* Closes so that all written bytes arrive: shuts down writing, drains, closes. */
void connection_close(struct connection *connection);
