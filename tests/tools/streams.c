/* SPDX-License-Identifier: MIT */
/*
 * A server of capture streams for the client's tests, on loopback.
 *
 *     streams [-port P] [-auth BASE64] [-stuck] [-lifetime S]
 *     streams -attacks
 *
 * In: HTTP requests, 1,000 and more at once. Out: the responses that their
 * paths and queries select. /stream, /capture, and /auth send a stream, whose
 * packets are described in packets.h, and /file/PATH a file; other paths are
 * errors and attacks, see answers.c. A stream's query also has
 *
 *     snaplen=N         in the file header, 262144 by default
 *     pieces=random|N   bytes of a chunk and of a write, random: 1 to 65536
 *     http=1.0          no chunks, the stream ends with the connection
 *     delay=MS          before the first packet, after the file header
 *     crowd=N           nothing before there were N requests of any kind
 *     gate=N            N packets; the rest after a request for /go
 *     end=clean|cut|middle|reset|never
 *
 * With -attacks it only prints the names for /attack/NAME.
 *
 * Stdout has "listening on PORT", a line per request, with its credentials, and
 * "sent TARGET" when a stream's last packet was passed to the kernel. With
 * -stuck there is also "stuck on PORT", a port on which no connection is
 * accepted. The server exits at the end of its lifetime.
 */
#include "../lib/stream_connection.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BACKLOG = 4096, EVENTS = 256 };

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

/*
 * One more request has arrived: streams that wait for a crowd are checked
 * again.
 */
static void server_gather(struct server *server)
{
	for (struct stream_connection *it = server->connections; it; it = it->next)
		if (it->in_crowd)
			stream_connection_want_room(it, true);
}

/* The gate has opened: streams are checked again. */
static void server_open(struct server *server)
{
	server->open = true;
	for (struct stream_connection *it = server->connections; it; it = it->next)
		if (it->stream && !it->ended)
			stream_connection_want_room(it, true);
}

/* Parses target and credentials of a whole request, and logs them. */
static void connection_answer(struct stream_connection *connection)
{
	const char *name = "\r\nAuthorization: Basic ";
	const char *found = strcasestr(connection->request, name);
	char authorization[512] = "";
	char method[16] = "";

	if (found)
		sscanf(found + strlen(name), "%511[^\r]", authorization);
	if (sscanf(connection->request, "%15s %8191s", method, connection->target) != 2)
		connection->dead = true;
	printf("%s %s%s%s\n", method, connection->target,
		*authorization ? " Authorization: Basic " : "", authorization);
	connection->asked = true;
	connection->server->asked++;
	server_gather(connection->server);
	connection->since = stream_now_ms();
	if (!strcmp(connection->target, "/go")) {
		server_open(connection->server);
		answer_page(&connection->answer, "200 OK", "", "gone\n");
	} else {
		answer_make(&connection->answer, connection->target,
			connection->server->credentials, authorization);
	}
	if (connection->answer.stream)
		connection->stream = packet_stream_new(answer_query(connection->target));
	connection->size = connection->answer.first_size;
	memcpy(connection->out, connection->answer.first, connection->size);
	stream_connection_send(connection);
}

static void connection_receive(struct stream_connection *connection)
{
	char rest[512];
	char *to = connection->request + connection->request_size;
	size_t room = REQUEST_MAX - 1 - connection->request_size;
	ssize_t got;

	if (connection->asked) {
		to = rest;
		room = sizeof(rest);
	}
	got = recv(connection->fd, to, room, 0);
	if (got <= 0) {
		connection->dead = got == 0 || errno != EAGAIN;
		return;
	}
	if (connection->asked)
		return;
	connection->request_size += (size_t)got;
	if (strstr(connection->request, "\r\n\r\n"))
		connection_answer(connection);
}

static void server_accept(struct server *server)
{
	const int on = 1;

	for (;;) {
		struct stream_connection *connection;
		struct epoll_event event = {.events = EPOLLIN};
		int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		connection = calloc(1, sizeof(*connection));
		if (!connection)
			err(1, "a connection");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		connection->fd = fd;
		connection->server = server;
		connection->next = server->connections;
		server->connections = connection;
		event.data.ptr = connection;
		if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
			err(1, "epoll_ctl");
	}
}

/* Frees dead connections, or all of them. */
static void server_bury(struct server *server, bool everybody)
{
	struct stream_connection **at = &server->connections;

	while (*at) {
		struct stream_connection *connection = *at;

		if (!connection->dead && !everybody) {
			at = &connection->next;
			continue;
		}
		*at = connection->next;
		close(connection->fd);
		free(connection->stream);
		attack_free(connection->answer.attack);
		free(connection);
	}
}

/* Serves connections whose delay is over; returns ms until the next one. */
static int server_clock(struct server *server)
{
	uint64_t now = stream_now_ms();
	uint64_t next = server->until;

	for (struct stream_connection *it = server->connections; it; it = it->next) {
		if (it->wake > 0 && it->wake <= now && !it->dead)
			stream_connection_send(it);
		if (it->wake > 0 && it->wake < next)
			next = it->wake;
	}
	now = stream_now_ms();
	return next > now ? (int)(next - now) : 0;
}

static void server_run(struct server *server)
{
	struct epoll_event events[EVENTS];

	while (!stopped && stream_now_ms() < server->until) {
		int timeout = server_clock(server);
		int count;

		server_bury(server, false);
		fflush(stdout);
		count = epoll_wait(server->epoll, events, EVENTS, timeout);
		for (int i = 0; i < count; i++) {
			struct stream_connection *connection = events[i].data.ptr;

			if (!connection) {
				server_accept(server);
				continue;
			}
			if (events[i].events & ~(uint32_t)EPOLLOUT)
				connection_receive(connection);
			if (events[i].events & EPOLLOUT && !connection->dead)
				stream_connection_send(connection);
		}
	}
	server_bury(server, true);
}

/* Listens on loopback and prints "NAME on PORT". */
static int listen_on(uint16_t port, int backlog, const char *name)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, backlog))
		err(1, "port %u", port);
	getsockname(fd, (struct sockaddr *)&address, &size);
	printf("%s on %u\n", name, ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

/* A port with a full backlog: connections to it get no response at all. */
static void listen_stuck(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	int listener = listen_on(0, 0, "stuck");

	getsockname(listener, (struct sockaddr *)&address, &size);
	for (int i = 0; i < 4; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd >= 0)
			connect(fd, (struct sockaddr *)&address, size);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"port", required_argument, NULL, 'p'},
		{"auth", required_argument, NULL, 'a'},
		{"lifetime", required_argument, NULL, 'l'},
		{"stuck", no_argument, NULL, 's'},
		{"attacks", no_argument, NULL, 'A'},
		{0},
	};
	struct server server = {.credentials = ""};
	struct epoll_event event = {.events = EPOLLIN};
	struct rlimit files;
	uint64_t lifetime = 120;
	uint16_t port = 0;
	int option;

	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			port = (uint16_t)strtoul(optarg, NULL, 10);
		else if (option == 'a')
			server.credentials = optarg;
		else if (option == 'l')
			lifetime = strtoull(optarg, NULL, 10);
		else if (option == 's')
			listen_stuck();
		else
			break;
	}
	if (option != -1) {
		if (option == 'A')
			attack_list();
		return option != 'A';
	}
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	server.until = stream_now_ms() + lifetime * 1000;
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	server.listener = listen_on(port, BACKLOG, "listening");
	epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &event);
	server_run(&server);
	close(server.listener);
	close(server.epoll);
	return 0;
}
