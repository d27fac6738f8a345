/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_headers.h"
#include "client/path_payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is equal in all sights of one packet, wherever on its way it was captured, and
 * differs from other packets (RFC 7679 calls it the packet's identity at the two
 * measurement points).
 */

enum path_kind {
	PATH_NOT_IP,   /* ARP, 802.2 and the like: it is not followed */
	PATH_FRAGMENT, /* a later fragment of IP: it takes the way of the first one */
	PATH_GROUP,    /* to a multicast or broadcast address: it has no one way */
	PATH_DAMAGED,  /* too short to be identified, or not valid */
	PATH_WHOLE,    /* one unit, equal at all places */
	PATH_BYTES,    /* bytes of a TCP stream, in segments that offload splits and joins */
};

struct path_identity {
	uint64_t flow_digest; /* a keyed hash of flow, equal for both directions */
	/*
	 * A keyed hash of all that does not change on the way, but for the payload: flow,
	 * IPv4 identification, transport header. Of PATH_BYTES: of flow and TSval alone.
	 */
	uint64_t digest;
	uint32_t checks[PATH_CHECKS]; /* of PATH_WHOLE */
	uint32_t sequence;	      /* of PATH_BYTES: of the first byte */
	uint32_t size;		      /* bytes of layer 4's payload on the wire, captured or not */
	uint32_t timestamp;	      /* TSval of the TCP timestamp option (RFC 7323), or 0 */
	uint32_t payload;	      /* of PATH_WHOLE: where it begins in the packet */
	enum path_kind kind;
	enum path_direction direction;
	struct path_flow_key flow;
	uint16_t id;	      /* IPv4 identification */
	uint8_t checks_valid; /* bit i: checks[i] was captured, or the payload ends before */
	uint8_t ttl;	      /* or hop limit */
	uint8_t tunnels;      /* that the packet is in */
	uint8_t outer_ttl[PATH_TUNNELS_MAX]; /* that of the innermost tunnel first */
	uint16_t tunnel;		     /* a hash of the tunnels' addresses; 0: none */
	bool has_id : 1;
	bool is_first_fragment : 1;
	bool is_foreign : 1; /* incoming, but for the link address of another host */
	/* the packet was captured in the first fragment of a tunnel's packet: others follow */
	bool is_outer_fragment : 1;
	bool may_be_any : 1; /* it was not identified, and may be one that is followed */
};

/*
 * Returns a hash of an identity's digest and, for bytes of a stream, of the block of sequence
 * numbers in which they begin. A digest is a keyed hash, so the block only has to be mixed in.
 */
static inline uint64_t path_identity_hash_block(
	enum path_kind kind, uint64_t digest, uint32_t block)
{
	const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15); /* 2^64 by the golden ratio */

	return kind == PATH_BYTES ? (digest ^ block) * golden >> 16 : digest;
}

/*
 * Identifies a packet of a link type (Ethernet with VLAN tags, SLL, SLL2, raw IP, loopback
 * NULL; others are PATH_NOT_IP) from caplen bytes of len. IPv4 with options, IPv6 with
 * extension headers; first fragments are identified, with the length that their transport
 * header has; TCP without payload, SYN and RST, UDP, ICMP, ICMPv6, SCTP, ESP, AH and unknown
 * protocols are PATH_WHOLE, other TCP with payload is PATH_BYTES. A flow's ports are those of
 * TCP, UDP and SCTP; of an ICMP echo, both are its identifier, and of another ICMP message the
 * first one is its type and code.
 *
 * Of a packet in tunnels (path_tunnel.h) all this is that of the inner packet, but direction,
 * and what the tunnels have. If a group of hosts is to receive the outer packet, that packet is
 * PATH_GROUP, and may be any; so is a first fragment with a UDP datagram, which is PATH_FRAGMENT.
 *
 * Not part of the identity: link header, VLAN tags; TTL, DSCP, ECN, flow label, options and
 * extension headers of IP; checksums; TCP's MSS option, which routers change, and CWR, which
 * offload changes. PATH_FRAGMENT has flow (without ports), ttl and id; of PATH_DAMAGED and
 * PATH_NOT_IP only kind and direction mean anything.
 */
void path_identify(const struct path_hash_key *key, uint32_t linktype, const unsigned char *data,
	uint32_t caplen, uint32_t len, struct path_identity *ret_identity);

/*
 * Returns a digest of what a router that translates addresses leaves as it is: all but addresses,
 * ports and the identifiers of echos, with the payload as far as it was captured. Those of one
 * place are compared. 0: it is not PATH_WHOLE or PATH_BYTES.
 */
uint64_t path_identity_digest_content(const struct path_hash_key *key, uint32_t linktype,
	const unsigned char *data, uint32_t caplen, uint32_t len);

/* Sets size and checks of a payload that was captured as a whole. */
void path_identity_set_payload(const struct path_hash_key *key, const unsigned char *payload,
	uint32_t size, struct path_identity *identity);

/*
 * Do the payload checks of two identities with equal digests agree, and their sizes? One with
 * no check in common does, and so does a first fragment with the whole packet.
 */
bool path_identity_agrees(const struct path_identity *one, const struct path_identity *other);
