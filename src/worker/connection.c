/*
 * A client's socket. In: bytes of a request, within a deadline. Out: bytes of
 * an answer, at the peer's pace.
 *
 * The peer is gone when it closes (a half-closed connection counts: nobody
 * reads a capture without being able to end it), when keepalive finds it dead,
 * or when what was sent stays unanswered. TCP_USER_TIMEOUT would do the last
 * of these, but also ends a peer that lives and merely does not read.
 */
#include "worker/connection.h"

#include "common/clock.h"
#include "worker/request.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HEAD_TIMEOUT_MS = 10000,
	DRAIN_TIMEOUT_MS = 2000,
	STOP_PATIENCE_MS = 1000,
	STOP_STEP_MS = 100,
	CHECK_MS = 1000,
	SILENCE_MS = 50000, /* without any acknowledgement */
	SILENT_CHECKS = 2,  /* one may hit a probe on its way */
	KEEPALIVE_IDLE_S = 20,
	KEEPALIVE_INTERVAL_S = 10,
	KEEPALIVE_PROBES = 3,
	UNASKED_MAX = 65536,
};

void connection_open(struct connection *connection, int fd)
{
	const int idle = KEEPALIVE_IDLE_S;
	const int interval = KEEPALIVE_INTERVAL_S;
	const int probes = KEEPALIVE_PROBES;
	const int on = 1;

	*connection = (struct connection){.fd = fd, .stop_fd = -1};
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	/* unix sockets know none of these, and need none */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Waits for events on the socket; returns false after the deadline. */
static bool wait_until(int fd, short events, uint64_t deadline)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	uint64_t now = clock_ms();

	if (now >= deadline)
		return false;
	/* if it can't wait the caller looks, and comes again */
	return poll(&poll_fd, 1, (int)(deadline - now)) != 0;
}

/* Errors that are the peer's, or the way's to it. */
static bool is_leaving(int error)
{
	return error == ECONNRESET || error == ETIMEDOUT || error == EPIPE ||
	       error == EHOSTUNREACH || error == ENETUNREACH;
}

size_t connection_read_head(struct connection *connection, char *buffer,
	size_t size, struct failure *failure)
{
	const uint64_t deadline = clock_ms() + HEAD_TIMEOUT_MS;
	size_t used = 0;
	size_t length;

	for (;;) {
		ssize_t got;

		if (!wait_until(connection->fd, POLLIN, deadline)) {
			failure_set(failure, 408,
				"no complete request within %d s",
				HEAD_TIMEOUT_MS / 1000);
			return 0;
		}
		got = recv(connection->fd, buffer + used, size - used, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0) {
			if (got < 0 && !is_leaving(errno))
				failure_set(failure, 503,
					"can't read the request: %s",
					strerror(errno));
			else
				failure_set(failure, 0,
					"the peer left before its request "
					"was whole");
			return 0;
		}
		used += (size_t)got;
		/* only a line's end can complete it: looking costs */
		if (used > (size_t)got && used < size &&
			!memchr(buffer + used - got, '\n', (size_t)got))
			continue;
		if (!request_complete(buffer, used, &length, failure))
			return 0;
		if (length > 0)
			break;
	}
	connection->unasked = used - length;
	return length;
}

/* Has all that was sent stayed without an answer for too long? */
static bool peer_is_silent(struct connection *connection)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) !=
		0)
		return false;
	if (info.tcpi_last_ack_recv > SILENCE_MS &&
		(info.tcpi_retransmits > 0 || info.tcpi_probes > 0))
		connection->silent_checks++;
	else
		connection->silent_checks = 0;
	return connection->silent_checks >= SILENT_CHECKS;
}

bool connection_is_gone(struct connection *connection)
{
	char unasked[4096];
	ssize_t got =
		recv(connection->fd, unasked, sizeof(unasked), MSG_DONTWAIT);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		return true;
	if (got > 0)
		connection->unasked += (size_t)got;
	return connection->unasked > UNASKED_MAX || peer_is_silent(connection);
}

/* Once the worker is asked to stop, a peer has so much time for the rest. */
static bool is_out_of_patience(struct connection *connection)
{
	uint64_t now = clock_ms();

	if (connection->stop_deadline == 0)
		connection->stop_deadline = now + STOP_PATIENCE_MS;
	return now >= connection->stop_deadline;
}

/* Waits until there is room for more; false: there is no sense in waiting. */
static bool wait_for_room(struct connection *connection)
{
	struct pollfd fds[] = {
		{.fd = connection->fd, .events = POLLOUT | POLLRDHUP},
		{.fd = connection->stop_fd, .events = POLLIN},
	};
	int ready;

	/* once it is known, stop_fd would only wake us again and again */
	if (connection->stop_deadline)
		fds[1].fd = -1;
	ready = poll(
		fds, 2, connection->stop_deadline ? STOP_STEP_MS : CHECK_MS);
	if (ready < 0)
		return errno == EINTR;
	if ((fds[1].revents || connection->stop_deadline) &&
		is_out_of_patience(connection))
		return false;
	if (connection->deadline && clock_ms() >= connection->deadline)
		return false;
	if (fds[0].revents & POLLOUT && !(fds[0].revents & (POLLERR | POLLHUP)))
		return true;
	if (fds[0].revents || (ready == 0 && !connection->stop_deadline))
		return !connection_is_gone(connection);
	return true;
}

bool connection_write(
	struct connection *connection, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t sent = send(connection->fd, at, size, MSG_NOSIGNAL);

		if (sent >= 0) {
			at += sent;
			size -= (size_t)sent;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || !wait_for_room(connection))
			return false;
	}
	return true;
}

void connection_close(struct connection *connection)
{
	const uint64_t deadline = clock_ms() + DRAIN_TIMEOUT_MS;
	char rest[16384];

	shutdown(connection->fd, SHUT_WR);
	while (wait_until(connection->fd, POLLIN, deadline)) {
		ssize_t got = recv(connection->fd, rest, sizeof(rest), 0);

		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			break;
	}
	close(connection->fd);
	connection->fd = -1;
}
