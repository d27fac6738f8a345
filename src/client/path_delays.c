/* SPDX-License-Identifier: MIT */
/*
 * Delays between targets. In: timestamps of packets by two clocks. Out: histograms of
 * delays, with the largest error of them; the clocks' difference.
 *
 * Each pair of targets has a clock (path_clock), and a list of packets of the present
 * window. At its end, the delay of each of them is corrected by the limits of the offset
 * at its time. If the list is full, the window ends early: it loses width, but no packet.
 * If the limits of a window are on one side only, and the difference is not known by other
 * means, its delays are not known.
 */
#include "client/path_delays.h"

#include "common/clock.h"

#include <stdlib.h>

enum { PENDING_FIRST = 64 };

void path_delays_add(struct path_delays *delays, uint64_t delay_ns, uint64_t bound_ns)
{
	if (!delays->histogram)
		delays->histogram = calloc(1, sizeof(*delays->histogram));
	if (!delays->histogram) {
		delays->unknown++;
		return;
	}
	path_histogram_add(delays->histogram, delay_ns);
	if (bound_ns > delays->bound_ns)
		delays->bound_ns = bound_ns;
}

void path_delays_cleanup(struct path_delays *delays)
{
	free(delays->histogram);
	delays->histogram = NULL;
}

bool path_pairs_init(struct path_pairs *pairs)
{
	*pairs = (struct path_pairs){0};
	pairs->list = calloc(PATH_PAIRS_MAX, sizeof(struct path_pair *));
	return pairs->list != NULL;
}

void path_pairs_cleanup(struct path_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->list[i]->pending);
		free(pairs->list[i]);
	}
	free(pairs->list);
	free(pairs->clocks);
	*pairs = (struct path_pairs){0};
}

struct path_pair *path_pairs_find(struct path_pairs *pairs, unsigned target, unsigned second)
{
	const unsigned one = target < second ? target : second;
	const unsigned other = target < second ? second : target;
	struct path_pair *pair;

	for (size_t i = 0; i < pairs->count; i++)
		if (pairs->list[i]->one == one && pairs->list[i]->other == other)
			return pairs->list[i];
	if (pairs->count == PATH_PAIRS_MAX)
		return NULL;
	pair = calloc(1, sizeof(*pair));
	if (!pair)
		return NULL;
	pair->one = one;
	pair->other = other;
	pairs->list[pairs->count++] = pair;
	return pair;
}

void path_pairs_set_clock(
	struct path_pairs *pairs, unsigned target, const struct path_known_clock *clock)
{
	struct path_known_clock *clocks = pairs->clocks;

	if (target >= pairs->clock_count) {
		clocks = realloc(clocks, ((size_t)target + 1) * sizeof(*clocks));
		if (!clocks)
			return;
		pairs->clocks = clocks;
		while (pairs->clock_count <= target)
			clocks[pairs->clock_count++] = (struct path_known_clock){0};
	}
	clocks[target] = *clock;
}

static struct path_known_clock *find_clock(struct path_pairs *pairs, unsigned target)
{
	if (target >= pairs->clock_count || !pairs->clocks[target].is_known)
		return NULL;
	return &pairs->clocks[target];
}

static void forget_clocks(struct path_pairs *pairs, const struct path_pair *pair)
{
	struct path_known_clock *one = find_clock(pairs, pair->one);
	struct path_known_clock *other = find_clock(pairs, pair->other);

	if (one)
		one->is_known = false;
	if (other)
		other->is_known = false;
}

/* How far can a clock have drifted since its offset was measured? */
static int64_t find_error(const struct path_known_clock *clock, uint64_t local_ns)
{
	const uint64_t error =
		clock->bound_ns + path_clock_drift(clock_distance(local_ns, clock->at_ns));

	return error < INT64_MAX / 8 ? (int64_t)error : INT64_MAX / 8;
}

/* Returns the limits of a pair's offset by what is known of both clocks, or none. */
static struct path_clock_interval find_known(
	struct path_pairs *pairs, const struct path_pair *pair, uint64_t one_ns)
{
	const struct path_known_clock *one = find_clock(pairs, pair->one);
	const struct path_known_clock *other = find_clock(pairs, pair->other);
	uint64_t local_ns;
	int64_t offset;
	int64_t error;

	if (!one || !other || __builtin_sub_overflow(one_ns, one->offset_ns, &local_ns) ||
		__builtin_sub_overflow(other->offset_ns, one->offset_ns, &offset))
		return (struct path_clock_interval){0};
	error = find_error(one, local_ns) + find_error(other, local_ns);
	if (offset > INT64_MAX / 4 || offset < -(INT64_MAX / 4))
		return (struct path_clock_interval){0};
	return (struct path_clock_interval){.has_low = true,
		.has_high = true,
		.low_ns = offset - error,
		.high_ns = offset + error};
}

/* Returns the limits of a pair's offset at a time, by all that is known. */
static struct path_clock_interval find_interval(struct path_pairs *pairs,
	const struct path_pair *pair, const struct path_clock_window *window, uint64_t one_ns)
{
	struct path_clock_interval interval = path_clock_at(window, one_ns);
	const struct path_clock_interval known = find_known(pairs, pair, one_ns);

	if (!path_clock_intersect(&interval, &known))
		forget_clocks(pairs, pair);
	return interval;
}

static void correct_pending(
	struct path_pairs *pairs, struct path_pair *pair, const struct path_clock_window *window)
{
	for (size_t i = 0; i < pair->pending_count; i++) {
		const struct path_pending *packet = &pair->pending[i];
		const struct path_clock_interval interval = find_interval(pairs, pair, window,
			packet->is_back ? packet->arrived_ns : packet->sent_ns);
		struct path_clock_delay delay;

		if (path_clock_correct(&interval, packet->is_back, packet->sent_ns,
			    packet->arrived_ns, &delay))
			path_delays_add(packet->delays, delay.ns, delay.bound_ns);
		else
			packet->delays->unknown++;
	}
	pair->pending_count = 0;
}

static void close_window(
	struct path_pairs *pairs, struct path_pair *pair, const struct path_clock_window *window)
{
	if (window->is_stepped) {
		pair->steps++;
		forget_clocks(pairs, pair);
	}
	correct_pending(pairs, pair, window);
	pairs->windows++;
	pair->latest = find_interval(pairs, pair, window, window->begin_ns);
}

/* Is there space for one more packet? */
static bool reserve_pending(struct path_pairs *pairs, struct path_pair *pair)
{
	const size_t size = pair->pending_size ? 2 * pair->pending_size : PENDING_FIRST;
	const size_t more = size - pair->pending_size;
	struct path_pending *pending;

	if (pair->pending_count < pair->pending_size)
		return true;
	if (size > PATH_PENDING_MAX || pairs->pending_size + more > PATH_PENDING_TOTAL)
		return false;
	pending = realloc(pair->pending, size * sizeof(*pending));
	if (!pending)
		return false;
	pairs->pending_size += more;
	pair->pending = pending;
	pair->pending_size = size;
	return true;
}

void path_pairs_add(
	struct path_pairs *pairs, struct path_pair *pair, const struct path_pending *packet)
{
	struct path_clock_window window;

	if (!reserve_pending(pairs, pair) && path_clock_end_window(&pair->clock, &window))
		close_window(pairs, pair, &window);
	if (path_clock_add(
		    &pair->clock, packet->is_back, packet->sent_ns, packet->arrived_ns, &window))
		close_window(pairs, pair, &window);
	if (pair->pending_count < pair->pending_size)
		pair->pending[pair->pending_count++] = *packet;
	else
		packet->delays->unknown++;
}

void path_pairs_finish(struct path_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		struct path_pair *pair = pairs->list[i];
		struct path_clock_window window;

		if (path_clock_end_window(&pair->clock, &window))
			close_window(pairs, pair, &window);
	}
}
