/* SPDX-License-Identifier: MIT */
/*
 * Output file or pipe. In: records of a capture file, in their final order. Out:
 * large writes to a descriptor.
 *
 * The buffer has space for one record after it is full, and keeps the end of
 * each record. When a disk is full, the file is truncated to its last whole
 * record.
 */
#include "client/output.h"

#include "client/redact.h"

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
	BUFFER_SIZE = BUFFER_FULL + OUTPUT_RECORD_MAX,
	RECORD_MIN = 16,
	ENDS_MAX = BUFFER_FULL / RECORD_MIN + 1,
	PIPE_SIZE = 1 << 20, /* the limit for unprivileged users */
	MODE = 0600,	     /* packets contain secrets */
};

enum output_kind { KIND_OTHER, KIND_FILE, KIND_PIPE, KIND_SHARED_PIPE, KIND_SOCKET };

/* The end of a record in the buffer. */
struct record_end {
	uint32_t offset : 31;
	uint32_t is_packet : 1;
};

struct output {
	char name[256];	  /* for messages */
	const char *path; /* belongs to the caller */
	int fd;
	bool is_file;	  /* opened by path, not stdout */
	bool must_close;  /* fd was opened here */
	bool was_created; /* the file did not exist before */
	bool has_started; /* output_start() was called */
	bool has_failed;  /* nothing more is written */
	enum output_kind kind;
	size_t full;  /* bytes in the buffer from which on it is written */
	size_t start; /* of what is not written yet */
	size_t used;
	size_t count;	       /* records in the buffer */
	uint64_t lost_packets; /* after has_failed */
	uint64_t file_bytes;   /* of this file, with what is buffered */
	struct record_end ends[ENDS_MAX];
	unsigned char buffer[BUFFER_SIZE];
};

/*
 * Opens the pipe again with O_NONBLOCK, which on the given descriptor would
 * affect all processes that share it. Another user's pipe cannot be opened. A
 * larger pipe saves a context switch per 64 KiB.
 */
static void set_up_pipe(struct output *output)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", output->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	output->kind = fd >= 0 ? KIND_PIPE : KIND_SHARED_PIPE;
	if (fd >= 0) {
		if (output->is_file)
			close(output->fd);
		output->fd = fd;
		output->must_close = true;
	}
	fcntl(output->fd, F_SETPIPE_SZ, PIPE_SIZE);
}

/* Did a '&' in a URL put ddump in the background? */
static bool is_in_background(int terminal)
{
	const pid_t foreground = tcgetpgrp(terminal);

	return foreground > 0 && foreground != getpgrp();
}

static bool detect_kind(struct output *output, struct error *error)
{
	struct stat status;

	if (isatty(output->fd))
		return error_set(error, 1,
			"cannot write packets: %s is a terminal; try | tcpdump -nr - or -w FILE%s",
			output->name,
			is_in_background(output->fd) ? " (quote a URL with '&')" : "");
	if (fstat(output->fd, &status) != 0)
		return error_set(error, 1, "%s: %s", output->name, strerror(errno));
	if (S_ISREG(status.st_mode))
		output->kind = KIND_FILE;
	if (S_ISSOCK(status.st_mode))
		output->kind = KIND_SOCKET;
	if (S_ISFIFO(status.st_mode))
		set_up_pipe(output);
	return true;
}

/* Does not truncate the file yet, so that a run without packets keeps it. */
static int open_file(struct output *output)
{
	const int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
	int fd = open(output->path, flags | O_EXCL, MODE);

	output->was_created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(output->path, flags, MODE);
	return fd;
}

static struct output *allocate(struct error *error)
{
	struct output *output = calloc(1, sizeof(*output));

	if (output)
		output->full = BUFFER_FULL;
	else
		error_set(error, 1, "out of memory");
	return output;
}

/* The output becomes a regular file, which is open already. */
static void use_file(struct output *output, const char *path)
{
	output->is_file = true;
	output->must_close = true;
	output->kind = KIND_FILE;
	output->path = path;
	output->file_bytes = 0;
	redact_copy(output->name, sizeof(output->name), path);
}

struct output *output_open_file(int fd, const char *path, bool was_created, struct error *error)
{
	struct output *output = allocate(error);

	if (!output)
		return NULL;
	use_file(output, path);
	output->fd = fd;
	output->was_created = was_created;
	return output;
}

struct output *output_open_pipe(int fd, struct error *error)
{
	struct output *output = allocate(error);

	if (!output)
		return NULL;
	snprintf(output->name, sizeof(output->name), "%s", "text of -print");
	output->fd = fd;
	output->kind = KIND_PIPE;
	output->must_close = true;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return output;
}

bool output_is_terminal(void)
{
	return isatty(STDOUT_FILENO) && !is_in_background(STDOUT_FILENO);
}

struct output *output_open(const char *path, struct error *error)
{
	struct output *output = allocate(error);

	if (!output)
		return NULL;
	output->is_file = path && strcmp(path, "-") != 0;
	output->must_close = output->is_file;
	output->path = path;
	redact_copy(output->name, sizeof(output->name), output->is_file ? path : "stdout");
	output->fd = output->is_file ? open_file(output) : STDOUT_FILENO;
	if (output->fd < 0)
		error_set(error, 1,
			"cannot open %s: %s; -w needs a file in a directory where you may write",
			output->name, strerror(errno));
	else if (detect_kind(output, error))
		return output;
	if (output->must_close && output->fd >= 0)
		close(output->fd);
	free(output);
	return NULL;
}

void output_set_buffer(struct output *output, size_t bytes)
{
	output->full = bytes < BUFFER_FULL ? bytes : BUFFER_FULL;
}

int output_fd(const struct output *output)
{
	return output->fd;
}

static bool set_file_size(int fd, off_t size)
{
	int result;

	do
		result = ftruncate(fd, size);
	while (result != 0 && errno == EINTR);
	return result == 0;
}

bool output_start(struct output *output, struct error *error)
{
	if (output->is_file && output->kind == KIND_FILE && !set_file_size(output->fd, 0))
		return error_set(error, 1, "%s: %s", output->name, strerror(errno));
	output->has_started = true;
	return true;
}

/* Truncates a file that could not grow to its last whole record. */
static void truncate_to_record(const struct output *output, size_t written)
{
	off_t end = lseek(output->fd, 0, SEEK_CUR);
	size_t whole = 0;

	if (output->kind != KIND_FILE || end < 0)
		return;
	for (size_t i = 0; i < output->count; i++)
		if (output->ends[i].offset <= written)
			whole = output->ends[i].offset;
	/* if this fails, nothing else can be done */
	if (!set_file_size(output->fd, end - (off_t)(written - whole)))
		return;
	lseek(output->fd, 0, SEEK_END);
}

static bool fail_output(struct output *output, int error_number, struct error *error)
{
	output->has_failed = true;
	error_set(error, error_number == EPIPE ? 0 : 1, "%s: %s", output->name,
		strerror(error_number));
	truncate_to_record(output, output->start);
	output->lost_packets = output_pending(output);
	output->start = output->used;
	return false;
}

/*
 * A write(2) that does not block: a slow reader must not stop the transfers.
 * Does not set O_NONBLOCK on sockets and pipes that other processes share.
 */
static ssize_t write_nonblocking(const struct output *output, const void *bytes, size_t size)
{
	struct pollfd fd = {.fd = output->fd, .events = POLLOUT};

	if (output->kind == KIND_SOCKET)
		return send(output->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (output->kind != KIND_SHARED_PIPE)
		return write(output->fd, bytes, size);
	if (poll(&fd, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	/* pipe(7): a writable pipe has space for PIPE_BUF bytes */
	return write(output->fd, bytes, size < PIPE_BUF ? size : PIPE_BUF);
}

bool output_flush(struct output *output, struct error *error)
{
	while (output->start < output->used) {
		ssize_t size = write_nonblocking(
			output, output->buffer + output->start, output->used - output->start);

		if (size < 0 && errno == EAGAIN)
			return true;
		if (size < 0 && errno != EINTR)
			return fail_output(output, errno, error);
		output->start += size > 0 ? (size_t)size : 0;
	}
	output->start = 0;
	output->used = 0;
	output->count = 0;
	return !output->has_failed;
}

/*
 * Closes the descriptor of a file, and uses its number for fd: other parts of the
 * program know it. dup2(2) reports no error of the file that it closes.
 */
static bool replace_fd(const struct output *output, int fd)
{
	const int copy = fcntl(output->fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return false;
	/* some file systems report only here that they are full */
	if (close(copy) != 0)
		return false;
	return dup3(fd, output->fd, O_CLOEXEC) >= 0;
}

bool output_switch(struct output *output, int fd, const char *path, struct error *error)
{
	if (!output_flush(output, error))
		return false;
	if (!replace_fd(output, fd))
		return fail_output(output, errno, error);
	close(fd);
	use_file(output, path);
	output->was_created = false;
	return true;
}

bool output_is_piped(const struct output *output)
{
	return output->kind != KIND_FILE && output->kind != KIND_OTHER;
}

bool output_is_blocked(const struct output *output)
{
	return output->start < output->used && !output->has_failed;
}

uint64_t output_pending(const struct output *output)
{
	uint64_t count = output->lost_packets;

	for (size_t i = 0; i < output->count; i++)
		count += output->ends[i].is_packet && output->ends[i].offset > output->start;
	return count;
}

uint64_t output_file_bytes(const struct output *output)
{
	return output->file_bytes;
}

bool output_wait(const struct output *output, int ms)
{
	struct pollfd fd = {.fd = output->fd, .events = POLLOUT};

	/* after a signal, the caller tries again */
	return poll(&fd, 1, ms) != 0;
}

/* cppcheck-suppress constParameterPointer; what it points to is written */
unsigned char *output_buffer(struct output *output)
{
	if (output->has_failed || output->used >= output->full)
		return NULL;
	return output->buffer + output->used;
}

bool output_add(struct output *output, size_t size, bool is_packet, struct error *error)
{
	output->used += size;
	output->file_bytes += size;
	output->ends[output->count++] = (struct record_end){
		.offset = output->used & INT32_MAX,
		.is_packet = is_packet,
	};
	if (output->used < output->full || output_flush(output, error))
		return true;
	/* the last record cannot have been written, and is not counted */
	output->lost_packets -= is_packet;
	return false;
}

bool output_close(struct output *output, struct error *error)
{
	bool closed = true;

	if (!output)
		return true;
	if (!output->has_failed)
		closed = output_flush(output, error);
	/* some file systems report only here that they are full */
	if (output->must_close && close(output->fd) != 0 && closed)
		closed = error_set(error, 1, "%s: %s", output->name, strerror(errno));
	if (output->was_created && !output->has_started)
		unlink(output->path);
	free(output);
	return closed;
}
