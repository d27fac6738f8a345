/* SPDX-License-Identifier: MIT */
#pragma once

#include "worker/connection.h"

#include "unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINK_ROOM = 32 << 20 };

/* A socket pair whose far end is read by a thread until it is closed. */
struct link {
	struct connection connection;
	int far;
	pthread_t reader;
	unsigned char *got;
	size_t size;
};

static inline void *link_read(void *context)
{
	struct link *link = context;
	ssize_t got;

	while ((got = recv(link->far, link->got + link->size, LINK_ROOM - link->size, 0)) > 0)
		link->size += (size_t)got;
	return NULL;
}

static inline void link_open(struct link *link, bool reads)
{
	int fds[2];

	*link = (struct link){0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	connection_open(&link->connection, fds[0]);
	link->far = fds[1];
	link->got = malloc(LINK_ROOM);
	assert_non_null(link->got);
	if (reads)
		assert_int_equal(pthread_create(&link->reader, NULL, link_read, link), 0);
}

/* Closes the near end; after that all that has arrived is in got. */
static inline void link_finish(struct link *link)
{
	close(link->connection.fd);
	pthread_join(link->reader, NULL);
}

static inline void link_free(struct link *link)
{
	close(link->far);
	free(link->got);
}

/* Takes what has arrived so far, where no thread reads. */
static inline size_t link_take(struct link *link)
{
	ssize_t got = recv(link->far, link->got, LINK_ROOM, MSG_DONTWAIT);

	return got > 0 ? (size_t)got : 0;
}
