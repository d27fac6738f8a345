/*
 * One connection of the streams tool, from its answer on. In: the answer, and
 * room in the socket. Out: the answer's bytes, in pieces of any size, as late
 * as was asked for, with the ending that was asked for.
 */
#pragma once

#include "answers.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

enum {
	REQUEST_MAX = 8192,
	FRAME_MAX = 32, /* around a chunk, and the last chunk */
	TURN = 1 << 18, /* bytes that a connection sends before others do */
	PAUSE_MS = 5,	/* between looks at what waits for the clock */
};

struct server {
	int listener;
	int epoll;
	bool open;	/* the gate */
	uint64_t asked; /* requests so far */
	uint64_t until;
	const char *credentials;
	struct connection *connections;
};

struct connection {
	struct connection *next;
	struct server *server;
	int fd;
	bool dead;
	bool asked;	 /* the request has been read */
	bool wants_room; /* epoll tells when the socket has room */
	uint64_t since;	 /* ms, when it was asked */
	uint64_t wake;	 /* ms, 0: only for the socket */
	struct answer answer;
	struct source *source;
	bool held;	 /* by the clock or the gate */
	bool ended;	 /* nothing comes after what is in out */
	size_t attacked; /* bytes of the attack that went into out */
	size_t size;	 /* of out, of which done are sent */
	size_t done;
	size_t request_size;
	char request[REQUEST_MAX];
	char target[REQUEST_MAX];
	unsigned char out[PIECE_MAX + FRAME_MAX];
};

static inline uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * How many packets may leave by now; sets whether that will be more, and when
 * to look again if only the clock tells.
 */
static inline uint32_t connection_allowed(struct connection *connection)
{
	const char *query = target_query(connection->target);
	const uint64_t passed = now_ms() - connection->since;
	const uint64_t delay = param_number(query, "delay", 0);
	const uint64_t gate = param_number(query, "gate", UINT32_MAX);
	uint64_t allowed = UINT32_MAX;

	connection->wake = 0;
	connection->held = passed < delay;
	if (passed < delay) {
		connection->wake = connection->since + delay;
		return 0;
	}
	if (!connection->server->open && gate < UINT32_MAX) {
		connection->held = true;
		allowed = gate < allowed ? gate : allowed;
	}
	return allowed < UINT32_MAX ? (uint32_t)allowed : UINT32_MAX;
}

/* Puts the next piece of a stream into out. */
static inline void connection_piece(struct connection *connection)
{
	struct source *source = connection->source;
	const uint32_t allowed = connection_allowed(connection);
	const size_t want = source_piece(source);
	unsigned char *piece = connection->out + FRAME_MAX / 2;
	size_t size = source_take(source, piece, want, allowed);
	char frame[FRAME_MAX / 2];
	int framed;

	connection->done = 0;
	connection->size = size;
	if (!connection->answer.chunked) {
		memmove(connection->out, piece, size);
	} else if (size > 0) {
		framed = snprintf(frame, sizeof(frame), "%zx\r\n", size);
		memmove(connection->out + framed, piece, size);
		memcpy(connection->out, frame, (size_t)framed);
		connection->size += (size_t)framed + 2;
		memcpy(connection->out + connection->size - 2, "\r\n", 2);
	}
	if (size == 0 && source_over(source) && !connection->held) {
		connection->ended = true;
		connection->wake = 0;
		printf("sent %s\n", connection->target);
		if (connection->answer.chunked &&
			connection->answer.ending == END_CLEAN) {
			memcpy(connection->out, "0\r\n\r\n", 5);
			connection->size = 5;
		}
	}
}

/* Everything is sent: ends as it was asked for. */
static inline void connection_end(struct connection *connection)
{
	const struct linger reset = {.l_onoff = 1};
	int unsent = 0;

	switch (connection->answer.ending) {
	case END_NEVER:
		return;
	case END_RESET:
		ioctl(connection->fd, SIOCOUTQ, &unsent);
		if (unsent > 0) {
			connection->wake = now_ms() + PAUSE_MS;
			return;
		}
		setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset,
			sizeof(reset));
		break;
	case END_CLEAN:
	case END_CUT:
	case END_MIDDLE:
		break;
	}
	connection->dead = true;
}

/* Puts the next piece of an attack into out. */
static inline void connection_attack(struct connection *connection)
{
	const struct attack *attack = connection->answer.attack;
	size_t left = attack->out.size - connection->attacked;

	if (left == 0 && attack->again != ATTACK_NEVER) {
		connection->attacked = attack->again;
		left = attack->out.size - attack->again;
	}
	connection->size = left < PIECE_MAX ? left : PIECE_MAX;
	memcpy(connection->out, attack->out.bytes + connection->attacked,
		connection->size);
	connection->attacked += connection->size;
	if (connection->size == 0)
		connection_end(connection);
}

/* What comes after out, which has been sent; false if it is nothing yet. */
static inline bool connection_refill(struct connection *connection)
{
	connection->size = connection->done = 0;
	if (connection->answer.attack) {
		connection_attack(connection);
	} else if (connection->answer.endless) {
		connection->size = connection->answer.first_size;
		memcpy(connection->out, connection->answer.first,
			connection->size);
	} else if (connection->source && !connection->ended) {
		connection_piece(connection);
	} else {
		connection_end(connection);
		return false;
	}
	return connection->size > 0 || connection->ended;
}

/* How much of out is sent in one go. */
static inline size_t connection_share(struct connection *connection)
{
	size_t left = connection->size - connection->done;
	size_t piece;

	if (connection->answer.slow &&
		connection->size == connection->answer.first_size)
		return 1;
	if (connection->answer.attack && connection->answer.attack->slow)
		return left > 0;
	if (connection->answer.attack && connection->answer.attack->step > 0)
		return left < connection->answer.attack->step
			       ? left
			       : connection->answer.attack->step;
	if (!connection->source)
		return left;
	piece = source_piece(connection->source);
	return piece < left ? piece : left;
}

static inline void connection_want_room(
	struct connection *connection, bool want)
{
	struct epoll_event event = {
		.events = EPOLLIN | (want ? EPOLLOUT : 0u),
		.data.ptr = connection,
	};

	if (want == connection->wants_room)
		return;
	connection->wants_room = want;
	epoll_ctl(connection->server->epoll, EPOLL_CTL_MOD, connection->fd,
		&event);
}

/* Sends until the socket is full, the turn is over, or there is nothing. */
static inline void connection_send(struct connection *connection)
{
	const char *query = target_query(connection->target);
	size_t turn = 0;

	connection->wake = 0;
	if (param_number(query, "crowd", 0) > connection->server->asked) {
		connection_want_room(connection, false);
		return;
	}
	while (!connection->dead && turn < TURN) {
		size_t share;
		ssize_t sent;

		if (connection->done == connection->size &&
			!connection_refill(connection)) {
			connection_want_room(connection, false);
			return;
		}
		share = connection_share(connection);
		sent = share > 0 ? send(connection->fd,
					   connection->out + connection->done,
					   share, MSG_NOSIGNAL)
				 : 0;
		if (sent < 0) {
			connection->dead = errno != EAGAIN;
			break;
		}
		connection->done += (size_t)sent;
		turn += (size_t)sent;
		if ((connection->answer.slow && sent == 1) ||
			(connection->answer.attack &&
				connection->answer.attack->step > 0)) {
			connection->wake = now_ms() + PAUSE_MS;
			connection_want_room(connection, false);
			return;
		}
	}
	connection_want_room(connection, true);
}
