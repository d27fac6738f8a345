/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_headers.h"

/* What packets of one connection have in common, whatever their direction. */

/*
 * Sets the ports of headers->flow from layer 4, which begins at headers->at: those of TCP,
 * UDP and SCTP; of an ICMP echo, both are its identifier, and of another ICMP message the
 * first one is its type and code. False: they were not captured.
 */
bool path_flow_key_read_ports(struct path_headers *headers);

/* Is it an echo request or reply of ICMP or ICMPv6? */
bool path_flow_key_is_echo(unsigned protocol, unsigned type);

/* Returns the flow of the other direction. */
struct path_flow_key path_flow_key_turn(const struct path_flow_key *flow);

/* Does a flow go from the greater end to the smaller one? Its opposite does not. */
bool path_flow_key_is_descending(const struct path_flow_key *flow);

/*
 * Brings the ends of a flow into an order of their own, so that it and its opposite are equal.
 * Returns whether that swapped them.
 */
bool path_flow_key_sort(struct path_flow_key *flow);

/* Returns a keyed hash of a flow, equal for both directions. */
uint64_t path_flow_key_digest(const uint64_t key[2], const struct path_flow_key *flow);

/* Is it to a multicast or broadcast address? */
bool path_flow_key_is_group(const struct path_flow_key *flow);
