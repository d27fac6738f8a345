/* SPDX-License-Identifier: MIT */
/*
 * All sources of a run. In: the ends of transfers, and the time. Out: new
 * attempts, warnings of silent sources, and values for the user.
 */
#include "client/sources.h"

#include "client/packet_delay.h"
#include "client/source_stream.h"
#include "client/watermark_interval.h"
#include "common/clock.h"

#include <stdlib.h>

enum {
	NAMED_MAX = 5, /* sources in a list of similar warnings */
	SILENCE_CHECK_MS = 1000,
	ENDED_CHECK_MS = 10,	 /* a program exits soon after it has closed its output */
	SILENT_MS = 10000,	 /* the network may hold data up for a while */
	SILENT_AT_END_MS = 1000, /* many watermarks; at least: */
	WATERMARKS_AT_END = 3,
	CLOCK_SLOW_NS_PER_MS = 500, /* by which a host's clock may be slow */
};

/* At the end: half of that may be a step of the clock which nothing shows. */
static const uint64_t LAG_AT_END_NS = 2 * NS_PER_S;

/* The options that are parameters of a worker's query have no effect on others. */
static void warn_of_unused_options(const struct source *source)
{
	const struct target_defaults *defaults = &source->common->options->defaults;
	const bool has_any = defaults->filter || defaults->snaplen || defaults->payload ||
			     defaults->linktype || defaults->interface_count > 0 ||
			     defaults->no_promisc;

	if (source->target->url || source->target->kind == TARGET_TCPDUMP)
		return;
	if (has_any)
		notice_warning("%s: -filter, -interface, -linktype, -p, -payload and -snaplen do "
			       "not apply to programs and files",
			source->target->label);
}

/* Starts a source, or lets it wait for its turn; a file need not wait. */
static bool start_or_wait(struct sources *sources, struct source *source)
{
	if (target_is_file(source->target))
		return source_stream_start(source);
	start_waves_add(&sources->waves, source);
	return true;
}

/* Returns the next source whose turn to connect has come; NULL: none. */
static struct source *next_to_start(struct sources *sources)
{
	return start_waves_next(&sources->waves, sources->list, sources->count, clock_ms());
}

bool sources_start(struct sources *sources, const struct source_common *common)
{
	const struct target_list *targets = &common->options->targets;
	const unsigned count = (unsigned)targets->count;
	struct source *next;

	*sources = (struct sources){
		.common = *common,
		.list = calloc(count, sizeof(*sources->list)),
		.snapshots = calloc(count, sizeof(*sources->snapshots)),
		.count = count,
	};
	sources->common.in_state[SOURCE_CONNECTING] = count;
	if (!sources->list || !sources->snapshots)
		return false;
	for (unsigned i = 0; i < count; i++) {
		struct source *source = &sources->list[i];
		struct target_interfaces *described = &common->interfaces->targets[i];

		source->common = &sources->common;
		source->target = &targets->list[i];
		source->index = i;
		described->label = source->target->label;
		described->url = source->target->display_url;
		warn_of_unused_options(source);
		if (!start_or_wait(sources, source))
			return false;
	}
	while ((next = next_to_start(sources)))
		if (!source_stream_start(next))
			return false;
	return true;
}

void sources_stop(struct sources *sources)
{
	for (unsigned i = 0; sources->list && i < sources->count; i++)
		source_stream_stop(&sources->list[i]);
}

void sources_cleanup(struct sources *sources)
{
	for (unsigned i = 0; sources->list && i < sources->count; i++)
		outages_cleanup(&sources->list[i].outages);
	free(sources->list);
	free(sources->snapshots);
	*sources = (struct sources){0};
}

/* Updates is_silent. True: it has changed. */
static bool update_silence(struct source *source, uint64_t now)
{
	const bool was_silent = source->is_silent;

	if (source->state != SOURCE_RUNNING) {
		source->is_silent = false;
		return false;
	}
	if (now <= source->last_data_ms + SILENT_MS)
		source->is_silent = false;
	else if (now > source->last_paused_ms + SILENT_MS)
		source->is_silent = source->has_watermarks;
	return source->is_silent != was_silent;
}

static void warn_of_silence(const struct source *source, uint64_t now)
{
	const bool is_alone = source->common->in_state[SOURCE_RUNNING] == 1;
	struct notices *notices = source->common->notices;
	const char *label = source->target->label;
	char since[SOURCE_TIME_SIZE];

	if (!source->is_silent) {
		notices_warn_now(notices, source->index, "%s: data resumed", label);
		return;
	}
	source_print_time(source_complete_up_to_ns(source, now), since);
	notices_warn_now(notices, source->index, "%s: no data since %s UTC%s", label, since,
		is_alone ? "" : "; packets of other targets are delayed by up to -hold");
}

static void check_silence(struct sources *sources, uint64_t now)
{
	/* when this check is late, ddump was held up and has not read either */
	const bool is_late = now > sources->silence_check_ms + SILENCE_CHECK_MS;
	unsigned silent = 0;
	unsigned resumed = 0;

	for (unsigned i = 0; i < sources->count; i++) {
		struct source *source = &sources->list[i];

		if (is_late || feed_is_paused(&source->feed))
			source->last_paused_ms = now;
		if (!update_silence(source, now))
			continue;
		if ((source->is_silent ? silent++ : resumed++) < NAMED_MAX)
			warn_of_silence(source, now);
	}
	if (silent > NAMED_MAX)
		notices_warn_now(sources->common.notices, NOTICES_OF_ALL,
			"%u more targets: no data", silent - NAMED_MAX);
	if (resumed > NAMED_MAX)
		notices_warn_now(sources->common.notices, NOTICES_OF_ALL,
			"%u more targets: data resumed", resumed - NAMED_MAX);
	sources->silence_check_ms = now + SILENCE_CHECK_MS;
}

/* Does a source wait for its next attempt, or for the end of this one? */
static bool has_due_time(const struct source *source)
{
	return source->state == SOURCE_CONNECTING || source->state == SOURCE_LOST;
}

/* Ends the sources whose programs have ended. */
static void handle_ended(struct sources *sources, uint64_t now)
{
	struct source_common *common = &sources->common;

	if (common->ended_count == 0 || now < common->ended_due_ms)
		return;
	common->ended_count = 0;
	common->ended_due_ms = now + ENDED_CHECK_MS;
	for (unsigned i = 0; i < sources->count; i++) {
		struct source *source = &sources->list[i];

		if (!feed_has_ended(&source->feed))
			continue;
		if (feed_has_result(&source->feed, now))
			source_stream_end_with_result(source, CURLE_OK);
		else
			common->ended_count++;
	}
}

/* Finds the earliest due time of all sources. */
static void find_due(struct sources *sources)
{
	uint64_t due = CLOCK_NEVER;

	for (unsigned i = 0; i < sources->count; i++)
		if (has_due_time(&sources->list[i]))
			due = clock_earlier(due, sources->list[i].due_ms);
	sources->common.due_ms = due;
}

/* Ends attempts that have taken too long, and connects lost sources again. */
static void handle_due(struct sources *sources, uint64_t now)
{
	for (unsigned i = 0; i < sources->count; i++) {
		struct source *source = &sources->list[i];

		if (!has_due_time(source) || source->due_ms > now)
			continue;
		if (feed_is_active(&source->feed))
			source_stream_retry(source);
		else
			start_waves_add(&sources->waves, source);
	}
	find_due(sources);
}

static void start_waiting(struct sources *sources)
{
	struct source *next;

	while ((next = next_to_start(sources)))
		source_stream_retry(next);
}

void sources_handle_events(struct sources *sources)
{
	const uint64_t now = clock_ms();
	CURLcode result;
	CURL *easy;

	while ((easy = event_loop_ended(sources->common.loop, &result))) {
		char *private = NULL;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		source_stream_end_with_result((struct source *)(void *)private, result);
	}
	handle_ended(sources, now);
	if (sources_due_ms(sources) <= now) {
		if (sources->silence_check_ms <= now)
			check_silence(sources, now);
		handle_due(sources, now);
	}
	start_waiting(sources);
}

uint64_t sources_due_ms(const struct sources *sources)
{
	const unsigned *in_state = sources->common.in_state;
	uint64_t due = in_state[SOURCE_RUNNING] > 0 ? sources->silence_check_ms : CLOCK_NEVER;

	if (sources->common.ended_count > 0)
		due = clock_earlier(due, sources->common.ended_due_ms);
	due = clock_earlier(due, start_waves_due_ms(&sources->waves));
	if (in_state[SOURCE_CONNECTING] == 0 && in_state[SOURCE_LOST] == 0)
		return due;
	/* of a source that has begun since, too: then handle_due() finds the next one */
	return clock_earlier(due, sources->common.due_ms);
}

/* Warns of one addition, and of all targets that it is left out for. */
static void warn_of_left_out(struct sources *sources, enum target_addition addition)
{
	const char *message = target_query_left_out(addition);
	struct label_list labels = {0};

	if (!message)
		return;
	for (unsigned i = 0; i < sources->count; i++) {
		struct source *source = &sources->list[i];

		if (!source->stream_began_ms ||
			!(source->left_out & ~source->left_out_warned & addition))
			continue;
		source->left_out_warned |= addition;
		label_list_add(&labels, source->target->label);
	}
	if (labels.count > 0)
		notices_warn(sources->common.notices, "%s: %s", label_list_text(&labels), message);
}

void sources_warn_of_left_out(struct sources *sources)
{
	if (!sources->common.has_left_out)
		return;
	sources->common.has_left_out = false;
	for (unsigned addition = 1; addition < TARGET_ADDITIONS_END; addition <<= 1)
		warn_of_left_out(sources, addition);
}

void sources_resume(struct sources *sources)
{
	if (sources->common.paused_count == 0)
		return;
	sources->common.paused_count = 0;
	for (unsigned i = 0; i < sources->count; i++) {
		struct source *source = &sources->list[i];

		if (!feed_is_paused(&source->feed))
			continue;
		if (merge_has_enough(sources->common.merge, i))
			sources->common.paused_count++;
		else
			source_stream_resume(source);
	}
}

bool sources_ask_to_end(struct sources *sources)
{
	bool has_asked = false;

	for (unsigned i = 0; i < sources->count; i++) {
		struct source *source = &sources->list[i];

		if (source->target->kind != TARGET_TCPDUMP || source->state != SOURCE_RUNNING)
			continue;
		source->is_ending = feed_ask_to_end(&source->feed);
		has_asked = has_asked || source->is_ending;
	}
	return has_asked;
}

bool sources_are_ending(const struct sources *sources)
{
	for (unsigned i = 0; i < sources->count; i++)
		if (sources->list[i].is_ending && sources->list[i].state == SOURCE_RUNNING)
			return true;
	return false;
}

/* Are packets of a source still under way? */
static bool lags(const struct source *source, uint64_t now)
{
	const uint64_t uncertainty = 2 * source->clock_offset.bound +
				     (now - source->stream_began_ms) * CLOCK_SLOW_NS_PER_MS;
	const uint64_t interval_ms = watermark_interval_ms(source->common->options);

	if (source->state != SOURCE_RUNNING || !source->has_watermarks)
		return false;
	if (now > source->last_data_ms +
			  clock_later(SILENT_AT_END_MS, WATERMARKS_AT_END * interval_ms))
		return true;
	return clock_watch_lag_ns(&source->clock_watch, clock_ns(CLOCK_BOOTTIME)) >
	       LAG_AT_END_NS + interval_ms * NS_PER_MS + uncertainty;
}

unsigned sources_warn_of_lag(struct sources *sources)
{
	struct notices *notices = sources->common.notices;
	const uint64_t now = clock_ms();
	unsigned count = 0;
	char since[SOURCE_TIME_SIZE];

	for (unsigned i = 0; i < sources->count; i++) {
		const struct source *source = &sources->list[i];

		if (!lags(source, now) || count++ >= NAMED_MAX)
			continue;
		source_print_time(source_complete_up_to_ns(source, now), since);
		notices_warn_of(notices, i,
			"%s: packets captured after %s UTC did not arrive before the end, and are "
			"missing",
			source->target->label, since);
	}
	if (count > NAMED_MAX)
		notices_warn(notices,
			"%u more targets: the last packets did not arrive before the "
			"end, and are missing",
			count - NAMED_MAX);
	return count;
}

void sources_note_losses(struct sources *sources)
{
	for (unsigned i = 0; i < sources->count; i++)
		source_note_losses(&sources->list[i]);
}

void sources_report_omissions(struct sources *sources)
{
	for (unsigned i = 0; i < sources->count; i++) {
		const struct source *source = &sources->list[i];
		/* the summary reports a worker's counters */
		const unsigned ignored = source->is_worker ? LOSS_STATISTICS : 0;

		conversion_losses_report(&source->omissions, ignored, sources->common.notices, i,
			source->target->label);
	}
}

static enum source_status status_of(const struct source *source)
{
	switch (source->state) {
	case SOURCE_RUNNING:
		return SOURCE_IS_CAPTURING;
	case SOURCE_LOST:
		return source->stream_began_ms ? SOURCE_IS_LOST : SOURCE_IS_CONNECTING;
	case SOURCE_OVER:
		return source->ended ? SOURCE_HAS_ENDED : SOURCE_HAS_FAILED;
	default:
		return SOURCE_IS_CONNECTING;
	}
}

/* Returns how far the newest data of a source is behind the present time. */
static uint64_t lag_of(const struct source *source, uint64_t now_ms, uint64_t now_ns)
{
	const struct source_common *common = source->common;
	uint64_t newest = merge_newest_ns(common->merge, source->index);
	uint64_t waited;

	if (!common->options->align)
		newest = clock_offset_correct(&source->clock_offset, newest);
	/* the packets of a clock that is ahead still wait in the queue */
	waited = merge_oldest_wait_ms(common->merge, source->index, now_ms) * NS_PER_MS;
	return clock_later(now_ns > newest ? now_ns - newest : 0, waited);
}

/* The counts of the merge, but that packets are not written which -once or -paths keeps. */
static struct merge_counts counts_of(const struct source_common *common, unsigned target)
{
	struct merge_counts counts = merge_counts(common->merge, target);

	counts.written -= once_left_out(common->once, target) + once_waiting(common->once, target);
	if (common->paths)
		counts.written -= packet_delay_waiting(common->delay, target);
	return counts;
}

const struct source_snapshot *sources_snapshots(
	struct sources *sources, uint64_t now_ms, uint64_t now_ns)
{
	for (unsigned i = 0; i < sources->count; i++) {
		const struct source *source = &sources->list[i];
		const enum source_status status = status_of(source);

		sources->snapshots[i] = (struct source_snapshot){
			.label = source->target->label,
			.status = status,
			.has_failed = source->failed,
			.had_outages = source->failed && (status == SOURCE_IS_CAPTURING ||
								 status == SOURCE_HAS_ENDED),
			.counts = counts_of(&sources->common, i),
			.left_out = once_left_out(sources->common.once, i),
			.total = *interface_table_total(sources->common.interfaces, i),
			/* other streams may be silent for another reason */
			.has_lag = status == SOURCE_IS_CAPTURING && source->has_watermarks,
			.lag_ns = lag_of(source, now_ms, now_ns),
			.clock_offset = source->clock_offset,
			.outages = &source->outages,
		};
	}
	return sources->snapshots;
}
