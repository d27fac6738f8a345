/* SPDX-License-Identifier: MIT */
/*
 * The times for which a target's capture has all packets. In: begins and ends of streams,
 * packets, watermarks and drops. Out: whether a packet of a given time can be missing for
 * another reason than that it never came.
 *
 * In doubt there is a gap: a packet that is wrongly called lost does more harm than a lost
 * one that is not certain.
 */
#include "client/path_coverage.h"

#include "common/clock.h"

/* Up to when does the target have all packets, if its stream ends now? */
static uint64_t covered_ns(const struct path_coverage *coverage)
{
	return coverage->has_watermarks ? coverage->watermark_ns : coverage->up_to_ns;
}

/*
 * A kernel that drops packets does so in each of many short intervals. They become one, so
 * that they do not replace all others.
 */
static bool join_last(struct path_coverage *coverage, const struct path_interval *gap)
{
	struct path_interval *last;

	if (coverage->gap_count == 0)
		return false;
	last = &coverage->gaps[(coverage->gap_count - 1) % PATH_COVERAGE_INTERVALS];
	if (last->cause != gap->cause || gap->from_ns > last->to_ns || gap->to_ns < last->from_ns)
		return false;
	last->from_ns = clock_earlier(last->from_ns, gap->from_ns);
	last->to_ns = clock_later(last->to_ns, gap->to_ns);
	return true;
}

static void forget(struct path_coverage *coverage, const struct path_interval *gap)
{
	if (gap->to_ns < coverage->forgotten_ns)
		return;
	coverage->forgotten_ns = gap->to_ns;
	coverage->forgotten_cause = gap->cause;
}

static void add_gap(
	struct path_coverage *coverage, uint64_t from_ns, uint64_t to_ns, enum path_gap cause)
{
	const struct path_interval gap = {
		.from_ns = clock_earlier(from_ns, to_ns),
		.to_ns = clock_later(from_ns, to_ns),
		.cause = cause,
	};
	struct path_interval *slot = &coverage->gaps[coverage->gap_count % PATH_COVERAGE_INTERVALS];

	if (join_last(coverage, &gap))
		return;
	if (coverage->gap_count >= PATH_COVERAGE_INTERVALS)
		forget(coverage, slot);
	*slot = gap;
	coverage->gap_count++;
}

void path_coverage_begin(struct path_coverage *coverage, uint64_t time_ns)
{
	if (coverage->has_begun)
		add_gap(coverage, covered_ns(coverage), time_ns, PATH_GAP_NOT_RUNNING);
	else
		coverage->begin_ns = time_ns;
	coverage->has_begun = true;
	coverage->is_running = true;
	coverage->up_to_ns = clock_later(coverage->up_to_ns, time_ns);
	coverage->watermark_ns = clock_later(coverage->watermark_ns, time_ns);
}

void path_coverage_advance(struct path_coverage *coverage, uint64_t time_ns)
{
	coverage->up_to_ns = clock_later(coverage->up_to_ns, time_ns);
}

void path_coverage_watermark(struct path_coverage *coverage, uint64_t time_ns)
{
	coverage->has_watermarks = true;
	coverage->watermark_ns = clock_later(coverage->watermark_ns, time_ns);
	coverage->up_to_ns = clock_later(coverage->up_to_ns, time_ns);
}

void path_coverage_add_drops(struct path_coverage *coverage, uint64_t from_ns, uint64_t to_ns)
{
	add_gap(coverage, from_ns, to_ns, PATH_GAP_DROPPED);
}

void path_coverage_end(struct path_coverage *coverage)
{
	coverage->is_running = false;
}

/* Of two causes, the one that is first in the enum, but for PATH_GAP_NONE. */
static enum path_gap worse(enum path_gap one, enum path_gap other)
{
	if (one == PATH_GAP_NONE || other == PATH_GAP_NONE)
		return one == PATH_GAP_NONE ? other : one;
	return one < other ? one : other;
}

/* The cause by gaps that are complete, that is by those in the ring and forgotten ones. */
static enum path_gap find_past_gap(
	const struct path_coverage *coverage, uint64_t from_ns, uint64_t to_ns)
{
	enum path_gap cause = PATH_GAP_NONE;

	if (coverage->forgotten_ns > 0 && from_ns <= coverage->forgotten_ns)
		cause = coverage->forgotten_cause;
	for (size_t i = 0; i < coverage->gap_count && i < PATH_COVERAGE_INTERVALS; i++) {
		const struct path_interval *gap = &coverage->gaps[i];

		if (from_ns <= gap->to_ns && to_ns >= gap->from_ns)
			cause = worse(cause, gap->cause);
	}
	return cause;
}

enum path_gap path_coverage_find_gap(
	const struct path_coverage *coverage, uint64_t from_ns, uint64_t to_ns)
{
	enum path_gap cause;

	if (!coverage->has_begun || from_ns < coverage->begin_ns)
		return PATH_GAP_NOT_RUNNING;
	if (!coverage->is_running && to_ns > covered_ns(coverage))
		return PATH_GAP_NOT_RUNNING;
	cause = find_past_gap(coverage, from_ns, to_ns);
	if (cause == PATH_GAP_NONE && coverage->has_watermarks && to_ns > coverage->watermark_ns)
		return PATH_GAP_BEHIND;
	return cause;
}
