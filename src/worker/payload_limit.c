/* SPDX-License-Identifier: MIT */
/*
 * Finds the end of a packet's headers. In: a link layer; a packet. Out: BPF
 * instructions that return the length of the headers; the same length, computed
 * from the packet's bytes.
 *
 * Theory of operation
 *
 * Where a capture is limited to headers, the kernel's program returns their length,
 * so that payload is not copied into the ring. Before a packet is sent, its bytes
 * are cut once more, by a second computation: the client's part of the program comes
 * from a process that an attacker may control, and only the second computation
 * respects the lengths in IP headers.
 *
 * Headers are: the link header; up to two VLAN tags; ARP without padding; the IPv4
 * header with options, or the IPv6 header with up to six extension headers; and
 * after them TCP with options, or as many bytes as the table below has. Other
 * protocols, among them tunnels, are payload; so are a later fragment, and the packet
 * that an ICMP error quotes. After a link header whose ethertype is that of IP, but
 * another version or a length below the minimum follows, all is payload.
 *
 * A header that the packet does not have as a whole is kept as far as it goes. What
 * comes after the length in the IP header is padding of the link layer, and may be
 * old memory of the sender: it is not part of a header. The length is 0 in packets
 * that are too long for the field, and limits nothing then.
 *
 * A cooked packet may begin with a tag that the kernel has left there, and nothing in it
 * says so. Where its first bytes can be a tag as well as an IP header, the length of the
 * packet decides; in doubt only the link header is kept.
 *
 * TCP's header has 20 bytes, even if its data offset is lower: that offset is
 * invalid, but the bytes before it have their meaning.
 */
#include "worker/payload_limit.h"

#include "format/linktype.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stdbool.h>

enum {
	TAG_SIZE = 4,
	ETHERTYPE_SIZE = 2,
	EXTENSION_SIZE = 8, /* at least, and its unit */
	TCP_OFFSET = 12,    /* 4 bits, in words of 4 bytes */
	ARP_SIZE = 8,	    /* without the addresses */
	ARP_HARDWARE = 4,   /* size of an address, 1 byte */
	ARP_PROTOCOL = 5,   /* the same */
	/* the longest header that may be cut where bpf_header_walk() stops: IPv6 */
	CUT_MAX = sizeof(struct ip6_hdr),
	ARP_HARDWARE_SIZE = 0, /* in scratch memory */
	ARP_PROTOCOL_SIZE = 1,
};

/* The headers of layer 4, besides TCP, that are kept. */
static const struct {
	uint8_t protocol;
	uint8_t size;
} transports[] = {
	{IPPROTO_UDP, 8}, {IPPROTO_ICMP, 8}, {IPPROTO_ICMPV6, 8},
	{IPPROTO_SCTP, 12},		   /* the common header */
	{IPPROTO_ESP, 8}, {IPPROTO_AH, 8}, /* to the security parameters index */
};

enum { TRANSPORTS = sizeof(transports) / sizeof(*transports) };

/* The end of a program. */
struct limit_assembly {
	struct filter_program *program;
	const struct bpf_header_link *link;
	struct bpf_label sum; /* A: the offset of the end of the headers */
};

/* Appends: the headers end size bytes after X. */
static void append_end(struct limit_assembly *assembly, uint32_t size)
{
	bpf_add(assembly->program, BPF_MISC | BPF_TXA, 0);
	bpf_add(assembly->program, BPF_ALU | BPF_ADD | BPF_K, size);
	bpf_add_jump(assembly->program, &assembly->sum);
}

/* In: X, a TCP header. */
static void append_tcp(struct limit_assembly *assembly)
{
	struct filter_program *program = assembly->program;
	struct bpf_label fixed = {0};

	bpf_header_unless_whole(program, assembly->link, TCP_OFFSET + 1, &fixed);
	bpf_add(program, BPF_LD | BPF_B | BPF_IND, assembly->link->size + TCP_OFFSET);
	bpf_add(program, BPF_ALU | BPF_AND | BPF_K, 0xf0);
	bpf_add(program, BPF_ALU | BPF_RSH | BPF_K, 2);
	bpf_add_unless(program, BPF_JGE | BPF_K, sizeof(struct tcphdr), &fixed);
	bpf_add(program, BPF_ALU | BPF_ADD | BPF_X, 0);
	bpf_add_jump(program, &assembly->sum);
	bpf_set_label(program, &fixed);
	append_end(assembly, sizeof(struct tcphdr));
}

/* In: X, a transport header; A, its protocol. */
static void append_transport(struct limit_assembly *assembly)
{
	struct filter_program *program = assembly->program;
	struct bpf_label next = {0};

	bpf_add_unless(program, BPF_JEQ | BPF_K, IPPROTO_TCP, &next);
	append_tcp(assembly);
	for (size_t i = 0; i < TRANSPORTS; i++) {
		bpf_set_label(program, &next);
		bpf_add_unless(program, BPF_JEQ | BPF_K, transports[i].protocol, &next);
		append_end(assembly, transports[i].size);
	}
	bpf_set_label(program, &next);
	append_end(assembly, 0);
}

/* Appends: A += twice a cell of scratch memory. Changes X. */
static void append_add_twice(struct filter_program *program, uint32_t cell)
{
	bpf_add(program, BPF_LDX | BPF_W | BPF_MEM, cell);
	bpf_add(program, BPF_ALU | BPF_ADD | BPF_X, 0);
	bpf_add(program, BPF_ALU | BPF_ADD | BPF_X, 0);
}

/* In: X, after the tags; A, an ethertype other than IP. */
static void append_other(struct limit_assembly *assembly)
{
	struct filter_program *program = assembly->program;
	struct bpf_label other = {0};
	struct bpf_label cut = {0};

	bpf_add_unless(program, BPF_JEQ | BPF_K, ETH_P_ARP, &other);
	bpf_header_unless_whole(program, assembly->link, ARP_PROTOCOL + 1, &cut);
	bpf_add(program, BPF_LD | BPF_B | BPF_IND, assembly->link->size + ARP_HARDWARE);
	bpf_add(program, BPF_ST, ARP_HARDWARE_SIZE);
	bpf_add(program, BPF_LD | BPF_B | BPF_IND, assembly->link->size + ARP_PROTOCOL);
	bpf_add(program, BPF_ST, ARP_PROTOCOL_SIZE);
	bpf_add(program, BPF_MISC | BPF_TXA, 0);
	bpf_add(program, BPF_ALU | BPF_ADD | BPF_K, ARP_SIZE);
	append_add_twice(program, ARP_HARDWARE_SIZE);
	append_add_twice(program, ARP_PROTOCOL_SIZE);
	bpf_add_jump(program, &assembly->sum);
	bpf_set_label(program, &cut);
	append_end(assembly, ARP_SIZE);
	bpf_set_label(program, &other);
	append_end(assembly, 0);
}

/* In: A, the offset of the end of the headers. */
static void append_return(struct limit_assembly *assembly, uint32_t payload, uint32_t snaplen)
{
	const uint32_t added = assembly->link->size + payload;
	struct filter_program *program = assembly->program;
	struct bpf_label kept = {0};
	struct bpf_label some = {0};

	bpf_add(program, BPF_ALU | BPF_ADD | BPF_K, added);
	bpf_add_unless(program, BPF_JGT | BPF_K, snaplen, &kept);
	bpf_add(program, BPF_LD | BPF_W | BPF_IMM, snaplen);
	bpf_set_label(program, &kept);
	bpf_add_if(program, BPF_JGE | BPF_K, 1, &some);
	bpf_add(program, BPF_LD | BPF_W | BPF_IMM, 1);
	bpf_set_label(program, &some);
	bpf_add(program, BPF_RET | BPF_A, 0);
}

void payload_limit_append(struct filter_program *program, const struct bpf_header_link *link,
	uint32_t payload, uint32_t snaplen)
{
	struct limit_assembly assembly = {.program = program, .link = link};
	struct bpf_header_exits exits;

	bpf_header_walk(program, link, &exits);
	bpf_set_label(program, &exits.transport);
	append_transport(&assembly);
	bpf_set_label(program, &exits.fragment);
	append_end(&assembly, 0);
	bpf_set_label(program, &exits.other);
	append_other(&assembly);
	bpf_set_label(program, &exits.cut);
	append_end(&assembly, CUT_MAX);
	bpf_set_label(program, &assembly.sum);
	append_return(&assembly, payload, snaplen);
}

/* The headers of a packet, as far as they have been found. */
struct headers {
	const unsigned char *data;
	uint32_t at;	/* the end of those found */
	uint32_t limit; /* no header goes beyond: at most the packet's size */
	uint32_t len;	/* of the whole packet, before it was cut */
};

/* Adds so many bytes to the headers. False: the packet ends before that. */
static bool take(struct headers *headers, uint32_t size)
{
	const uint32_t remaining = headers->limit - headers->at;

	headers->at += size < remaining ? size : remaining;
	return size <= remaining;
}

/* Is the byte at an offset from the end of the headers in the packet? */
static bool has_byte(const struct headers *headers, uint32_t offset)
{
	return offset < headers->limit - headers->at;
}

static uint32_t read_u16(const unsigned char *data)
{
	return (uint32_t)data[0] << 8 | data[1];
}

/* Applies the length of an IP packet that begins at an offset; 0: unknown. */
static void limit_packet(struct headers *headers, uint32_t start, uint32_t length)
{
	uint32_t end = start + length;

	if (end < headers->at)
		end = headers->at;
	if (length > 0 && end < headers->limit)
		headers->limit = end;
}

static void take_tcp(struct headers *headers)
{
	uint32_t size = sizeof(struct tcphdr);

	if (has_byte(headers, TCP_OFFSET)) {
		const uint32_t words = headers->data[headers->at + TCP_OFFSET] >> 4;

		if (words * 4 > size)
			size = words * 4;
	}
	take(headers, size);
}

static void take_transport(struct headers *headers, unsigned protocol)
{
	if (protocol == IPPROTO_TCP)
		take_tcp(headers);
	for (size_t i = 0; i < TRANSPORTS; i++)
		if (transports[i].protocol == protocol)
			take(headers, transports[i].size);
}

static void take_ipv4(struct headers *headers)
{
	const uint32_t start = headers->at;
	const unsigned char *ip = headers->data + start;
	uint32_t size;

	if (!has_byte(headers, 0) || ip[0] >> 4 != 4)
		return;
	size = (uint32_t)(ip[0] & 0x0f) * 4;
	if (size < sizeof(struct ip) || !take(headers, sizeof(struct ip)))
		return;
	limit_packet(headers, start, read_u16(ip + offsetof(struct ip, ip_len)));
	if (!take(headers, size - (uint32_t)sizeof(struct ip)))
		return;
	if ((read_u16(ip + offsetof(struct ip, ip_off)) & IP_OFFMASK) == 0)
		take_transport(headers, ip[offsetof(struct ip, ip_p)]);
}

/* Takes an extension header. False: what follows it is not a header. */
static bool take_extension(struct headers *headers, unsigned protocol)
{
	const unsigned char *extension = headers->data + headers->at;

	if (!take(headers, EXTENSION_SIZE))
		return false;
	if (protocol == IPPROTO_FRAGMENT)
		return (read_u16(extension + 2) & 0xfff8) == 0;
	return take(headers, (uint32_t)extension[1] * EXTENSION_SIZE);
}

static bool is_extension(unsigned protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_DSTOPTS ||
	       protocol == IPPROTO_ROUTING || protocol == IPPROTO_FRAGMENT;
}

static void take_ipv6(struct headers *headers)
{
	const unsigned char *ip = headers->data + headers->at;
	unsigned protocol;
	uint32_t length;

	if (!has_byte(headers, 0) || ip[0] >> 4 != 6 || !take(headers, sizeof(struct ip6_hdr)))
		return;
	length = read_u16(ip + offsetof(struct ip6_hdr, ip6_plen));
	limit_packet(headers, headers->at, length);
	protocol = ip[offsetof(struct ip6_hdr, ip6_nxt)];
	for (int i = 0; i < HEADER_EXTENSIONS_MAX && is_extension(protocol); i++) {
		const unsigned char *extension = headers->data + headers->at;

		if (!take_extension(headers, protocol))
			return;
		protocol = extension[0];
	}
	take_transport(headers, protocol);
}

static void take_arp(struct headers *headers)
{
	const unsigned char *arp = headers->data + headers->at;

	if (take(headers, ARP_SIZE))
		take(headers, 2 * ((uint32_t)arp[ARP_HARDWARE] + arp[ARP_PROTOCOL]));
}

static bool is_tag(uint32_t ethertype)
{
	return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD || ethertype == ETH_P_QINQ1;
}

/* Returns the ethertype by the version of an IP header; 0: it is not one. */
static uint32_t find_ip(const struct headers *headers)
{
	const unsigned version = has_byte(headers, 0) ? headers->data[headers->at] >> 4 : 0;

	if (version == 4)
		return ETH_P_IP;
	return version == 6 ? ETH_P_IPV6 : 0;
}

/* Is there an IP header whose length is that of the rest of the packet? */
static bool is_whole_ip(const struct headers *headers, uint32_t offset)
{
	const unsigned char *ip = headers->data + headers->at + offset;
	const uint32_t rest = headers->len - headers->at - offset;

	if (!has_byte(headers, offset + offsetof(struct ip6_hdr, ip6_plen) + 1))
		return false;
	if (ip[0] >> 4 == 4)
		return read_u16(ip + offsetof(struct ip, ip_len)) == rest;
	return ip[0] >> 4 == 6 &&
	       read_u16(ip + offsetof(struct ip6_hdr, ip6_plen)) + sizeof(struct ip6_hdr) == rest;
}

/* Most assigned ethertypes are in this range. */
static bool is_ethertype(uint32_t number)
{
	return number == ETH_P_IP || number == ETH_P_ARP || (number >= 0x8000 && number < 0xa000);
}

/*
 * The first bytes of a cooked packet may be an IP header, or a tag that looks like one;
 * may_be_any_tag: nothing is known of what follows it. Which it is, only the length of the
 * packet shows. Returns the ethertype of IP, or 0 in doubt: then only the link header is
 * kept.
 */
static uint32_t find_certain_ip(const struct headers *headers, bool may_be_any_tag)
{
	const unsigned char *bytes = headers->data + headers->at;

	if (may_be_any_tag && has_byte(headers, TAG_SIZE - 1) &&
		is_ethertype(read_u16(bytes + TAG_SIZE - ETHERTYPE_SIZE)))
		return 0;
	for (uint32_t tags = 1; tags <= HEADER_TAGS_MAX; tags++)
		if (is_whole_ip(headers, tags * TAG_SIZE))
			return 0;
	return is_whole_ip(headers, 0) ? find_ip(headers) : 0;
}

/*
 * Takes the tags at the start of a cooked packet that has the ethertype after them:
 * Linux from 6.10 on reports that one, but removes only the outermost tag. Returns the
 * ethertype; 0: more tags follow, or it is in doubt.
 */
static uint32_t take_inner_tags(struct headers *headers, uint32_t ethertype)
{
	uint32_t next = ETH_P_8021Q;
	uint32_t tags = 0;

	for (uint32_t end = TAG_SIZE; tags < HEADER_TAGS_MAX && is_tag(next); end += TAG_SIZE) {
		if (!has_byte(headers, end - 1))
			break;
		next = read_u16(headers->data + headers->at + end - ETHERTYPE_SIZE);
		tags++;
	}
	/* there are no tags: none of them would end with this ethertype, or with a tag */
	if (next != ethertype && (tags < HEADER_TAGS_MAX || !is_tag(next)))
		return ethertype;
	if (find_ip(headers) == ethertype)
		return find_certain_ip(headers, false);
	take(headers, tags * TAG_SIZE);
	return next == ethertype ? ethertype : 0;
}

/* Takes the link header and the tags. Returns the ethertype after them; 0: none. */
static uint32_t take_link(struct headers *headers, const struct bpf_header_link *link)
{
	uint32_t ethertype;

	if (!take(headers, link->size))
		return 0;
	if (link->size == 0)
		return find_ip(headers);
	ethertype = read_u16(headers->data + link->protocol);
	if (link->is_cooked && !is_tag(ethertype))
		return take_inner_tags(headers, ethertype);
	if (link->is_cooked && headers->data[SLL2_DIRECTION] == SLL2_OUTGOING)
		return find_certain_ip(headers, true);
	for (int tags = 0; tags < HEADER_TAGS_MAX && is_tag(ethertype); tags++) {
		if (!take(headers, TAG_SIZE))
			return 0;
		ethertype = read_u16(headers->data + headers->at - ETHERTYPE_SIZE);
	}
	return ethertype;
}

uint32_t payload_limit_cut(const struct bpf_header_link *link, const unsigned char *data,
	uint32_t size, uint32_t len, uint32_t payload)
{
	struct headers headers = {.data = data, .limit = size, .len = len};

	switch (take_link(&headers, link)) {
	case ETH_P_IP:
		take_ipv4(&headers);
		break;
	case ETH_P_IPV6:
		take_ipv6(&headers);
		break;
	case ETH_P_ARP:
		take_arp(&headers);
		break;
	default:
		break;
	}
	return payload < size - headers.at ? headers.at + payload : size;
}
