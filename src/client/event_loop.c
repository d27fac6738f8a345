/* SPDX-License-Identifier: MIT */
/*
 * The event loop. In: sockets and pipes that are ready, time, signals. Out: calls of
 * libcurl, which calls the transfers, and of the watches of other descriptors.
 *
 * Why not curl_multi_poll(3): it looks at every transfer in every turn. Measured
 * with libcurl 7.88.1, 1,000 streams of which one receives 100 chunks/s: 42 % of
 * a core, and 0.9 % with curl_multi_socket_action(3) and epoll.
 *
 * Batching: receiving a small chunk costs as much as receiving a large one. If
 * most of many sockets receive chunks more often than every 20 ms, the loop
 * therefore waits until 20 ms after the previous turn.
 * Measured with 200 streams of 100 chunks/s each, and BATCH_MIN lowered to 160:
 * 19 % of a core with batching, and 32 % without.
 */
#include "client/event_loop.h"

#include "common/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	EVENTS_MAX = 1024,
	BATCH_MS = 20,
	BATCH_MIN = 800,      /* events in BATCH_MS that start batching */
	BATCH_EVENTS_MAX = 4, /* per socket; more: its chunks are large already */
};

struct event_loop {
	CURLM *multi;
	int epoll;
	int wake;
	int output;
	bool has_timer;
	bool output_closed;
	bool watch_failed;
	uint64_t timer_ms;     /* when libcurl wants to be called */
	unsigned sockets;      /* libcurl's, and watched descriptors */
	unsigned batch_events; /* since batch_start_ms */
	uint64_t batch_start_ms;
	bool is_batching;
	bool has_more; /* epoll_wait(2) returned as many events as fit */
	bool skip_wait;
	struct event_watch **watches; /* by descriptor; NULL: libcurl's, or none */
	size_t watch_capacity;
	struct event_watch *always_readable; /* the first of a list */
};

static void watch_fd(struct event_loop *loop, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ||
		epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
		return;
	/* a regular file never blocks, and epoll rejects it */
	if (errno != EPERM)
		loop->watch_failed = true;
}

/* A CURLMOPT_SOCKETFUNCTION, whose parameters are libcurl's. */
static int on_socket(
	/* cppcheck-suppress constParameter */
	CURL *easy, curl_socket_t fd, int what, void *context, void *old)
{
	struct event_loop *loop = context;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		loop->sockets--;
		return 0;
	}
	if (!old) {
		loop->sockets++;
		curl_multi_assign(loop->multi, fd, loop);
	}
	watch_fd(loop, fd,
		((what & CURL_POLL_IN) ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0U));
	return 0;
}

/* A CURLMOPT_TIMERFUNCTION. */
static int on_timer(CURLM *multi, long ms, void *context)
{
	struct event_loop *loop = context;

	(void)multi;
	loop->has_timer = ms >= 0;
	loop->timer_ms = clock_ms() + (uint64_t)(ms > 0 ? ms : 0);
	return 0;
}

struct event_loop *event_loop_new(int output, int wake)
{
	struct event_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->output = output;
	loop->multi = curl_multi_init();
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->wake = wake;
	watch_fd(loop, wake, EPOLLIN);
	watch_fd(loop, output, 0); /* errors only */
	if (!loop->multi || loop->watch_failed) {
		event_loop_free(loop);
		return NULL;
	}
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
	return loop;
}

void event_loop_free(struct event_loop *loop)
{
	if (!loop)
		return;
	curl_multi_cleanup(loop->multi);
	if (loop->epoll >= 0)
		close(loop->epoll);
	free(loop->watches);
	free(loop);
}

bool event_loop_add(struct event_loop *loop, CURL *easy)
{
	return curl_multi_add_handle(loop->multi, easy) == CURLM_OK;
}

void event_loop_remove(struct event_loop *loop, CURL *easy)
{
	curl_multi_remove_handle(loop->multi, easy);
}

static bool reserve_watch(struct event_loop *loop, int fd)
{
	const size_t capacity = (size_t)fd + 64;
	struct event_watch **watches;

	if ((size_t)fd < loop->watch_capacity)
		return true;
	watches = realloc(loop->watches, capacity * sizeof(struct event_watch *));
	if (!watches)
		return false;
	for (size_t i = loop->watch_capacity; i < capacity; i++)
		watches[i] = NULL;
	loop->watches = watches;
	loop->watch_capacity = capacity;
	return true;
}

static void add_always_readable(struct event_loop *loop, struct event_watch *watch)
{
	watch->previous = NULL;
	watch->next = loop->always_readable;
	if (watch->next)
		watch->next->previous = watch;
	loop->always_readable = watch;
}

static void remove_always_readable(struct event_loop *loop, struct event_watch *watch)
{
	if (watch->next)
		watch->next->previous = watch->previous;
	if (watch->previous)
		watch->previous->next = watch->next;
	else if (loop->always_readable == watch)
		loop->always_readable = watch->next;
	watch->previous = NULL;
	watch->next = NULL;
}

bool event_loop_watch(struct event_loop *loop, struct event_watch *watch)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = watch->fd};

	if (!reserve_watch(loop, watch->fd))
		return false;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event) != 0) {
		/* epoll rejects regular files, which never block */
		if (errno != EPERM)
			return false;
		add_always_readable(loop, watch);
	}
	loop->watches[watch->fd] = watch;
	loop->sockets++;
	return true;
}

static struct event_watch *find_watch(const struct event_loop *loop, int fd)
{
	return (size_t)fd < loop->watch_capacity ? loop->watches[fd] : NULL;
}

void event_loop_unwatch(struct event_loop *loop, struct event_watch *watch)
{
	if (find_watch(loop, watch->fd) != watch)
		return;
	loop->watches[watch->fd] = NULL;
	loop->sockets--;
	remove_always_readable(loop, watch);
	/* fails for a regular file, which epoll does not have */
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

static void read_always_readable(struct event_loop *loop)
{
	struct event_watch *next;

	for (struct event_watch *watch = loop->always_readable; watch; watch = next) {
		next = watch->next;
		watch->on_readable(watch->context);
	}
}

static int limit_timeout(const struct event_loop *loop, int timeout)
{
	uint64_t now = clock_ms();
	uint64_t left;

	if (loop->always_readable)
		return 0;
	if (!loop->has_timer)
		return timeout;
	left = loop->timer_ms > now ? loop->timer_ms - now : 0;
	if (timeout >= 0 && left > (uint64_t)timeout)
		return timeout;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* libcurl does not get an event again that it had no memory for. */
static void call_libcurl(struct event_loop *loop, curl_socket_t fd, int mask)
{
	int running;

	if (curl_multi_socket_action(loop->multi, fd, mask, &running) == CURLM_OUT_OF_MEMORY)
		loop->watch_failed = true;
}

static void handle_event(struct event_loop *loop, const struct epoll_event *event)
{
	const struct event_watch *watch = find_watch(loop, event->data.fd);
	uint64_t count;
	int mask = 0;

	if (event->data.fd == loop->wake) {
		if (read(loop->wake, &count, sizeof(count)) < 0)
			return; /* nothing to read */
		return;
	}
	if (event->data.fd == loop->output) {
		if (event->events & (EPOLLERR | EPOLLHUP))
			loop->output_closed = true;
		/* the caller asks again if it still needs space */
		watch_fd(loop, loop->output, 0);
		return;
	}
	if (watch) {
		watch->on_readable(watch->context);
		return;
	}
	if (event->events & EPOLLIN)
		mask |= CURL_CSELECT_IN;
	if (event->events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (event->events & (EPOLLERR | EPOLLHUP))
		mask |= CURL_CSELECT_ERR;
	call_libcurl(loop, event->data.fd, mask);
}

/*
 * Have most of many sockets received chunks more often than every BATCH_MS?
 * The chunks of few streams at full speed are large already.
 */
static bool needs_batching(const struct event_loop *loop)
{
	/* while it waits, several chunks of a socket are one event */
	const unsigned events = loop->batch_events * (loop->is_batching ? 2 : 1);

	if (events < BATCH_MIN || events <= loop->sockets)
		return false;
	return events <= BATCH_EVENTS_MAX * loop->sockets;
}

/* Waits for the rest of BATCH_MS, or for a signal, if batching is needed. */
static void wait_for_batch(struct event_loop *loop)
{
	struct pollfd wake = {.fd = loop->wake, .events = POLLIN};
	uint64_t now = clock_ms();
	uint64_t end = loop->batch_start_ms + BATCH_MS;

	if (!loop->is_batching) {
		if (now < end)
			return;
		end = now + BATCH_MS;
	}
	loop->is_batching = needs_batching(loop);
	if (loop->is_batching && now < end) {
		poll(&wake, 1, (int)(end - now));
		now = clock_ms();
	}
	loop->batch_events = 0;
	loop->batch_start_ms = now;
}

void event_loop_run_once(struct event_loop *loop, int timeout)
{
	struct epoll_event events[EVENTS_MAX];
	int count;

	if (!loop->has_more && !loop->skip_wait && !loop->always_readable)
		wait_for_batch(loop);
	loop->skip_wait = false;
	count = epoll_wait(loop->epoll, events, EVENTS_MAX, limit_timeout(loop, timeout));
	loop->has_more = count == EVENTS_MAX;
	loop->batch_events += count > 0 ? (unsigned)count : 0;
	for (int i = 0; i < count; i++)
		handle_event(loop, &events[i]);
	read_always_readable(loop);
	if (loop->has_timer && clock_ms() >= loop->timer_ms) {
		loop->has_timer = false;
		call_libcurl(loop, CURL_SOCKET_TIMEOUT, 0);
	}
}

CURL *event_loop_ended(struct event_loop *loop, CURLcode *ret_result)
{
	const CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(loop->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		*ret_result = message->data.result;
		return message->easy_handle;
	}
	return NULL;
}

void event_loop_skip_wait(struct event_loop *loop)
{
	loop->skip_wait = true;
}

void event_loop_watch_writable(struct event_loop *loop)
{
	watch_fd(loop, loop->output, EPOLLOUT);
}

bool event_loop_watch_failed(const struct event_loop *loop)
{
	return loop->watch_failed;
}

bool event_loop_output_closed(const struct event_loop *loop)
{
	return loop->output_closed;
}
