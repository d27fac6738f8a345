/* SPDX-License-Identifier: MIT */
#include "stream_connection.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

uint64_t stream_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * The number of packets that may be sent by now; sets held, and the time of the
 * next check if only the clock decides.
 */
static uint32_t stream_connection_allowed(struct stream_connection *connection)
{
	const char *query = answer_query(connection->target);
	const uint64_t passed = stream_now_ms() - connection->since;
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

/* Puts the next chunk of a stream into out. */
static void stream_connection_piece(struct stream_connection *connection)
{
	struct packet_stream *stream = connection->stream;
	const uint32_t allowed = stream_connection_allowed(connection);
	const size_t want = packet_stream_piece(stream);
	unsigned char *piece = connection->out + FRAME_MAX / 2;
	size_t size = packet_stream_take(stream, piece, want, allowed);
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
	if (size == 0 && packet_stream_over(stream) && !connection->held) {
		connection->ended = true;
		connection->wake = 0;
		printf("sent %s\n", connection->target);
		if (connection->answer.chunked && connection->answer.ending == END_CLEAN) {
			memcpy(connection->out, "0\r\n\r\n", 5);
			connection->size = 5;
		}
	}
}

/* All bytes are sent: ends as requested. */
static void stream_connection_end(struct stream_connection *connection)
{
	const struct linger reset = {.l_onoff = 1};
	int unsent = 0;

	switch (connection->answer.ending) {
	case END_NEVER:
		return;
	case END_RESET:
		ioctl(connection->fd, SIOCOUTQ, &unsent);
		if (unsent > 0) {
			connection->wake = stream_now_ms() + PAUSE_MS;
			return;
		}
		setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		break;
	case END_CLEAN:
	case END_CUT:
	case END_MIDDLE:
		break;
	}
	connection->dead = true;
}

/* Puts the next bytes of an attack into out. */
static void stream_connection_attack(struct stream_connection *connection)
{
	const struct attack *attack = connection->answer.attack;
	size_t left = attack->out.size - connection->attacked;

	if (left == 0 && attack->again != ATTACK_NEVER) {
		connection->attacked = attack->again;
		left = attack->out.size - attack->again;
	}
	connection->size = left < PIECE_MAX ? left : PIECE_MAX;
	memcpy(connection->out, attack->out.bytes + connection->attacked, connection->size);
	connection->attacked += connection->size;
	if (connection->size == 0)
		stream_connection_end(connection);
}

/*
 * Fills out with the next bytes after it was sent; false if there are none yet.
 */
static bool stream_connection_refill(struct stream_connection *connection)
{
	connection->size = connection->done = 0;
	if (connection->answer.attack) {
		stream_connection_attack(connection);
	} else if (connection->answer.endless) {
		connection->size = connection->answer.first_size;
		memcpy(connection->out, connection->answer.first, connection->size);
	} else if (connection->stream && !connection->ended) {
		stream_connection_piece(connection);
	} else {
		stream_connection_end(connection);
		return false;
	}
	return connection->size > 0 || connection->ended;
}

/* The number of bytes of out to send at once. */
static size_t stream_connection_share(struct stream_connection *connection)
{
	size_t left = connection->size - connection->done;
	size_t piece;

	if (connection->answer.slow && connection->size == connection->answer.first_size)
		return 1;
	if (connection->answer.attack && connection->answer.attack->slow)
		return left > 0;
	if (connection->answer.attack && connection->answer.attack->step > 0)
		return left < connection->answer.attack->step ? left
							      : connection->answer.attack->step;
	if (!connection->stream)
		return left;
	piece = packet_stream_piece(connection->stream);
	return piece < left ? piece : left;
}

void stream_connection_want_room(struct stream_connection *connection, bool want)
{
	struct epoll_event event = {
		.events = EPOLLIN | (want ? EPOLLOUT : 0u),
		.data.ptr = connection,
	};

	if (want == connection->wants_room)
		return;
	connection->wants_room = want;
	epoll_ctl(connection->server->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

void stream_connection_send(struct stream_connection *connection)
{
	const char *query = answer_query(connection->target);
	size_t turn = 0;

	connection->wake = 0;
	connection->in_crowd = param_number(query, "crowd", 0) > connection->server->asked;
	if (connection->in_crowd) {
		stream_connection_want_room(connection, false);
		return;
	}
	while (!connection->dead && turn < TURN) {
		size_t share;
		ssize_t sent;

		if (connection->done == connection->size && !stream_connection_refill(connection)) {
			stream_connection_want_room(connection, false);
			return;
		}
		share = stream_connection_share(connection);
		sent = share > 0 ? send(connection->fd, connection->out + connection->done, share,
					   MSG_NOSIGNAL)
				 : 0;
		if (sent < 0) {
			connection->dead = errno != EAGAIN;
			break;
		}
		connection->done += (size_t)sent;
		turn += (size_t)sent;
		if ((connection->answer.slow && sent == 1) ||
			(connection->answer.attack && connection->answer.attack->step > 0)) {
			connection->wake = stream_now_ms() + PAUSE_MS;
			stream_connection_want_room(connection, false);
			return;
		}
	}
	stream_connection_want_room(connection, true);
}
