/* SPDX-License-Identifier: MIT */
/*
 * Starts of many sources, a few at once. In: sources that are to be connected. Out: whose
 * turn it is.
 *
 * If all started at once, each would take longer than its own timeout: with 200 ssh:// targets
 * on two cores, 12 got no answer within 20 s. An sshd also drops connections when more than
 * 10 have not logged in yet, and through a jump host all of them are those of one sshd.
 *
 * A source has a slot until its capture has begun or failed. Hosts that do not answer would
 * delay all others, so after a while another source may start beside each of them.
 */
#include "client/start_waves.h"

#include "common/clock.h"

static const struct {
	unsigned slots;
	uint64_t ms;
} limits[] = {
	[START_WAVE_SSH] = {START_WAVES_SSH_MAX, START_WAVES_SSH_MS},
	[START_WAVE_OTHER] = {START_WAVES_OTHER_MAX, START_WAVES_OTHER_MS},
};

static enum start_wave_kind kind_of(const struct source *source)
{
	return source->target->ssh_host ? START_WAVE_SSH : START_WAVE_OTHER;
}

void start_waves_add(struct start_waves *waves, struct source *source)
{
	if (source->awaits_start)
		return;
	source->awaits_start = true;
	source->due_ms = CLOCK_NEVER;
	waves->waves[kind_of(source)].waiting++;
}

/* Is the source of a slot still being connected? */
static bool is_connecting(const struct start_slot *slot, uint64_t now_ms)
{
	const enum source_state state = slot->source->state;

	return now_ms < slot->until_ms && feed_is_active(&slot->source->feed) &&
	       (state == SOURCE_CONNECTING || state == SOURCE_LOST);
}

/* Frees the slots of sources that have begun, have failed, or take long. */
static void free_slots(struct start_wave *wave, uint64_t now_ms)
{
	for (unsigned i = 0; i < wave->used;)
		if (is_connecting(&wave->slots[i], now_ms))
			i++;
		else
			wave->slots[i] = wave->slots[--wave->used];
}

/* Has a kind both a source that waits and a free slot? */
static bool has_turn(const struct start_waves *waves, enum start_wave_kind kind)
{
	return waves->waves[kind].waiting > 0 && waves->waves[kind].used < limits[kind].slots;
}

static void take_slot(struct start_waves *waves, struct source *source, uint64_t now_ms)
{
	const enum start_wave_kind kind = kind_of(source);
	struct start_wave *wave = &waves->waves[kind];

	source->awaits_start = false;
	wave->waiting--;
	wave->slots[wave->used++] = (struct start_slot){source, now_ms + limits[kind].ms};
}

struct source *start_waves_next(
	struct start_waves *waves, struct source *list, unsigned count, uint64_t now_ms)
{
	for (unsigned kind = 0; kind < START_WAVE_KINDS; kind++)
		if (waves->waves[kind].waiting > 0 && !has_turn(waves, kind))
			free_slots(&waves->waves[kind], now_ms);
	if (!has_turn(waves, START_WAVE_SSH) && !has_turn(waves, START_WAVE_OTHER))
		return NULL;
	for (unsigned i = 0; i < count; i++) {
		struct source *source = &list[(waves->next + i) % count];

		if (!source->awaits_start || !has_turn(waves, kind_of(source)))
			continue;
		waves->next = (source->index + 1) % count;
		take_slot(waves, source, now_ms);
		return source;
	}
	return NULL;
}

uint64_t start_waves_due_ms(const struct start_waves *waves)
{
	uint64_t due = CLOCK_NEVER;

	for (unsigned kind = 0; kind < START_WAVE_KINDS; kind++) {
		const struct start_wave *wave = &waves->waves[kind];

		for (unsigned i = 0; i < wave->used && wave->waiting > 0; i++)
			due = clock_earlier(due, wave->slots[i].until_ms);
	}
	return due;
}
