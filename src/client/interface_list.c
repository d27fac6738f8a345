/* SPDX-License-Identifier: MIT */
/*
 * Lists the interfaces of targets. In: targets. Out: lines on stdout, and an exit status.
 *
 * All targets are asked at once, as for a capture. Their lines are printed when the last
 * one has answered, in the order of the command line.
 */
#include "client/interface_list.h"

#include "client/feed.h"
#include "client/interface_json.h"
#include "client/interface_lines.h"
#include "client/interface_query.h"
#include "client/notices.h"
#include "client/signals.h"
#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ANSWER_S = 20, /* until the whole answer of a target has arrived */
	CHUNK = 16 << 10,
	ENDING_STEP_MS = 10, /* a program exits soon after it has closed its output */
};

static const char no_resources[] = "out of memory or descriptors";

/* The list of one target. */
struct listing {
	const struct target *target;
	struct interface_query query;
	struct feed feed;
	struct handshakes handshakes;
	char *answer; /* what has arrived */
	size_t size;
	size_t capacity;
	uint64_t due_ms; /* when to give it up */
	bool is_over;
	char *lines; /* for the user; NULL: it has failed, or is not over */
};

struct listings {
	const struct options *options;
	struct event_loop *loop;
	struct listing *list;
	size_t count;
	size_t open_count; /* those that are not over */
};

static void ignore(void *unused)
{
	(void)unused;
}

static void ignore_clock(void *unused, const struct clock_offset *offset)
{
	(void)unused;
	(void)offset;
}

static void ignore_counters(void *unused, const struct statistics *counters)
{
	(void)unused;
	(void)counters;
}

static bool can_accept(void *unused)
{
	(void)unused;
	return true;
}

static bool reserve(struct listing *listing, size_t size)
{
	char *answer;

	if (size <= listing->capacity)
		return true;
	answer = realloc(listing->answer, 2 * size);
	if (!answer)
		return false;
	listing->answer = answer;
	listing->capacity = 2 * size;
	return true;
}

/* A stream_handler event. */
static bool on_bytes(void *context, const void *bytes, size_t size, struct error *error)
{
	struct listing *listing = context;

	if (size > INTERFACE_JSON_MAX - listing->size)
		return error_set(error, 1, "the list of interfaces has more than %d bytes",
			INTERFACE_JSON_MAX);
	if (!reserve(listing, listing->size + size))
		return error_set(error, 1, "out of memory");
	memcpy(listing->answer + listing->size, bytes, size);
	listing->size += size;
	return true;
}

/* Ends a listing: with its lines, or with an error, which is reported. */
static void end_listing(
	struct listings *listings, struct listing *listing, char *lines, const struct error *error)
{
	if (!lines)
		notice("%s: %s", listing->target->label, error->text);
	if (feed_is_active(&listing->feed))
		feed_stop(&listing->feed, listings->loop);
	free(listing->answer);
	listing->answer = NULL;
	listing->lines = lines;
	listing->is_over = true;
	listings->open_count--;
}

static bool start_feed(const struct listings *listings, struct listing *listing)
{
	const struct fd_stream_events fd_events = {
		.context = listing,
		.before_data = ignore,
		.can_accept = can_accept,
		.on_end = ignore,
		.stream = {.bytes = on_bytes, .context = listing},
	};
	const struct feed_plan plan = {
		.target = &listing->query.target,
		.options = listings->options,
		.loop = listings->loop,
		.chunk = CHUNK,
		.transfer_events = {.context = listing,
			.on_request_sent = ignore,
			.on_clock = ignore_clock,
			.before_data = ignore,
			.can_accept = can_accept,
			.handshakes = &listing->handshakes,
			.stream = fd_events.stream},
		.command_events = {.fd = fd_events, .on_counters = ignore_counters},
	};

	return feed_start(&listing->feed, &plan);
}

static void start_listing(struct listings *listings, struct listing *listing)
{
	struct error error = {0};

	if (!interface_query_make(listing->target, &listing->query, &error)) {
		end_listing(listings, listing, NULL, &error);
		return;
	}
	if (!start_feed(listings, listing)) {
		error_set(&error, 1, no_resources);
		end_listing(listings, listing, NULL, &error);
		return;
	}
	/* after feed_start(), which may have run ssh first */
	listing->due_ms = clock_ms() + ANSWER_S * UINT64_C(1000);
}

/* False, with error set: out of memory or descriptors. cleanup() follows. */
static bool start(struct listings *listings, struct error *error)
{
	const struct target_list *targets = &listings->options->targets;

	listings->loop = event_loop_new(STDOUT_FILENO, signals_open());
	listings->list = calloc(targets->count, sizeof(*listings->list));
	if (!listings->loop || !listings->list)
		return error_set(error, 1, no_resources);
	listings->count = targets->count;
	listings->open_count = targets->count;
	for (size_t i = 0; i < targets->count; i++) {
		listings->list[i].target = &targets->list[i];
		start_listing(listings, &listings->list[i]);
	}
	return true;
}

/* Ends a listing whose feed has ended; code is libcurl's for a transfer. */
static void end_with_result(struct listings *listings, struct listing *listing, CURLcode code)
{
	const char *label = listing->target->label;
	struct error error = {0};
	char *lines = NULL;

	if (feed_result(&listing->feed, code, false, &error))
		lines = listing->target->kind == TARGET_TCPDUMP
				? interface_lines_of_tcpdump(
					  label, listing->answer, listing->size, &error)
				: interface_lines_of_worker(
					  label, listing->answer, listing->size, &error);
	end_listing(listings, listing, lines, &error);
}

static void end_transfers(struct listings *listings)
{
	CURLcode result;
	CURL *easy;

	while ((easy = event_loop_ended(listings->loop, &result))) {
		char *private = NULL;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		end_with_result(listings, (struct listing *)(void *)private, result);
	}
}

/*
 * Ends the listings whose programs have ended, and those that take too long. Returns when
 * to look again, ms.
 */
static uint64_t end_others(struct listings *listings, uint64_t now)
{
	uint64_t due = CLOCK_NEVER;
	struct error error = {0};

	for (size_t i = 0; i < listings->count; i++) {
		struct listing *listing = &listings->list[i];
		const bool has_ended = !listing->is_over && feed_has_ended(&listing->feed);

		if (listing->is_over)
			continue;
		if (has_ended && feed_has_result(&listing->feed, now)) {
			end_with_result(listings, listing, CURLE_OK);
		} else if (now >= listing->due_ms) {
			error_set(&error, 1, "no answer within %d s", ANSWER_S);
			end_listing(listings, listing, NULL, &error);
		} else {
			due = clock_earlier(
				due, has_ended ? now + ENDING_STEP_MS : listing->due_ms);
		}
	}
	return due;
}

static bool is_stopped(const struct listings *listings)
{
	return signals_stop_requested() || event_loop_output_closed(listings->loop) ||
	       event_loop_watch_failed(listings->loop);
}

static void run(struct listings *listings)
{
	for (;;) {
		const uint64_t now = clock_ms();
		uint64_t due;

		end_transfers(listings);
		due = end_others(listings, now);
		/* after that, so that an answer that has arrived is printed */
		if (listings->open_count == 0 || is_stopped(listings))
			return;
		event_loop_run_once(listings->loop, due > now ? (int)(due - now) : 0);
	}
}

/* Sets error to the reason why some listings are not over. */
static void explain_stop(const struct listings *listings, struct error *error)
{
	struct label_list labels = {0};

	for (size_t i = 0; i < listings->count; i++)
		if (!listings->list[i].is_over)
			label_list_add(&labels, listings->list[i].target->label);
	if (signals_stop_requested())
		error_set(error, 1, "interrupted while waiting for %s", label_list_text(&labels));
	else if (event_loop_output_closed(listings->loop))
		error_set(error, 1, "the output's reader ended before all targets answered");
	else
		error_set(error, 1, no_resources);
}

/* Prints all lists. Returns the exit status. */
static int finish(const struct listings *listings, struct error *error)
{
	int status = 0;

	for (size_t i = 0; i < listings->count; i++)
		if (listings->list[i].lines)
			fputs(listings->list[i].lines, stdout);
		else
			status = 1;
	if (fflush(stdout) != 0 || ferror(stdout))
		error_set(error, 1, "cannot write to standard output: %s", strerror(errno));
	if (listings->open_count > 0)
		explain_stop(listings, error);
	return error->status ? 1 : status;
}

static void cleanup(struct listings *listings)
{
	for (size_t i = 0; i < listings->count; i++)
		if (feed_is_active(&listings->list[i].feed))
			feed_stop(&listings->list[i].feed, listings->loop);
	/* connections may use the handshakes until then */
	event_loop_free(listings->loop);
	for (size_t i = 0; i < listings->count; i++) {
		interface_query_cleanup(&listings->list[i].query);
		free(listings->list[i].answer);
		free(listings->list[i].lines);
	}
	free(listings->list);
}

int interface_list_run(struct options *options, struct error *error)
{
	struct listings listings = {.options = options};
	int status = 1;

	/* a closed descriptor would become that of the first connection */
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
		error_set(error, 1, "cannot write to standard output: %s", strerror(errno));
		return status;
	}
	if (!tls_files_check(&options->credentials, error))
		return status;
	if (start(&listings, error)) {
		run(&listings);
		status = finish(&listings, error);
	}
	cleanup(&listings);
	return status;
}
