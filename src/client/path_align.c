/* SPDX-License-Identifier: MIT */
/*
 * Alignment of timestamps by packets. In: the offset of two clocks, for each pair of targets
 * that exchange packets, by windows of time (path_clock). Out: a correction for each target.
 *
 * Raw and corrected times
 *
 * The pairing gets corrected times: its window and its order need clocks that agree. But offsets
 * are measured of raw times. If they were measured of corrected ones, each change of the
 * correction would change what is measured while it is measured, and a jump would look like a
 * clock that was set. So the corrected times of each packet that has passed are undone before
 * path_table gets them: it measures the clocks as they are, delays and bounds are right however
 * the correction changes, and an error of it cannot grow by being measured.
 *
 * Lines
 *
 * An offset is known some seconds after its packets, and is used for packets that come still
 * later. Clocks drift by then. So the middles of a pair's last windows are fitted by a straight
 * line (least squares), which is continued. Until there are LINE_MIN windows, its rate is 0: two
 * windows in sequence tell less of the rate than they are wrong by. The line's value stays
 * within the limits of the last window. A pair begins anew if a clock was set.
 *
 * References
 *
 * The first target is the reference; its timestamps are corrected by Ddump-Clock alone. Others
 * are compared with it over the pairs that make the least error together, unless that contradicts
 * the packets between the two: a host that lies cannot move two others further apart than these
 * allow. Of targets that exchange no packets with it, directly or over others, the first one is
 * their reference. The time at which clocks are compared is one moment, at which each clock shows
 * another time: with 3 s between two clocks, 100 ppm would otherwise be 0.3 ms.
 *
 * Limits
 *
 * Packets in one direction limit an offset on one side, and are not used. The middle of the
 * limits is taken, so delays are positive while the correction is less wrong than half of the
 * shortest round trip; they are not exact: half of what they differ by in both directions
 * remains, as with NTP (RFC 5905, section 8).
 */
#include "client/path_align.h"

#include "client/path_correction.h"
#include "common/clock.h"

#include <stdlib.h>

enum {
	LINE_MAX = 16, /* windows of a line */
	LINE_MIN = 6,
	RATE_MAX_PPB = PATH_CLOCK_DRIFT_PPM * 1000,
	PASSES_MAX = 64, /* over all pairs, to find the best way to each target */
};

/* One window of a pair: a time of one's clock, and the middle of the offset's limits then. */
struct point {
	uint64_t one_ns;
	int64_t offset_ns;
};

struct line {
	size_t count;
	struct point points[LINE_MAX]; /* a ring; the last one is the newest */
	size_t next;
	uint64_t begin_ns; /* of the newest window */
	uint64_t steps;	   /* of the pair, when the line began */
	/* what was fitted; other's clock minus one's, at a time of one's: */
	uint64_t one_ns;
	double offset_ns;
	double rate; /* ns per ns */
	uint64_t error_ns;
};

/* A target at the moment at which all are compared. */
struct node {
	bool is_reached;
	unsigned reference;
	uint64_t raw_ns;
	double rate; /* by which its clock is faster than the reference's */
	uint64_t error_ns;
	bool has_direct; /* it exchanges packets with the reference itself, which say: */
	uint64_t direct_ns;
	uint64_t direct_error_ns;
	bool is_corrected;
	int64_t first_ns;
};

struct path_align {
	unsigned targets;
	struct path_correction *corrections;
	struct node *nodes;
	struct line *lines; /* PATH_PAIRS_MAX of them, as in path_pairs */
};

struct path_align *path_align_new(unsigned targets)
{
	struct path_align *align = calloc(1, sizeof(*align));

	if (!align)
		return NULL;
	align->targets = targets;
	align->corrections = calloc(targets, sizeof(*align->corrections));
	align->nodes = calloc(targets, sizeof(*align->nodes));
	align->lines = calloc(PATH_PAIRS_MAX, sizeof(*align->lines));
	if (align->corrections && align->nodes && align->lines)
		return align;
	path_align_free(align);
	return NULL;
}

void path_align_free(struct path_align *align)
{
	if (!align)
		return;
	free(align->corrections);
	free(align->nodes);
	free(align->lines);
	free(align);
}

void path_align_begin(struct path_align *align, unsigned target, int64_t offset_ns,
	uint64_t bound_ns, uint64_t now_ns)
{
	struct path_correction *correction = &align->corrections[target];
	uint64_t raw_ns;
	uint64_t time_ns;

	if (__builtin_add_overflow(now_ns, offset_ns, &raw_ns))
		return;
	time_ns = path_correction_at(correction, raw_ns);
	if (!align->nodes[target].is_corrected || raw_ns <= correction->newest_ns ||
		clock_distance(time_ns, now_ns) > bound_ns)
		path_correction_begin(correction, raw_ns, now_ns);
}

uint64_t path_align_at(const struct path_align *align, unsigned target, uint64_t raw_ns)
{
	return path_correction_at(&align->corrections[target], raw_ns);
}

uint64_t path_align_packet(struct path_align *align, unsigned target, uint64_t raw_ns)
{
	return path_correction_packet(&align->corrections[target], raw_ns);
}

uint64_t path_align_watermark(struct path_align *align, unsigned target, uint64_t raw_ns)
{
	return path_correction_watermark(&align->corrections[target], raw_ns);
}

bool path_align_undo(
	const struct path_align *align, unsigned target, uint64_t time_ns, uint64_t *ret_raw_ns)
{
	return path_correction_undo(&align->corrections[target], time_ns, ret_raw_ns);
}

static const struct point *get_point(const struct line *line, size_t age)
{
	return &line->points[(line->next + LINE_MAX - 1 - age) % LINE_MAX];
}

/* Fits a line to the points by least squares; its time is that of the newest one. */
static void fit(struct line *line)
{
	const struct point *newest = get_point(line, 0);
	double time_sum = 0;
	double offset_sum = 0;
	double both = 0;
	double squares = 0;

	for (size_t i = 0; i < line->count; i++) {
		time_sum += (double)(int64_t)(get_point(line, i)->one_ns - newest->one_ns);
		offset_sum += (double)(get_point(line, i)->offset_ns - newest->offset_ns);
	}
	time_sum /= (double)line->count;
	offset_sum /= (double)line->count;
	for (size_t i = 0; i < line->count; i++) {
		const struct point *point = get_point(line, i);
		const double time = (double)(int64_t)(point->one_ns - newest->one_ns) - time_sum;
		const double offset = (double)(point->offset_ns - newest->offset_ns) - offset_sum;

		both += time * offset;
		squares += time * time;
	}
	line->one_ns = newest->one_ns;
	line->offset_ns = (double)newest->offset_ns;
	line->rate = 0;
	if (line->count < LINE_MIN || squares <= 0)
		return;
	line->rate = both / squares;
	if (line->rate > RATE_MAX_PPB / 1e9)
		line->rate = RATE_MAX_PPB / 1e9;
	if (line->rate < -RATE_MAX_PPB / 1e9)
		line->rate = -RATE_MAX_PPB / 1e9;
	line->offset_ns += offset_sum - line->rate * time_sum;
}

/* Returns the time of a window at which its limits are closest, and these. */
static struct path_clock_interval find_closest(
	const struct path_clock_window *window, uint64_t *ret_one_ns)
{
	const uint64_t slot_ns = PATH_CLOCK_WINDOW_MS * NS_PER_MS / PATH_CLOCK_SLOTS;
	size_t best = 0;

	for (size_t i = 1; i < PATH_CLOCK_SLOTS; i++)
		if (window->slots[i].high_ns - window->slots[i].low_ns <
			window->slots[best].high_ns - window->slots[best].low_ns)
			best = i;
	*ret_one_ns = window->begin_ns + best * slot_ns + slot_ns / 2;
	return window->slots[best];
}

/* Adds the newest window of a pair to its line. */
static void update_line(struct line *line, const struct path_pair *pair)
{
	const struct path_clock_window *window = &pair->clock.known;
	struct path_clock_interval interval;
	struct point point;

	if (line->steps != pair->steps)
		*line = (struct line){.steps = pair->steps};
	if (!pair->clock.is_known || line->begin_ns == window->begin_ns)
		return;
	line->begin_ns = window->begin_ns;
	interval = find_closest(window, &point.one_ns);
	point.offset_ns = path_clock_middle(&interval);
	line->points[line->next] = point;
	line->next = (line->next + 1) % LINE_MAX;
	line->count += line->count < LINE_MAX;
	line->error_ns = path_clock_bound(&interval);
	fit(line);
	if (line->offset_ns < (double)interval.low_ns)
		line->offset_ns = (double)interval.low_ns;
	if (line->offset_ns > (double)interval.high_ns)
		line->offset_ns = (double)interval.high_ns;
}

static int64_t offset_at(const struct line *line, uint64_t one_ns)
{
	return (int64_t)(line->offset_ns + line->rate * (double)(int64_t)(one_ns - line->one_ns));
}

/* Converts a time of one target of a pair to the other's, at the same moment. */
static uint64_t convert(const struct line *line, uint64_t raw_ns, bool is_back)
{
	if (!is_back)
		return raw_ns + (uint64_t)offset_at(line, raw_ns);
	/* the offset is that at one's time, which is what it helps to find */
	return raw_ns - (uint64_t)offset_at(line, raw_ns - (uint64_t)offset_at(line, raw_ns));
}

/* How wrong can a line be at a time? */
static uint64_t find_error(const struct line *line, uint64_t time_ns)
{
	return line->error_ns + path_clock_drift(clock_distance(time_ns, line->one_ns));
}

/* Notes what the packets between a target and the reference say of it. */
static void note_direct(struct path_align *align, const struct line *line, unsigned reference,
	unsigned target, bool is_back)
{
	const uint64_t raw_ns = align->nodes[reference].raw_ns;
	struct node *node = &align->nodes[target];

	node->has_direct = true;
	node->direct_ns = convert(line, raw_ns, is_back);
	node->direct_error_ns = find_error(line, raw_ns);
}

/* Does another way contradict these? Then some target on it has a wrong clock, or lies. */
static bool contradicts_direct(const struct node *node, uint64_t raw_ns, uint64_t error_ns)
{
	return node->has_direct &&
	       clock_distance(raw_ns, node->direct_ns) > node->direct_error_ns + error_ns;
}

/* Reaches a target from the other one of a pair, if that is better. */
static bool relax(
	struct path_align *align, const struct line *line, unsigned from, unsigned to, bool is_back)
{
	const struct node *known = &align->nodes[from];
	struct node *node = &align->nodes[to];
	const uint64_t error_ns = known->error_ns + find_error(line, known->raw_ns);
	uint64_t raw_ns;

	if (!known->is_reached || (node->is_reached && node->error_ns <= error_ns))
		return false;
	raw_ns = convert(line, known->raw_ns, is_back);
	if (contradicts_direct(node, raw_ns, error_ns))
		return false;
	node->is_reached = true;
	node->reference = known->reference;
	node->raw_ns = raw_ns;
	node->rate = known->rate + (is_back ? -line->rate : line->rate);
	node->error_ns = error_ns;
	return true;
}

/* Reaches all targets that a reference is connected with. */
static void reach_from(struct path_align *align, const struct path_pairs *pairs, unsigned reference)
{
	struct node *node = &align->nodes[reference];
	bool has_changed = true;

	node->is_reached = true;
	node->reference = reference;
	node->raw_ns = align->corrections[reference].newest_ns;
	node->rate = 0;
	node->error_ns = 0;
	for (size_t i = 0; i < pairs->count; i++) {
		const struct path_pair *pair = pairs->list[i];

		if (align->lines[i].count > 0 && pair->one == reference)
			note_direct(align, &align->lines[i], reference, pair->other, false);
		if (align->lines[i].count > 0 && pair->other == reference)
			note_direct(align, &align->lines[i], reference, pair->one, true);
	}
	for (unsigned pass = 0; pass < PASSES_MAX && has_changed; pass++) {
		has_changed = false;
		for (size_t i = 0; i < pairs->count; i++) {
			const struct path_pair *pair = pairs->list[i];
			const struct line *line = &align->lines[i];

			if (line->count == 0)
				continue;
			has_changed |= relax(align, line, pair->one, pair->other, false);
			has_changed |= relax(align, line, pair->other, pair->one, true);
		}
	}
}

static int64_t correction_now(const struct path_align *align, unsigned target)
{
	const struct path_correction *correction = &align->corrections[target];

	return (int64_t)(path_correction_at(correction, correction->newest_ns) -
			 correction->newest_ns);
}

/* Corrects a target so that it agrees with its reference. Returns the change, ns. */
static uint64_t correct(struct path_align *align, unsigned target)
{
	struct node *node = &align->nodes[target];
	const struct path_correction *reference = &align->corrections[node->reference];
	const uint64_t reference_ns = align->nodes[node->reference].raw_ns;
	const uint64_t change_ns = path_correction_set(&align->corrections[target], node->raw_ns,
		path_correction_at(reference, reference_ns),
		path_correction_rate(reference) - (int64_t)(node->rate * 1e9));

	if (!node->is_corrected)
		node->first_ns = correction_now(align, target);
	node->is_corrected = true;
	return change_ns;
}

uint64_t path_align_update(struct path_align *align, const struct path_pairs *pairs)
{
	uint64_t most_ns = 0;

	for (unsigned i = 0; i < align->targets; i++) {
		align->nodes[i].is_reached = false;
		align->nodes[i].has_direct = false;
	}
	for (size_t i = 0; i < pairs->count; i++)
		update_line(&align->lines[i], pairs->list[i]);
	/* one is smaller than other, so each group's first target is the one of some pair */
	if (align->targets > 0)
		reach_from(align, pairs, 0);
	for (unsigned reference = 1; reference < align->targets; reference++)
		for (size_t i = 0; i < pairs->count && !align->nodes[reference].is_reached; i++)
			if (align->lines[i].count > 0 && pairs->list[i]->one == reference)
				reach_from(align, pairs, reference);
	for (unsigned i = 0; i < align->targets; i++)
		if (align->nodes[i].is_reached && align->nodes[i].reference != i)
			most_ns = clock_later(most_ns, correct(align, i));
	return most_ns;
}

struct path_align_state path_align_get(const struct path_align *align, unsigned target)
{
	const struct node *node = &align->nodes[target];

	return (struct path_align_state){
		.is_corrected = node->is_corrected,
		.reference = node->reference,
		.first_ns = node->first_ns,
		.last_ns = correction_now(align, target),
		.error_ns = node->error_ns,
	};
}
