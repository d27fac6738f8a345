/* SPDX-License-Identifier: MIT */
/*
 * Feed of a source. In: a target. Out: the bytes of its stream, from what delivers
 * them; the source does not depend on that.
 */
#include "client/feed.h"

static bool start_transfer(struct feed *feed, const struct feed_plan *plan)
{
	feed->transfer = transfer_new(plan->target, plan->additions, plan->options,
		(long)plan->chunk, &plan->transfer_events);
	return feed->transfer && event_loop_add(plan->loop, transfer_handle(feed->transfer));
}

bool feed_start(struct feed *feed, const struct feed_plan *plan)
{
	if (!plan->target->command)
		return start_transfer(feed, plan);
	feed->command =
		command_new(plan->target, plan->options, plan->loop, plan->chunk, &plan->fd_events);
	return feed->command != NULL;
}

void feed_stop(struct feed *feed, struct event_loop *loop)
{
	if (feed->transfer)
		event_loop_remove(loop, transfer_handle(feed->transfer));
	transfer_free(feed->transfer);
	command_free(feed->command);
	*feed = (struct feed){0};
}

bool feed_is_active(const struct feed *feed)
{
	return feed->transfer || feed->command;
}

bool feed_has_ended(const struct feed *feed)
{
	return feed->command && command_has_ended(feed->command);
}

bool feed_has_result(struct feed *feed, uint64_t now_ms)
{
	return command_has_result(feed->command, now_ms);
}

bool feed_result(const struct feed *feed, CURLcode code, bool has_begun, struct error *error)
{
	return feed->transfer ? transfer_result(feed->transfer, code, has_begun, error)
			      : command_result(feed->command, error);
}

unsigned feed_rejected_additions(const struct feed *feed)
{
	return feed->transfer ? transfer_rejected_additions(feed->transfer) : 0;
}

bool feed_is_refused(const struct feed *feed)
{
	return feed->transfer && transfer_is_refused(feed->transfer);
}

bool feed_is_paused(const struct feed *feed)
{
	return feed->transfer ? transfer_is_paused(feed->transfer)
			      : feed->command && command_is_paused(feed->command);
}

CURLcode feed_resume(struct feed *feed)
{
	if (feed->transfer)
		return transfer_resume(feed->transfer);
	command_resume(feed->command);
	return CURLE_OK;
}
