/* SPDX-License-Identifier: MIT */
/*
 * Stream of a file. In: a path. Out: packets for the handler, and the error at the end.
 *
 * Theory of operation
 *
 * A FIFO, a pipe or a device is read once, from its begin to its end, like the output of
 * a program: see fd_stream.c.
 *
 * A regular file is read twice. The first pass finds out whether its packets are in order
 * of time. If they are, the second pass is that of a FIFO, and each packet is a promise
 * that no earlier one follows.
 *
 * A file that is not in order is read from its begin once more, for an index of its
 * packets, and then by that index: see index_reader.c.
 *
 * The watermarks in a file of a worker are not used: they are about the order in which
 * the worker sent the packets.
 */
#include "client/file_stream.h"

#include "client/index_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum file_phase {
	FILE_CHECKS_ORDER,
	FILE_MAKES_INDEX,
	FILE_READS_ONCE, /* in the order of the file: stream does that */
	FILE_READS_BY_INDEX,
	FILE_HAS_ENDED,
};

struct file_stream {
	enum file_phase phase;
	struct event_loop *loop;
	struct event_watch watch; /* fd is -1 if stream has it */
	struct file_stream_events events;
	struct fd_stream *stream; /* of FILE_READS_ONCE */
	off_t start;		  /* of the capture in the file */
	struct index_reader by_index;
	bool is_paused;
	struct error error; /* why it could not be read, or not to its end */
	size_t chunk;
	unsigned char buffer[];
};

static void end(struct file_stream *stream)
{
	event_loop_unwatch(stream->loop, &stream->watch);
	stream->phase = FILE_HAS_ENDED;
	stream->events.fd.on_end(stream->events.fd.context);
}

static void end_with_read_error(struct file_stream *stream, int error_number)
{
	error_set(&stream->error, 1, "cannot read: %s", strerror(error_number));
	end(stream);
}

/* The handler of a regular file passes everything on, but for watermarks. */

static bool on_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	const struct stream_handler *sink = &((struct file_stream *)context)->events.fd.stream;

	return sink->interface(sink->context, interface, ret_number, error);
}

static bool on_packet(void *context, const struct packet *packet, struct error *error)
{
	const struct stream_handler *sink = &((struct file_stream *)context)->events.fd.stream;

	return sink->packet(sink->context, packet, error);
}

static bool on_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	const struct stream_handler *sink = &((struct file_stream *)context)->events.fd.stream;
	struct statistics counters = *statistics;

	counters.is_watermark = false;
	return sink->statistics(sink->context, &counters, error);
}

static void on_odd_time(void *context, const char *original, uint64_t time)
{
	const struct stream_handler *sink = &((struct file_stream *)context)->events.fd.stream;

	sink->odd_time(sink->context, original, time);
}

static bool on_block(void *context, const unsigned char *bytes, size_t size, struct error *error)
{
	const struct stream_handler *sink = &((struct file_stream *)context)->events.fd.stream;

	return sink->block(sink->context, bytes, size, error);
}

static void on_note(void *context, const char *what, const char *text)
{
	const struct stream_handler *sink = &((struct file_stream *)context)->events.fd.stream;

	sink->note(sink->context, what, text);
}

static void on_lose(void *context, unsigned losses)
{
	const struct stream_handler *sink = &((struct file_stream *)context)->events.fd.stream;

	sink->lose(sink->context, losses);
}

static struct stream_handler make_handler(struct file_stream *stream)
{
	return (struct stream_handler){
		.interface = on_interface,
		.packet = on_packet,
		.statistics = on_statistics,
		.odd_time = on_odd_time,
		.block = on_block,
		.note = on_note,
		.lose = on_lose,
		.context = stream,
	};
}

/* The events of the fd_stream that reads the file once. */

static void before_data(void *context)
{
	const struct fd_stream_events *events = &((struct file_stream *)context)->events.fd;

	events->before_data(events->context);
}

static bool can_accept(void *context)
{
	const struct fd_stream_events *events = &((struct file_stream *)context)->events.fd;

	return events->can_accept(events->context);
}

static void on_end(void *context)
{
	struct file_stream *stream = context;

	stream->phase = FILE_HAS_ENDED;
	stream->events.fd.on_end(stream->events.fd.context);
}

/* Reads the file in its order from now on. False: out of memory or descriptors. */
static bool read_once(struct file_stream *stream, const struct stream_handler *handler)
{
	const struct fd_stream_events events = {
		.context = stream,
		.before_data = before_data,
		.can_accept = can_accept,
		.on_end = on_end,
		.stream = *handler,
	};
	const int fd = stream->watch.fd;

	event_loop_unwatch(stream->loop, &stream->watch);
	stream->watch.fd = -1;
	stream->phase = FILE_READS_ONCE;
	stream->stream = fd_stream_new(stream->loop, fd, stream->chunk, &events);
	return stream->stream != NULL;
}

/* Reads the next chunk of a regular file. Returns its size; 0: its end, or it has ended. */
static size_t read_chunk(struct file_stream *stream)
{
	ssize_t size;

	do
		size = read(stream->watch.fd, stream->buffer, stream->chunk);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		end_with_read_error(stream, errno);
	return size > 0 ? (size_t)size : 0;
}

/* Goes back to the begin of the file. False: it has ended. */
static bool rewind_file(struct file_stream *stream)
{
	if (lseek(stream->watch.fd, stream->start, SEEK_SET) == stream->start)
		return true;
	end_with_read_error(stream, errno);
	return false;
}

static void end_without_memory(struct file_stream *stream)
{
	error_set(&stream->error, 1, "out of memory or descriptors");
	end(stream);
}

/* The file is in order, as far as it can be read. */
static void begin_to_read_once(struct file_stream *stream)
{
	const struct stream_handler handler = make_handler(stream);

	packet_index_cleanup(&stream->by_index.index);
	if (!rewind_file(stream))
		return;
	stream->events.on_ordered(stream->events.fd.context);
	if (!read_once(stream, &handler))
		end_without_memory(stream);
}

static void begin_index(struct file_stream *stream)
{
	packet_index_cleanup(&stream->by_index.index);
	stream->phase = FILE_MAKES_INDEX;
	if (!packet_index_init(&stream->by_index.index, true))
		end_without_memory(stream);
	else
		rewind_file(stream);
}

static void check_order(struct file_stream *stream)
{
	struct error unused = {0};
	const size_t size = read_chunk(stream);

	if (stream->phase == FILE_HAS_ENDED)
		return;
	/* damage is found again, and reported, when the packets before it have left */
	if (size > 0 && packet_index_push(&stream->by_index.index, stream->buffer, size, &unused))
		return;
	if (stream->by_index.index.is_ordered)
		begin_to_read_once(stream);
	else
		begin_index(stream);
}

/* The index is complete. */
static void begin_to_read_by_index(struct file_stream *stream)
{
	const struct stream_handler handler = make_handler(stream);

	stream->phase = FILE_READS_BY_INDEX;
	if (index_reader_begin(&stream->by_index, stream->watch.fd, stream->start, &handler))
		stream->events.on_ordered(stream->events.fd.context);
	else
		end_without_memory(stream);
}

static void make_index(struct file_stream *stream)
{
	const size_t size = read_chunk(stream);

	if (stream->phase == FILE_HAS_ENDED)
		return;
	if (size > 0 &&
		packet_index_push(&stream->by_index.index, stream->buffer, size, &stream->error))
		return;
	/* after an error the packets before it leave */
	if (size == 0)
		stream_reader_end(stream->by_index.index.reader, &stream->error);
	begin_to_read_by_index(stream);
}

/* Reads what is next by the index, and pauses if the source accepts no more. */
static void read_by_index(struct file_stream *stream)
{
	const struct fd_stream_events *events = &stream->events.fd;
	struct error error = {0};

	events->before_data(events->context);
	if (!index_reader_read(&stream->by_index, stream->buffer, stream->chunk, &error)) {
		/* unless the index itself ends with an error */
		if (error.status)
			stream->error = error;
		end(stream);
		return;
	}
	if (events->can_accept(events->context))
		return;
	event_loop_unwatch(stream->loop, &stream->watch);
	stream->is_paused = true;
}

static void on_readable(void *context)
{
	struct file_stream *stream = context;

	switch (stream->phase) {
	case FILE_CHECKS_ORDER:
		check_order(stream);
		break;
	case FILE_MAKES_INDEX:
		make_index(stream);
		break;
	default:
		read_by_index(stream);
		break;
	}
}

/* Returns a descriptor for the target's file, or -1. */
static int open_file(const struct target *target)
{
	if (target->kind == TARGET_STDIN)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	/* of a FIFO, this does not wait for a writer */
	return open(target->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

/* Sets error, and makes the stream one that has ended. */
static void set_open_error(
	struct file_stream *stream, const struct target *target, int error_number)
{
	const bool may_be_host = target->kind == TARGET_FILE && error_number == ENOENT;

	error_set(&stream->error, 1, "cannot open %s: %s%s%s", target->path, strerror(error_number),
		may_be_host ? "; for a host write http://" : "", may_be_host ? target->path : "");
	end(stream);
}

/* False: out of memory or descriptors. */
static bool start(struct file_stream *stream, const struct target *target)
{
	struct stat status;

	stream->watch.fd = open_file(target);
	if (stream->watch.fd < 0 || fstat(stream->watch.fd, &status) != 0) {
		set_open_error(stream, target, errno);
		return true;
	}
	if (isatty(stream->watch.fd)) {
		error_set(&stream->error, 1, "a terminal is not a capture");
		end(stream);
		return true;
	}
	if (!S_ISREG(status.st_mode))
		return read_once(stream, &stream->events.fd.stream);
	stream->start = lseek(stream->watch.fd, 0, SEEK_CUR);
	return packet_index_init(&stream->by_index.index, false) &&
	       event_loop_watch(stream->loop, &stream->watch);
}

struct file_stream *file_stream_new(const struct target *target, struct event_loop *loop,
	size_t chunk, const struct file_stream_events *events)
{
	struct file_stream *stream = calloc(1, sizeof(*stream) + chunk);

	if (!stream)
		return NULL;
	stream->loop = loop;
	stream->events = *events;
	stream->chunk = chunk;
	stream->watch = (struct event_watch){
		.fd = -1,
		.on_readable = on_readable,
		.context = stream,
	};
	if (start(stream, target))
		return stream;
	file_stream_free(stream);
	return NULL;
}

void file_stream_free(struct file_stream *stream)
{
	if (!stream)
		return;
	if (stream->watch.fd >= 0) {
		event_loop_unwatch(stream->loop, &stream->watch);
		close(stream->watch.fd);
	}
	fd_stream_free(stream->stream);
	index_reader_cleanup(&stream->by_index);
	free(stream);
}

bool file_stream_is_paused(const struct file_stream *stream)
{
	return stream->is_paused || (stream->stream && fd_stream_is_paused(stream->stream));
}

void file_stream_resume(struct file_stream *stream)
{
	if (stream->stream) {
		fd_stream_resume(stream->stream);
		return;
	}
	stream->is_paused = false;
	if (!event_loop_watch(stream->loop, &stream->watch))
		end_without_memory(stream);
}

bool file_stream_has_ended(const struct file_stream *stream)
{
	return stream->phase == FILE_HAS_ENDED;
}

bool file_stream_result(const struct file_stream *stream, struct error *error)
{
	if (stream->error.status) {
		*error = stream->error;
		return false;
	}
	return !stream->stream || fd_stream_is_complete(stream->stream, error);
}
