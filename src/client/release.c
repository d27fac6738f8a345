/* SPDX-License-Identifier: MIT */
/*
 * The release rule of the merge. In: the progress of all sources. Out: when the
 * first packet of all may leave.
 *
 * Theory of operation
 *
 * The exact case. A packet may leave when every running source has a watermark
 * at or after its time: no earlier packet can come. Each packet of a source is
 * itself a watermark, for a time slightly before it, because several CPUs may
 * put packets into a stream in slight disorder. When all sources have sent
 * something later than the packet, but not later by that much, it waits another
 * SETTLE_MS.
 *
 * The hold. A source that has sent nothing so late blocks the packet. Then it
 * leaves when it has waited for the hold, counted from the latest of
 *
 *  - its arrival;
 *  - the end of the output's last pause: meanwhile nothing could leave;
 *  - the moment when ddump began or resumed to read a source that blocks it:
 *    what that source had sent before could not be known.
 *
 * The bound. A hostile source can be paused and resumed for ever. So no packet
 * waits longer than HOLDS_MAX holds, counted from its arrival or from the output's pause.
 *
 * Ordered sources. A file sends all that it has as fast as ddump reads it, and in order:
 * the next packet always comes. So a packet that such a source blocks waits for it
 * without limit, and never overtakes its packets.
 *
 * Full queues. While some queue is full, the host of its source loses packets.
 * So a source that blocks the packet is not waited for when it has sent nothing
 * for FULL_MS, or for twice the interval of its watermarks: the one that it was asked
 * for, or a longer one that was measured.
 *
 * A decision looks at all sources. It also determines up to which time it is valid
 * for the next packets, so that one look is enough for many.
 */
#include "client/release.h"

#include "common/clock.h"

enum {
	SETTLE_MS = 20,
	FULL_MS = 200,
	HOLDS_MAX = 10,
	INTERVAL_DECAY = 8, /* the maximum shrinks by this part with each watermark */
};

void release_set_ordered(struct release *release, unsigned source)
{
	struct source_clock *clock = &release->sources[source];

	release->ordered_count += clock->running && !clock->is_ordered;
	clock->is_ordered = true;
}

bool release_has_only_ordered(const struct release *release)
{
	return release->ordered_count == release->running_count;
}

void release_source_begins(struct release *release, unsigned source)
{
	struct source_clock *clock = &release->sources[source];

	release->running_count += !clock->running;
	release->ordered_count += clock->is_ordered && !clock->running;
	clock->running = true;
}

void release_source_ends(struct release *release, unsigned source)
{
	struct source_clock *clock = &release->sources[source];

	release->running_count -= clock->running;
	release->ordered_count -= clock->is_ordered && clock->running;
	clock->running = false;
}

void release_source_resumed(struct release *release, unsigned source, uint64_t now)
{
	release->sources[source].resumed_ms = now;
	release->source_resumed_ms = now;
}

static void advance(
	struct source_clock *clock, uint64_t newest_ns, uint64_t watermark_ns, uint64_t now)
{
	clock->last_ms = now;
	if (newest_ns > clock->newest_ns) {
		clock->newest_ns = newest_ns;
		clock->newest_at_ms = now;
	}
	clock->watermark_ns = clock_later(clock->watermark_ns, watermark_ns);
}

void release_packet_came(struct release *release, unsigned source, uint64_t time_ns,
	uint64_t watermark_ns, uint64_t now)
{
	struct source_clock *clock = &release->sources[source];

	advance(clock, time_ns, watermark_ns, now);
	if (clock->is_ordered)
		clock->promised_ns = clock_later(clock->promised_ns, watermark_ns);
}

bool release_promise(const struct release *release, uint64_t *ret_ns)
{
	uint64_t least = CLOCK_NEVER;

	for (unsigned i = 0; i < release->source_count; i++)
		if (release->sources[i].running)
			least = clock_earlier(least, release->sources[i].promised_ns);
	*ret_ns = least;
	return least > 0 && least < CLOCK_NEVER;
}

void release_watermark_came(
	struct release *release, unsigned source, uint64_t time_ns, uint64_t now)
{
	struct source_clock *clock = &release->sources[source];
	const uint64_t interval = clock->watermark_at_ms ? now - clock->watermark_at_ms : 0;
	const uint64_t before = clock->watermark_interval_ms;

	clock->watermark_interval_ms = clock_later(interval, before - before / INTERVAL_DECAY);
	clock->watermark_at_ms = now;
	clock->promised_ns = clock_later(clock->promised_ns, time_ns);
	advance(clock, time_ns, time_ns, now);
}

/* All running sources, compared with the time of a packet. */
struct comparison {
	bool is_exact;	       /* no earlier packet can come */
	bool is_blocked;       /* some have sent nothing so late */
	bool awaits_ordered;   /* some of these are ordered: they will */
	uint64_t up_to_ns;     /* the least time, not before the packet, that all have sent */
	uint64_t newest_at_ms; /* the latest, of those whose watermark is earlier */
	uint64_t resumed_ms;   /* the latest, of those that block */
	uint64_t silent_ms;    /* when all that block will have been silent for long */
};

/* Returns when a source that sends nothing from now on has been silent for long: ms. */
static uint64_t silence_end(const struct release *release, const struct source_clock *clock)
{
	const uint64_t interval = clock_later(release->watermark_ms, clock->watermark_interval_ms);

	return clock_later(clock->last_ms, clock->resumed_ms) + clock_later(FULL_MS, 2 * interval);
}

static struct comparison compare(const struct release *release, uint64_t time_ns)
{
	struct comparison all = {.is_exact = true, .up_to_ns = CLOCK_NEVER};

	for (unsigned i = 0; i < release->source_count; i++) {
		const struct source_clock *clock = &release->sources[i];

		if (!clock->running)
			continue;
		if (clock->watermark_ns >= time_ns) {
			all.up_to_ns = clock_earlier(all.up_to_ns, clock->watermark_ns);
			continue;
		}
		all.is_exact = false;
		if (clock->newest_ns >= time_ns) {
			all.up_to_ns = clock_earlier(all.up_to_ns, clock->newest_ns);
			all.newest_at_ms = clock_later(all.newest_at_ms, clock->newest_at_ms);
			continue;
		}
		all.is_blocked = true;
		all.awaits_ordered = all.awaits_ordered || clock->is_ordered;
		all.resumed_ms = clock_later(all.resumed_ms, clock->resumed_ms);
		all.silent_ms = clock_later(all.silent_ms, silence_end(release, clock));
	}
	return all;
}

/* Returns the end of the hold of a packet: ms. */
static uint64_t hold_end(const struct release *release, uint64_t resumed_ms, uint64_t arrived)
{
	const uint64_t since = clock_later(arrived, release->output_resumed_ms);

	return clock_earlier(clock_later(since, resumed_ms) + release->hold_ms,
		since + HOLDS_MAX * release->hold_ms);
}

/* Returns when the sources that block a packet are not waited for any more: ms. */
static uint64_t full_end(const struct release *release, const struct comparison *all)
{
	if (release->full_count == 0)
		return CLOCK_NEVER;
	return clock_later(all->silent_ms, release->output_resumed_ms + FULL_MS);
}

uint64_t release_due_ms(
	const struct release *release, uint64_t time_ns, uint64_t arrived, unsigned earlier)
{
	const struct comparison all = compare(release, time_ns);
	const bool awaits_ordered = all.awaits_ordered || release->sources[earlier].is_ordered;
	const uint64_t resumed = clock_later(all.resumed_ms, release->sources[earlier].resumed_ms);

	return awaits_ordered ? CLOCK_NEVER : hold_end(release, resumed, arrived);
}

static uint64_t time_until(uint64_t due, uint64_t now)
{
	return due > now ? due - now : 0;
}

struct release_decision release_decide(
	const struct release *release, uint64_t time_ns, uint64_t arrived, uint64_t now)
{
	struct comparison all;
	uint64_t due;

	/* this check comes first because it does not look at all sources */
	if (release->ordered_count == 0 &&
		now >= hold_end(release, release->source_resumed_ms, arrived))
		return (struct release_decision){0, 0};
	all = compare(release, time_ns);
	if (all.is_exact)
		return (struct release_decision){0, all.up_to_ns};
	if (all.awaits_ordered)
		return (struct release_decision){CLOCK_NEVER, all.up_to_ns};
	due = hold_end(release, all.resumed_ms, arrived);
	if (now >= due)
		return (struct release_decision){0, 0};
	if (all.is_blocked)
		due = clock_earlier(due, full_end(release, &all));
	else if (release->full_count == 0)
		due = clock_earlier(due, all.newest_at_ms + SETTLE_MS);
	else
		due = now;
	return (struct release_decision){time_until(due, now), all.up_to_ns};
}
