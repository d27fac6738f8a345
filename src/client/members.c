/*
 * The targets of a run. In: what libcurl tells of their transfers. Out: the
 * state of each, and words about every change.
 */
#include "client/members.h"

#include "client/gaps.h"
#include "client/intake.h"
#include "client/retry.h"
#include "client/say.h"
#include "common/clock.h"
#include "common/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	BUFFERS_TOTAL = 512 << 10, /* of libcurl, for all streams */
	BUFFER_MIN = 12 << 10,
	BUFFER_MAX = 256 << 10,
	ATTEMPT_S = 20,	       /* until a capture has begun */
	STEADY_MS = 30 * 1000, /* a stream that ran so long was sound */
};

static void change_state(struct member *member, enum member_state state)
{
	member->all->in_state[member->state]--;
	member->all->in_state[state]++;
	member->state = state;
}

static long buffer_size(unsigned count)
{
	long size = BUFFERS_TOTAL / (long)count;

	if (size < BUFFER_MIN)
		return BUFFER_MIN;
	return size < BUFFER_MAX ? size : BUFFER_MAX;
}

static bool start_transfer(struct member *member)
{
	struct members *members = member->all;
	const struct transfer_events events = intake_events(member);

	member->offset = (struct offset){0};
	member->pace = (struct pace){0};
	member->messages = 0;
	member->transfer = transfer_new(member->target, members->arguments,
		buffer_size(members->count), &events);
	/* that may have asked ssh first */
	member->heard = clock_ms();
	member->due = member->heard + ATTEMPT_S * UINT64_C(1000);
	return member->transfer &&
	       loop_add(members->loop, transfer_handle(member->transfer));
}

static void stop_transfer(struct member *member)
{
	if (!member->transfer)
		return;
	loop_remove(member->all->loop, transfer_handle(member->transfer));
	transfer_free(member->transfer);
	member->transfer = NULL;
}

bool members_start(struct members *members, const struct arguments *arguments,
	struct loop *loop, struct merge *merge)
{
	const unsigned count = (unsigned)arguments->targets.count;

	*members = (struct members){
		.arguments = arguments,
		.loop = loop,
		.merge = merge,
		.list = calloc(count, sizeof(*members->list)),
		.count = count,
		.in_state[MEMBER_CONNECTING] = count,
	};
	if (!members->list || !origins_init(&members->origins, count))
		return false;
	for (unsigned i = 0; i < count; i++) {
		struct member *member = &members->list[i];

		member->all = members;
		member->target = &arguments->targets.list[i];
		member->index = i;
		if (!start_transfer(member))
			return false;
	}
	return true;
}

void members_stop(struct members *members)
{
	for (unsigned i = 0; members->list && i < members->count; i++)
		stop_transfer(&members->list[i]);
}

void members_clear(struct members *members)
{
	if (members->list)
		origins_clear(&members->origins);
	free(members->list);
	*members = (struct members){0};
}

void members_begin(struct member *member)
{
	if (member->state == MEMBER_LOST)
		gaps_end(member);
	else if (member->all->arguments->verbose)
		say("%s: captures", member->target->label);
	if (member->all->arguments->align && !member->offset.is_known)
		say_warning("%s: tells no time, its stamps are not corrected",
			member->target->label);
	member->began = clock_ms();
	merge_begin(member->all->merge, member->index, member->began);
	change_state(member, MEMBER_RUNNING);
}

static void count_failure(struct member *member)
{
	struct members *members = member->all;

	if (!member->failed)
		members->failed++;
	if (!members->first_failure)
		members->first_failure = clock_ms();
	member->failed = true;
}

static uint32_t random_number(void)
{
	uint32_t number = 0;

	/* without one there is no jitter, and no harm */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		return 0;
	return number;
}

/* Says why, unless that was said last, and prepares another attempt. */
static void lose(struct member *member, const struct failure *failure)
{
	const uint64_t now = clock_ms();
	char reason[sizeof(member->said)];

	text_escape(reason, sizeof(reason), failure->text);
	if (member->state != MEMBER_LOST) {
		member->lost = gaps_begin(member, now);
		member->gap_after =
			merge_count(member->all->merge, member->index).received;
		memcpy(member->cause, reason, sizeof(reason));
		if (now - member->began > STEADY_MS)
			member->attempt = 0;
		change_state(member, MEMBER_LOST);
	}
	if (strcmp(member->said, reason) != 0)
		say("%s: %s; it is tried again", member->target->label, reason);
	memcpy(member->said, reason, sizeof(reason));
	member->due = now + retry_delay(++member->attempt, random_number());
}

/* Is one over that -retry would have tried again, while others run? */
static bool others_go_on(const struct member *member)
{
	const struct members *members = member->all;

	return members->has_agreed && members->in_state[MEMBER_RUNNING] > 0 &&
	       !members->arguments->retry && !member->is_refused;
}

/* It will not come back. */
static void finish(struct member *member, const struct failure *failure)
{
	change_state(member, MEMBER_OVER);
	if (failure) {
		say("%s: %s%s", member->target->label, failure->text,
			others_go_on(member) ? "; the others go on (-retry "
					       "tries it again)"
					     : "");
		remarks_add(&member->all->remarks, "%s: %s",
			member->target->label, failure->text);
	} else if (member->all->arguments->verbose) {
		say("%s: ended", member->target->label);
	}
	member->ended = !failure;
	member->all->ended += !failure;
}

/* Before the start, only those that may be missing are tried again. */
static bool is_tried_again(const struct member *member)
{
	const struct arguments *arguments = member->all->arguments;

	return arguments->retry && !member->is_refused &&
	       (member->all->has_agreed || !arguments->require_all);
}

void members_end(struct member *member, const struct failure *failure)
{
	stop_transfer(member);
	merge_end(member->all->merge, member->index);
	if (failure)
		count_failure(member);
	if (failure && is_tried_again(member))
		lose(member, failure);
	else if (failure || member->state != MEMBER_OVER)
		finish(member, failure);
}

static void end_with_result(struct member *member, CURLcode result)
{
	struct failure failure = {0};
	bool good = transfer_result(
		member->transfer, result, member->began > 0, &failure);

	members_end(member, good ? NULL : &failure);
}

/* Has it neither a capture yet, nor an end? */
static bool is_waited_for(const struct member *member)
{
	return member->state == MEMBER_CONNECTING ||
	       member->state == MEMBER_LOST;
}

/* Goes on with such a member: its next attempt, or the end of this one. */
static void try_again(struct member *member)
{
	struct failure failure;

	if (!member->transfer) {
		if (start_transfer(member))
			return;
		failure_set(&failure, 1, "out of memory or descriptors");
	} else {
		failure_set(&failure, 1, "no capture has begun within %d s",
			ATTEMPT_S);
	}
	members_end(member, &failure);
}

void members_collect(struct members *members)
{
	const uint64_t now = clock_ms();
	CURLcode result;
	CURL *easy;

	while ((easy = loop_ended(members->loop, &result))) {
		char *private = NULL;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		end_with_result((struct member *)(void *)private, result);
	}
	if (members_due(members) > now)
		return;
	if (members->look <= now)
		gaps_listen(members, now);
	for (unsigned i = 0; i < members->count; i++)
		if (is_waited_for(&members->list[i]) &&
			members->list[i].due <= now)
			try_again(&members->list[i]);
}

uint64_t members_due(const struct members *members)
{
	uint64_t due = members->in_state[MEMBER_RUNNING] > 0 ? members->look
							     : CLOCK_NEVER;

	if (members->in_state[MEMBER_CONNECTING] == 0 &&
		members->in_state[MEMBER_LOST] == 0)
		return due;
	for (unsigned i = 0; i < members->count; i++)
		if (is_waited_for(&members->list[i]))
			due = clock_earlier(due, members->list[i].due);
	return due;
}

void members_resume(struct members *members)
{
	CURLcode result;

	if (members->paused == 0)
		return;
	members->paused = 0;
	for (unsigned i = 0; i < members->count; i++) {
		struct member *member = &members->list[i];

		if (!member->transfer || !transfer_is_paused(member->transfer))
			continue;
		if (merge_is_full(members->merge, i)) {
			members->paused++;
			continue;
		}
		result = transfer_resume(member->transfer);
		if (result != CURLE_OK)
			end_with_result(member, result);
	}
}
