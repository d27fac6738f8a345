/* SPDX-License-Identifier: MIT */
/*
 * The headers of tunnels. In: the headers of a packet up to layer 4. Out: those of the packet
 * that it has inside.
 *
 * Only the bytes of a packet decide, so that all places that see it find the same. A packet to
 * a tunnel's port is that of a tunnel if all bits that have to be zero are, and the inner
 * packet is IP of the stated version, with a length that fits. Otherwise, as with ARP in a
 * tunnel, with ERSPAN (copies for an analyzer) or with PPTP, it stays what it is.
 *
 * A capture that ends before the tunnel's header, as one without payload does, has no tunnels:
 * then packets stay what they are, too. If it ends in the header, it cannot be known which
 * packet this is (PATH_HEADERS_DAMAGED).
 *
 * The first fragment of the outer packet is like an inner packet that was cut. Later ones are
 * fragments as any others.
 */
#include "client/path_tunnel.h"

#include "format/bytes.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stddef.h>

enum {
	UDP_SIZE = 8,
	VXLAN_PORT = 4789,
	VXLAN_PORT_OF_LINUX = 8472,
	GENEVE_PORT = 6081,

	TUNNEL_SIZE = 8, /* of VXLAN, and of Geneve without options */
	VXLAN_FLAGS = 0x08,
	VXLAN_GROUP = 0x80, /* the group policy extension: all but the last byte is in use */
	GENEVE_VERSION = 0xc0,
	GENEVE_CONTROL = 0x80, /* of the second byte */
	GENEVE_RESERVED = 0x3f,

	GRE_SIZE = 4,
	GRE_FIELD_SIZE = 4,
	GRE_CHECKSUM = 0x8000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	ETHERNET_IN_GRE = 0x6558, /* ETH_P_TEB, and Geneve's */

	/* the longest packet that a fragment can be of */
	FRAGMENTED_MAX = 65535,
};

enum found {
	FOUND_NOTHING, /* the packet is not that of a tunnel */
	FOUND_CUT,     /* the capture ends in the header */
	FOUND_TYPE,    /* an inner packet of that ethertype begins at at */
};

/* Takes so many bytes. */
static bool take(struct path_headers *headers, uint32_t size)
{
	if (!path_headers_have(headers, size))
		return false;
	headers->at += size;
	return true;
}

/* Takes an Ethernet header with its tags. */
static enum found take_ethernet(struct path_headers *headers, uint32_t *type)
{
	if (!take(headers, ETH_HLEN))
		return FOUND_CUT;
	*type = path_headers_read_tags(headers, bytes_network_u16(headers->data + headers->at - 2));
	return *type == PATH_TYPE_CUT ? FOUND_CUT : FOUND_TYPE;
}

static enum found take_vxlan(struct path_headers *headers, uint32_t *type)
{
	const unsigned char *vxlan = headers->data + headers->at;

	if (!take(headers, TUNNEL_SIZE))
		return FOUND_CUT;
	if ((vxlan[0] & ~VXLAN_GROUP) != VXLAN_FLAGS || vxlan[7] != 0)
		return FOUND_NOTHING;
	if (!(vxlan[0] & VXLAN_GROUP) && (vxlan[1] | vxlan[2] | vxlan[3]) != 0)
		return FOUND_NOTHING;
	return take_ethernet(headers, type);
}

static enum found take_geneve(struct path_headers *headers, uint32_t *type)
{
	const unsigned char *geneve = headers->data + headers->at;

	if (!take(headers, TUNNEL_SIZE))
		return FOUND_CUT;
	if ((geneve[0] & GENEVE_VERSION) || (geneve[1] & (GENEVE_CONTROL | GENEVE_RESERVED)) ||
		geneve[7] != 0)
		return FOUND_NOTHING;
	if (!take(headers, (uint32_t)(geneve[0] & ~GENEVE_VERSION) * 4))
		return FOUND_CUT;
	*type = bytes_network_u16(geneve + 2);
	return *type == ETHERNET_IN_GRE ? take_ethernet(headers, type) : FOUND_TYPE;
}

static enum found take_udp(struct path_headers *headers, uint32_t *type)
{
	const unsigned port = bytes_network_u16(headers->data + headers->at + 2);

	headers->at += UDP_SIZE;
	return port == GENEVE_PORT ? take_geneve(headers, type) : take_vxlan(headers, type);
}

static enum found take_gre(struct path_headers *headers, uint32_t *type)
{
	const unsigned char *gre = headers->data + headers->at;
	const uint32_t fields = GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE;
	uint32_t flags;

	if (!take(headers, GRE_SIZE))
		return FOUND_CUT;
	flags = bytes_network_u16(gre);
	*type = bytes_network_u16(gre + 2);
	if (flags & ~fields)
		return FOUND_NOTHING;
	if (!take(headers, (uint32_t)__builtin_popcount(flags) * GRE_FIELD_SIZE))
		return FOUND_CUT;
	return *type == ETHERNET_IN_GRE ? take_ethernet(headers, type) : FOUND_TYPE;
}

/* By protocol and port, can a packet be that of a tunnel, and is any of its payload known? */
static bool is_candidate(const struct path_headers *headers)
{
	unsigned port;

	switch (headers->flow.protocol) {
	case IPPROTO_UDP:
		if (!path_headers_have(headers, UDP_SIZE + 1))
			return false;
		port = bytes_network_u16(headers->data + headers->at + 2);
		return port == VXLAN_PORT || port == VXLAN_PORT_OF_LINUX || port == GENEVE_PORT;
	case IPPROTO_GRE:
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		return path_headers_have(headers, 1);
	default:
		return false;
	}
}

/* Takes the header of a tunnel, if this is one. */
static enum found take_tunnel(struct path_headers *headers, uint32_t *type)
{
	switch (headers->flow.protocol) {
	case IPPROTO_UDP:
		return take_udp(headers, type);
	case IPPROTO_GRE:
		return take_gre(headers, type);
	case IPPROTO_IPIP:
		*type = ETH_P_IP;
		return FOUND_TYPE;
	case IPPROTO_IPV6:
		*type = ETH_P_IPV6;
		return FOUND_TYPE;
	default:
		return FOUND_NOTHING;
	}
}

/* Keeps what is known of the outer packet. */
static void add_outer(struct path_headers *inner, const struct path_headers *outer)
{
	for (unsigned i = outer->tunnels; i > 0; i--) {
		inner->outer[i] = outer->outer[i - 1];
		inner->outer_ttl[i] = outer->outer_ttl[i - 1];
	}
	inner->outer[0] = outer->flow;
	inner->outer_ttl[0] = outer->ttl;
	inner->tunnels = (uint8_t)(outer->tunnels + 1);
	inner->is_outer_fragment = outer->is_outer_fragment || outer->is_first_fragment;
}

/* Is the length in the IP header of an inner packet that of the packet? */
static bool has_length(const struct path_headers *inner, uint32_t type)
{
	const size_t offset =
		type == ETH_P_IP ? offsetof(struct ip, ip_len) : offsetof(struct ip6_hdr, ip6_plen);

	return bytes_network_u16(inner->data + inner->at + offset) != 0;
}

/* Reads the IP header of an inner packet that begins at at. Returns what was found there. */
static enum found read_inner(
	struct path_headers *inner, uint32_t type, enum path_headers_result *ret_result)
{
	enum { LENGTH_KNOWN = 6 }; /* bytes that path_headers_is_ip() looks at */

	if (type != ETH_P_IP && type != ETH_P_IPV6)
		return FOUND_NOTHING;
	if (!path_headers_have(inner, LENGTH_KNOWN))
		return FOUND_CUT;
	if (inner->is_first_fragment) {
		if (!has_length(inner, type))
			return FOUND_NOTHING;
		inner->end = inner->at + FRAGMENTED_MAX;
	}
	if (!path_headers_is_ip(inner, type))
		return FOUND_NOTHING;
	*ret_result = path_headers_read_ip(inner, type);
	if (*ret_result != PATH_HEADERS_DAMAGED)
		return FOUND_TYPE;
	return FOUND_CUT;
}

enum path_headers_result path_tunnel_read(struct path_headers *headers)
{
	enum path_headers_result result = PATH_HEADERS_WHOLE;

	while (result == PATH_HEADERS_WHOLE && headers->tunnels < PATH_TUNNELS_MAX &&
		is_candidate(headers)) {
		const bool is_cut = headers->captured < headers->end || headers->is_first_fragment;
		struct path_headers inner = *headers;
		uint32_t type = PATH_TYPE_CUT;
		enum found found = take_tunnel(&inner, &type);

		if (found == FOUND_TYPE)
			found = read_inner(&inner, type, &result);
		if (found == FOUND_CUT && is_cut)
			return PATH_HEADERS_DAMAGED;
		if (found != FOUND_TYPE)
			return PATH_HEADERS_WHOLE;
		add_outer(&inner, headers);
		*headers = inner;
	}
	return result;
}
