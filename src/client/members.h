#pragma once

#include "client/arguments.h"
#include "client/loop.h"
#include "client/merge.h"
#include "client/offset.h"
#include "client/origins.h"
#include "client/remarks.h"
#include "client/transfer.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a target is on its way. */
enum member_state {
	MEMBER_CONNECTING, /* for the first time */
	MEMBER_RUNNING,	   /* its capture has begun */
	MEMBER_LOST,	   /* it is tried again, now or soon (-retry) */
	MEMBER_OVER,
	MEMBER_STATES,
};

enum { MEMBER_GAP_MAX = 512 };

/* One target under way. */
struct member {
	struct members *all;
	const struct target *target;
	unsigned index;
	enum member_state state;
	struct transfer *transfer; /* NULL: none at present */
	unsigned messages;	   /* of TLS handshakes, of its transfer */
	struct offset offset;
	struct pace pace; /* of its clock */
	bool failed;	  /* at least once */
	bool ended;	  /* by itself, in good order */
	bool is_refused;  /* for what it sends: trying again is no use */
	bool is_odd;	  /* its link type has been told to be another one */
	bool has_watermarks;
	bool was_full; /* since its drops were told: it had to wait */
	/* for -retry: */
	unsigned attempt;
	uint64_t due;	 /* ms: it is to be tried, or the attempt is over */
	uint64_t began;	 /* ms: its last stream */
	uint64_t heard;	 /* ms: when it has told anything */
	uint64_t deaf;	 /* ms: when we last did not listen to it */
	bool is_silent;	 /* for long, and that has been told */
	uint64_t lost;	 /* ns, as its stamps: the end of the one before */
	unsigned gaps;	 /* that it came back from */
	char cause[256]; /* why it was lost */
	char said[256];	 /* what was said last of that, and of attempts */
	char gap[MEMBER_GAP_MAX]; /* to be told with the packet behind it */
	uint64_t gap_after;	  /* its packets in front of that one */
	/* what has been warned of: */
	uint64_t drops;
	uint64_t drops_told; /* ms: when */
	uint64_t step_told;  /* ms: when; 0: never */
	unsigned steps;	     /* that were told */
};

/* All of them. */
struct members {
	const struct arguments *arguments;
	struct loop *loop;
	struct merge *merge;
	struct member *list;
	unsigned count;
	unsigned in_state[MEMBER_STATES];
	unsigned failed;	/* at least once */
	unsigned ended;		/* in good order */
	unsigned paused;	/* at most: some may have ended since */
	uint64_t first_failure; /* ms; 0: none */
	uint64_t now;		/* ms: when the chunk at hand came */
	uint64_t look;		/* ms: when to look next for who is silent */
	struct origins origins;
	struct remarks remarks;
	bool has_agreed;
	uint32_t linktype; /* of most, once that is known */
};

/* Starts them all; loop and merge stay the caller's. False: out of memory. */
bool members_start(struct members *members, const struct arguments *arguments,
	struct loop *loop, struct merge *merge);

/* Ends all transfers; takes a struct that is all zero. */
void members_stop(struct members *members);

/* Frees all, once the loop is gone, too: its connections may outlive these. */
void members_clear(struct members *members);

/*
 * Takes note of transfers that libcurl has ended or that have taken too long to
 * begin, and tries lost ones again.
 */
void members_collect(struct members *members);

/* When members_collect() has something to do by itself: ms, or CLOCK_NEVER. */
uint64_t members_due(const struct members *members);

/* Lets go on what had paused and has room again. */
void members_resume(struct members *members);

/* A member's capture begins, for the first time or again. */
void members_begin(struct member *member);

/*
 * Ends a member's stream: failure says why, NULL: in good order. With -retry
 * it is tried again.
 */
void members_end(struct member *member, const struct failure *failure);
