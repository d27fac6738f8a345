/* SPDX-License-Identifier: MIT */
/*
 * Correction of a target's timestamps. In: raw times, and what they should become. Out:
 * corrected times, which keep their order, and raw times again.
 *
 * The function is a list of straight parts, each from a raw time on; the first one is valid
 * before, too. A part is added after the latest time that has come, and never lower than the
 * one before it. So times that have come keep their correction, and each corrected time has
 * one raw time.
 */
#include "client/path_correction.h"

#include "common/clock.h"

static const int64_t BILLION = 1000000000;
static const uint64_t SLOWING_NS = NS_PER_S;	       /* how long it takes, if possible */
static const uint64_t DIFFERENCE_MAX = 600 * NS_PER_S; /* larger ones are not of clocks */

enum { UNDO_STEPS = 64 }; /* each leaves 0.4 of the error at the most */

static struct path_correction_part *part_of(struct path_correction *correction, size_t number)
{
	return &correction->list[(correction->first + number) % PATH_CORRECTION_PARTS];
}

static const struct path_correction_part *get_part(
	const struct path_correction *correction, size_t number)
{
	return &correction->list[(correction->first + number) % PATH_CORRECTION_PARTS];
}

/* Returns duration_ns, changed by a rate. The rates of parts do not make it overflow. */
static uint64_t scale(uint64_t duration_ns, int64_t rate_ppb)
{
	const int64_t seconds = (int64_t)(duration_ns / NS_PER_S);
	const int64_t rest = (int64_t)(duration_ns % NS_PER_S);

	return duration_ns + (uint64_t)(seconds * rate_ppb + rest * rate_ppb / BILLION);
}

static uint64_t follow(const struct path_correction_part *part, uint64_t raw_ns)
{
	uint64_t time_ns;

	if (raw_ns >= part->raw_ns)
		return __builtin_add_overflow(part->corrected_ns,
			       scale(raw_ns - part->raw_ns, part->rate_ppb), &time_ns)
			       ? UINT64_MAX
			       : time_ns;
	return __builtin_sub_overflow(
		       part->corrected_ns, scale(part->raw_ns - raw_ns, part->rate_ppb), &time_ns)
		       ? 0
		       : time_ns;
}

uint64_t path_correction_at(const struct path_correction *correction, uint64_t raw_ns)
{
	size_t i = correction->count;

	if (i == 0)
		return raw_ns;
	while (--i > 0)
		if (get_part(correction, i)->raw_ns <= raw_ns)
			break;
	return follow(get_part(correction, i), raw_ns);
}

static void add_part(struct path_correction *correction, uint64_t raw_ns, uint64_t corrected_ns,
	int64_t rate_ppb)
{
	if (correction->count == PATH_CORRECTION_PARTS) {
		correction->first = (correction->first + 1) % PATH_CORRECTION_PARTS;
		correction->count--;
		correction->has_forgotten = true;
	}
	*part_of(correction, correction->count++) =
		(struct path_correction_part){raw_ns, corrected_ns, rate_ppb};
}

/* Is a new stream's time what the correction of the one before makes of it, nearly? */
static bool continues(
	const struct path_correction *correction, uint64_t raw_ns, uint64_t corrected_ns)
{
	const uint64_t before = path_correction_at(correction, raw_ns);

	return correction->newest_ns > 0 && raw_ns > correction->newest_ns &&
	       before < corrected_ns + NS_PER_S;
}

void path_correction_begin(
	struct path_correction *correction, uint64_t raw_ns, uint64_t corrected_ns)
{
	if (continues(correction, raw_ns, corrected_ns)) {
		path_correction_set(correction, raw_ns, corrected_ns, 0);
		return;
	}
	correction->has_forgotten = correction->newest_ns > 0;
	correction->newest_ns = 0;
	correction->count = 0;
	add_part(correction, raw_ns, corrected_ns, 0);
}

uint64_t path_correction_packet(struct path_correction *correction, uint64_t raw_ns)
{
	correction->newest_ns = clock_later(correction->newest_ns, raw_ns);
	return path_correction_at(correction, raw_ns);
}

uint64_t path_correction_watermark(struct path_correction *correction, uint64_t raw_ns)
{
	uint64_t next_ns;

	correction->newest_ns = clock_later(correction->newest_ns, raw_ns);
	if (raw_ns == UINT64_MAX)
		return path_correction_at(correction, raw_ns);
	/* the next time may be corrected to the same one as this, while time is slowed down */
	next_ns = path_correction_at(correction, raw_ns + 1);
	return next_ns > 0 ? next_ns - 1 : 0;
}

/* Removes the parts that are valid for no time before raw_ns. */
static void remove_later(struct path_correction *correction, uint64_t raw_ns)
{
	while (correction->count > 1 &&
		part_of(correction, correction->count - 1)->raw_ns >= raw_ns)
		correction->count--;
}

/* Slows corrected time down, from raw_ns on, until it is on a line that is gap_ns lower. */
static void slow_down(struct path_correction *correction, uint64_t raw_ns, uint64_t gap_ns,
	const struct path_correction_part *line)
{
	const uint64_t slow_ppb = clock_earlier(gap_ns, PATH_CORRECTION_SLOW_PPB);
	const uint64_t duration_ns =
		gap_ns / slow_ppb * SLOWING_NS + gap_ns % slow_ppb * SLOWING_NS / slow_ppb;
	const uint64_t end_ns = raw_ns + duration_ns;

	add_part(correction, raw_ns, path_correction_at(correction, raw_ns),
		line->rate_ppb - (int64_t)slow_ppb);
	add_part(correction, end_ns,
		clock_later(path_correction_at(correction, end_ns), follow(line, end_ns)),
		line->rate_ppb);
}

uint64_t path_correction_set(struct path_correction *correction, uint64_t raw_ns,
	uint64_t corrected_ns, int64_t rate_ppb)
{
	const struct path_correction_part line = {raw_ns, corrected_ns, rate_ppb};
	const uint64_t from_ns = correction->newest_ns + 1;
	const uint64_t before = path_correction_at(correction, from_ns);
	const uint64_t after = follow(&line, from_ns);

	/* a timestamp of the end of time has come, or one of another age */
	if (from_ns > INT64_MAX || (after < before && before - after > DIFFERENCE_MAX))
		return 0;
	if (correction->count == 0)
		add_part(correction, 0, 0, 0);
	remove_later(correction, from_ns);
	if (after >= before)
		add_part(correction, from_ns, after, rate_ppb);
	else
		slow_down(correction, from_ns, before - after, &line);
	return clock_distance(before, after);
}

bool path_correction_undo(
	const struct path_correction *correction, uint64_t corrected_ns, uint64_t *ret_raw_ns)
{
	const struct path_correction_part *part;
	size_t i = correction->count;
	uint64_t raw_ns;

	if (i == 0) {
		*ret_raw_ns = corrected_ns;
		return true;
	}
	while (--i > 0)
		if (get_part(correction, i)->corrected_ns <= corrected_ns)
			break;
	part = get_part(correction, i);
	if (corrected_ns < part->corrected_ns && correction->has_forgotten)
		return false;
	raw_ns = part->raw_ns + (corrected_ns - part->corrected_ns);
	for (unsigned step = 0; step < UNDO_STEPS; step++)
		raw_ns += corrected_ns - follow(part, raw_ns);
	*ret_raw_ns = raw_ns;
	return true;
}

int64_t path_correction_rate(const struct path_correction *correction)
{
	return correction->count > 0 ? get_part(correction, correction->count - 1)->rate_ppb : 0;
}
