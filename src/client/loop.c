/*
 * What everything waits in. In: readiness of sockets, time, signals. Out:
 * calls into libcurl, which calls the transfers.
 */
#include "client/loop.h"

#include "common/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	EVENTS_MAX = 1024,
	TICK_MS = 20,
	CROWD = 800,	/* readable sockets in a tick, from which on it rests */
	PIECES_MAX = 4, /* of a socket in a tick, if they are small */
};

struct loop {
	CURLM *multi;
	int epoll;
	int wake;
	int output;
	bool has_timer;
	bool unread;
	bool is_deaf;	  /* something could not be watched */
	uint64_t timer;	  /* ms, when libcurl wants to be called */
	unsigned sockets; /* of libcurl's */
	unsigned events;  /* since the tick began */
	uint64_t tick;	  /* ms: when it began */
	bool is_crowded;  /* it rests between ticks */
	bool has_more;	  /* the last turn did not take all that was ready */
	bool hurries;
};

/* What is not watched would be waited for in vain. */
static void watch(struct loop *loop, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ||
		epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
		return;
	/* regular files never block, and can't be watched */
	if (errno != EPERM)
		loop->is_deaf = true;
}

/* A CURLMOPT_SOCKETFUNCTION, whose parameters are libcurl's. */
static int on_socket(
	/* cppcheck-suppress constParameter */
	CURL *easy, curl_socket_t fd, int what, void *context, void *old)
{
	struct loop *loop = context;

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
	watch(loop, fd,
		((what & CURL_POLL_IN) ? EPOLLIN : 0U) |
			((what & CURL_POLL_OUT) ? EPOLLOUT : 0U));
	return 0;
}

/* A CURLMOPT_TIMERFUNCTION. */
static int on_timer(CURLM *multi, long ms, void *context)
{
	struct loop *loop = context;

	(void)multi;
	loop->has_timer = ms >= 0;
	loop->timer = clock_ms() + (uint64_t)(ms > 0 ? ms : 0);
	return 0;
}

struct loop *loop_new(int output, int wake)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->output = output;
	loop->multi = curl_multi_init();
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->wake = wake;
	watch(loop, wake, EPOLLIN);
	watch(loop, output, 0); /* only its errors */
	if (!loop->multi || loop->is_deaf) {
		loop_free(loop);
		return NULL;
	}
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	curl_multi_cleanup(loop->multi);
	if (loop->epoll >= 0)
		close(loop->epoll);
	free(loop);
}

bool loop_add(struct loop *loop, CURL *easy)
{
	return curl_multi_add_handle(loop->multi, easy) == CURLM_OK;
}

void loop_remove(struct loop *loop, CURL *easy)
{
	curl_multi_remove_handle(loop->multi, easy);
}

static int shorter_timeout(const struct loop *loop, int timeout)
{
	uint64_t now = clock_ms();
	uint64_t left;

	if (!loop->has_timer)
		return timeout;
	left = loop->timer > now ? loop->timer - now : 0;
	if (timeout >= 0 && left > (uint64_t)timeout)
		return timeout;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* Lets libcurl act; what it could not take note of will not come again. */
static void act(struct loop *loop, curl_socket_t fd, int mask)
{
	int running;

	if (curl_multi_socket_action(loop->multi, fd, mask, &running) ==
		CURLM_OUT_OF_MEMORY)
		loop->is_deaf = true;
}

static void act_on(struct loop *loop, const struct epoll_event *event)
{
	uint64_t count;
	int mask = 0;

	if (event->data.fd == loop->wake) {
		if (read(loop->wake, &count, sizeof(count)) < 0)
			return; /* it was read already */
		return;
	}
	if (event->data.fd == loop->output) {
		if (event->events & (EPOLLERR | EPOLLHUP))
			loop->unread = true;
		/* whoever asked for room will ask again */
		watch(loop, loop->output, 0);
		return;
	}
	if (event->events & EPOLLIN)
		mask |= CURL_CSELECT_IN;
	if (event->events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (event->events & (EPOLLERR | EPOLLHUP))
		mask |= CURL_CSELECT_ERR;
	act(loop, event->data.fd, mask);
}

/*
 * Do most of many sockets have pieces more often than every tick? Those of
 * few streams at full speed are large already.
 */
static bool has_crowd(const struct loop *loop)
{
	/* between two ticks each counts once at most */
	const unsigned pieces = loop->events * (loop->is_crowded ? 2 : 1);

	return pieces >= CROWD && pieces > loop->sockets &&
	       pieces <= PIECES_MAX * loop->sockets;
}

/*
 * Where that is so, rests until there are some on each socket: to take one in
 * costs the same, large or small.
 */
static void rest(struct loop *loop)
{
	struct pollfd wake = {.fd = loop->wake, .events = POLLIN};
	uint64_t now = clock_ms();
	uint64_t end = loop->tick + TICK_MS;

	if (!loop->is_crowded) {
		if (now < end)
			return;
		end = now + TICK_MS;
	}
	loop->is_crowded = has_crowd(loop);
	if (loop->is_crowded && now < end) {
		poll(&wake, 1, (int)(end - now));
		now = clock_ms();
	}
	loop->events = 0;
	loop->tick = now;
}

void loop_turn(struct loop *loop, int timeout)
{
	struct epoll_event events[EVENTS_MAX];
	int count;

	if (!loop->has_more && !loop->hurries)
		rest(loop);
	loop->hurries = false;
	count = epoll_wait(loop->epoll, events, EVENTS_MAX,
		shorter_timeout(loop, timeout));
	loop->has_more = count == EVENTS_MAX;
	loop->events += count > 0 ? (unsigned)count : 0;
	for (int i = 0; i < count; i++)
		act_on(loop, &events[i]);
	if (loop->has_timer && clock_ms() >= loop->timer) {
		loop->has_timer = false;
		act(loop, CURL_SOCKET_TIMEOUT, 0);
	}
}

CURL *loop_ended(struct loop *loop, CURLcode *ret_result)
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

void loop_hurry(struct loop *loop)
{
	loop->hurries = true;
}

void loop_want_room(struct loop *loop)
{
	watch(loop, loop->output, EPOLLOUT);
}

bool loop_is_deaf(const struct loop *loop)
{
	return loop->is_deaf;
}

bool loop_is_unread(const struct loop *loop)
{
	return loop->unread;
}
