/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_identity.h"

/* What UDP datagrams and their parts are found by, and how a part becomes a range of bytes. */

enum { DATAGRAM_ID_UNKNOWN = -1, DATAGRAM_HEAD_CHECK = 1 /* of path_check_sizes */ };

/* Spreads every bit of a keyed hash over all bits: the finalizer of SplitMix64. */
uint64_t datagram_mix(uint64_t value);

/* Returns a hash of one direction of a flow. */
uint64_t datagram_flow(const struct path_identity *identity);

/* Returns a hash of flow and payload, which is never 0. */
uint64_t datagram_key(const struct path_identity *identity);

/* Returns a hash of flow and begin of the payload, which is never 0. */
uint64_t datagram_head(const struct path_identity *identity);

/* Is the payload long enough for datagram_head()? */
bool datagram_has_head(const struct path_identity *identity);

/* Returns the IPv4 identification, or DATAGRAM_ID_UNKNOWN. */
int32_t datagram_id(const struct path_identity *identity);

/* Makes a part a range of bytes of the stream that a digest names. */
void datagram_set_range(struct path_identity *part, uint64_t digest, uint32_t sequence);
