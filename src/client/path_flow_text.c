/* SPDX-License-Identifier: MIT */
/*
 * A flow as a text. In: its key. Out: protocol, addresses and ports.
 */
#include "client/path_flow_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PROTOCOL_MAX = 16, ENDPOINT_MAX = INET6_ADDRSTRLEN + 8, ICMP_MAX = 32, OSPF = 89 };

static void describe_protocol(uint8_t protocol, char out[PROTOCOL_MAX])
{
	static const char *const names[UINT8_MAX + 1] = {
		[IPPROTO_ICMP] = "ICMP",
		[IPPROTO_IGMP] = "IGMP",
		[IPPROTO_IPIP] = "IPIP",
		[IPPROTO_TCP] = "TCP",
		[IPPROTO_UDP] = "UDP",
		[IPPROTO_DCCP] = "DCCP",
		[IPPROTO_IPV6] = "IPv6",
		[IPPROTO_GRE] = "GRE",
		[IPPROTO_ESP] = "ESP",
		[IPPROTO_AH] = "AH",
		[IPPROTO_ICMPV6] = "ICMPv6",
		[OSPF] = "OSPF",
		[IPPROTO_SCTP] = "SCTP",
		[IPPROTO_UDPLITE] = "UDPLITE",
	};

	if (names[protocol])
		snprintf(out, PROTOCOL_MAX, "%s", names[protocol]);
	else
		snprintf(out, PROTOCOL_MAX, "protocol %u", protocol);
}

static bool is_icmp(const struct path_flow_key *flow)
{
	return flow->protocol == IPPROTO_ICMP || flow->protocol == IPPROTO_ICMPV6;
}

static void describe_endpoint(const struct path_flow_key *flow, const uint8_t address[16],
	const uint8_t port[2], char out[ENDPOINT_MAX])
{
	const unsigned number = is_icmp(flow) ? 0 : (unsigned)port[0] << 8 | port[1];
	size_t used;

	inet_ntop(flow->version == 4 ? AF_INET : AF_INET6, address, out, ENDPOINT_MAX);
	used = strlen(out);
	if (number > 0)
		snprintf(out + used, ENDPOINT_MAX - used, ".%u", number);
}

/* An echo has its identifier as both ports, another message type and code as the first one. */
static void describe_icmp(const struct path_flow_key *flow, char out[ICMP_MAX])
{
	const uint8_t *first = flow->source_port;
	const uint8_t *second = flow->destination_port;

	out[0] = '\0';
	if (!is_icmp(flow) || (first[0] == 0 && first[1] == 0))
		return;
	if (memcmp(first, second, sizeof(flow->source_port)) == 0)
		snprintf(out, ICMP_MAX, ", echo %u", (unsigned)first[0] << 8 | first[1]);
	else
		snprintf(out, ICMP_MAX, ", type %u code %u", first[0], first[1]);
}

void path_flow_describe(const struct path_flow_key *flow, char out[PATH_FLOW_TEXT_MAX])
{
	char protocol[PROTOCOL_MAX];
	char source[ENDPOINT_MAX];
	char destination[ENDPOINT_MAX];
	char icmp[ICMP_MAX];

	describe_protocol(flow->protocol, protocol);
	describe_endpoint(flow, flow->source, flow->source_port, source);
	describe_endpoint(flow, flow->destination, flow->destination_port, destination);
	describe_icmp(flow, icmp);
	snprintf(out, PATH_FLOW_TEXT_MAX, "%s %s > %s%s", protocol, source, destination, icmp);
}
