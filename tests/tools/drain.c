/* SPDX-License-Identifier: MIT */
/*
 * Reads a live capture as fast as it arrives, and measures it.
 *
 *     drain <STREAM
 *     drain [-begin] PORT QUERY
 *
 * In: a pcap or pcapng stream on stdin, or that of a worker on this host,
 * requested with QUERY. Out, when it has begun: a line "first N", the ns from
 * connecting to the first byte. At its end, or with -begin at once: in ns "p50
 * N", "p99 N", and "most N", from the packets' timestamps to their arrival, 0
 * without packets; "bytes N", the size of the stream; and finally "packets N".
 */
#include "common/clock.h"
#include "format/stream_reader.h"

#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 1 << 18, LAGS_MAX = 1 << 20, HEAD_MAX = 4096 };

struct drain {
	struct stream_reader *reader;
	uint64_t now; /* arrival of the last chunk */
	uint64_t packets;
	uint64_t bytes;
	size_t lag_count;
	int64_t lags[LAGS_MAX]; /* of the first packets */
};

static bool take_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	(void)context;
	(void)interface;
	(void)error;
	*ret_number = 0;
	return true;
}

static bool take_packet(void *context, const struct packet *packet, struct error *error)
{
	struct drain *drain = context;

	(void)error;
	drain->packets++;
	if (drain->lag_count < LAGS_MAX)
		drain->lags[drain->lag_count++] = (int64_t)(drain->now - packet->time);
	return true;
}

/* Requests by HTTP/1.0, and reads the response head: a stream follows. */
static int ask(const char *port, const char *query)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	char head[HEAD_MAX] = "";
	size_t used = 0;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
		dprintf(fd, "GET /capture?%s HTTP/1.0\r\n\r\n", query) < 0)
		err(1, "port %s", port);
	while (!strstr(head, "\r\n\r\n")) {
		if (used == HEAD_MAX - 1 || read(fd, head + used, 1) != 1)
			errx(1, "no answer: %s", head);
		used++;
	}
	if (!strstr(head, " 200 "))
		errx(1, "refused: %s", head);
	return fd;
}

static void take_stream(struct drain *drain, int fd, uint64_t start, bool to_begin)
{
	static char piece[PIECE];
	struct error error;
	uint64_t first = 0;
	ssize_t size;

	while (!(to_begin && first) && (size = read(fd, piece, PIECE)) > 0) {
		drain->now = clock_ns(CLOCK_REALTIME);
		drain->bytes += (uint64_t)size;
		if (!stream_reader_push(drain->reader, piece, (size_t)size, &error))
			errx(1, "%s", error.text);
		if (!first && stream_reader_has_begun(drain->reader)) {
			first = clock_ns(CLOCK_MONOTONIC);
			printf("first %" PRIu64 "\n", first - start);
			fflush(stdout);
		}
	}
	if (!first)
		errx(1, "there was no capture");
}

static int compare(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a;
	const int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void print(struct drain *drain)
{
	const size_t last = drain->lag_count > 0 ? drain->lag_count - 1 : 0;

	qsort(drain->lags, drain->lag_count, sizeof(*drain->lags), compare);
	printf("p50 %" PRId64 "\np99 %" PRId64 "\nmost %" PRId64 "\n", drain->lags[last / 2],
		drain->lags[last * 99 / 100], drain->lags[last]);
	printf("bytes %" PRIu64 "\npackets %" PRIu64 "\n", drain->bytes, drain->packets);
}

int main(int argc, char **argv)
{
	static struct drain drain;
	const struct stream_handler sink = {
		.interface = take_interface,
		.packet = take_packet,
		.context = &drain,
	};
	const bool to_begin = argc == 4 && strcmp(argv[1], "-begin") == 0;
	uint64_t start;
	int fd = STDIN_FILENO;

	if (argc != 1 && argc != 3 && !to_begin)
		errx(1, "usage: drain <STREAM | drain [-begin] PORT QUERY");
	drain.reader = stream_reader_new(&sink);
	if (!drain.reader)
		errx(1, "out of memory");
	start = clock_ns(CLOCK_MONOTONIC);
	if (argc > 1)
		fd = ask(argv[argc - 2], argv[argc - 1]);
	take_stream(&drain, fd, start, to_begin);
	print(&drain);
	stream_reader_free(drain.reader);
	return 0;
}
