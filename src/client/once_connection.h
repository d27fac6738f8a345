/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_headers.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Which sights of a connection's packets -once writes. Times are the progress of the merge, in
 * ns, and never go back.
 */

/* Where a packet was seen. The second sight at one interface, of a router, differs in the rest. */
struct once_place {
	uint64_t vlans; /* as in path_headers.h */
	uint32_t interface;
	unsigned target;
	enum path_direction direction;
	bool is_named; /* by -once-at */
};

/*
 * The interfaces that can be the place of a connection, the preferred one first. In each
 * direction the packets of the first one are written that sees this direction.
 */
enum once_rank {
	ONCE_NAMED,	  /* the first one of -once-at that saw the connection */
	ONCE_ALSO_NAMED,  /* another one of -once-at */
	ONCE_FIRST,	  /* the first one that saw the connection */
	ONCE_SAME_TARGET, /* another one of its target */
	ONCE_OTHER,	  /* any other one */
	ONCE_RANKS,
};

struct once_seen {
	struct once_place place; /* the first one of its rank, or one that has replaced it */
	uint64_t last_ns;	 /* 0: never */
	uint64_t resumed_ns;	 /* the first time after the last pause; 0: it had none */
};

/* One direction of a connection. */
struct once_direction {
	struct once_seen seen[ONCE_RANKS];
	/* this rank's packets are written because no better rank sees any */
	bool is_alone;
	enum once_rank alone_rank;
	/* sights since the last one that was written, by the rank for which they were left out */
	uint32_t left_out[ONCE_RANKS];
};

struct once_connection {
	struct once_direction directions[2];
	bool has_first;
	bool has_named;
	uint32_t first; /* interfaces; of ONCE_FIRST */
	uint32_t named; /* of ONCE_NAMED */
	unsigned first_target;
	unsigned ranks_written; /* bits 1 << rank */
	uint32_t waiting;	/* sights that are not decided; for the owner */
};

/* One packet at one place. */
struct once_sight {
	struct once_connection *connection;
	unsigned direction; /* 0 or 1 */
	struct once_place place;
	enum once_rank rank; /* set by once_connection_see() */
	uint64_t seen_ns;
};

enum once_decision { ONCE_WRITE, ONCE_LEAVE_OUT, ONCE_WAIT };

/* Returns how long a sight waits for a better place to see its direction. */
uint64_t once_connection_wait_ns(void);

/* Adds a sight, and decides. has_name: there is a -once-at. */
enum once_decision once_connection_see(struct once_sight *sight, bool has_name);

/* Decides on a sight that waits. */
enum once_decision once_connection_decide(
	const struct once_sight *sight, bool has_name, uint64_t now_ns);

/*
 * A sight that has waited is left out. Was that for a place that may not have seen its packet,
 * because it saw none of the direction for a time before and after it?
 */
bool once_connection_is_doubtful(const struct once_sight *sight);

/*
 * A sight is written. Returns how many sights of its direction were left out before, though
 * the place for which they were left out may not have seen their packets.
 */
uint32_t once_connection_written(const struct once_sight *sight, bool has_name);
