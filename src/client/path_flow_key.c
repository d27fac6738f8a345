/* SPDX-License-Identifier: MIT */
/*
 * Keys of flows. In: the headers of a packet. Out: its ports, and an order of both ends with a
 * hash, which the packets of both directions share.
 */
#include "client/path_flow_key.h"

#include "common/siphash.h"

#include <netinet/in.h>
#include <string.h>

enum {
	PORTS_SIZE = 4,
	ICMP_SIZE = 8,
	ICMP_ID = 4, /* offset, of an echo */
};

bool path_flow_key_is_echo(unsigned protocol, unsigned type)
{
	return protocol == IPPROTO_ICMP ? type == 0 || type == 8 : type == 128 || type == 129;
}

/* Sets the ports of an ICMP message, so that both directions of a ping are opposite flows. */
static void set_icmp_ports(struct path_flow_key *flow, const unsigned char *icmp)
{
	const bool is_echo = path_flow_key_is_echo(flow->protocol, icmp[0]);

	memcpy(flow->source_port, is_echo ? icmp + ICMP_ID : icmp, 2);
	if (is_echo)
		memcpy(flow->destination_port, icmp + ICMP_ID, 2);
}

bool path_flow_key_read_ports(struct path_headers *headers)
{
	struct path_flow_key *flow = &headers->flow;
	const unsigned char *header = headers->data + headers->at;

	switch (flow->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		if (!path_headers_have(headers, PORTS_SIZE))
			return false;
		memcpy(flow->source_port, header, 2);
		memcpy(flow->destination_port, header + 2, 2);
		return true;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (!path_headers_have(headers, ICMP_SIZE))
			return false;
		set_icmp_ports(flow, header);
		return true;
	default:
		return true;
	}
}

struct path_flow_key path_flow_key_turn(const struct path_flow_key *flow)
{
	struct path_flow_key turned = *flow;

	memcpy(turned.source, flow->destination, sizeof(turned.source));
	memcpy(turned.destination, flow->source, sizeof(turned.destination));
	memcpy(turned.source_port, flow->destination_port, sizeof(turned.source_port));
	memcpy(turned.destination_port, flow->source_port, sizeof(turned.destination_port));
	return turned;
}

bool path_flow_key_is_descending(const struct path_flow_key *flow)
{
	const int order = memcmp(flow->source, flow->destination, sizeof(flow->source));

	if (order != 0)
		return order > 0;
	return memcmp(flow->source_port, flow->destination_port, sizeof(flow->source_port)) > 0;
}

bool path_flow_key_sort(struct path_flow_key *flow)
{
	if (!path_flow_key_is_descending(flow))
		return false;
	*flow = path_flow_key_turn(flow);
	return true;
}

uint64_t path_flow_key_digest(const uint64_t key[2], const struct path_flow_key *flow)
{
	struct siphash hash = siphash_begin(key);
	const size_t words = sizeof(*flow) / 8;
	struct path_flow_key sorted = *flow;
	unsigned char bytes[sizeof(sorted)];

	path_flow_key_sort(&sorted);
	memcpy(bytes, &sorted, sizeof(bytes));
	siphash_add(&hash, bytes, words);
	return siphash_end(&hash, bytes + words * 8, sizeof(bytes));
}

bool path_flow_key_is_group(const struct path_flow_key *flow)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	if (flow->version == 6)
		return flow->destination[0] == 0xff;
	return flow->destination[0] >> 4 == 0xe ||
	       memcmp(flow->destination, broadcast, sizeof(broadcast)) == 0;
}
