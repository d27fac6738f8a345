/* SPDX-License-Identifier: MIT */
/*
 * A client's socket, on real socket pairs and loopback TCP: heads within their
 * deadline, writes at the peer's pace, and ends that are noticed.
 *
 * Time is simulated: clock_gettime(2) and poll(2) of this program are below.
 * Where the worker would wait, the next step of the peer's script happens or,
 * where none is due, the clock jumps. So nothing waits, and nothing races.
 */
#include "worker/connection.h"

#include "unit.h"
#include "worker/http_request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Far more than what the kernel holds between the two ends. */
enum {
	BUFFER = 1 << 18,
	BIG = 2 << 20,
	PIECE = 1 << 16,
	TAKEN_MAX = BIG + 4096,
	POLLS_MAX = 1 << 20, /* a test that turns for ever is a failed one */
};

static const char good_head[] = "GET /capture HTTP/1.1\r\nHost: a\r\n\r\n";

/* What the peer does, so many milliseconds after its last step. */
struct step {
	uint64_t after;
	void (*act)(const char *text);
	const char *text;
};

/* The simulation, where poll(2) has no context to be given. */
static struct {
	uint64_t now; /* ms */
	unsigned polls;
	const struct step *next;
	uint64_t due;
	bool again; /* the last step repeats for ever */
	struct connection connection;
	int peer;
	int stop;
	unsigned char *taken; /* what the peer has read */
	size_t taken_size;
} world;

int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	(void)clock;
	ret_now->tv_sec = (time_t)(world.now / 1000);
	ret_now->tv_nsec = (long)(world.now % 1000) * 1000000;
	return 0;
}

static void set_script(const struct step *steps)
{
	world.next = steps;
	world.due = steps ? world.now + steps->after : UINT64_MAX;
}

static void take_step(void)
{
	const struct step *step = world.next;

	world.now = world.due;
	if (!world.again)
		set_script(step[1].act ? step + 1 : NULL);
	else
		world.due += step->after;
	step->act(step->text);
}

static int poll_real(struct pollfd *fds, nfds_t count, bool wait)
{
	const struct timespec zero = {0};

	return ppoll(fds, count, wait ? NULL : &zero, NULL);
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	const uint64_t deadline = timeout < 0 ? UINT64_MAX : world.now + (uint64_t)timeout;

	assert_true(world.polls++ < POLLS_MAX);
	for (;;) {
		int ready = poll_real(fds, count, false);

		if (ready != 0)
			return ready;
		if (!world.next || world.due > deadline)
			break;
		take_step();
	}
	assert_int_not_equal(timeout, -1); /* it would wait for ever */
	world.now = deadline;
	return 0;
}

/* Loopback TCP delivers soon, but not at once: so that a step is over. */
static void await(int fd, short events)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};

	assert_int_equal(poll_real(&poll_fd, 1, true), 1);
}

static void notice(const char *text)
{
	size_t size = strlen(text);

	assert_int_equal(send(world.peer, text, size, MSG_NOSIGNAL), size);
	await(world.connection.fd, POLLIN);
}

static void half_close(const char *text)
{
	(void)text;
	shutdown(world.peer, SHUT_WR);
	await(world.connection.fd, POLLRDHUP);
}

static void leave(const char *text)
{
	(void)text;
	close(world.peer);
	world.peer = -1;
	await(world.connection.fd, POLLIN);
}

/* Leaves as a process that dies with unread bytes does: by a reset. */
static void reset(const char *text)
{
	const struct linger now = {.l_onoff = 1};

	setsockopt(world.peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	leave(text);
}

static void ask_to_stop(const char *text)
{
	const uint64_t one = 1;

	(void)text;
	assert_int_equal(write(world.stop, &one, 8), 8);
}

/* A piece: valgrind looks at every byte of a buffer, each time. */
static ssize_t take_some(int flags)
{
	const size_t room = TAKEN_MAX - world.taken_size;
	ssize_t got = recv(
		world.peer, world.taken + world.taken_size, room < PIECE ? room : PIECE, flags);

	if (got > 0)
		world.taken_size += (size_t)got;
	return got;
}

/* Reads all that is there, until there is room for more. */
static void take(const char *text)
{
	struct pollfd poll_fd = {.fd = world.connection.fd, .events = POLLOUT};

	(void)text;
	do
		take_some(MSG_DONTWAIT);
	while (poll_real(&poll_fd, 1, false) == 0);
}

/* Reads up to the end, and only then closes. */
static void take_all_and_leave(const char *text)
{
	while (take_some(0) > 0)
		;
	leave(text);
}

static void start_tcp(int fds[2])
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	const int buffer = BUFFER;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&address, &size);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	assert_int_equal(connect(fds[1], (struct sockaddr *)&address, size), 0);
	fds[0] = accept(listener, NULL, NULL);
	assert_true(fds[0] >= 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	close(listener);
}

static void start(bool tcp, const struct step *steps)
{
	int fds[2];

	memset(&world, 0, sizeof(world));
	world.now = 1000000;
	if (tcp)
		start_tcp(fds);
	else
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	world.peer = fds[1];
	world.stop = eventfd(0, 0);
	world.taken = malloc(TAKEN_MAX);
	assert_non_null(world.taken);
	set_script(steps);
	connection_open(&world.connection, fds[0]);
	world.connection.stop_fd = world.stop;
}

static void end(void)
{
	if (world.connection.fd >= 0)
		close(world.connection.fd);
	if (world.peer >= 0)
		close(world.peer);
	close(world.stop);
	free(world.taken);
}

static void connection_open_is_nonblocking_with_keepalive(void **state)
{
	static const int tcp_options[] = {TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_NODELAY};
	socklen_t size = sizeof(int);
	int values[4] = {0};
	int on = 0;
	int fd;

	(void)state;
	start(true, NULL);
	fd = world.connection.fd;
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size), 0);
	assert_int_equal(on, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(getsockopt(fd, IPPROTO_TCP, tcp_options[i], &values[i], &size), 0);
	/* a dead peer within a minute, as the manual says */
	assert_uint_in_range(values[0] + values[1] * values[2], 1, 60);
	assert_int_equal(values[3], 1);
	end();
}

/* Reads a head. Returns the error's status, or 0 and the head's length. */
static int read_head(char buffer[REQUEST_HEAD_MAX], size_t *ret_length)
{
	struct error error = {.status = -1};

	*ret_length = http_request_read_head(&world.connection, buffer, REQUEST_HEAD_MAX, &error);
	if (*ret_length > 0)
		assert_int_equal(error.status, -1);
	else
		assert_int_not_equal(*error.text, '\0');
	return *ret_length > 0 ? 200 : error.status;
}

static void read_head_any_chunks_give_the_head(void **state)
{
	char pieces[sizeof(good_head)][2] = {""};
	struct step steps[sizeof(good_head)] = {{0}};
	char buffer[REQUEST_HEAD_MAX];
	size_t length;

	(void)state;
	for (size_t i = 0; i < sizeof(good_head) - 1; i++) {
		pieces[i][0] = good_head[i];
		steps[i] = (struct step){100, notice, pieces[i]};
	}
	for (int tcp = 0; tcp < 2; tcp++) {
		start(tcp, steps);
		assert_int_equal(read_head(buffer, &length), 200);
		assert_int_equal(length, sizeof(good_head) - 1);
		assert_memory_equal(buffer, good_head, length);
		assert_int_equal(world.connection.extra, 0);
		end();
	}
}

static void read_head_extra_bytes_are_counted(void **state)
{
	const struct step steps[] = {
		{1, notice, "GET / HTTP/1.1\r\n\r"}, {1, notice, "\nbehind"}, {0}};
	char buffer[REQUEST_HEAD_MAX];
	size_t length;

	(void)state;
	start(false, steps);
	assert_int_equal(read_head(buffer, &length), 200);
	assert_int_equal(length, 18);
	assert_int_equal(world.connection.extra, 6);
	end();
}

/* The deadline is the whole head's: a byte now and then buys no time. */
static void read_head_slow_peer_times_out(void **state)
{
	const struct step trickle[] = {{1500, notice, "G"}, {0}};
	const struct step late[] = {{9999, notice, "GET / HTTP/1.1\r\n\r\n"}, {0}};
	char buffer[REQUEST_HEAD_MAX];
	size_t length;

	(void)state;
	for (int silent = 0; silent < 2; silent++) {
		start(true, silent ? NULL : trickle);
		world.again = true;
		assert_int_equal(read_head(buffer, &length), 408);
		assert_int_equal(world.now, 1000000 + 10000);
		end();
	}
	start(false, late);
	assert_int_equal(read_head(buffer, &length), 200);
	end();
}

static void read_head_peer_leaves_without_an_error(void **state)
{
	const struct step quick[] = {{5, leave, NULL}, {0}};
	const struct step half[] = {{5, notice, "GET /capture"}, {5, half_close, NULL}, {0}};
	const struct step broken[] = {{5, notice, "GET /capture"}, {5, reset, NULL}, {0}};
	const struct step *const scripts[] = {quick, half, broken};
	char buffer[REQUEST_HEAD_MAX];
	size_t length;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		start(i % 2, scripts[i / 2]);
		assert_int_equal(read_head(buffer, &length), 0);
		assert_true(world.now <= 1000010);
		end();
	}
}

static void read_head_invalid_request_is_rejected_at_once(void **state)
{
	const struct step tls[] = {{5, notice, "\x16\x03\x01\x02"}, {0}};
	const struct step bare[] = {{5, notice, "GET / HTTP/1.1\n"}, {0}};
	char buffer[REQUEST_HEAD_MAX];
	size_t length;

	(void)state;
	for (int i = 0; i < 2; i++) {
		start(i, i ? tls : bare);
		assert_int_equal(read_head(buffer, &length), 400);
		assert_int_equal(world.now, 1000005);
		end();
	}
}

static void read_head_endless_head_is_rejected(void **state)
{
	char line[1024];
	const struct step lines[] = {{1, notice, line}, {0}};
	const struct step steps[] = {{1, notice, "GET / HTTP/1.1\r\n"}, {1, notice, line}, {0}};
	char buffer[REQUEST_HEAD_MAX];
	size_t length;

	(void)state;
	snprintf(line, sizeof(line), "%0*d", 1000, 0);
	start(false, lines);
	world.again = true;
	assert_int_equal(read_head(buffer, &length), 414);
	end();
	snprintf(line, sizeof(line), "X: %0*d\r\n", 1000, 0);
	start(false, steps);
	take_step();
	world.again = true;
	assert_int_equal(read_head(buffer, &length), 431);
	end();
}

static unsigned char *random_bytes(void)
{
	struct seed seed = seed_start();
	unsigned char *bytes = malloc(BIG);

	assert_non_null(bytes);
	seed_bytes(&seed, bytes, BIG);
	return bytes;
}

/* Minutes between two reads, and still every byte arrives, in order. */
static void connection_write_waits_for_a_slow_reader(void **state)
{
	const struct step seldom[] = {{300000, take, NULL}, {0}};
	unsigned char *bytes = random_bytes();

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		start(tcp, seldom);
		world.again = true;
		assert_true(connection_write(&world.connection, bytes, BIG));
		assert_true(world.now > 1000000 + 300000);
		close(world.connection.fd);
		world.connection.fd = -1;
		while (take_some(0) > 0)
			;
		assert_int_equal(world.taken_size, BIG);
		assert_memory_equal(world.taken, bytes, BIG);
		end();
	}
	free(bytes);
}

/* However the peer goes, a write that waits for it ends, without SIGPIPE. */
static void connection_write_ends_when_the_peer_leaves(void **state)
{
	const struct step closed[] = {{2500, take, NULL}, {2500, leave, NULL}, {0}};
	const struct step half[] = {{5000, half_close, NULL}, {0}};
	const struct step broken[] = {{5000, reset, NULL}, {0}};
	const struct step *const scripts[] = {closed, half, broken};
	unsigned char *bytes = random_bytes();

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		start(i % 2, scripts[i / 2]);
		assert_false(connection_write(&world.connection, bytes, BIG));
		assert_uint_in_range(world.now, 1005000, 1006000);
		if (i / 2 != 1)
			assert_false(connection_write(&world.connection, bytes, BIG));
		end();
	}
	free(bytes);
}

/* Who is asked to stop gives the peer one second for all of the rest. */
static void connection_write_ends_after_a_stop(void **state)
{
	const struct step silent[] = {{700, ask_to_stop, NULL}, {0}};
	const struct step quick[] = {{1, ask_to_stop, NULL}, {1, take, NULL}, {0}};
	const struct step slow[] = {{1, ask_to_stop, NULL}, {1100, take, NULL}, {0}};
	unsigned char *bytes = random_bytes();

	(void)state;
	start(false, silent);
	assert_false(connection_write(&world.connection, bytes, BIG));
	assert_uint_in_range(world.now, 1001700, 1001800);
	end();

	start(true, quick);
	take_step();
	world.again = true;
	assert_true(connection_write(&world.connection, bytes, BIG));
	end();

	start(true, slow);
	take_step();
	world.again = true;
	assert_false(connection_write(&world.connection, bytes, BIG));
	assert_uint_in_range(world.now, 1001001, 1001200);
	end();
	free(bytes);
}

static void connection_write_ends_at_the_deadline(void **state)
{
	const struct step slow[] = {{100, take, NULL}, {0}};
	const struct step late[] = {{3000, take, NULL}, {0}};
	unsigned char *bytes = random_bytes();

	(void)state;
	start(true, NULL);
	world.connection.deadline = world.now + 2500;
	assert_false(connection_write(&world.connection, bytes, BIG));
	/* it looks once a second */
	assert_uint_in_range(world.now, 1002500, 1003500);
	end();

	start(true, slow);
	world.again = true;
	world.connection.deadline = world.now + 60000;
	assert_true(connection_write(&world.connection, bytes, BIG));
	end();

	/* reading now and then does not help */
	start(true, late);
	world.again = true;
	world.connection.deadline = world.now + 2500;
	assert_false(connection_write(&world.connection, bytes, BIG));
	assert_uint_in_range(world.now, 1002500, 1003500);
	end();
	free(bytes);
}

static void connection_quiet_peer_is_not_gone(void **state)
{
	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		start(tcp, NULL);
		for (int i = 0; i < 100; i++) {
			assert_false(connection_is_gone(&world.connection));
			world.now += 3600000;
		}
		end();
	}
}

static void connection_closed_peer_is_gone(void **state)
{
	static void (*const ways[])(const char *) = {leave, half_close, reset};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		start(i % 2, NULL);
		assert_false(connection_is_gone(&world.connection));
		ways[i / 2](NULL);
		assert_true(connection_is_gone(&world.connection));
		assert_true(connection_is_gone(&world.connection));
		end();
	}
}

/* A pipelined request is tolerated; a flood is not. */
static void connection_peer_that_sends_on_is_gone(void **state)
{
	char text[1025];
	size_t said = 0;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	start(true, NULL);
	do {
		notice(text);
		said += strlen(text);
		assert_true(said < 1 << 20);
	} while (!connection_is_gone(&world.connection));
	assert_uint_in_range(said, 65536, 65536 + 2048);
	end();
}

/* Unread bytes of the peer would turn a plain close into a reset. */
static void connection_close_delivers_the_response(void **state)
{
	const struct step reader[] = {{100, take_all_and_leave, NULL}, {0}};
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		start(tcp, reader);
		notice("a body that nobody has asked for and nobody reads");
		assert_true(connection_write(&world.connection, answer, strlen(answer)));
		connection_close(&world.connection);
		assert_int_equal(world.connection.fd, -1);
		assert_int_equal(world.peer, -1);
		assert_int_equal(world.taken_size, strlen(answer));
		assert_memory_equal(world.taken, answer, world.taken_size);
		assert_int_equal(world.now, 1000100);
		end();
	}
}

static void connection_close_has_a_time_limit(void **state)
{
	const struct step talker[] = {{100, notice, "more and more"}, {0}};

	(void)state;
	for (int silent = 0; silent < 2; silent++) {
		start(true, silent ? NULL : talker);
		world.again = true;
		connection_close(&world.connection);
		assert_int_equal(world.now, 1000000 + 2000);
		assert_int_equal(world.connection.fd, -1);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connection_open_is_nonblocking_with_keepalive),
		cmocka_unit_test(read_head_any_chunks_give_the_head),
		cmocka_unit_test(read_head_extra_bytes_are_counted),
		cmocka_unit_test(read_head_slow_peer_times_out),
		cmocka_unit_test(read_head_peer_leaves_without_an_error),
		cmocka_unit_test(read_head_invalid_request_is_rejected_at_once),
		cmocka_unit_test(read_head_endless_head_is_rejected),
		cmocka_unit_test(connection_write_waits_for_a_slow_reader),
		cmocka_unit_test(connection_write_ends_when_the_peer_leaves),
		cmocka_unit_test(connection_write_ends_after_a_stop),
		cmocka_unit_test(connection_write_ends_at_the_deadline),
		cmocka_unit_test(connection_quiet_peer_is_not_gone),
		cmocka_unit_test(connection_closed_peer_is_gone),
		cmocka_unit_test(connection_peer_that_sends_on_is_gone),
		cmocka_unit_test(connection_close_delivers_the_response),
		cmocka_unit_test(connection_close_has_a_time_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
