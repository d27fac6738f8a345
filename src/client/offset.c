/*
 * Clocks. In: what a worker's head says of its time, and when we asked. Out:
 * an offset with its bound.
 */
#include "client/offset.h"

#include "common/text.h"

#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 64 };

static const int64_t NOTABLE_NS = 50000000;
static const int64_t STEP_NS = 1000000000;

/* One number of the header's value: ns, before the year 2262. */
static bool take_stamp(char **text, uint64_t *ret_stamp)
{
	const char *word = strsep(text, " ");

	return word && text_number(word, INT64_MAX, ret_stamp);
}

struct offset offset_estimate(
	const char *value, size_t size, uint64_t left, uint64_t came)
{
	char text[VALUE_MAX];
	char *rest = text;
	uint64_t asked;
	uint64_t sent;
	int64_t there;
	int64_t back;

	if (size >= sizeof(text))
		return (struct offset){0};
	memcpy(text, value, size);
	text[size] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	rest += strspn(rest, " ");
	if (!take_stamp(&rest, &asked) || !take_stamp(&rest, &sent) ||
		sent < asked || came < left || came > INT64_MAX)
		return (struct offset){0};
	/* the offset plus the way there, and the offset minus the way back */
	there = (int64_t)(asked - left);
	back = (int64_t)(sent - came);
	if (there < back)
		return (struct offset){0}; /* a clock was set in between */
	return (struct offset){
		.is_known = true,
		.ns = back + (there - back) / 2,
		.bound = (uint64_t)(there - back + 1) / 2,
	};
}

bool offset_is_notable(const struct offset *offset)
{
	const uint64_t distance =
		(uint64_t)(offset->ns < 0 ? -offset->ns : offset->ns);

	return offset->is_known && distance > offset->bound &&
	       distance > (uint64_t)NOTABLE_NS;
}

void offset_describe(const struct offset *offset, char *out, size_t size)
{
	const double distance = (double)offset->ns / 1e9;

	snprintf(out, size, "%.6f s %s this one (+-%.6f s)",
		distance < 0 ? -distance : distance,
		distance < 0 ? "behind" : "ahead of",
		(double)offset->bound / 1e9);
}

uint64_t offset_correct(const struct offset *offset, uint64_t time)
{
	uint64_t corrected;

	if (!offset->is_known)
		return time;
	if (__builtin_sub_overflow(time, offset->ns, &corrected))
		return offset->ns > 0 ? 0 : UINT64_MAX;
	return corrected;
}

struct pace pace_begin(
	const struct offset *offset, uint64_t now, uint64_t uptime)
{
	struct pace pace = {.is_known = offset->is_known};

	if (__builtin_sub_overflow(now, uptime, &pace.ahead) ||
		__builtin_add_overflow(pace.ahead, offset->ns, &pace.ahead) ||
		__builtin_add_overflow(pace.ahead, offset->bound, &pace.ahead))
		pace.is_known = false;
	return pace;
}

/*
 * A watermark may come late, and a clock be a little slow or fast: but it never
 * tells of what is to come, nor takes back what it has told.
 */
int64_t pace_step(struct pace *pace, uint64_t time, uint64_t uptime)
{
	const uint64_t before = pace->told;
	int64_t step = 0;
	int64_t ahead;
	int64_t back;

	if (!pace->is_known || __builtin_sub_overflow(time, uptime, &ahead) ||
		__builtin_sub_overflow(time, before, &back))
		return 0;
	if (before > 0 && back < -STEP_NS) {
		step = back;
		pace->is_known = !__builtin_add_overflow(
			pace->ahead, back, &pace->ahead);
	} else if (__builtin_sub_overflow(ahead, pace->ahead, &step) ||
		   step <= STEP_NS) {
		step = 0;
	}
	pace->told = time;
	if (ahead > pace->ahead)
		pace->ahead = ahead;
	return step;
}

uint64_t pace_lag(const struct pace *pace, uint64_t uptime)
{
	uint64_t now;

	if (!pace->is_known || pace->told == 0 ||
		__builtin_add_overflow(uptime, pace->ahead, &now) ||
		now < pace->told)
		return 0;
	return now - pace->told;
}
