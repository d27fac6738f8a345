/* SPDX-License-Identifier: MIT */
/*
 * The difference of two targets' clocks, by the packets between them. In: timestamps of
 * packets in both directions. Out: limits of the offset at each time, delays with a bound.
 *
 * Limits
 *
 * The difference of a packet's timestamps is its delay plus the offset, and in the opposite
 * direction its delay minus the offset. No delay is negative. So the smallest difference of
 * each direction is a limit of the offset, and both are an interval that has the true one;
 * half of its width is the bound of delays that are corrected by its middle. RFC 5905,
 * section 8 does this for one request and its response.
 *
 * Drift
 *
 * A limit holds for the time of its packet. At another time, the offset can have drifted by
 * their distance times PATH_CLOCK_DRIFT_PPM. A window of time has slots, each with the
 * smallest differences of its packets. At its end, each slot's limits pass from slot to
 * slot in both directions, and grow with each, and replace wider ones.
 *
 * The slot is that of one's timestamp, in both directions. The offset is that of the moment
 * when other's timestamp was made; but it drifts much less meanwhile than the packet takes,
 * so the limit holds at the time of one's timestamp, too.
 *
 * Steps
 *
 * If limits exclude each other, a clock was set: by ntpd, a user, a virtual machine that went
 * on. The window tells nothing then. A step that is smaller than the interval is wide is not
 * found, and makes the bounds wrong by that much.
 */
#include "client/path_clock.h"

#include "common/clock.h"

static const uint64_t WINDOW_NS = PATH_CLOCK_WINDOW_MS * NS_PER_MS;
static const uint64_t SLOT_NS = PATH_CLOCK_WINDOW_MS * NS_PER_MS / PATH_CLOCK_SLOTS;
static const uint64_t PPM = 1000000;

/* Larger differences are not of clocks; sums of smaller ones do not overflow. */
static const int64_t DIFFERENCE_MAX = INT64_MAX / 8;

uint64_t path_clock_drift(uint64_t duration_ns)
{
	return duration_ns / (PPM / PATH_CLOCK_DRIFT_PPM) + 1;
}

/* Returns arrived_ns - sent_ns. False: no times of clocks. */
static bool subtract_times(uint64_t arrived_ns, uint64_t sent_ns, int64_t *ret_difference)
{
	int64_t difference;

	if (__builtin_sub_overflow(arrived_ns, sent_ns, &difference) ||
		difference > DIFFERENCE_MAX || difference < -DIFFERENCE_MAX)
		return false;
	*ret_difference = difference;
	return true;
}

static void limit_low(struct path_clock_interval *interval, int64_t low_ns)
{
	if (!interval->has_low || low_ns > interval->low_ns)
		interval->low_ns = low_ns;
	interval->has_low = true;
}

static void limit_high(struct path_clock_interval *interval, int64_t high_ns)
{
	if (!interval->has_high || high_ns < interval->high_ns)
		interval->high_ns = high_ns;
	interval->has_high = true;
}

static bool is_empty(const struct path_clock_interval *interval)
{
	return interval->has_low && interval->has_high && interval->low_ns > interval->high_ns;
}

/* Limits interval by what other is after some more drift. */
static void limit_by(struct path_clock_interval *interval, const struct path_clock_interval *other,
	uint64_t drift_ns)
{
	if (other->has_low)
		limit_low(interval, other->low_ns - (int64_t)drift_ns);
	if (other->has_high)
		limit_high(interval, other->high_ns + (int64_t)drift_ns);
}

/* The limits of each slot become valid in all of it, and limit the other slots. */
static void spread_limits(struct path_clock_window *window)
{
	const uint64_t drift_ns = path_clock_drift(SLOT_NS);
	struct path_clock_interval *slots = window->slots;

	for (size_t i = 0; i < PATH_CLOCK_SLOTS; i++) {
		slots[i].low_ns -= (int64_t)drift_ns;
		slots[i].high_ns += (int64_t)drift_ns;
	}
	for (size_t i = 1; i < PATH_CLOCK_SLOTS; i++)
		limit_by(&slots[i], &slots[i - 1], drift_ns);
	for (size_t i = PATH_CLOCK_SLOTS - 1; i > 0; i--)
		limit_by(&slots[i - 1], &slots[i], drift_ns);
}

/* How far is a time outside of the window? */
static uint64_t find_distance(const struct path_clock_window *window, uint64_t one_ns)
{
	if (one_ns < window->begin_ns)
		return window->begin_ns - one_ns;
	return one_ns - window->begin_ns < WINDOW_NS ? 0 : one_ns - window->begin_ns - WINDOW_NS;
}

static size_t find_slot(const struct path_clock_window *window, uint64_t one_ns)
{
	size_t slot;

	if (one_ns < window->begin_ns)
		return 0;
	slot = (one_ns - window->begin_ns) / SLOT_NS;
	return slot < PATH_CLOCK_SLOTS ? slot : PATH_CLOCK_SLOTS - 1;
}

struct path_clock_interval path_clock_at(const struct path_clock_window *window, uint64_t one_ns)
{
	struct path_clock_interval interval = {0};
	const uint64_t distance = find_distance(window, one_ns);

	limit_by(&interval, &window->slots[find_slot(window, one_ns)],
		distance > 0 ? path_clock_drift(distance) : 0);
	return interval;
}

bool path_clock_intersect(
	struct path_clock_interval *interval, const struct path_clock_interval *other)
{
	struct path_clock_interval both = *interval;

	limit_by(&both, other, 0);
	if (is_empty(&both))
		return false;
	*interval = both;
	return true;
}

static bool has_empty_slot(const struct path_clock_window *window)
{
	for (size_t i = 0; i < PATH_CLOCK_SLOTS; i++)
		if (is_empty(&window->slots[i]))
			return true;
	return false;
}

/* Can the offset have come from the last known one by drift alone? */
static bool follows_known(const struct path_clock *clock, const struct path_clock_window *window)
{
	const uint64_t middle_ns = window->begin_ns + WINDOW_NS / 2;
	struct path_clock_interval interval = path_clock_at(window, middle_ns);
	const struct path_clock_interval before = path_clock_at(&clock->known, middle_ns);

	return path_clock_intersect(&interval, &before);
}

static void clear_limits(struct path_clock_window *window)
{
	for (size_t i = 0; i < PATH_CLOCK_SLOTS; i++)
		window->slots[i] = (struct path_clock_interval){0};
}

bool path_clock_end_window(struct path_clock *clock, struct path_clock_window *ret_window)
{
	struct path_clock_window *window = &clock->window;

	if (!clock->has_window)
		return false;
	spread_limits(window);
	window->is_stepped = has_empty_slot(window);
	if (window->is_stepped)
		clear_limits(window);
	else if (clock->is_known)
		window->is_stepped = !follows_known(clock, window);
	if (window->is_stepped)
		clock->is_known = false;
	/* after spreading, all slots have the same sides */
	if (window->slots[0].has_low && window->slots[0].has_high) {
		clock->is_known = true;
		clock->known = *window;
	}
	clock->has_window = false;
	*ret_window = *window;
	return true;
}

/* A packet of the time before the window is used, too; its limit grows until then. */
static bool is_of_window(const struct path_clock_window *window, uint64_t one_ns)
{
	if (one_ns < window->begin_ns)
		return window->begin_ns - one_ns < WINDOW_NS;
	return one_ns - window->begin_ns < WINDOW_NS;
}

bool path_clock_add(struct path_clock *clock, bool is_back, uint64_t sent_ns, uint64_t arrived_ns,
	struct path_clock_window *ret_window)
{
	const uint64_t one_ns = is_back ? arrived_ns : sent_ns;
	struct path_clock_interval limit = {0};
	struct path_clock_interval *slot;
	bool has_ended = false;
	int64_t difference;

	if (!subtract_times(arrived_ns, sent_ns, &difference))
		return false;
	if (clock->has_window && !is_of_window(&clock->window, one_ns))
		has_ended = path_clock_end_window(clock, ret_window);
	if (!clock->has_window) {
		clock->window = (struct path_clock_window){.begin_ns = one_ns};
		clock->has_window = true;
	}
	if (is_back)
		limit_low(&limit, -difference);
	else
		limit_high(&limit, difference);
	slot = &clock->window.slots[find_slot(&clock->window, one_ns)];
	if (one_ns < clock->window.begin_ns)
		limit_by(slot, &limit, path_clock_drift(clock->window.begin_ns - one_ns));
	else
		limit_by(slot, &limit, 0);
	return has_ended;
}

bool path_clock_correct(const struct path_clock_interval *interval, bool is_back, uint64_t sent_ns,
	uint64_t arrived_ns, struct path_clock_delay *ret_delay)
{
	int64_t difference;
	int64_t low; /* of the delay */
	int64_t high;
	int64_t middle;

	if (!interval->has_low || !interval->has_high ||
		!subtract_times(arrived_ns, sent_ns, &difference))
		return false;
	low = is_back ? difference + interval->low_ns : difference - interval->high_ns;
	high = is_back ? difference + interval->high_ns : difference - interval->low_ns;
	if (high < 0)
		return false; /* the interval is of other packets, before a clock was set */
	/* the offset drifts while the packet is under way */
	low -= (int64_t)path_clock_drift((uint64_t)high);
	high += (int64_t)path_clock_drift((uint64_t)high);
	middle = low + (high - low) / 2;
	ret_delay->ns = middle > 0 ? (uint64_t)middle : 0;
	ret_delay->bound_ns = (uint64_t)(high - low + 1) / 2;
	return true;
}
