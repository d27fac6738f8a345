/*
 * Where ddump writes. In: records of a capture file, in their final order.
 * Out: the same on a descriptor, in large writes.
 *
 * The buffer takes one record more than makes it full, and remembers where
 * each one ends. If a disk is full in the middle of them, the file is cut back
 * to the last one that is whole.
 */
#include "client/output.h"

#include "client/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BUFFER_FULL = 262144,
	BUFFER_ROOM = BUFFER_FULL + OUTPUT_RECORD_MAX,
	RECORD_MIN = 16,
	ENDS_MAX = BUFFER_FULL / RECORD_MIN + 1,
	PIPE_SIZE = 1 << 20, /* the most that anybody may ask for */
	MODE = 0600,	     /* packets hold secrets */
};

enum kind { KIND_OTHER, KIND_FILE, KIND_PIPE, KIND_SHARED_PIPE, KIND_SOCKET };

/* Where a record ends in the buffer. */
struct end {
	uint32_t place : 31;
	uint32_t is_packet : 1;
};

struct output {
	char name[256];	  /* for messages */
	const char *path; /* the caller's */
	int fd;
	bool own;     /* the file is ours, not stdout */
	bool own_fd;  /* to be closed */
	bool created; /* it did not exist before */
	bool started; /* something was written */
	bool broken;  /* after a failure nothing more is tried */
	enum kind kind;
	size_t start; /* of what the reader has not taken */
	size_t used;
	size_t count;  /* records in the buffer */
	uint64_t lost; /* packets that could not be written */
	struct end ends[ENDS_MAX];
	unsigned char buffer[BUFFER_ROOM];
};

/*
 * Opens a pipe once more, so that it does not block us: to set O_NONBLOCK on
 * what was given would change it for all who share it. Another user's pipe
 * can't be opened. A larger pipe saves a switch to the reader for each 64 KiB.
 */
static void set_up_pipe(struct output *output)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", output->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	output->kind = fd >= 0 ? KIND_PIPE : KIND_SHARED_PIPE;
	if (fd >= 0) {
		if (output->own)
			close(output->fd);
		output->fd = fd;
		output->own_fd = true;
	}
	fcntl(output->fd, F_SETPIPE_SZ, PIPE_SIZE);
}

/* Has a shell taken a '&' in a URL for the end of a command? */
static bool is_in_background(int terminal)
{
	const pid_t front = tcgetpgrp(terminal);

	return front > 0 && front != getpgrp();
}

static bool check_kind(struct output *output, struct failure *failure)
{
	struct stat status;

	if (isatty(output->fd))
		return failure_set(failure, 1,
			"packets are binary and %s is a terminal: append "
			"\"| tcpdump -nr -\", or write to a file by -w FILE%s",
			output->name,
			is_in_background(output->fd)
				? "; in the background? A target with '&' "
				  "takes quotes"
				: "");
	if (fstat(output->fd, &status) != 0)
		return failure_set(
			failure, 1, "%s: %s", output->name, strerror(errno));
	if (S_ISREG(status.st_mode))
		output->kind = KIND_FILE;
	if (S_ISSOCK(status.st_mode))
		output->kind = KIND_SOCKET;
	if (S_ISFIFO(status.st_mode))
		set_up_pipe(output);
	return true;
}

/* Opens the file as it is: if nothing is captured nothing is lost. */
static int open_file(struct output *output)
{
	const int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
	int fd = open(output->path, flags | O_EXCL, MODE);

	output->created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(output->path, flags, MODE);
	return fd;
}

struct output *output_open(const char *path, struct failure *failure)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output) {
		failure_set(failure, 1, "out of memory");
		return NULL;
	}
	output->own = path && strcmp(path, "-") != 0;
	output->own_fd = output->own;
	output->path = path;
	secret_hide(output->name, sizeof(output->name),
		output->own ? path : "stdout");
	output->fd = output->own ? open_file(output) : STDOUT_FILENO;
	if (output->fd < 0)
		failure_set(failure, 1,
			"%s: %s (-w takes a file in a folder that is there, "
			"where you may write)",
			output->name, strerror(errno));
	else if (check_kind(output, failure))
		return output;
	if (output->own_fd && output->fd >= 0)
		close(output->fd);
	free(output);
	return NULL;
}

int output_fd(const struct output *output)
{
	return output->fd;
}

static bool set_size(int fd, off_t size)
{
	int result;

	do
		result = ftruncate(fd, size);
	while (result != 0 && errno == EINTR);
	return result == 0;
}

bool output_start(struct output *output, struct failure *failure)
{
	if (output->own && output->kind == KIND_FILE &&
		!set_size(output->fd, 0))
		return failure_set(
			failure, 1, "%s: %s", output->name, strerror(errno));
	output->started = true;
	return true;
}

/* Leaves the last whole record as the end of a file that could not grow. */
static void cut_back(const struct output *output, size_t written)
{
	off_t end = lseek(output->fd, 0, SEEK_CUR);
	size_t whole = 0;

	if (output->kind != KIND_FILE || end < 0)
		return;
	for (size_t i = 0; i < output->count; i++)
		if (output->ends[i].place <= written)
			whole = output->ends[i].place;
	/* where that fails there is nothing left to do */
	if (!set_size(output->fd, end - (off_t)(written - whole)))
		return;
	lseek(output->fd, 0, SEEK_END);
}

static bool fail(struct output *output, int error, struct failure *failure)
{
	output->broken = true;
	failure_set(failure, error == EPIPE ? 0 : 1, "%s: %s", output->name,
		strerror(error));
	cut_back(output, output->start);
	output->lost = output_pending(output);
	output->start = output->used;
	return false;
}

/*
 * A write(2) that does not block: a reader that stalls must stop nothing but
 * the output. Sockets and pipes that others share are not set to O_NONBLOCK.
 */
static ssize_t write_some(
	const struct output *output, const void *bytes, size_t size)
{
	struct pollfd fd = {.fd = output->fd, .events = POLLOUT};

	if (output->kind == KIND_SOCKET)
		return send(
			output->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (output->kind != KIND_SHARED_PIPE)
		return write(output->fd, bytes, size);
	if (poll(&fd, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	/* pipe(7): where there is room, there is as much */
	return write(output->fd, bytes, size < PIPE_BUF ? size : PIPE_BUF);
}

bool output_flush(struct output *output, struct failure *failure)
{
	while (output->start < output->used) {
		ssize_t size =
			write_some(output, output->buffer + output->start,
				output->used - output->start);

		if (size < 0 && errno == EAGAIN)
			return true;
		if (size < 0 && errno != EINTR)
			return fail(output, errno, failure);
		output->start += size > 0 ? (size_t)size : 0;
	}
	output->start = 0;
	output->used = 0;
	output->count = 0;
	return !output->broken;
}

bool output_is_piped(const struct output *output)
{
	return output->kind != KIND_FILE && output->kind != KIND_OTHER;
}

bool output_is_blocked(const struct output *output)
{
	return output->start < output->used && !output->broken;
}

uint64_t output_pending(const struct output *output)
{
	uint64_t count = output->lost;

	for (size_t i = 0; i < output->count; i++)
		count += output->ends[i].is_packet &&
			 output->ends[i].place > output->start;
	return count;
}

bool output_wait(const struct output *output, int ms)
{
	struct pollfd fd = {.fd = output->fd, .events = POLLOUT};

	/* a signal is not the reader's silence */
	return poll(&fd, 1, ms) != 0;
}

unsigned char *output_room(struct output *output)
{
	if (output->broken || output->used >= BUFFER_FULL)
		return NULL;
	return output->buffer + output->used;
}

bool output_add(struct output *output, size_t size, bool is_packet,
	struct failure *failure)
{
	output->used += size;
	output->ends[output->count++] = (struct end){
		.place = output->used & INT32_MAX,
		.is_packet = is_packet,
	};
	if (output->used < BUFFER_FULL || output_flush(output, failure))
		return true;
	/* its end can't have been written, and it is not taken */
	output->lost -= is_packet;
	return false;
}

bool output_close(struct output *output, struct failure *failure)
{
	bool closed = true;

	if (!output)
		return true;
	if (!output->broken)
		closed = output_flush(output, failure);
	/* some file systems tell only here that they are full */
	if (output->own_fd && close(output->fd) != 0 && closed)
		closed = failure_set(
			failure, 1, "%s: %s", output->name, strerror(errno));
	if (output->created && !output->started)
		unlink(output->path);
	free(output);
	return closed;
}
