/*
 * The course of a merge. In: what targets tell of their time. Out: whether a
 * packet may leave, and how long it is to wait.
 *
 * Of each target that may still send it is known how far it has settled: up to
 * when nothing more is to come. A watermark says that exactly. A packet says it
 * only for what is a little before it (merge.c), because several CPUs may have
 * disordered a stream slightly.
 *
 * The first packet of all may leave
 *
 *  - when all that may still send are settled beyond it: the order is exact;
 *  - when all of these have at least spoken beyond it, and slight disorder
 *    has had time to come out (SETTLE_MS);
 *  - when it has waited long enough (the hold) for those that are silent;
 *  - when memory counts more than order: some queue is full, and none of the
 *    silent ones has merely run empty for a moment (FULL_GRACE_MS).
 *
 * Whoever is full has to pause: that is not its silence, which begins when it
 * is full no more, as it does when a target begins. That excuse is for whom a
 * slow reader has put behind, and who catches up: full for a quarter of the
 * time (PAUSE_WEIGHT), or telling of twice the time that passes (PACE). One
 * that fills its queue now and then, and stays behind, has a part of it; one
 * that tells of the past (PAST_S) has none. And no packet waits for longer than
 * EXCUSE_MS because of it, which begin anew when the output has not taken
 * anything for a while: who stays behind, and full, would keep it for ever.
 *
 * To know that takes a look at every target, which also tells up to what time
 * it holds for the packets behind the first: one look for many.
 */
#include "client/course.h"

#include "common/clock.h"

enum {
	PAST_S = 3600,
	PAUSE_WEIGHT = 4,
	PACE = 2,
	EXCUSE_MS = 60000,
	NS_PER_MS = 1000000,
	SETTLE_MS = 20,
	FULL_GRACE_MS = 200, /* some watermarks of who has nothing else */
};

static const uint64_t PAST_NS = PAST_S * UINT64_C(1000000000);

void course_begin(struct course *course, unsigned target, uint64_t now)
{
	struct progress *at = &course->targets[target];

	at->running = true;
	at->began = now;
	at->heard = now;
	course->freed = now;
}

void course_hear(struct course *course, unsigned target, uint64_t spoken,
	uint64_t settled, uint64_t now)
{
	struct progress *at = &course->targets[target];

	at->heard = now;
	if (spoken > at->spoken) {
		at->spoken = spoken;
		at->spoke = now;
	}
	if (settled > at->settled)
		at->settled = settled;
}

void course_fill(struct course *course, unsigned target, uint64_t now)
{
	course->targets[target].filled = now;
}

void course_free(struct course *course, unsigned target, uint64_t now)
{
	struct progress *at = &course->targets[target];
	const uint64_t paused = now - at->filled;
	const uint64_t told = (at->spoken - at->told) / NS_PER_MS;
	const uint64_t oldest =
		at->filled > course->hold ? at->filled - course->hold : 0;

	at->heard = now;
	at->told = at->spoken;
	at->freed =
		clock_earlier(now, clock_later(at->freed, oldest) +
					   PAUSE_WEIGHT * paused + told / PACE);
	course->freed = clock_later(course->freed, at->freed);
}

/* How far those that may still send are, seen from a packet's time. */
struct view {
	bool is_open;	  /* some are not settled */
	uint64_t settled; /* the least that is not before the packet */
	uint64_t spoken;  /* the least of those that are not settled */
	uint64_t spoke;	  /* ms: when the last of those did so */
	uint64_t beyond;  /* the least spoken that is not before the packet */
	/* ms: the latest of those that have not spoken: */
	uint64_t heard;
	uint64_t silent_since; /* their silence counts */
};

/* Since when (ms) a target's silence counts, as to what is of that time. */
static uint64_t silent_since(const struct progress *at, uint64_t time)
{
	const bool is_past = time > PAST_NS && at->spoken < time - PAST_NS;

	return is_past ? at->began : clock_later(at->began, at->freed);
}

static struct view look(const struct course *course, uint64_t time)
{
	struct view view = {
		.settled = CLOCK_NEVER,
		.spoken = CLOCK_NEVER,
		.beyond = CLOCK_NEVER,
	};

	for (unsigned i = 0; i < course->target_count; i++) {
		const struct progress *at = &course->targets[i];

		if (!at->running)
			continue;
		if (at->spoken >= time)
			view.beyond = clock_earlier(view.beyond, at->spoken);
		if (at->settled >= time) {
			view.settled = clock_earlier(view.settled, at->settled);
			continue;
		}
		view.is_open = true;
		view.spoken = clock_earlier(view.spoken, at->spoken);
		view.spoke = clock_later(view.spoke, at->spoke);
		if (at->spoken >= time)
			continue;
		view.heard = clock_later(view.heard, at->heard);
		view.silent_since =
			clock_later(view.silent_since, silent_since(at, time));
	}
	return view;
}

/*
 * Since when (ms) it counts that a packet, which arrived then, waits for those
 * who are excused up to a time.
 */
static uint64_t waits_since(
	const struct course *course, uint64_t arrived, uint64_t excused)
{
	return clock_earlier(clock_later(arrived, excused),
		clock_later(arrived, course->resumed) + EXCUSE_MS);
}

static uint64_t time_left(uint64_t since, uint64_t patience, uint64_t now)
{
	return now < since + patience ? since + patience - now : 0;
}

struct verdict course_judge(const struct course *course, uint64_t time,
	uint64_t arrived, uint64_t now)
{
	struct view view;
	uint64_t wait;

	/* first, because it needs no look */
	if (time_left(waits_since(course, arrived, course->freed), course->hold,
		    now) == 0)
		return (struct verdict){0, 0};
	view = look(course, time);
	if (!view.is_open)
		return (struct verdict){0, view.settled};
	wait = time_left(waits_since(course, arrived, view.silent_since),
		course->hold, now);
	if (wait == 0)
		return (struct verdict){0, 0};
	if (view.spoken >= time) {
		const uint64_t settle = time_left(view.spoke, SETTLE_MS, now);

		return (struct verdict){
			course->full > 0 ? 0 : clock_earlier(wait, settle),
			clock_earlier(view.settled, view.spoken)};
	}
	if (course->full == 0)
		return (struct verdict){wait, 0};
	return (struct verdict){
		clock_earlier(wait, time_left(view.heard, FULL_GRACE_MS, now)),
		view.beyond};
}

uint64_t course_due(
	const struct course *course, uint64_t time, uint64_t arrived)
{
	return waits_since(course, arrived, look(course, time).silent_since) +
	       course->hold;
}
