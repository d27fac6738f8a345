/* SPDX-License-Identifier: MIT */
/*
 * A source: one target under way. In: events of its stream. Out: its state, and
 * a report of every change.
 *
 *     state       event          next state
 *     connecting  begins         running
 *     lost        begins         running; the outage is reported
 *     any         fails          lost, if -retry applies; otherwise over
 *     not over    ends           over
 */
#include "client/source.h"

#include "common/clock.h"
#include "common/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
	STEADY_MS = 30 * 1000, /* after such a stream attempts count anew */
	RETRY_FIRST_MS = 250,
	RETRY_MAX_MS = 30000,
	RETRY_DOUBLINGS = 7,
	DROPS_MS = 10000,      /* between two warnings */
	STEPS_MS = 1000,       /* between two warnings */
	STEPS_MAX = 5,	       /* warnings of one source */
	OUTAGES_NOTED_MAX = 5, /* of one source; the notes have limited space */
	COUNT_SIZE = 48,
};

void source_print_time(uint64_t time_ns, char out[SOURCE_TIME_SIZE])
{
	const time_t seconds = (time_t)(time_ns / NS_PER_S);
	char date[32];
	struct tm tm;

	strftime(date, sizeof(date), "%FT%T", gmtime_r(&seconds, &tm));
	snprintf(out, SOURCE_TIME_SIZE, "%s.%03u", date, (unsigned)(time_ns / NS_PER_MS % 1000));
}

/* Converts a time of this host to the clock of a source's timestamps in the output. */
static uint64_t timestamp_of(const struct source *source, uint64_t time_ns)
{
	const struct clock_offset back = {
		.is_known = source->clock_offset.is_known,
		.ns = -source->clock_offset.ns,
	};

	return source->common->options->align ? time_ns : clock_offset_correct(&back, time_ns);
}

uint64_t source_complete_up_to_ns(const struct source *source, uint64_t now_ms)
{
	const uint64_t silent_ms = now_ms - source->last_data_ms;

	if (source->has_watermarks)
		return merge_newest_ns(source->common->merge, source->index);
	return timestamp_of(source, clock_ns(CLOCK_REALTIME) - silent_ms * NS_PER_MS);
}

void source_set_due(struct source *source, uint64_t due_ms)
{
	source->due_ms = due_ms;
	source->common->due_ms = clock_earlier(source->common->due_ms, due_ms);
}

static void set_state(struct source *source, enum source_state state)
{
	source->common->in_state[source->state]--;
	source->common->in_state[state]++;
	source->state = state;
}

/* Reports which packets are missing: on stderr, in the notes, in a packet's comment. */
static void report_outage(struct source *source)
{
	const char *label = source->target->label;
	const uint64_t end_ns = timestamp_of(source, clock_ns(CLOCK_REALTIME));
	char from[SOURCE_TIME_SIZE];
	char to[SOURCE_TIME_SIZE];

	source_print_time(source->lost_since_ns, from);
	source_print_time(end_ns, to);
	outages_end(&source->outages, end_ns);
	if (source->stream_began_ms) {
		notice_warning(
			"%s: reconnected; packets from %s to %s UTC are missing", label, from, to);
		snprintf(source->outage_text, sizeof(source->outage_text),
			"%s: no packets from %s to %s UTC: %s", label, from, to,
			source->loss_reason);
	} else {
		notice_warning("%s: connected; packets before %s UTC are missing", label, to);
		snprintf(source->outage_text, sizeof(source->outage_text),
			"%s: no packets before %s UTC: %s", label, to, source->loss_reason);
	}
	if (source->outage_count++ < OUTAGES_NOTED_MAX)
		notes_add(notices_events(source->common->notices, source->index), "%s",
			source->outage_text);
	interface_table_set_trouble(source->common->interfaces, source->index, NULL);
	source->last_message[0] = '\0';
}

/* The source has no packets from now on: an outage begins, unless one lasts. */
static void begin_outage(struct source *source, const char *cause)
{
	if (source->state == SOURCE_LOST)
		return;
	outages_begin(&source->outages,
		source->stream_began_ms ? source_complete_up_to_ns(source, clock_ms()) : 0, cause);
}

static void enter_running(struct source *source)
{
	struct source_common *common = source->common;
	const char *label = source->target->label;

	if (source->state == SOURCE_LOST)
		report_outage(source);
	else if (common->options->verbose)
		notice("%s: capture started", label);
	if (common->options->align && !source->clock_offset.is_known)
		notices_warn_now(common->notices, source->index,
			"%s: clock offset unknown; timestamps are not corrected", label);
	if (source->left_out & ~source->left_out_warned)
		common->has_left_out = true;
	common->begun_count += source->stream_began_ms == 0;
	source->stream_began_ms = clock_ms();
	merge_begin(common->merge, source->index, source->stream_began_ms);
	set_state(source, SOURCE_RUNNING);
}

uint64_t source_retry_delay_ms(unsigned attempt, uint32_t random)
{
	const uint64_t delay = attempt > RETRY_DOUBLINGS
				       ? RETRY_MAX_MS
				       : (uint64_t)RETRY_FIRST_MS << (attempt - 1);

	/* between half of it and all of it */
	return delay - delay * random / UINT32_MAX / 2;
}

static uint32_t random_number(void)
{
	uint32_t number = 0;

	/* without a random number there is no jitter, which does no harm */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		return 0;
	return number;
}

/* Notes in the output why a lost source has no packets: in this file, and in later ones. */
static void note_loss(const struct source *source, const char *reason)
{
	struct source_common *common = source->common;
	char since[SOURCE_TIME_SIZE];
	char text[OUTAGE_TEXT_MAX];

	source_print_time(source->lost_since_ns, since);
	if (source->stream_began_ms)
		snprintf(text, sizeof(text), "no packets since %s UTC: %s; reconnecting", since,
			reason);
	else
		snprintf(text, sizeof(text), "not connected: %s; reconnecting", reason);
	interface_table_set_trouble(common->interfaces, source->index, text);
	notices_add(common->notices, source->index, false, "%s: %s", source->target->label, text);
}

/* Reports the reason, unless it was the last one, and plans another attempt. */
static void enter_lost(struct source *source, const struct error *error)
{
	const uint64_t now = clock_ms();
	char reason[SOURCE_TEXT_MAX];

	assert(error);
	text_escape(reason, sizeof(reason), error->text);
	begin_outage(source, reason);
	if (source->state != SOURCE_LOST) {
		source->lost_since_ns = source_complete_up_to_ns(source, now);
		memcpy(source->loss_reason, reason, sizeof(reason));
		if (now - source->stream_began_ms > STEADY_MS)
			source->attempt = 0;
		set_state(source, SOURCE_LOST);
		note_loss(source, reason);
	}
	if (strcmp(source->last_message, reason) != 0)
		notice_failure("%s: %s; reconnecting", source->target->label, reason);
	memcpy(source->last_message, reason, sizeof(reason));
	source_set_due(source, now + source_retry_delay_ms(++source->attempt, random_number()));
}

/* Is this a failure after which -retry would reconnect, while others run? */
static bool retry_would_help(const struct source *source)
{
	const struct source_common *common = source->common;

	return common->linktype_chosen && common->in_state[SOURCE_RUNNING] > 0 &&
	       !common->options->retry && !source->is_refused;
}

static void report_failure(struct source *source, const struct error *error)
{
	struct source_common *common = source->common;
	const char *label = source->target->label;

	common->refusals.ends_run = common->options->require_all;
	if (source->is_refused && !common->linktype_chosen)
		refusals_add(&common->refusals, label, source->target->url, error->text);
	else if (common->options->require_all && !common->linktype_chosen)
		notice_reason("%s: %s", label, error->text);
	else
		notice_failure("%s: %s%s", label, error->text,
			retry_would_help(source)
				? "; the other targets continue; try -retry to reconnect"
				: "");
}

static void enter_over(struct source *source, const struct error *error)
{
	struct source_common *common = source->common;
	const char *label = source->target->label;
	const bool has_begun = source->stream_began_ms > 0;

	if (error)
		begin_outage(source, error->text);
	set_state(source, SOURCE_OVER);
	source->ended = !error;
	if (error) {
		report_failure(source, error);
		interface_table_set_trouble(common->interfaces, source->index, error->text);
		notices_add(common->notices, source->index, true, "%s: %s", label, error->text);
	} else if (common->options->verbose) {
		notice("%s: capture ended", label);
	}
	if (error && !has_begun) {
		common->missing_count++;
		if (!common->missing_since_ms)
			common->missing_since_ms = clock_ms();
	}
	/* a section without interfaces is a capture, too */
	if (!error && !has_begun)
		common->begun_count++;
}

/* A required target that never began is not waited for without end. */
static bool retry_applies(const struct source *source)
{
	const struct options *options = source->common->options;

	return options->retry && !source->is_refused &&
	       (source->stream_began_ms || !options->require_all);
}

void source_transition(struct source *source, enum source_event event, const struct error *error)
{
	if (event == SOURCE_BEGINS) {
		enter_running(source);
		return;
	}
	merge_end(source->common->merge, source->index);
	paths_stream_ended(source->common->paths, source->index);
	if (event == SOURCE_FAILS) {
		source->common->failed_count += !source->failed;
		source->failed = true;
	}
	if (event == SOURCE_FAILS && retry_applies(source))
		enter_lost(source, error);
	else if (event == SOURCE_FAILS || source->state != SOURCE_OVER)
		enter_over(source, event == SOURCE_FAILS ? error : NULL);
}

/* Why a source's host dropped packets, and what helps. */
static const char *drop_reason(const struct source *source)
{
	if (!source->is_worker && source->target->kind != TARGET_TCPDUMP)
		return "according to the stream's own counters";
	if (source->was_blocked)
		return "because the output is read too slowly; try -w FILE";
	if (source->was_paused)
		return "because they waited for other targets; try a narrower -filter, a smaller "
		       "-snaplen, or a shorter -hold";
	if (!source->is_worker)
		return "because they came faster than tcpdump or the network could send them; try "
		       "a narrower -filter or a smaller -snaplen";
	return "because they came faster than the worker or the network could send them; try a "
	       "narrower -filter, a smaller -snaplen, or a larger ring";
}

void source_warn_of_drops(struct source *source)
{
	const struct statistics *total =
		interface_table_total(source->common->interfaces, source->index);
	const uint64_t drops = statistics_drops(total);
	const uint64_t now = source->common->now_ms;

	if (drops <= source->drops_reported || now < source->drops_reported_ms + DROPS_MS)
		return;
	notices_warn_now(source->common->notices, source->index,
		"%s: %" PRIu64 " packets dropped on that host, %s", source->target->label, drops,
		drop_reason(source));
	source->was_blocked = false;
	source->was_paused = false;
	source->drops_reported = drops;
	source->drops_reported_ms = now;
}

/* Nothing else would explain the disorder that follows a step. */
void source_warn_of_step(struct source *source, uint64_t time_ns)
{
	const uint64_t now = source->common->now_ms;
	const int64_t step =
		clock_watch_find_step(&source->clock_watch, time_ns, clock_ns(CLOCK_BOOTTIME));

	if (step == 0 || source->steps_reported == STEPS_MAX ||
		(source->step_reported_ms > 0 && now < source->step_reported_ms + STEPS_MS))
		return;
	source->steps_reported++;
	source->step_reported_ms = now;
	notices_warn_of(source->common->notices, source->index,
		"%s: clock was set %s by %.1f s; later packets have timestamps of the "
		"new time%s",
		source->target->label, step < 0 ? "back" : "forward",
		(double)step / (step < 0 ? -1e9 : 1e9),
		source->steps_reported == STEPS_MAX ? "; further steps are not reported" : "");
}

static void note_last_outage(const struct source *source, struct notes *notes)
{
	const char *label = source->target->label;
	char since[SOURCE_TIME_SIZE];

	if (source->outage_count > OUTAGES_NOTED_MAX)
		notes_add(notes, "%s: %u more outages", label,
			source->outage_count - OUTAGES_NOTED_MAX);
	if (source->state != SOURCE_LOST)
		return;
	source_print_time(source->lost_since_ns, since);
	if (source->stream_began_ms)
		notes_add(notes, "%s: no packets since %s UTC: %s", label, since,
			source->loss_reason);
	else
		notes_add(notes, "%s: never connected: %s", label, source->loss_reason);
}

void source_note_losses(const struct source *source)
{
	const struct source_common *common = source->common;
	const char *label = source->target->label;
	const struct statistics *total = interface_table_total(common->interfaces, source->index);
	const uint64_t late = merge_counts(common->merge, source->index).late;
	struct notes *notes = notices_events(common->notices, source->index);
	char by_interface[COUNT_SIZE] = "";

	note_last_outage(source, notes);
	if (total->valid & STATISTICS_INTERFACE_DROPPED)
		snprintf(by_interface, sizeof(by_interface), ", %" PRIu64 " by interface",
			total->interface_dropped);
	if (statistics_drops(total) > 0)
		notes_add(notes, "%s: %" PRIu64 " packets dropped by kernel%s", label,
			total->dropped, by_interface);
	if (late > 0)
		notes_add(notes, "%s: %" PRIu64 " packets late, written out of order", label, late);
}
