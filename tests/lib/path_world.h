/* SPDX-License-Identifier: MIT */
/*
 * A simulated network whose captures are known, and what truly happened to each packet:
 * hosts, routers and bridges, TCP, UDP and ICMP with segmentation offload, clocks that
 * differ, captures that drop packets. In: a seed. Out: what ddump would read of all
 * targets, in the order of its merge, and the truth.
 *
 * It knows networks and Linux, and nothing of the code that finds the packets' ways.
 */
#pragma once

#include "client/path_identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What can happen in a world. A failing world is made smaller by leaving some out. */
enum path_world_feature {
	WORLD_LOSS = 1 << 0,
	WORLD_HOLES = 1 << 1,	     /* flows that end somewhere, SYNs that are dropped */
	WORLD_DUPLICATES = 1 << 2,   /* made by the network */
	WORLD_REORDER = 1 << 3,	     /* packets overtake others */
	WORLD_OFFLOAD = 1 << 4,	     /* TSO and GRO */
	WORLD_DROPS = 1 << 5,	     /* of the captures' kernels */
	WORLD_OUTAGES = 1 << 6,	     /* captures that begin late, end early, or are interrupted */
	WORLD_LATE = 1 << 7,	     /* sources without watermarks, late by half a window at most */
	WORLD_CLOCKS = 1 << 8,	     /* clocks that differ */
	WORLD_ROUTE_CHANGE = 1 << 9, /* all routers are captured then */
	WORLD_BRIDGES = 1 << 10,
	WORLD_MICROSECONDS = 1 << 11, /* timestamps of some targets have no nanoseconds */
	WORLD_SNAPLEN = 1 << 12,      /* some cut headers and payload */
	WORLD_IDENTICAL = 1 << 13,    /* UDP packets that are equal in all bytes */
	WORLD_LAYERS = 1 << 14,	      /* a VLAN interface and the one below it */
	WORLD_HIDDEN = 1 << 15,	      /* nodes and interfaces that are not captured */
	WORLD_VERY_LATE = 1 << 16,    /* with WORLD_LATE: late by 2 s at most */
	WORLD_ALL = (1 << 17) - 1,
};

/* What is followed: a packet of the wire, or a piece of one that offload has made. */
struct path_world_atom {
	uint64_t identity; /* equal for packets that look equal; of TCP data: flow and TSval */
	uint32_t flow;
	uint32_t sequence; /* of TCP data */
	uint32_t bytes;	   /* of layer 4's payload */
	bool is_tcp_data;
	bool is_fragment;	/* a later one, that is not followed */
	bool is_first_fragment; /* its doubts are its own */
	bool is_repeated;	/* another one has the same identity, and bytes in common */
	bool is_lost;
	bool is_delivered;  /* to the host to which it was sent */
	bool is_ambiguous;  /* a copy that the network has made, or the original of one */
	uint32_t visits_at; /* its visits, in the true order, are together */
	uint32_t visits;
};

/* An atom was at an interface that is captured. */
struct path_world_visit {
	uint64_t time_ns; /* true time */
	uint32_t atom;
	uint32_t frame; /* in which it was captured, from 1; 0: it was not */
	uint32_t interface;
	enum path_direction direction; /* the true one */
	uint8_t ttl;
	bool is_ghost; /* it was lost before: it would have come by here */
};

/* A captured packet. */
struct path_world_frame {
	uint64_t time_ns; /* timestamp */
	uint32_t interface;
	uint32_t caplen;
	uint32_t len;
	enum path_direction direction; /* the true one, if the link type has it */
	unsigned char *data;
	uint32_t *atoms;
	uint32_t atom_count;
};

struct path_world_interface {
	unsigned node;
	unsigned target;
	uint32_t linktype;
	bool has_direction;
	bool is_captured;
	uint32_t snaplen;
	char name[40]; /* host1:eth0 */
};

enum path_world_event_kind {
	WORLD_BEGIN,	 /* a stream of the target has begun, and covers from time_ns on */
	WORLD_WATERMARK, /* all packets up to time_ns have come */
	WORLD_DROPPED,	 /* its kernel dropped packets between from_ns and time_ns */
	WORLD_PACKET,
	WORLD_END, /* the stream has ended, or was lost */
};

struct path_world_event {
	enum path_world_event_kind kind;
	unsigned target;
	uint64_t order_ns; /* when the merge comes to it */
	uint64_t sequence; /* of events with the same time */
	uint64_t from_ns;
	uint64_t time_ns; /* by the target's clock, or corrected */
	uint32_t frame;	  /* index of a packet */
};

struct path_world_flow {
	char name[96];
	unsigned destination; /* node */
	uint8_t protocol;
	bool has_several_ways; /* equal-cost ways or route changes on its way */
};

/* What a stream covers and lacks, by the same clock as timestamps. */
struct path_world_gap {
	unsigned target;
	uint64_t from_ns;
	uint64_t to_ns;
};

#define WORLD_ARRAY(type, name)                                                                    \
	struct type *name;                                                                         \
	size_t name##_count;                                                                       \
	size_t name##_room

/* A snaplen that cuts no header; where it is shorter, packets may look equal. */
enum { WORLD_SNAPLEN_HEADERS = 128 };

struct path_world {
	uint64_t seed;
	unsigned features;
	uint64_t window_ns; /* the longest way, the clocks' difference, and some more */
	unsigned targets;
	unsigned late_targets; /* a bit for each source without watermarks */
	unsigned hosts;	       /* the first nodes */
	char description[400];
	WORLD_ARRAY(path_world_event, events);
	WORLD_ARRAY(path_world_frame, frames);
	WORLD_ARRAY(path_world_atom, atoms);
	WORLD_ARRAY(path_world_visit, visits);
	WORLD_ARRAY(path_world_interface, interfaces);
	WORLD_ARRAY(path_world_flow, flows);
	WORLD_ARRAY(path_world_gap, gaps);
	uint64_t bytes_written; /* of all TCP connections */
	uint64_t bytes_acknowledged;
	uint64_t bytes_read;
};

/* Makes a world, the same for the same seed and features, for path_world_free(). */
struct path_world *path_world_new(uint64_t seed, unsigned features);

void path_world_free(struct path_world *world);
