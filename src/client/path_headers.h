/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Which way a packet passed an interface, by the link header. */
enum path_direction {
	PATH_DIRECTION_UNKNOWN, /* the link type has none */
	PATH_INCOMING,
	PATH_OUTGOING,
};

/* A flow: one direction of a connection. Compared with memcmp(3), so never padded. */
struct path_flow_key {
	uint8_t source[16]; /* IPv4: the first 4 bytes, then zeros */
	uint8_t destination[16];
	uint8_t source_port[2]; /* in network order; zeros without ports */
	uint8_t destination_port[2];
	uint8_t protocol; /* of layer 4 */
	uint8_t version;  /* 4 or 6 */
};

enum { PATH_TUNNELS_MAX = 2 }; /* one in the other */

/* The headers of a packet up to layer 4; of a packet in a tunnel, those of the inner packet. */
struct path_headers {
	const unsigned char *data;
	uint32_t at;	   /* offset of layer 4 */
	uint32_t captured; /* end of the captured bytes, at most end; may be before at */
	uint32_t end;	   /* of layer 4 on the wire */
	enum path_direction direction;
	bool is_foreign;	   /* incoming, but for the link address of another host */
	struct path_flow_key flow; /* without ports */
	uint8_t ttl;
	bool has_id;
	bool is_first_fragment;
	uint16_t id;
	uint32_t fragment_id; /* of a fragment, equal in all fragments of one packet */
	uint64_t vlans;	      /* of Ethernet: ids of the tags, the last one lowest; 0: none */
	/* by path_tunnel.h */
	uint8_t tunnels;
	bool is_outer_fragment; /* the first one: what follows is in other packets */
	uint8_t outer_ttl[PATH_TUNNELS_MAX];
	struct path_flow_key outer[PATH_TUNNELS_MAX]; /* the same; set for as many as tunnels */
};

enum path_headers_result {
	PATH_HEADERS_NOT_IP,
	PATH_HEADERS_DAMAGED,  /* the packet ends in a header, or a length is wrong */
	PATH_HEADERS_FRAGMENT, /* a later one, without a header of layer 4 */
	PATH_HEADERS_WHOLE,    /* layer 4 begins at at */
};

/*
 * Reads link header, VLAN tags and IP header of a packet of a link type, of which caplen
 * bytes of len were captured. If not PATH_HEADERS_WHOLE, only what was found is set.
 */
enum path_headers_result path_headers_read(struct path_headers *ret_headers, uint32_t linktype,
	const unsigned char *data, uint32_t caplen, uint32_t len);

/*
 * Takes the tags and ethertypes that follow one at at. Returns the last ethertype, which
 * path_headers_read_ip() takes, or PATH_TYPE_CUT: the packet ends before it.
 */
enum { PATH_TYPE_CUT = 0 };
uint32_t path_headers_read_tags(struct path_headers *headers, uint32_t type);

/* Does an IP header of that ethertype follow? Only its version and length are looked at. */
bool path_headers_is_ip(const struct path_headers *headers, uint32_t type);

/* Reads the IP header at at, of that ethertype; flow, ttl and id become its own. */
enum path_headers_result path_headers_read_ip(struct path_headers *headers, uint32_t type);

/* Have so many bytes from at on been captured? */
static inline bool path_headers_have(const struct path_headers *headers, uint32_t size)
{
	return headers->at <= headers->captured && size <= headers->captured - headers->at;
}
