/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_events.h"
#include "client/path_ways.h"

/*
 * The flows of the packets under way: a pool of fixed size, a hash table, and a list by use.
 * Of each flow: the stretches that its packets passed, and where its packets ended.
 */
enum { FLOW_NONE = UINT32_MAX, FLOW_WAYS_MAX = 14, FLOW_ENDS_MAX = 4, FLOW_PLACES_MAX = 16 };

/* A stretch that packets of a flow passed. Times are by the clock of the first place. */
struct flow_way {
	uint16_t from;
	uint16_t to;
	bool is_foreign;    /* it ended at a host to which the packets were not addressed */
	bool is_tunnel_end; /* between two hosts, and a tunnel begins or ends on it */
	bool is_bypass;	    /* used while a place between the two was captured without a gap */
	uint8_t hops;	    /* routers between the two, at the most, by the TTL */
	/* packets that began at its end, and packets that were told as lost; the last of them */
	uint16_t strays; /* at most UINT16_MAX */
	uint32_t lost;
	uint32_t lost_bytes; /* of the last one */
	uint64_t lost_ns;
	uint64_t stray_ns;
	uint64_t first_ns;
	uint64_t last_ns;
};

/* Packets of a flow that were last seen at a place. */
struct flow_end {
	uint16_t place;
	uint64_t packets;
	uint64_t bytes;
	uint64_t first_ns;
	uint64_t last_ns;
};

enum { FLOW_WHOLE_WAYS_MAX = 4 };

/* Packets of a flow by their way from end to end; others took further ways. */
struct flow_whole_way {
	struct path_way way;
	uint64_t packets;
};

struct flow_whole_ways {
	unsigned count;
	struct flow_whole_way list[FLOW_WHOLE_WAYS_MAX];
	uint64_t others;
};

struct flow {
	struct path_flow_key key;
	bool is_used;
	bool has_more_ways; /* than FLOW_WAYS_MAX */
	bool is_unordered;  /* one of its packets was at places whose order is not known */
	bool has_told;	    /* a loss was reported that can be taken back */
	bool has_origin;    /* its packets begin at a host that sends them: */
	unsigned origin;    /* a target */
	uint64_t digest;
	uint32_t next;	   /* in its chain, or the next free one */
	uint32_t opposite; /* the flow in the other direction, or FLOW_NONE */
	uint32_t older;	   /* the list by use */
	uint32_t newer;
	uint64_t used_ns;     /* by the time of the merge */
	uint64_t left_out_ns; /* when a sight of it was last left out for lack of space; 0: never */
	uint32_t journeys;    /* under way; of these, waiting: */
	uint32_t waiting_count;
	uint32_t waiting;	     /* the first one, or JOURNEY_NONE */
	uint64_t waiting_checked_ns; /* by the time of the merge */
	uint32_t size_max;	     /* of its segments, bytes */
	/*
	 * A place was new to the flow: journeys that begin there before this time may be parts
	 * of others that had ended without it, which were at all places before.
	 */
	uint64_t doubtful_ns;
	unsigned doubtful_from; /* index of the first new place */
	/* journeys in sequence that ended with this many sights: */
	unsigned usual_sights;
	unsigned usual_count;
	unsigned way_count;
	unsigned end_count;
	unsigned place_count;		  /* FLOW_PLACES_MAX + 1: there are more */
	uint16_t places[FLOW_PLACES_MAX]; /* that saw its packets */
	struct flow_way ways[FLOW_WAYS_MAX];
	struct flow_end ends[FLOW_ENDS_MAX];
	struct flow_whole_ways whole;
};

struct flows {
	struct flow *list;
	uint32_t *table;
	uint32_t table_size; /* a power of two */
	uint32_t capacity;
	uint32_t used;
	uint32_t free;
	uint32_t oldest;
	uint32_t newest;
};

/* False: out of memory. Either way it is for flows_cleanup(). */
bool flows_init(struct flows *flows, uint32_t capacity);

void flows_cleanup(struct flows *flows);

/* Finds a flow, and makes it the newest in the list by use. Returns NULL if there is none. */
struct flow *flows_find(struct flows *flows, const struct path_identity *identity, uint64_t now_ns);

/* Adds a flow. There must be a free one. */
struct flow *flows_add(struct flows *flows, const struct path_identity *identity, uint64_t now_ns);

void flows_remove(struct flows *flows, struct flow *flow);

/* Returns the way of a flow from one place to another, or NULL. */
struct flow_way *flow_find_way(struct flow *flow, uint16_t from, uint16_t to);

/* Finds or adds it. NULL: there are too many, which has_more_ways then says. */
struct flow_way *flow_add_way(struct flow *flow, uint16_t from, uint16_t to, uint64_t time_ns);

/* Do ways of a flow lead from one place to another, over any number of others? */
bool flow_reaches(const struct flow *flow, uint16_t from, uint16_t to);

/* Do packets of a flow continue from a place? */
bool flow_continues(const struct flow *flow, uint16_t from);

/*
 * Notes that a place saw a packet of a flow. Returns its index in places, which is the old
 * place_count if it is new, or FLOW_PLACES_MAX if there are too many.
 */
unsigned flow_add_place(struct flow *flow, uint16_t place);

/* Counts a packet that was last seen at a place. */
void flow_add_end(struct flow *flow, uint16_t place, uint64_t time_ns, uint32_t bytes);

static inline uint32_t flow_number(const struct flows *flows, const struct flow *flow)
{
	return (uint32_t)(flow - flows->list);
}
