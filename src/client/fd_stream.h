/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/event_loop.h"
#include "common/error.h"
#include "format/stream_handler.h"

/* Callbacks of a stream that is read from a descriptor. */
struct fd_stream_events {
	void *context;
	/* A chunk of the stream was read, and is about to be parsed. */
	void (*before_data)(void *context);
	/* Is there space for another chunk? If not, the stream pauses. */
	bool (*can_accept)(void *context);
	/* Nothing more will be read. */
	void (*on_end)(void *context);
	/* Callbacks for the captured packets, with their own context. */
	struct stream_handler stream;
};

/* One capture stream from a descriptor: a pipe, a FIFO or a file. */
struct fd_stream;

/*
 * Reads a stream from fd, which it then owns, in chunks of at most chunk bytes, when
 * the loop finds it readable. Returns a stream for fd_stream_free(); NULL: out of
 * memory or descriptors, and fd is closed.
 */
struct fd_stream *fd_stream_new(
	struct event_loop *loop, int fd, size_t chunk, const struct fd_stream_events *events);

/* Accepts NULL. */
void fd_stream_free(struct fd_stream *stream);

bool fd_stream_is_paused(const struct fd_stream *stream);

/* Continues after a pause. */
void fd_stream_resume(struct fd_stream *stream);

/* Have the bytes so far been the beginning of a capture? */
bool fd_stream_has_begun(const struct fd_stream *stream);

/* Did it end early, by an error of the stream or of reading it? Then error is set. */
bool fd_stream_has_failed(const struct fd_stream *stream, struct error *error);

/* Returns whether the stream is complete, after its end, or sets error. */
bool fd_stream_is_complete(const struct fd_stream *stream, struct error *error);
