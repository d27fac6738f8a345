/*
 * Measures a worker on loopback: from request to the first byte of the
 * capture, and from the sending of a packet to its bytes at the client's
 * socket. Usage: latency PORT ROUNDS PACKETS RATE; prints microseconds.
 */
#include "common/clock.h"
#include "format/reader.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SINK_PORT = 9, TIMEOUT_MS = 5000, MOST = 100000, UDP_DATA = 16 + 28 };

struct samples {
	uint64_t us[MOST];
	size_t count;
};

static struct samples first_bytes;
static struct samples packets;

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void add(struct samples *samples, uint64_t ns)
{
	if (samples->count < MOST)
		samples->us[samples->count++] = ns / 1000;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void print(const char *what, struct samples *samples)
{
	qsort(samples->us, samples->count, sizeof(*samples->us), compare);
	if (samples->count == 0)
		exit(EXIT_FAILURE);
	printf("%-40s %8llu %8llu %8llu us (p50, p99, max of %zu)\n", what,
		(unsigned long long)samples->us[samples->count / 2],
		(unsigned long long)samples->us[samples->count * 99 / 100],
		(unsigned long long)samples->us[samples->count - 1],
		samples->count);
}

static struct sockaddr_in address_of(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int connect_to(int port)
{
	const struct sockaddr_in address = address_of(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		die("connect");
	return fd;
}

/* Of HTTP/1.0, so that the body is the capture and nothing else. */
static void request(int fd)
{
	static const char text[] = "GET /capture?precision=nano&filter="
				   "udp+dst+port+9 HTTP/1.0\r\n\r\n";

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die("write");
}

static bool on_interface(void *context, const struct interface *interface,
	uint32_t *ret_number, struct failure *failure)
{
	(void)interface;
	(void)failure;
	*(bool *)context = true;
	*ret_number = 0;
	return true;
}

static bool on_packet(
	void *context, const struct packet *packet, struct failure *failure)
{
	uint64_t sent;

	(void)context;
	(void)failure;
	memcpy(&sent, packet->data + UDP_DATA, sizeof(sent));
	add(&packets, clock_ns(CLOCK_MONOTONIC) - sent);
	return true;
}

/* pcap, which this asks for, has none. */
static bool on_statistics(void *context, const struct statistics *statistics,
	struct failure *failure)
{
	(void)context;
	(void)statistics;
	(void)failure;
	return true;
}

/* Feeds the reader with the body; returns false when there is no more. */
static bool receive(int fd, struct reader *reader, bool *in_body)
{
	char bytes[65536];
	ssize_t got = read(fd, bytes, sizeof(bytes) - 1);
	char *body = bytes;
	struct failure failure;

	if (got <= 0)
		return false;
	bytes[got] = '\0';
	if (!*in_body) {
		body = strstr(bytes, "\r\n\r\n");
		if (!body)
			return true;
		body += 4;
		*in_body = true;
	}
	return reader_push(
		reader, body, (size_t)(bytes + got - body), &failure);
}

static bool wait_for(int fd, int ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, ms) > 0;
}

/* One connection: time to its header, then count packets at a rate. */
static void run(int port, int count, int rate)
{
	const struct sockaddr_in sink_address = address_of(SINK_PORT);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	bool started = false;
	bool in_body = false;
	const struct stream_sink sink = {
		on_interface, on_packet, on_statistics, &started};
	struct reader *reader = reader_new(&sink);
	int fd = connect_to(port);
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	size_t before = packets.count;

	request(fd);
	while (!started && wait_for(fd, TIMEOUT_MS) &&
		receive(fd, reader, &in_body))
		;
	add(&first_bytes, clock_ns(CLOCK_MONOTONIC) - begin);
	for (int i = 0; i < count; i++) {
		uint64_t next = clock_ms() + (uint64_t)(1000 / rate);
		uint64_t now = clock_ns(CLOCK_MONOTONIC);

		sendto(udp, &now, sizeof(now), 0,
			(const struct sockaddr *)&sink_address,
			sizeof(sink_address));
		while (clock_ms() < next)
			if (wait_for(fd, (int)(next - clock_ms())))
				receive(fd, reader, &in_body);
	}
	while (packets.count < before + (size_t)count &&
		wait_for(fd, TIMEOUT_MS) && receive(fd, reader, &in_body))
		;
	reader_free(reader);
	close(udp);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fputs("usage: latency PORT ROUNDS PACKETS RATE\n", stderr);
		return EXIT_FAILURE;
	}
	for (int i = 0; i < atoi(argv[2]); i++)
		run(atoi(argv[1]), i ? 0 : atoi(argv[3]), atoi(argv[4]));
	print("request to first byte of the capture", &first_bytes);
	print("packet sent to bytes at client's socket", &packets);
	return EXIT_SUCCESS;
}
