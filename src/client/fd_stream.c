/* SPDX-License-Identifier: MIT */
/*
 * Stream from a descriptor. In: a descriptor, and what can be read from it. Out:
 * packets for the handler, and the error at the end.
 */
#include "client/fd_stream.h"

#include "format/stream_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fd_stream {
	struct event_loop *loop;
	struct event_watch watch;
	struct fd_stream_events events;
	struct stream_reader *reader;
	struct error error; /* of the reader, of a callback, or of reading */
	bool is_paused;
	size_t chunk;
	unsigned char buffer[];
};

static void end(struct fd_stream *stream)
{
	event_loop_unwatch(stream->loop, &stream->watch);
	stream->events.on_end(stream->events.context);
}

/* Parses a chunk. False: the stream is damaged, or a callback has ended it. */
static bool parse(struct fd_stream *stream, size_t size)
{
	stream->events.before_data(stream->events.context);
	if (!stream_reader_push(stream->reader, stream->buffer, size, &stream->error))
		return false;
	if (stream->events.can_accept(stream->events.context))
		return true;
	/* epoll(7) would report a closed pipe without end */
	event_loop_unwatch(stream->loop, &stream->watch);
	stream->is_paused = true;
	return true;
}

static void on_readable(void *context)
{
	struct fd_stream *stream = context;
	const ssize_t size = read(stream->watch.fd, stream->buffer, stream->chunk);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size < 0)
		error_set(&stream->error, 1, "cannot read: %s", strerror(errno));
	if (size <= 0 || !parse(stream, (size_t)size))
		end(stream);
}

struct fd_stream *fd_stream_new(
	struct event_loop *loop, int fd, size_t chunk, const struct fd_stream_events *events)
{
	struct fd_stream *stream = calloc(1, sizeof(*stream) + chunk);

	if (!stream) {
		close(fd);
		return NULL;
	}
	stream->loop = loop;
	stream->watch = (struct event_watch){
		.fd = fd,
		.on_readable = on_readable,
		.context = stream,
	};
	stream->events = *events;
	stream->chunk = chunk;
	stream->reader = stream_reader_new(&events->stream);
	if (stream->reader && event_loop_watch(loop, &stream->watch))
		return stream;
	fd_stream_free(stream);
	return NULL;
}

void fd_stream_free(struct fd_stream *stream)
{
	if (!stream)
		return;
	event_loop_unwatch(stream->loop, &stream->watch);
	close(stream->watch.fd);
	stream_reader_free(stream->reader);
	free(stream);
}

bool fd_stream_is_paused(const struct fd_stream *stream)
{
	return stream->is_paused;
}

void fd_stream_resume(struct fd_stream *stream)
{
	stream->is_paused = false;
	if (!event_loop_watch(stream->loop, &stream->watch)) {
		error_set(&stream->error, 1, "out of memory or descriptors");
		end(stream);
	}
}

bool fd_stream_has_begun(const struct fd_stream *stream)
{
	return stream_reader_has_begun(stream->reader);
}

bool fd_stream_has_failed(const struct fd_stream *stream, struct error *error)
{
	if (stream->error.status)
		*error = stream->error;
	return stream->error.status != 0;
}

bool fd_stream_is_complete(const struct fd_stream *stream, struct error *error)
{
	return !fd_stream_has_failed(stream, error) && stream_reader_end(stream->reader, error);
}
