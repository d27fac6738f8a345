#pragma once

#include <curl/curl.h>
#include <stdbool.h>

/*
 * The event loop: all of libcurl's sockets and timers, signals, and the
 * output in one epoll(7), at a cost that grows with what happens and
 * not with how many targets there are.
 */
struct loop;

/*
 * output is watched for a reader that leaves, wake for becoming readable; both
 * stay the caller's. NULL: out of memory or descriptors.
 */
struct loop *loop_new(int output, int wake);

void loop_free(struct loop *loop);

/* Starts a transfer. False: libcurl does not take it. */
bool loop_add(struct loop *loop, CURL *easy);

/* Ends a transfer, wherever it is. */
void loop_remove(struct loop *loop, CURL *easy);

/*
 * Waits until something happens, timeout ms at most (-1: for ever), and lets
 * libcurl act on it. Where most of many sockets have pieces all the time, turns
 * are 20 ms apart, even if timeout is less.
 */
void loop_turn(struct loop *loop, int timeout);

/* Returns the next transfer that ended, and its result; NULL: none. */
CURL *loop_ended(struct loop *loop, CURLcode *ret_result);

/* The next turn does not wait for more to do. */
void loop_hurry(struct loop *loop);

/* The next turn ends, too, when the output takes more. */
void loop_want_room(struct loop *loop);

/* Out of memory: something could not be watched, and may wait for ever. */
bool loop_is_deaf(const struct loop *loop);

/* Has the output's reader left? */
bool loop_is_unread(const struct loop *loop);
