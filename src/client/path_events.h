/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the pairing of packets receives and reports. */

/* Where packets are seen: an interface of a target, and a direction if it has one. */
struct path_place {
	unsigned target;
	uint32_t interface; /* its number in the interface_table */
	enum path_direction direction;
	bool is_second;	 /* of packets that pass it twice, with a smaller TTL */
	uint8_t tunnels; /* how many its packets are in */
};

enum { PATH_PLACE_NONE = UINT16_MAX, PATH_PLACES_MAX = 16384 };

/* One packet, or piece of one that offload has split, at one place. */
struct path_sight {
	uint64_t time_ns; /* by the clock of the packets' timestamps */
	uint64_t number;  /* of the packet in the output, from 1 */
	uint16_t place;
	uint8_t ttl;
	uint8_t outer_ttl[PATH_TUNNELS_MAX]; /* of the tunnels, the innermost one first */
	bool is_foreign : 1; /* incoming, but for the link address of another host */
	bool is_passed : 1;  /* of the pairing: passages that begin or end here were reported */
	bool is_outer_fragment : 1; /* later ones of the tunnel's packet follow */
	uint16_t tunnel;	    /* a hash of the tunnels' addresses; 0: none */
};

/* Returns the TTL of the inner packet (level 0), or of the tunnel that is so far outside. */
static inline uint8_t path_sight_ttl(const struct path_sight *sight, unsigned level)
{
	return level == 0 ? sight->ttl : sight->outer_ttl[level - 1];
}

/* One packet that passed from one place to the next that is captured. */
struct path_passage {
	const struct path_flow_key *flow;
	struct path_sight from;
	struct path_sight to;
	uint32_t bytes;	  /* of payload */
	bool is_repeated; /* identical packets were under way, so the delay is not certain */
};

/* Why it cannot be told whether, or where, a packet was lost. */
enum path_doubt {
	PATH_DOUBT_NOT_RUNNING, /* the next place was not captured at that time */
	PATH_DOUBT_DROPPED,	/* the next place's kernel dropped packets at that time */
	PATH_DOUBT_ENDED,	/* no later packet of the flow passed: lost, ended or rerouted */
	PATH_DOUBT_FIRST,	/* no earlier packet of the flow passed: lost, or rerouted */
	PATH_DOUBT_WAYS,	/* the flow has several ways there, or its way changed */
	PATH_DOUBT_ORDER,	/* the order of the places is not known */
	PATH_DOUBT_REPEATED,	/* identical packets were under way */
	PATH_DOUBT_CHANGED,	/* the next place had packets of the flow that nothing was before */
	PATH_DOUBT_EXPIRED,	/* its TTL had run out, or it is a fragment */
	PATH_DOUBT_TUNNEL,	/* the host where a tunnel begins or ends is not captured */
	PATH_DOUBT_LATE,	/* it was counted as lost, and came late */
	PATH_DOUBT_MEMORY,	/* too many packets were under way */
	PATH_DOUBTS,
};

/* A packet that was seen at one place, and not at the next one of its flow. */
struct path_missing {
	const struct path_flow_key *flow;
	struct path_sight from;
	uint16_t to; /* the next place, or PATH_PLACE_NONE if that is not known */
	uint32_t bytes;
};

/* The packets of a flow that were seen at a place and never at a later one. */
struct path_ending {
	const struct path_flow_key *flow;
	uint16_t place;
	uint64_t packets;
	uint64_t bytes;
	uint64_t first_ns;
	uint64_t last_ns;
	bool has_passed;   /* earlier packets of the flow went beyond */
	bool was_answered; /* packets of the opposite flow came back to this place */
};

struct path_limits {
	size_t journeys;    /* packets under way, at the same time */
	size_t flows;	    /* the same */
	uint64_t window_ns; /* how long a packet may be under way, clocks' difference included */
};

struct path_counts {
	uint64_t packets;		  /* that were added */
	uint64_t by_kind[PATH_BYTES + 1]; /* of these */
	uint64_t repeated;		  /* identical to one that was under way */
	uint64_t ended_early;		  /* left before the window's end, for lack of space */
	uint64_t journeys;		  /* under way now */
	uint64_t flows;
};

struct path_way_count; /* of path_ways.h */

struct path_pairing_sink {
	void *context;
	void (*passed)(void *context, const struct path_passage *passage);
	void (*lost)(void *context, const struct path_missing *missing);
	/* a loss that was told before is taken back: it becomes a doubt; from has only its place */
	void (*take_back)(void *context, const struct path_missing *missing, enum path_doubt doubt);
	/* from or to may be PATH_PLACE_NONE */
	void (*doubt)(void *context, const struct path_missing *missing, enum path_doubt doubt);
	void (*ending)(void *context, const struct path_ending *ending);
	/* a flow has ended that took a way; NULL: nobody asks */
	void (*flow_way)(void *context, const struct path_way_count *way);
	/*
	 * Nothing of this packet was seen after a place at which others of its flow continue, for
	 * whatever reason: for a comment in the file, before it is known whether it was lost.
	 */
	void (*last_seen)(void *context, const struct path_missing *missing);
};
