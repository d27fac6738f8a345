/* SPDX-License-Identifier: MIT */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>

/*
 * The event loop: libcurl's sockets and timers, signals, and the output in one
 * epoll(7). Its cost grows with the number of events, not of targets.
 */
struct event_loop;

/*
 * Watches output for a reader that closes it, and wake for becoming readable;
 * the caller closes both. Returns NULL if out of memory or descriptors.
 */
struct event_loop *event_loop_new(int output, int wake);

/* Accepts NULL. */
void event_loop_free(struct event_loop *loop);

/* Starts a transfer. Returns false if libcurl rejects it. */
bool event_loop_add(struct event_loop *loop, CURL *easy);

/* Stops a transfer in any state. */
void event_loop_remove(struct event_loop *loop, CURL *easy);

/*
 * Waits for events, for at most timeout ms (-1: without limit), and calls
 * libcurl for them. With many busy sockets it waits until 20 ms after the
 * previous call, even if timeout is shorter.
 */
void event_loop_run_once(struct event_loop *loop, int timeout);

/* Returns the next transfer that has ended, and its result; NULL: none. */
CURL *event_loop_ended(struct event_loop *loop, CURLcode *ret_result);

/* A descriptor that the loop watches for becoming readable. */
struct event_watch {
	int fd;
	void (*on_readable)(void *context); /* may stop this watch, and begin no other */
	void *context;
	/* the loop's own: */
	struct event_watch *previous; /* of those that are always readable */
	struct event_watch *next;
};

/*
 * Begins to watch a descriptor, in each event_loop_run_once(); a regular file is always
 * readable. Returns false if out of memory or descriptors.
 */
bool event_loop_watch(struct event_loop *loop, struct event_watch *watch);

/* Stops that. Accepts a watch that has not begun or has been stopped. */
void event_loop_unwatch(struct event_loop *loop, struct event_watch *watch);

/* The next event_loop_run_once() does not wait for more sockets. */
void event_loop_skip_wait(struct event_loop *loop);

/* The next event_loop_run_once() also returns when the output is writable. */
void event_loop_watch_writable(struct event_loop *loop);

/*
 * Did memory run out, so that a socket is not watched and its transfer may
 * wait without limit?
 */
bool event_loop_watch_failed(const struct event_loop *loop);

/* Has the reader closed the output? */
bool event_loop_output_closed(const struct event_loop *loop);
