/*
 * What everything waits in. In: readiness of sockets, time, signals. Out:
 * calls into libcurl, which calls the transfers.
 */
#include "client/loop.h"

#include "common/clock.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	EVENTS_MAX = 256,
	/*
	 * Turns are TICK_MS apart, or more, from CROWD events in CROWD_MS on
	 * until these are less than CALM: then each socket has several chunks
	 * at a turn, which it would not have with less.
	 */
	CROWD = 2000,
	CALM = 500,
	CROWD_MS = 50,
	TICK_MS = 30,
};

struct loop {
	CURLM *multi;
	int epoll;
	int wake;
	int output;
	bool has_timer;
	bool unread;
	uint64_t timer; /* ms, when libcurl wants to be called */
	/* ms, for ticks: */
	uint64_t turned; /* when the last turn began */
	uint64_t counted;
	unsigned events; /* since then */
	bool is_crowded;
	bool hurries;
};

static bool watch(struct loop *loop, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ||
	       epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == 0;
}

/* A CURLMOPT_SOCKETFUNCTION. */
static int on_socket(
	CURL *easy, curl_socket_t fd, int what, void *context, void *unused)
{
	struct loop *loop = context;

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
	else
		watch(loop, fd,
			(what & CURL_POLL_IN ? EPOLLIN : 0U) |
				(what & CURL_POLL_OUT ? EPOLLOUT : 0U));
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
	if (!loop->multi || loop->epoll < 0 || !watch(loop, wake, EPOLLIN)) {
		loop_free(loop);
		return NULL;
	}
	/* only its errors; regular files have none and can't be watched */
	watch(loop, output, 0);
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

static void act_on(struct loop *loop, const struct epoll_event *event)
{
	uint64_t count;
	int mask = 0;
	int running;

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
	curl_multi_socket_action(loop->multi, event->data.fd, mask, &running);
}

/*
 * When many small pieces come, they are cheaper together: a turn waits until
 * TICK_MS after the last one, or for a signal.
 */
static void wait_for_tick(struct loop *loop)
{
	const uint64_t now = clock_ms();
	const uint64_t next = loop->turned + TICK_MS;

	if (now >= loop->counted + CROWD_MS) {
		loop->is_crowded =
			loop->events >= (loop->is_crowded ? CALM : CROWD);
		loop->counted = now;
		loop->events = 0;
	}
	if (loop->is_crowded && !loop->hurries && now < next)
		poll(NULL, 0, (int)(next - now));
	loop->turned = clock_ms();
	loop->hurries = false;
}

void loop_turn(struct loop *loop, int timeout)
{
	struct epoll_event events[EVENTS_MAX];
	int running;
	int count;

	wait_for_tick(loop);
	count = epoll_wait(loop->epoll, events, EVENTS_MAX,
		shorter_timeout(loop, timeout));
	loop->events += count > 0 ? (unsigned)count : 0;
	/* the rest of them waits no longer */
	if (count == EVENTS_MAX)
		loop->turned = 0;
	for (int i = 0; i < count; i++)
		act_on(loop, &events[i]);
	if (loop->has_timer && clock_ms() >= loop->timer) {
		loop->has_timer = false;
		curl_multi_socket_action(
			loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
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

bool loop_is_unread(const struct loop *loop)
{
	return loop->unread;
}
