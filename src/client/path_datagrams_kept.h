/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_identity.h"

/*
 * The payloads of large datagrams, which are kept for a while so that their segments are
 * recognized. All zero: none. New payloads replace old ones.
 */
enum {
	KEPT_WAYS = 32,	     /* payloads of a flow, the latest ones */
	KEPT_SETS = 64,	     /* the same of all flows that share them */
	KEPT_BYTES = 1 << 23 /* of payload */
};

/* A datagram whose payload is kept. */
struct kept {
	uint64_t flow;
	uint64_t digest;
	uint64_t at; /* of all bytes that were ever kept */
	uint32_t size;
	uint32_t next; /* where the latest part ended */
	bool has_id;
	uint16_t id; /* IPv4 identification */
};

struct kept_set {
	struct kept list[KEPT_WAYS];
	unsigned count; /* ever */
};

struct datagrams_kept {
	struct kept_set sets[KEPT_SETS];
	uint64_t end; /* of all bytes that were ever kept */
	unsigned char bytes[KEPT_BYTES];
};

/* What remains of a datagram that is taken apart from its front. */
struct datagram_rest {
	const struct path_identity *identity; /* of the datagram */
	const unsigned char *payload;	      /* of the datagram */
	uint32_t done;			      /* bytes that have been taken off */
	unsigned searches;		      /* for its begin, that have found nothing */
};

/* A part of a kept payload, as a range of bytes of its stream. */
struct kept_range {
	uint64_t digest;
	uint32_t sequence;
	uint32_t size;
};

/*
 * Keeps the payload of a part, and makes the part a range of bytes of a stream of its own.
 * is_begin: it is the first part of its datagram, so that the identification is its own.
 */
void datagrams_kept_add(struct datagrams_kept *kept, struct path_identity *part,
	const unsigned char *payload, bool is_begin);

/*
 * Finds the kept payload that has the begin of a rest, up to the end of the shorter of the
 * two. False: there is none, or too many searches have found nothing.
 */
bool datagrams_kept_find(
	struct datagrams_kept *kept, struct datagram_rest *rest, struct kept_range *ret_range);
