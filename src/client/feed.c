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

static bool start_command(struct feed *feed, const struct feed_plan *plan)
{
	feed->command = command_new(
		plan->target, plan->options, plan->loop, plan->chunk, &plan->command_events);
	return feed->command != NULL;
}

static bool start_file(struct feed *feed, const struct feed_plan *plan)
{
	feed->file = file_stream_new(plan->target, plan->loop, plan->chunk, &plan->file_events);
	return feed->file != NULL;
}

bool feed_start(struct feed *feed, const struct feed_plan *plan)
{
	switch (plan->target->kind) {
	case TARGET_COMMAND:
	case TARGET_TCPDUMP:
		return start_command(feed, plan);
	case TARGET_FILE:
	case TARGET_STDIN:
		return start_file(feed, plan);
	default:
		return start_transfer(feed, plan);
	}
}

void feed_stop(struct feed *feed, struct event_loop *loop)
{
	if (feed->transfer)
		event_loop_remove(loop, transfer_handle(feed->transfer));
	transfer_free(feed->transfer);
	command_free(feed->command);
	file_stream_free(feed->file);
	*feed = (struct feed){0};
}

bool feed_is_active(const struct feed *feed)
{
	return feed->transfer || feed->command || feed->file;
}

bool feed_has_ended(const struct feed *feed)
{
	if (feed->file)
		return file_stream_has_ended(feed->file);
	return feed->command && command_has_ended(feed->command);
}

bool feed_has_result(struct feed *feed, uint64_t now_ms)
{
	return !feed->command || command_has_result(feed->command, now_ms);
}

bool feed_result(const struct feed *feed, CURLcode code, bool has_begun, struct error *error)
{
	if (feed->command)
		return command_result(feed->command, error);
	if (feed->file)
		return file_stream_result(feed->file, error);
	return transfer_result(feed->transfer, code, has_begun, error);
}

unsigned feed_rejected_additions(const struct feed *feed)
{
	return feed->transfer ? transfer_rejected_additions(feed->transfer) : 0;
}

bool feed_is_refused(const struct feed *feed, bool has_begun)
{
	/* the second try of a file would send its packets again */
	if (feed->file)
		return true;
	/* a request that was accepted before may be accepted again */
	return feed->transfer && !has_begun && transfer_is_refused(feed->transfer);
}

bool feed_ask_to_end(struct feed *feed)
{
	if (feed->command)
		command_ask_to_end(feed->command);
	return feed->command != NULL;
}

bool feed_is_paused(const struct feed *feed)
{
	if (feed->command)
		return command_is_paused(feed->command);
	if (feed->file)
		return file_stream_is_paused(feed->file);
	return feed->transfer && transfer_is_paused(feed->transfer);
}

CURLcode feed_resume(struct feed *feed)
{
	if (feed->transfer)
		return transfer_resume(feed->transfer);
	if (feed->command)
		command_resume(feed->command);
	else
		file_stream_resume(feed->file);
	return CURLE_OK;
}
