#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a target has told of its time; ms are those of clock_ms(). */
struct progress {
	bool running;	  /* it may still send */
	uint64_t settled; /* ns: nothing is to come up to and including it */
	uint64_t spoken;  /* ns: the latest time that it has told */
	uint64_t spoke;	  /* ms: when it told that */
	uint64_t heard;	  /* ms: since when it could tell more */
	uint64_t began;	  /* ms */
	uint64_t filled;  /* ms: when it became full last */
	uint64_t freed; /* ms: up to when it is excused for having been full */
	uint64_t told;	/* ns: what it had spoken when it was freed last */
};

/* How far all targets of a merge are, and what presses. */
struct course {
	struct progress *targets;
	unsigned target_count;
	uint64_t hold;	/* ms that a packet waits for those that are silent */
	size_t full;	/* targets with full queues */
	uint64_t freed; /* ms: the latest of the targets', or when one began */
	uint64_t resumed; /* ms: when the output's last long pause was over */
};

/* What may leave: a packet, and those behind it up to a time. */
struct verdict {
	uint64_t wait;	/* ms until that may be; 0: now */
	uint64_t until; /* ns; 0: the packet alone */
};

/* A target runs from now (ms) on. */
void course_begin(struct course *course, unsigned target, uint64_t now);

/*
 * A target has told, at now (ms), of the time spoken, and that nothing is to
 * come up to the time settled, both in ns.
 */
void course_hear(struct course *course, unsigned target, uint64_t spoken,
	uint64_t settled, uint64_t now);

/* A target's queue is full from now (ms) on. */
void course_fill(struct course *course, unsigned target, uint64_t now);

/* A target's queue is full no more from now (ms) on. */
void course_free(struct course *course, unsigned target, uint64_t now);

/* Of the first packet of all: its time in ns; when it arrived, and now, in ms.
 */
struct verdict course_judge(const struct course *course, uint64_t time,
	uint64_t arrived, uint64_t now);

/*
 * When (ms) a packet, of that time (ns), which arrived then (ms), has waited
 * long enough for those that are silent.
 */
uint64_t course_due(
	const struct course *course, uint64_t time, uint64_t arrived);
