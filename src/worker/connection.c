/* SPDX-License-Identifier: MIT */
/*
 * Reads from and writes to a client's socket, with deadlines, or writes to a pipe. In:
 * bytes of a request, bytes to send. Out: bytes sent at the client's pace, or that the
 * client has left.
 *
 * The peer has left when it closes or half closes the connection, when keepalive
 * finds it dead, or when sent data stay without an acknowledgement.
 * TCP_USER_TIMEOUT would do the last, but also ends the connection of a peer that
 * is alive and does not read.
 */
#include "worker/connection.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DRAIN_TIMEOUT_MS = 2000,
	STOP_TIMEOUT_MS = 1000,
	STOP_STEP_MS = 100,
	CHECK_MS = 1000,
	SILENCE_MS = 50000, /* without any acknowledgement */
	SILENT_CHECKS = 2,  /* one may hit a probe on its way */
	KEEPALIVE_IDLE_S = 20,
	KEEPALIVE_INTERVAL_S = 10,
	KEEPALIVE_PROBES = 3,
	EXTRA_MAX = 65536,
};

void connection_open(struct connection *connection, int fd)
{
	const int idle = KEEPALIVE_IDLE_S;
	const int interval = KEEPALIVE_INTERVAL_S;
	const int probes = KEEPALIVE_PROBES;
	const int on = 1;

	*connection = (struct connection){.fd = fd, .stop_fd = -1};
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	/* unix sockets have none of these options, and need none */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void connection_open_pipe(struct connection *connection, int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	*connection =
		(struct connection){.fd = fd, .stop_fd = -1, .is_pipe = true, .pipe_flags = flags};
	/* a blocked write could not be stopped */
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

short connection_events(const struct connection *connection)
{
	/* of a pipe, poll(2) reports the end of its reader without being asked */
	return connection->is_pipe ? 0 : POLLIN | POLLRDHUP;
}

/* Waits for events on the socket; returns false after the deadline. */
static bool wait_until(int fd, short events, uint64_t deadline)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	uint64_t now = clock_ms();

	if (now >= deadline)
		return false;
	/* on an error of poll() the caller reads, and calls again */
	return poll(&poll_fd, 1, (int)(deadline - now)) != 0;
}

/* Is it an error of the peer, or of the path to it? */
static bool is_disconnect(int error_number)
{
	return error_number == ECONNRESET || error_number == ETIMEDOUT || error_number == EPIPE ||
	       error_number == EHOSTUNREACH || error_number == ENETUNREACH;
}

ssize_t connection_read(
	struct connection *connection, void *buffer, size_t size, uint64_t deadline_ms)
{
	for (;;) {
		ssize_t count;

		if (!wait_until(connection->fd, POLLIN, deadline_ms)) {
			errno = ETIME;
			return -1;
		}
		count = recv(connection->fd, buffer, size, 0);
		if (count >= 0)
			return count;
		if (is_disconnect(errno))
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return -1;
	}
}

/* Has no sent byte been acknowledged for too long? */
static bool peer_is_silent(struct connection *connection)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return false;
	if (info.tcpi_last_ack_recv > SILENCE_MS &&
		(info.tcpi_retransmits > 0 || info.tcpi_probes > 0))
		connection->silent_checks++;
	else
		connection->silent_checks = 0;
	return connection->silent_checks >= SILENT_CHECKS;
}

static bool pipe_is_gone(const struct connection *connection)
{
	struct pollfd poll_fd = {.fd = connection->fd};

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & (POLLERR | POLLHUP | POLLNVAL);
}

bool connection_is_gone(struct connection *connection)
{
	char bytes[4096];
	ssize_t got;

	if (connection->is_pipe)
		return pipe_is_gone(connection);
	got = recv(connection->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		return true;
	if (got > 0)
		connection->extra += (size_t)got;
	return connection->extra > EXTRA_MAX || peer_is_silent(connection);
}

/* After a stop the peer has STOP_TIMEOUT_MS for the rest: is that over? */
static bool stop_timed_out(struct connection *connection)
{
	uint64_t now = clock_ms();

	if (connection->stop_deadline == 0)
		connection->stop_deadline = now + STOP_TIMEOUT_MS;
	return now >= connection->stop_deadline;
}

/* Waits until the socket accepts more; false: stop writing. */
static bool wait_writable(struct connection *connection)
{
	struct pollfd fds[] = {
		{.fd = connection->fd,
			.events = POLLOUT | (connection_events(connection) & ~POLLIN)},
		{.fd = connection->stop_fd, .events = POLLIN},
	};
	int ready;

	/* after a stop, stop_fd would make each poll() return at once */
	if (connection->stop_deadline)
		fds[1].fd = -1;
	ready = poll(fds, 2, connection->stop_deadline ? STOP_STEP_MS : CHECK_MS);
	if (ready < 0)
		return errno == EINTR;
	if ((fds[1].revents || connection->stop_deadline) && stop_timed_out(connection))
		return false;
	if (connection->deadline && clock_ms() >= connection->deadline)
		return false;
	if (fds[0].revents & POLLOUT && !(fds[0].revents & (POLLERR | POLLHUP)))
		return true;
	if (fds[0].revents || (ready == 0 && !connection->stop_deadline))
		return !connection_is_gone(connection);
	return true;
}

static ssize_t write_some(const struct connection *connection, const char *bytes, size_t size)
{
	if (connection->is_pipe)
		return write(connection->fd, bytes, size);
	return send(connection->fd, bytes, size, MSG_NOSIGNAL);
}

bool connection_write(struct connection *connection, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t sent = write_some(connection, at, size);

		if (sent >= 0) {
			at += sent;
			size -= (size_t)sent;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN && wait_writable(connection))
			continue;
		connection->write_error = errno == EAGAIN ? EPIPE : errno;
		return false;
	}
	return true;
}

void connection_close(struct connection *connection)
{
	const uint64_t deadline = clock_ms() + DRAIN_TIMEOUT_MS;
	char rest[16384];

	if (connection->is_pipe) {
		fcntl(connection->fd, F_SETFL, connection->pipe_flags);
		return;
	}
	shutdown(connection->fd, SHUT_WR);
	while (wait_until(connection->fd, POLLIN, deadline)) {
		ssize_t got = recv(connection->fd, rest, sizeof(rest), 0);

		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			break;
	}
	close(connection->fd);
	connection->fd = -1;
}
