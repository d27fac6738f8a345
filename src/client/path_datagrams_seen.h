/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_identity.h"

/*
 * The datagrams that were seen, and the parts that they were taken apart into: by payload, by
 * the payload's begin, and the sizes of a flow's segments. All zero: none. All tables have a
 * fixed size, where new entries replace old ones.
 */
enum {
	SEEN_WAYS = 8,	    /* entries of a set, the latest ones */
	SEEN_SETS = 1 << 13 /* 3 MB */
};

enum { SEGMENT_SIZE_MAX = 1472 }; /* a larger payload is not one packet of Ethernet */

/* A packet that was seen, or is a part of one. */
struct seen {
	uint64_t original; /* digest of the packet itself, or 0: it was seen as a part only */
	uint64_t digest;   /* what the pairing knows it by */
	uint32_t sequence;
	uint32_t uses; /* how often it was found */
	int32_t id;    /* IPv4 identification of the packet, or DATAGRAM_ID_UNKNOWN */
	enum path_kind kind;
};

/* Packets whose keys share a set; the keys are apart, since most searches find nothing. */
struct seen_set {
	uint64_t keys[SEEN_WAYS]; /* of flow and payload; 0: none */
	struct seen list[SEEN_WAYS];
	unsigned next; /* that is replaced, modulo SEEN_WAYS */
};

/* The size of a packet that begins so. */
struct seen_head {
	uint64_t key;
	uint32_t size;
};

/* Sizes of packets of a flow; wrong ones, of a flow with the same hash, cost time only. */
struct seen_sizes {
	uint32_t latest[2]; /* that differ: segments, and the last one of them */
	uint32_t segment;   /* the largest one that was found in a datagram, or 0 */
};

struct datagrams_seen {
	struct seen_set sets[SEEN_SETS];
	struct seen_head heads[SEEN_SETS][SEEN_WAYS];
	uint8_t heads_at[SEEN_SETS];	    /* the next entry of a set that is replaced */
	struct seen_sizes sizes[SEEN_SETS]; /* by a hash of the flow */
};

/* Adds a packet, or a part of one. packet is what the part is all of, or NULL. */
void datagrams_seen_add(struct datagrams_seen *seen, const struct path_identity *part,
	const struct path_identity *packet);

/*
 * Finds a packet with the payload of a part, and makes the part what the pairing knows that
 * packet by. original is the digest of the packet as it was seen; 0: it is not known, and of
 * several the one is taken that was found least. id is that of the packet, or
 * DATAGRAM_ID_UNKNOWN. False: there is none, and part is untouched.
 */
bool datagrams_seen_find(
	struct datagrams_seen *seen, struct path_identity *part, uint64_t original, int32_t id);

/*
 * Was the segment seen that is so many segments after one with an identification, or may it
 * have been?
 */
bool datagrams_seen_has_segment(const struct datagrams_seen *seen,
	const struct path_identity *segment, int32_t first_id, uint32_t distance);

/* Returns the SEEN_WAYS entries among which are the sizes of packets that begin so. */
const struct seen_head *datagrams_seen_heads(const struct datagrams_seen *seen, uint64_t head);

/* Returns the sizes of a flow's packets; flow is of datagram_flow(). */
const struct seen_sizes *datagrams_seen_sizes(const struct datagrams_seen *seen, uint64_t flow);

/* Notes the size of a segment that was found in a datagram of a flow. */
void datagrams_seen_note_segment(struct datagrams_seen *seen, uint64_t flow, uint32_t size);
