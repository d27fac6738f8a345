/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/fd_stream.h"
#include "client/target.h"

/* One capture stream from a file, a FIFO, or standard input. */
struct file_stream;

/* What a regular file needs besides fd_stream_events, with the same context. */
struct file_stream_events {
	struct fd_stream_events fd;
	/* The packets will come in order of time, as fast as they are read. */
	void (*on_ordered)(void *context);
};

/*
 * Opens the file of a target, and reads it in chunks of at most chunk bytes. A file
 * that cannot be opened is a stream that has ended. Returns a stream for
 * file_stream_free(); NULL: out of memory or descriptors.
 */
struct file_stream *file_stream_new(const struct target *target, struct event_loop *loop,
	size_t chunk, const struct file_stream_events *events);

/* Accepts NULL. */
void file_stream_free(struct file_stream *stream);

bool file_stream_is_paused(const struct file_stream *stream);

/* Continues after a pause. */
void file_stream_resume(struct file_stream *stream);

/* Was on_end of the events called? */
bool file_stream_has_ended(const struct file_stream *stream);

/* Returns whether the stream is complete, after its end, or sets error. */
bool file_stream_result(const struct file_stream *stream, struct error *error);
