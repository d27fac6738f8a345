/* SPDX-License-Identifier: MIT */
/*
 * Prints a stream of packets as text. In: pcapng. Out: lines of tcpdump, each with the
 * source of its packet in front, on stdout.
 *
 * Order: tcpdump reads one link type, so there is a child for each. The queue has all
 * packets that were sent to children, in their order. Only the child of the first one
 * is read. "tcpdump --number" numbers its packets; a line with the next number begins
 * the next packet of that child, and all other lines continue the present one. When the
 * following packet is of another child, this child gets a mark, an empty packet: its
 * line shows that the packet before it is complete.
 *
 * Payload that tcpdump prints (-A) can look like a line of tcpdump. So only the number
 * that is due is taken, and each line has its source in front.
 */
#include "client/print_stream.h"

#include "client/print_child.h"
#include "common/text.h"
#include "format/linktype.h"
#include "format/stream_reader.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CHILDREN_MAX = 64,  /* link types */
	CHUNK_SIZE = 16384, /* of the input */
	QUEUE_SIZE = 4096,  /* more than the packets and marks of some chunks */
	QUEUE_HIGH = 2048,  /* from which on the input is not read */
	LINE_SIZE = 1 << 18,
	SOURCE_SIZE = 512,
	FDS_MAX = 2 + 3 * CHILDREN_MAX,
	SIGNAL_STATUS = 128, /* added to the number of a signal */
};

/* A packet that was sent to a child, or a mark. */
struct sent_packet {
	unsigned child;
	uint32_t interface;
	bool is_mark;
};

struct print_run {
	const struct print_text_options *options;
	struct stream_reader *reader;
	struct print_child children[CHILDREN_MAX];
	unsigned child_count;
	char **sources; /* by interface */
	uint32_t *linktypes;
	uint32_t interface_count;
	struct sent_packet queue[QUEUE_SIZE]; /* a ring */
	unsigned first;
	unsigned queued;
	bool has_begun; /* lines of the first one were printed */
	bool input_ended;
	char line[LINE_SIZE];
};

static bool on_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct print_run *run = context;
	const size_t count = run->interface_count + 1;
	char **sources = realloc(run->sources, count * sizeof(*sources));
	uint32_t *linktypes;
	char source[SOURCE_SIZE];

	if (sources)
		run->sources = sources;
	linktypes = realloc(run->linktypes, count * sizeof(*linktypes));
	if (linktypes)
		run->linktypes = linktypes;
	if (!sources || !linktypes)
		return error_set(error, 1, "out of memory");
	text_escape(source, sizeof(source), interface->name);
	sources[run->interface_count] = strdup(source);
	if (!sources[run->interface_count])
		return error_set(error, 1, "out of memory");
	linktypes[run->interface_count] = linktype_bare(interface->linktype);
	*ret_number = run->interface_count++;
	return true;
}

/* Finds or starts the child of a link type. */
static bool find_child(
	struct print_run *run, uint32_t linktype, unsigned *ret_child, struct error *error)
{
	for (unsigned i = 0; i < run->child_count; i++)
		if (run->children[i].linktype == linktype) {
			*ret_child = i;
			return true;
		}
	if (run->child_count == CHILDREN_MAX)
		return error_set(
			error, 1, "cannot print packets: more than %d link types", CHILDREN_MAX);
	*ret_child = run->child_count++;
	return print_child_start(&run->children[*ret_child], linktype, run->options, error);
}

static struct sent_packet *queue_at(struct print_run *run, unsigned i)
{
	return &run->queue[(run->first + i) % QUEUE_SIZE];
}

static void enqueue(struct print_run *run, unsigned child, uint32_t interface, bool is_mark)
{
	assert(run->queued < QUEUE_SIZE);
	*queue_at(run, run->queued++) = (struct sent_packet){child, interface, is_mark};
}

static bool on_packet(void *context, const struct packet *packet, struct error *error)
{
	struct print_run *run = context;
	unsigned child = 0;

	if (!find_child(run, run->linktypes[packet->interface], &child, error))
		return false;
	if (run->queued > 0 && queue_at(run, run->queued - 1)->child != child) {
		const unsigned before = queue_at(run, run->queued - 1)->child;

		print_child_add(&run->children[before], NULL);
		enqueue(run, before, 0, true);
	}
	print_child_add(&run->children[child], packet);
	enqueue(run, child, packet->interface, false);
	return true;
}

/* Writes all of it to stdout. False: nobody reads it any more. */
static bool write_all(const char *bytes, size_t size)
{
	while (size > 0) {
		const ssize_t written = write(STDOUT_FILENO, bytes, size);
		struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

		if (written < 0 && errno == EAGAIN)
			poll(&fd, 1, -1);
		else if (written < 0 && errno != EINTR)
			return false;
		bytes += written > 0 ? written : 0;
		size -= written > 0 ? (size_t)written : 0;
	}
	return true;
}

/* Prints a line of the first packet, safe for a terminal. */
static bool print_line(struct print_run *run, const char *text, size_t size)
{
	const char *source = run->sources[queue_at(run, 0)->interface];
	const int head = snprintf(run->line, sizeof(run->line), "%s  ", source);
	const size_t used = (size_t)head;
	size_t length;

	text_escape_part(run->line + used, sizeof(run->line) - used - 1, text, size, true);
	length = strlen(run->line);
	run->line[length] = '\n';
	return write_all(run->line, length + 1);
}

static void dequeue(struct print_run *run)
{
	run->first = (run->first + 1) % QUEUE_SIZE;
	run->queued--;
	run->has_begun = false;
}

/* Handles the next line of the child of the first packet. */
static bool handle_line(
	struct print_run *run, struct print_child *child, const char *line, size_t size)
{
	size_t text = 0;

	if (child->seen == child->sent || !print_text_begins(line, size, child->seen + 1, &text))
		return !run->has_begun || print_line(run, line, size);
	child->seen++;
	if (run->has_begun)
		dequeue(run);
	if (queue_at(run, 0)->is_mark) {
		dequeue(run);
		return true;
	}
	run->has_begun = true;
	return print_line(run, line + text, size - text);
}

/* Prints the lines that have come and are due. False: nobody reads them. */
static bool print_lines(struct print_run *run)
{
	while (run->queued > 0) {
		struct print_child *child = &run->children[queue_at(run, 0)->child];
		size_t size;
		const char *line = print_child_line(child, &size);

		if (line) {
			if (!handle_line(run, child, line, size))
				return false;
			print_child_take(child, size);
			continue;
		}
		if (child->out >= 0)
			return true;
		/* it has ended, and prints nothing more */
		dequeue(run);
	}
	return true;
}

/* Reads the next part of the input. False: it is damaged, or a child did not start. */
static bool read_input(struct print_run *run, int fd, struct error *error)
{
	unsigned char chunk[CHUNK_SIZE];
	const ssize_t size = read(fd, chunk, sizeof(chunk));

	if (size < 0)
		return errno == EINTR || error_set(error, 1, "%s", strerror(errno));
	run->input_ended = size == 0;
	return size == 0 || stream_reader_push(run->reader, chunk, (size_t)size, error);
}

static bool accepts_input(const struct print_run *run)
{
	if (run->input_ended || run->queued >= QUEUE_HIGH)
		return false;
	for (unsigned i = 0; i < run->child_count; i++)
		if (!print_child_is_written(&run->children[i]))
			return false;
	return true;
}

/* Lists the descriptors to wait for; those of child i are at 1 + 3 * i. */
static nfds_t list_fds(struct print_run *run, int input, struct pollfd fds[FDS_MAX])
{
	const unsigned active = run->queued > 0 ? queue_at(run, 0)->child : CHILDREN_MAX;
	nfds_t count = 0;

	fds[count++] = (struct pollfd){accepts_input(run) ? input : -1, POLLIN, 0};
	for (unsigned i = 0; i < run->child_count; i++) {
		const struct print_child *child = &run->children[i];
		const bool writes = !print_child_is_written(child);

		fds[count++] = (struct pollfd){writes ? child->in : -1, POLLOUT, 0};
		fds[count++] = (struct pollfd){i == active ? child->out : -1, POLLIN, 0};
		fds[count++] = (struct pollfd){child->messages, POLLIN, 0};
	}
	return count;
}

static void serve_children(struct print_run *run, const struct pollfd *fds)
{
	for (unsigned i = 0; i < run->child_count; i++) {
		struct print_child *child = &run->children[i];

		if (fds[1 + 3 * i].revents)
			print_child_write(child);
		if (fds[2 + 3 * i].revents)
			print_child_read(child);
		if (fds[3 + 3 * i].revents)
			print_child_read_messages(child);
		if (run->input_ended)
			print_child_finish(child);
	}
}

/* Sets error to the reason for which a child has ended. Returns false. */
static bool explain_end(struct print_child *child, struct error *error)
{
	const int status = print_child_wait(child);

	print_child_read_messages(child);
	if (status > SIGNAL_STATUS)
		return error_set(error, 1, "cannot print packets: tcpdump was ended by signal %d",
			status - SIGNAL_STATUS);
	return error_set(error, 1, "cannot print packets: tcpdump ended with exit status %d; %s",
		status, child->message);
}

/* A child that does not read any more has failed. */
static bool check_children(struct print_run *run, struct error *error)
{
	for (unsigned i = 0; i < run->child_count; i++) {
		struct print_child *child = &run->children[i];

		if (!run->input_ended && (child->in < 0 || child->out < 0))
			return explain_end(child, error);
	}
	return true;
}

/* Runs until everything is printed. False: error is set, or nobody reads the text. */
static bool run_until_end(struct print_run *run, int input, struct error *error)
{
	struct pollfd fds[FDS_MAX];

	while (!run->input_ended || run->queued > 0) {
		const unsigned children = run->child_count;
		const nfds_t count = list_fds(run, input, fds);

		if (poll(fds, count, -1) < 0 && errno != EINTR)
			return error_set(error, 1, "%s", strerror(errno));
		serve_children(run, fds);
		if (fds[0].revents && !read_input(run, input, error))
			return false;
		for (unsigned i = 0; run->input_ended && i < children; i++)
			print_child_finish(&run->children[i]);
		for (unsigned i = children; i < run->child_count; i++)
			print_child_write(&run->children[i]);
		if (!print_lines(run) || !check_children(run, error))
			return false;
	}
	return true;
}

static void free_run(struct print_run *run)
{
	for (unsigned i = 0; i < run->child_count; i++) {
		print_child_free(&run->children[i]);
		print_child_wait(&run->children[i]);
	}
	for (uint32_t i = 0; i < run->interface_count; i++)
		free(run->sources[i]);
	free(run->sources);
	free(run->linktypes);
	stream_reader_free(run->reader);
	free(run);
}

int print_stream(int input, const struct print_text_options *options)
{
	struct print_run *run = calloc(1, sizeof(*run));
	const struct stream_handler handler = {
		.interface = on_interface,
		.packet = on_packet,
		.context = run,
	};
	struct error error = {0};
	bool is_whole = false;

	if (!run)
		return EXIT_FAILURE;
	run->options = options;
	run->reader = stream_reader_new(&handler);
	if (run->reader)
		is_whole = run_until_end(run, input, &error);
	if (error.status)
		fprintf(stderr, "ddump: %s\n", error.text);
	free_run(run);
	if (error.status)
		return EXIT_FAILURE;
	return is_whole ? EXIT_SUCCESS : PRINT_STREAM_READER_GONE;
}
