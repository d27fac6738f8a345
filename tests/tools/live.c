/* SPDX-License-Identifier: MIT */
/*
 * A server of live captures on loopback, cheap enough to measure a client on
 * the same machine.
 *
 *     live
 *
 * In: HTTP requests, 1,000 and more at once. Out: a capture without end for
 * each; a chunk is sent in one write, and the timestamps of its packets are in
 * the time since the one before. The query sets the content:
 *
 *     chunks=N           a second; default 0
 *     packets=N          a second, in these chunks
 *     size=BYTES         of a packet; default 100
 *     format=pcap|pcapng default pcapng
 *     watermarks=0       pcapng without watermarks
 *     watermark=MS       between two watermarks while it is quiet; default 50
 *
 * pcapng is what a worker sends: interfaces "any" and "eth0", a watermark and
 * the counters in each chunk, and a watermark from time to time while it is quiet.
 *
 * Stdout has "listening on PORT", and at every SIGUSR1 "SECONDS CHUNKS
 * PACKETS", the totals so far. SIGTERM ends all streams as complete, and prints
 * the totals again.
 */
#include "../lib/packets.h"
#include "common/clock.h"
#include "format/linktype.h"
#include "format/pcap_file.h"
#include "format/pcapng_write.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	STREAMS_MAX = 16384,
	BACKLOG = 4096,
	EVENTS = 256,
	REQUEST_MAX = 8192,
	TICK_MS = 1,
	PHASES = 1000,	/* streams do not send at the same moment */
	CHUNK_HEAD = 6, /* four digits and CR LF */
	CHUNK_MAX = 65535,
	FRAME_MAX = 1514,
	SNAPLEN = 262144,
	SETTLED_NS = 10000000, /* delay of a watermark */
	WATERMARK_MS = 50,
	COUNTERS_NS = 1000000000,
};

/* All times are in ns, of the clock of the timestamps. */
struct stream {
	int fd; /* -1: it is over */
	bool asked;
	bool pcapng;
	bool has_watermarks;
	uint32_t size;
	uint64_t rate;	   /* packets a second */
	uint64_t period;   /* between two chunks with packets, 0: none */
	uint64_t interval; /* of watermarks */
	uint64_t begin;
	uint64_t last; /* the latest timestamp */
	uint64_t sent; /* packets */
	uint64_t due;  /* the next packets, watermark, counters: */
	uint64_t watermark;
	uint64_t counters;
};

struct server {
	int listener;
	int epoll;
	uint64_t chunks;
	uint64_t packets;
	uint32_t count;
	struct stream streams[STREAMS_MAX];
	unsigned char chunk[2 * CHUNK_MAX];
};

static volatile sig_atomic_t stopped;
static volatile sig_atomic_t asked;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		asked = 1;
	else
		stopped = 1;
}

static unsigned char *put_packets(
	struct stream *stream, unsigned char *at, uint64_t count, uint64_t now)
{
	static const unsigned char frame[FRAME_MAX];
	const uint64_t gap = count ? (now - stream->last) / count : 0;

	for (uint64_t i = 0; i < count; i++) {
		const struct packet packet = {
			.time = stream->last + gap,
			.caplen = stream->size,
			.len = stream->size,
			.interface = 1,
		};
		const size_t head = stream->pcapng ? PCAPNG_PACKET_HEAD : PCAP_FILE_RECORD;

		memcpy(at + head, frame, stream->size);
		if (stream->pcapng)
			at += pcapng_write_packet(at, &packet, NULL, 0);
		else
			pcap_file_put_record(at, &packet, false);
		if (!stream->pcapng)
			at += PCAP_FILE_RECORD + stream->size;
		stream->last = packet.time;
	}
	stream->sent += count;
	return at;
}

/* Like a worker: with the counters if these changed, and once a second. */
static unsigned char *put_watermark(
	struct stream *stream, unsigned char *at, uint64_t now, bool tells)
{
	struct statistics statistics = {
		.time = now - SETTLED_NS,
		.is_watermark = true,
		.is_end = stopped,
	};

	if (tells || now >= stream->counters) {
		statistics.valid = STATISTICS_ALL;
		statistics.received = stream->sent;
		stream->counters = now + COUNTERS_NS;
	}
	/* a server that was held up must not make all streams send at the same moment */
	if (now >= stream->watermark)
		now -= (now - stream->watermark) % stream->interval;
	stream->watermark = now + stream->interval;
	return at + pcapng_write_statistics(at, &statistics);
}

static unsigned char *put_interface(unsigned char *at, const char *name)
{
	const struct interface interface = {
		.linktype = LINKTYPE_SLL,
		.snaplen = SNAPLEN,
		.name = name,
		.filter = "",
	};

	return at + pcapng_write_interface(at, &interface);
}

static unsigned char *put_header(const struct stream *stream, unsigned char *at)
{
	const struct pcap_file file = {
		.linktype = LINKTYPE_SLL,
		.snaplen = SNAPLEN,
	};

	if (stream->pcapng) {
		at += pcapng_write_section(at, "ddump-worker " DDUMP_VERSION, NULL);
		return put_interface(put_interface(at, "any"), "eth0");
	}
	pcap_file_put_header(at, &file);
	return at + PCAP_FILE_HEADER;
}

static void end_stream(struct stream *stream)
{
	close(stream->fd);
	stream->fd = -1;
}

/* The socket blocks: a client that is too slow reduces the rate. */
static void send_bytes(struct stream *stream, const void *bytes, size_t size)
{
	if (send(stream->fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
		end_stream(stream);
}

/* Frames and sends the bytes of the chunk, up to end. */
static void send_chunk(struct server *server, struct stream *stream, unsigned char *end)
{
	const size_t size = (size_t)(end - server->chunk) - CHUNK_HEAD;
	char head[24];

	if (size == 0)
		return;
	snprintf(head, sizeof(head), "%04zx\r\n", size);
	memcpy(server->chunk, head, CHUNK_HEAD);
	memcpy(end, "\r\n", 2);
	send_bytes(stream, server->chunk, CHUNK_HEAD + size + 2);
	server->chunks++;
}

/*
 * Returns how many packets the next chunk has. If this server was held up, it has those of
 * several chunks, as many as fit: the rate stays what was asked for.
 */
static uint64_t packets_due(struct stream *stream, uint64_t now)
{
	const uint64_t most = (CHUNK_MAX - 100) / (stream->size + 32);
	const uint64_t late = (now - stream->due) / stream->period;
	uint64_t count;

	stream->due += late * stream->period;
	count = (stream->due - stream->begin) * stream->rate / NS_PER_S - stream->sent;
	return count < most ? count : most;
}

/* Sends the chunks that are due. */
static void serve(struct server *server, struct stream *stream, uint64_t now)
{
	unsigned char *at = server->chunk + CHUNK_HEAD;
	uint64_t count = 0;

	if (stream->period && stream->due <= now) {
		count = packets_due(stream, now);
		at = put_packets(stream, at, count, now);
		server->packets += count;
		stream->due += stream->period;
	}
	if (stream->has_watermarks && (count > 0 || stream->watermark <= now))
		at = put_watermark(stream, at, now, count > 0);
	send_chunk(server, stream, at);
}

static void read_query(struct stream *stream, const char *query, uint64_t phase)
{
	const uint64_t chunks = param_number(query, "chunks", 0);
	const uint64_t now = clock_ns(CLOCK_REALTIME);

	stream->asked = true;
	stream->pcapng = !param_is(query, "format", "pcap");
	stream->has_watermarks = stream->pcapng && param_number(query, "watermarks", 1);
	stream->size = (uint32_t)param_number(query, "size", 100);
	stream->rate = param_number(query, "packets", 0);
	stream->begin = now;
	stream->last = now;
	stream->period = chunks ? NS_PER_S / chunks : 0;
	stream->due = now + stream->period * phase / PHASES;
	stream->interval = param_number(query, "watermark", WATERMARK_MS) * NS_PER_MS;
	stream->watermark = now + stream->interval * phase / PHASES;
	if (stream->size > FRAME_MAX ||
		(chunks && (stream->rate / chunks + 1) * (stream->size + 32) > CHUNK_MAX - 100))
		errx(1, "too much for one chunk: %s", query);
}

/* Begins a stream, or ends it if its client has disconnected. */
static void hear(struct server *server, struct stream *stream)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n"
				   "Transfer-Encoding: chunked\r\n"
				   "Connection: close\r\n\r\n";
	char request[REQUEST_MAX];
	ssize_t size = recv(stream->fd, request, sizeof(request) - 1, 0);
	char *query;

	if (size <= 0 || stream->asked) {
		end_stream(stream);
		return;
	}
	request[size] = '\0';
	if (!strstr(request, "\r\n\r\n"))
		errx(1, "a request in two pieces");
	query = strchr(request, '?');
	if (query)
		query[strcspn(query, " \r")] = '\0';
	read_query(stream, query ? query + 1 : "", (uint64_t)(stream - server->streams) % PHASES);
	send_bytes(stream, head, strlen(head));
	send_chunk(server, stream, put_header(stream, server->chunk + CHUNK_HEAD));
}

/* False: no connection waits. */
static bool accept_one(struct server *server)
{
	const int on = 1;
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = server->count};
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0 && errno == EAGAIN)
		return false;
	if (fd < 0)
		err(1, "accept");
	if (server->count == STREAMS_MAX)
		errx(1, "more than %d streams", STREAMS_MAX);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
		err(1, "epoll_ctl");
	server->streams[server->count++].fd = fd;
	return true;
}

static void accept_all(struct server *server)
{
	while (accept_one(server))
		continue;
}

static void tell(const struct server *server)
{
	printf("%.6f %" PRIu64 " %" PRIu64 "\n", (double)clock_ns(CLOCK_MONOTONIC) / NS_PER_S,
		server->chunks, server->packets);
	fflush(stdout);
	asked = 0;
}

static void run(struct server *server)
{
	struct epoll_event events[EVENTS];

	while (!stopped) {
		int count = epoll_wait(server->epoll, events, EVENTS, TICK_MS);
		uint64_t now;

		for (int i = 0; i < count; i++)
			if (events[i].data.u32 == STREAMS_MAX)
				accept_all(server);
			else
				hear(server, &server->streams[events[i].data.u32]);
		now = clock_ns(CLOCK_REALTIME);
		for (uint32_t i = 0; i < server->count; i++)
			if (server->streams[i].fd >= 0 && server->streams[i].asked)
				serve(server, &server->streams[i], now);
		if (asked)
			tell(server);
	}
}

static void end_all(struct server *server)
{
	static const char last[] = "0\r\n\r\n";
	const uint64_t now = clock_ns(CLOCK_REALTIME);

	for (uint32_t i = 0; i < server->count; i++) {
		struct stream *stream = &server->streams[i];
		unsigned char *at = server->chunk + CHUNK_HEAD;

		if (stream->fd >= 0 && stream->pcapng)
			send_chunk(server, stream, put_watermark(stream, at, now, true));
		if (stream->fd >= 0)
			send_bytes(stream, last, strlen(last));
		if (stream->fd >= 0)
			end_stream(stream);
	}
}

static void listen_on_loopback(struct server *server)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = STREAMS_MAX};
	socklen_t size = sizeof(address);

	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server->epoll < 0 || server->listener < 0 ||
		bind(server->listener, (struct sockaddr *)&address, size) ||
		listen(server->listener, BACKLOG) ||
		getsockname(server->listener, (struct sockaddr *)&address, &size) ||
		epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &event))
		err(1, "listen");
	printf("listening on %u\n", ntohs(address.sin_port));
	fflush(stdout);
}

int main(void)
{
	static struct server server;
	struct rlimit files;

	signal(SIGUSR1, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	listen_on_loopback(&server);
	run(&server);
	end_all(&server);
	tell(&server);
	return 0;
}
