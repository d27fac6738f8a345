/* SPDX-License-Identifier: MIT */
/*
 * Connects many clients at once, as fast as possible.
 *
 *     crowd [-stuck] COUNT ADDRESS PORT [TEXT]
 *
 * In: the number of connections, the address, and the text that each of them
 * sends, if any. Out: "begun" when all connections are started. When the server
 * has closed all of them, or at SIGTERM: "answered N", "closed N" (without a
 * byte), "failed N" (no connection, or a reset without a byte), and "waiting
 * N". With -stuck nothing is read.
 */
#include <err.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 19000, EVENTS = 256, PIECE = 65536 };

enum state { CONNECTING, CONNECTED, ANSWERED };

struct crowd_client {
	int fd;
	enum state state;
};

struct crowd {
	int epoll;
	bool stuck;
	const char *text;
	size_t under_way;
	size_t answered;
	size_t closed;
	size_t failed;
	struct crowd_client clients[CLIENTS_MAX];
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void end(struct crowd *crowd, struct crowd_client *client, bool in_order)
{
	if (client->state == ANSWERED)
		crowd->answered++;
	else if (in_order && client->state == CONNECTED)
		crowd->closed++;
	else
		crowd->failed++;
	close(client->fd);
	crowd->under_way--;
}

static void begin(struct crowd *crowd, struct crowd_client *client, const struct addrinfo *to)
{
	struct epoll_event event = {
		.events = EPOLLOUT,
		.data.ptr = client,
	};

	*client = (struct crowd_client){
		.fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	if (client->fd < 0)
		err(1, "socket");
	/* epoll also reports a connection that fails at once */
	connect(client->fd, to->ai_addr, to->ai_addrlen);
	epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, client->fd, &event);
	crowd->under_way++;
}

/* Connected: sends its text, and from now on reads, or does not. */
static void speak(struct crowd *crowd, struct crowd_client *client)
{
	struct epoll_event event = {
		.events = crowd->stuck ? 0 : EPOLLIN,
		.data.ptr = client,
	};
	const size_t size = strlen(crowd->text);

	if (size > 0 && send(client->fd, crowd->text, size, MSG_NOSIGNAL) < 0) {
		end(crowd, client, false);
		return;
	}
	client->state = CONNECTED;
	epoll_ctl(crowd->epoll, EPOLL_CTL_MOD, client->fd, &event);
}

static void hear(struct crowd *crowd, struct crowd_client *client)
{
	static char piece[PIECE];
	const ssize_t got = recv(client->fd, piece, sizeof(piece), 0);

	if (got > 0)
		client->state = ANSWERED;
	else
		end(crowd, client, got == 0);
}

static void run(struct crowd *crowd)
{
	struct epoll_event events[EVENTS];

	while (crowd->under_way > 0 && !stopped) {
		const int ready = epoll_wait(crowd->epoll, events, EVENTS, -1);

		for (int i = 0; i < ready; i++) {
			struct crowd_client *client = events[i].data.ptr;

			if (events[i].events & EPOLLERR)
				end(crowd, client, false);
			else if (client->state == CONNECTING)
				speak(crowd, client);
			else
				hear(crowd, client);
		}
	}
}

/* Root may raise its limit. */
static void allow_descriptors(void)
{
	struct rlimit limit = {CLIENTS_MAX + EVENTS, CLIENTS_MAX + EVENTS};

	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	static struct crowd crowd;
	const struct sigaction action = {.sa_handler = stop};
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *to;
	size_t count;

	crowd.stuck = argc > 1 && strcmp(argv[1], "-stuck") == 0;
	argv += crowd.stuck;
	argc -= crowd.stuck;
	if ((argc != 4 && argc != 5) || getaddrinfo(argv[2], argv[3], &hints, &to))
		errx(1, "usage: crowd [-stuck] COUNT ADDRESS PORT [TEXT]");
	count = strtoul(argv[1], NULL, 10);
	if (count < 1 || count > CLIENTS_MAX)
		errx(1, "%s: 1 to %d", argv[1], CLIENTS_MAX);
	crowd.text = argc == 5 ? argv[4] : "";
	crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
	sigaction(SIGTERM, &action, NULL);
	allow_descriptors();
	for (size_t i = 0; i < count; i++)
		begin(&crowd, &crowd.clients[i], to);
	freeaddrinfo(to);
	puts("begun");
	fflush(stdout);
	run(&crowd);
	printf("answered %zu\nclosed %zu\nfailed %zu\nwaiting %zu\n", crowd.answered, crowd.closed,
		crowd.failed, crowd.under_way);
	return 0;
}
