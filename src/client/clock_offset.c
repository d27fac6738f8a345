/* SPDX-License-Identifier: MIT */
/*
 * Clock offset of a host. In: its times in a response and in watermarks. Out:
 * the offset with a bound of its error, and steps of the clock.
 */
#include "client/clock_offset.h"

#include "common/text.h"

#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 64 };

static const int64_t NOTABLE_NS = 50000000;
static const int64_t STEP_NS = 1000000000;

/* Cuts a number off the header's value: ns, before the year 2262. */
static bool cut_time(char **text, uint64_t *ret_time)
{
	const char *word = strsep(text, " ");

	return word && text_number(word, INT64_MAX, ret_time);
}

struct clock_offset clock_offset_estimate(
	const char *value, size_t size, uint64_t sent, uint64_t received)
{
	char text[VALUE_MAX];
	char *rest = text;
	uint64_t host_received;
	uint64_t host_sent;
	int64_t most;
	int64_t least;

	if (size >= sizeof(text))
		return (struct clock_offset){0};
	memcpy(text, value, size);
	text[size] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	rest += strspn(rest, " ");
	if (!cut_time(&rest, &host_received) || !cut_time(&rest, &host_sent))
		return (struct clock_offset){0};
	if (host_sent < host_received || received < sent || received > INT64_MAX)
		return (struct clock_offset){0};
	/* the offset plus the delay of the request, minus that of the response */
	most = (int64_t)(host_received - sent);
	least = (int64_t)(host_sent - received);
	if (most < least)
		return (struct clock_offset){0}; /* a clock was set meanwhile */
	return (struct clock_offset){
		.is_known = true,
		.ns = least + (most - least) / 2,
		.bound = (uint64_t)(most - least + 1) / 2,
	};
}

bool clock_offset_is_notable(const struct clock_offset *offset)
{
	const uint64_t distance = (uint64_t)(offset->ns < 0 ? -offset->ns : offset->ns);

	return offset->is_known && distance > offset->bound && distance > (uint64_t)NOTABLE_NS;
}

void clock_offset_describe(const struct clock_offset *offset, char *out, size_t size)
{
	const double distance = (double)offset->ns / 1e9;

	snprintf(out, size, "%.6f s %s this one (+-%.6f s)", distance < 0 ? -distance : distance,
		distance < 0 ? "behind" : "ahead of", (double)offset->bound / 1e9);
}

uint64_t clock_offset_correct(const struct clock_offset *offset, uint64_t time)
{
	uint64_t corrected;

	if (!offset->is_known)
		return time;
	if (__builtin_sub_overflow(time, offset->ns, &corrected))
		return offset->ns > 0 ? 0 : UINT64_MAX;
	return corrected;
}

struct clock_watch clock_watch_begin(
	const struct clock_offset *offset, uint64_t now, uint64_t uptime)
{
	struct clock_watch watch = {.is_known = offset->is_known};

	if (__builtin_sub_overflow(now, uptime, &watch.ahead_ns) ||
		__builtin_add_overflow(watch.ahead_ns, offset->ns, &watch.ahead_ns) ||
		__builtin_add_overflow(watch.ahead_ns, offset->bound, &watch.ahead_ns))
		watch.is_known = false;
	return watch;
}

/*
 * A watermark may be delayed, and a clock may run slow or fast. But a watermark
 * is never in the future, and never earlier than the one before.
 */
int64_t clock_watch_find_step(struct clock_watch *watch, uint64_t watermark, uint64_t uptime)
{
	const uint64_t before = watch->watermark_ns;
	int64_t step = 0;
	int64_t ahead;
	int64_t change;

	if (!watch->is_known || __builtin_sub_overflow(watermark, uptime, &ahead) ||
		__builtin_sub_overflow(watermark, before, &change))
		return 0;
	if (before > 0 && change < -STEP_NS) {
		step = change;
		watch->is_known =
			!__builtin_add_overflow(watch->ahead_ns, change, &watch->ahead_ns);
	} else if (__builtin_sub_overflow(ahead, watch->ahead_ns, &step) || step <= STEP_NS) {
		step = 0;
	}
	watch->watermark_ns = watermark;
	if (ahead > watch->ahead_ns)
		watch->ahead_ns = ahead;
	return step;
}

uint64_t clock_watch_lag_ns(const struct clock_watch *watch, uint64_t uptime)
{
	uint64_t now;

	if (!watch->is_known || watch->watermark_ns == 0)
		return 0;
	if (__builtin_add_overflow(uptime, watch->ahead_ns, &now) || now < watch->watermark_ns)
		return 0;
	return now - watch->watermark_ns;
}
