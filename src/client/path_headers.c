/* SPDX-License-Identifier: MIT */
/*
 * The headers of a packet below layer 4. In: the bytes of a packet, and its link type. Out:
 * addresses, protocol, and where layer 4 begins and ends.
 *
 * All lengths come from IP, because Ethernet pads, and a snaplen cuts. A length of 0 is that
 * of a segment which is yet to be split (BIG TCP, TSO of some drivers): then the packet's own
 * length is right.
 *
 * AH is not an extension header here, but a protocol of layer 4: its sequence number and
 * what it protects do not change on the way, and offload cannot split such packets.
 */
#include "client/path_headers.h"

#include "format/bytes.h"
#include "format/linktype.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stddef.h>
#include <string.h>

enum {
	/* link types without an enumerator in linktype.h */
	LINKTYPE_NULL = 0,
	LINKTYPE_RAW_BSD = 12, /* DLT_RAW, as some programs write it to files */
	LINKTYPE_RAW_OPENBSD = 14,
	LINKTYPE_LOOP = 108,
	LINKTYPE_IPV4 = 228,
	LINKTYPE_IPV6 = 229,

	ETHERNET_TYPE = 12, /* offsets in link headers */
	SLL_DIRECTION = 1,  /* of the low byte */
	SLL_PROTOCOL = 14,
	TO_OTHER_HOST = 3, /* packet type of SLL and SLL2 */
	NULL_SIZE = 4,	   /* NULL and LOOP: an address family */
	TAG_SIZE = 4,	   /* of a VLAN, with the ethertype after it */
	TAGS_MAX = 4,
	TAG_ID_BITS = 12,
	TAG_ID_MASK = 0xfff,

	EXTENSIONS_MAX = 8, /* of IPv6; hosts send one of each kind, or two */
	EXTENSION_UNIT = 8,
	OPTION_JUMBO = 0xc2, /* RFC 2675 */
};

/* What link headers have instead of an ethertype, beside PATH_TYPE_CUT. */
enum { TYPE_OTHER = 1 };

/* Ends the packet before the bytes that the link layer adds. False: it is shorter. */
static bool set_end(struct path_headers *headers, uint32_t start, uint32_t size)
{
	if (size > headers->end - start)
		return false;
	headers->end = start + size;
	if (headers->captured > headers->end)
		headers->captured = headers->end;
	return true;
}

/* Returns the ethertype by the version of an IP header. */
static uint32_t find_ip(const struct path_headers *headers)
{
	const unsigned version =
		path_headers_have(headers, 1) ? headers->data[headers->at] >> 4 : 0;

	if (version == 4)
		return ETH_P_IP;
	return version == 6 ? ETH_P_IPV6 : TYPE_OTHER;
}

/* Does an IP header follow, which fits the packet? */
static bool is_ip(const struct path_headers *headers)
{
	const unsigned char *ip = headers->data + headers->at;
	const uint32_t rest = headers->end - headers->at;

	if (!path_headers_have(headers, offsetof(struct ip6_hdr, ip6_nxt)))
		return false;
	if (find_ip(headers) == ETH_P_IP)
		return (ip[0] & 0x0f) >= 5 &&
		       bytes_network_u16(ip + offsetof(struct ip, ip_len)) <= rest;
	return find_ip(headers) == ETH_P_IPV6 &&
	       sizeof(struct ip6_hdr) +
			       bytes_network_u16(ip + offsetof(struct ip6_hdr, ip6_plen)) <=
		       rest;
}

bool path_headers_is_ip(const struct path_headers *headers, uint32_t type)
{
	return is_ip(headers) && find_ip(headers) == type;
}

static bool is_tag(uint32_t type)
{
	return type == ETH_P_8021Q || type == ETH_P_8021AD || type == ETH_P_QINQ1;
}

uint32_t path_headers_read_tags(struct path_headers *headers, uint32_t type)
{
	for (int tags = 0; is_tag(type); tags++) {
		if (tags == TAGS_MAX)
			return TYPE_OTHER;
		if (!path_headers_have(headers, TAG_SIZE))
			return PATH_TYPE_CUT;
		headers->vlans = headers->vlans << TAG_ID_BITS |
				 (bytes_network_u16(headers->data + headers->at) & TAG_ID_MASK);
		headers->at += TAG_SIZE;
		type = bytes_network_u16(headers->data + headers->at - 2);
	}
	return type;
}

/*
 * The same for cooked packets. Linux removes one tag, and from 6.10 on reports the ethertype
 * after all others; of an outgoing packet it reports a tag that is not in the bytes. So the
 * IP header is where one fits, first where the link header says.
 */
static uint32_t read_cooked_tags(struct path_headers *headers, uint32_t reported)
{
	const uint32_t start = headers->at;
	const uint32_t type = path_headers_read_tags(headers, reported);
	const uint32_t at = headers->at;

	if (path_headers_is_ip(headers, type))
		return type;
	if (reported != ETH_P_IP && reported != ETH_P_IPV6 && !is_tag(reported))
		return type;
	for (uint32_t tags = 0; tags <= TAGS_MAX; tags++) {
		headers->at = start + tags * TAG_SIZE;
		if (is_ip(headers))
			return find_ip(headers);
	}
	headers->at = at;
	return type;
}

static enum path_direction direction_of(unsigned packet_type)
{
	if (packet_type > SLL2_OUTGOING)
		return PATH_DIRECTION_UNKNOWN;
	return packet_type == SLL2_OUTGOING ? PATH_OUTGOING : PATH_INCOMING;
}

/* Takes an SLL or SLL2 header. */
static uint32_t read_cooked(
	struct path_headers *headers, uint32_t size, uint32_t protocol, uint32_t packet_type)
{
	if (!path_headers_have(headers, size))
		return PATH_TYPE_CUT;
	headers->at = size;
	headers->direction = direction_of(headers->data[packet_type]);
	headers->is_foreign = headers->data[packet_type] == TO_OTHER_HOST;
	protocol = read_cooked_tags(headers, bytes_network_u16(headers->data + protocol));
	headers->vlans = 0; /* some tags are there only by chance */
	return protocol;
}

/* Takes an address family, in the byte order of any machine. */
static uint32_t read_family(struct path_headers *headers)
{
	uint32_t family;

	if (!path_headers_have(headers, NULL_SIZE))
		return PATH_TYPE_CUT;
	family = bytes_network_u32(headers->data);
	if (family > UINT16_MAX)
		family = __builtin_bswap32(family);
	headers->at = NULL_SIZE;
	switch (family) {
	case 2:
		return ETH_P_IP;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return ETH_P_IPV6;
	default:
		return TYPE_OTHER;
	}
}

/* Takes the link header and tags. Returns the ethertype, or one of the two above. */
static uint32_t read_link(struct path_headers *headers, uint32_t linktype)
{
	switch (linktype_bare(linktype)) {
	case LINKTYPE_ETHERNET:
		if (!path_headers_have(headers, ETHERNET_SIZE))
			return PATH_TYPE_CUT;
		headers->at = ETHERNET_SIZE;
		return path_headers_read_tags(
			headers, bytes_network_u16(headers->data + ETHERNET_TYPE));
	case LINKTYPE_SLL:
		return read_cooked(headers, SLL_SIZE, SLL_PROTOCOL, SLL_DIRECTION);
	case LINKTYPE_SLL2:
		return read_cooked(headers, SLL2_SIZE, SLL2_PROTOCOL, SLL2_DIRECTION);
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
		return read_family(headers);
	case LINKTYPE_RAW:
	case LINKTYPE_RAW_BSD:
	case LINKTYPE_RAW_OPENBSD:
	case LINKTYPE_IPV4:
	case LINKTYPE_IPV6:
		return path_headers_have(headers, 1) ? find_ip(headers) : PATH_TYPE_CUT;
	default:
		return TYPE_OTHER;
	}
}

/* Takes an IPv4 header (RFC 791). */
static enum path_headers_result read_ipv4(struct path_headers *headers)
{
	const unsigned char *ip = headers->data + headers->at;
	uint32_t size;
	uint32_t length;
	uint32_t fragment;

	if (!path_headers_have(headers, sizeof(struct ip)) || ip[0] >> 4 != 4)
		return PATH_HEADERS_DAMAGED;
	size = (uint32_t)(ip[0] & 0x0f) * 4;
	length = bytes_network_u16(ip + offsetof(struct ip, ip_len));
	if (length == 0)
		length = headers->end - headers->at;
	if (size < sizeof(struct ip) || length < size || !set_end(headers, headers->at, length))
		return PATH_HEADERS_DAMAGED;
	headers->flow.version = 4;
	headers->flow.protocol = ip[offsetof(struct ip, ip_p)];
	memcpy(headers->flow.source, ip + offsetof(struct ip, ip_src), 4);
	memcpy(headers->flow.destination, ip + offsetof(struct ip, ip_dst), 4);
	headers->ttl = ip[offsetof(struct ip, ip_ttl)];
	headers->has_id = true;
	headers->id = bytes_network_u16(ip + offsetof(struct ip, ip_id));
	headers->fragment_id = headers->id;
	headers->at += size;
	fragment = bytes_network_u16(ip + offsetof(struct ip, ip_off));
	headers->is_first_fragment = (fragment & IP_MF) != 0;
	return (fragment & IP_OFFMASK) == 0 ? PATH_HEADERS_WHOLE : PATH_HEADERS_FRAGMENT;
}

/* Applies the length in a hop-by-hop header (RFC 2675), if there is one. */
static bool read_jumbo(struct path_headers *headers, uint32_t start, uint32_t size)
{
	const unsigned char *options = headers->data + headers->at;

	for (uint32_t i = 2; i + 6 <= size;) {
		if (options[i] == OPTION_JUMBO && options[i + 1] == 4)
			return set_end(headers, start, bytes_network_u32(options + i + 2));
		i += options[i] == 0 ? 1 : 2U + options[i + 1]; /* 0: one byte of padding */
	}
	return true;
}

/* Takes an extension header of the IPv6 packet whose extension headers begin at start. */
static enum path_headers_result read_extension(
	struct path_headers *headers, uint32_t start, bool has_length)
{
	const unsigned char *header = headers->data + headers->at;
	const unsigned type = headers->flow.protocol;
	uint32_t size;

	if (!path_headers_have(headers, EXTENSION_UNIT))
		return PATH_HEADERS_DAMAGED;
	size = type == IPPROTO_FRAGMENT ? 8 : (header[1] + 1U) * EXTENSION_UNIT;
	if (!path_headers_have(headers, size))
		return PATH_HEADERS_DAMAGED;
	if (type == IPPROTO_HOPOPTS && !has_length && !read_jumbo(headers, start, size))
		return PATH_HEADERS_DAMAGED;
	headers->flow.protocol = header[0];
	headers->at += size;
	if (type != IPPROTO_FRAGMENT)
		return PATH_HEADERS_WHOLE;
	headers->is_first_fragment = (bytes_network_u16(header + 2) & 1) != 0;
	headers->fragment_id = bytes_network_u32(header + 4);
	return bytes_network_u16(header + 2) >> 3 == 0 ? PATH_HEADERS_WHOLE : PATH_HEADERS_FRAGMENT;
}

static bool is_extension(unsigned protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT;
}

/* Takes an IPv6 header and its extension headers (RFC 8200). */
static enum path_headers_result read_ipv6(struct path_headers *headers)
{
	const unsigned char *ip = headers->data + headers->at;
	uint32_t start;
	uint32_t length;

	if (!path_headers_have(headers, sizeof(struct ip6_hdr)) || ip[0] >> 4 != 6)
		return PATH_HEADERS_DAMAGED;
	headers->at += sizeof(struct ip6_hdr);
	start = headers->at;
	headers->flow.version = 6;
	headers->flow.protocol = ip[offsetof(struct ip6_hdr, ip6_nxt)];
	memcpy(headers->flow.source, ip + offsetof(struct ip6_hdr, ip6_src), 16);
	memcpy(headers->flow.destination, ip + offsetof(struct ip6_hdr, ip6_dst), 16);
	headers->ttl = ip[offsetof(struct ip6_hdr, ip6_hlim)];
	length = bytes_network_u16(ip + offsetof(struct ip6_hdr, ip6_plen));
	if (length > 0 || headers->flow.protocol == IPPROTO_NONE)
		if (!set_end(headers, start, length))
			return PATH_HEADERS_DAMAGED;
	for (int i = 0; is_extension(headers->flow.protocol); i++) {
		enum path_headers_result result;

		if (i == EXTENSIONS_MAX)
			return PATH_HEADERS_DAMAGED;
		result = read_extension(headers, start, length > 0);
		if (result != PATH_HEADERS_WHOLE)
			return result;
	}
	return PATH_HEADERS_WHOLE;
}

enum path_headers_result path_headers_read_ip(struct path_headers *headers, uint32_t type)
{
	memset(&headers->flow, 0, sizeof(headers->flow));
	headers->has_id = false;
	headers->is_first_fragment = false;
	headers->id = 0;
	switch (type) {
	case PATH_TYPE_CUT:
		return PATH_HEADERS_DAMAGED;
	case ETH_P_IP:
		return read_ipv4(headers);
	case ETH_P_IPV6:
		return read_ipv6(headers);
	default:
		return PATH_HEADERS_NOT_IP;
	}
}

enum path_headers_result path_headers_read(struct path_headers *ret_headers, uint32_t linktype,
	const unsigned char *data, uint32_t caplen, uint32_t len)
{
	struct path_headers *headers = ret_headers;

	memset(headers, 0, offsetof(struct path_headers, outer));
	headers->data = data;
	headers->captured = caplen < len ? caplen : len;
	headers->end = len;
	return path_headers_read_ip(headers, read_link(headers, linktype));
}
