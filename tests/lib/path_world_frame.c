/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a simulated packet, as an interface's capture has them: link header, IP with
 * its options, transport header, payload. What routers and offload change is random in each
 * sight: checksums, DSCP and ECN.
 */
#include "path_world_sim.h"

#include <string.h>

enum {
	LINK_ETHERNET = 1,
	LINK_SLL = 113,
	LINK_SLL2 = 276,
	TCP_SYN = 0x02,
	UDP_HEADER = 8,
	ICMP_HEADER = 8,
};

struct writer {
	unsigned char *out;
	size_t at;
	uint64_t noise;
};

static void put8(struct writer *writer, unsigned value)
{
	writer->out[writer->at++] = (unsigned char)value;
}

static void put16(struct writer *writer, unsigned value)
{
	put8(writer, value >> 8 & 0xff);
	put8(writer, value & 0xff);
}

static void put32(struct writer *writer, uint32_t value)
{
	put16(writer, value >> 16);
	put16(writer, value & 0xffff);
}

static void put_noise16(struct writer *writer)
{
	writer->noise = sim_mix(writer->noise);
	put16(writer, writer->noise & 0xffff);
}

static void put_zeros(struct writer *writer, size_t count)
{
	while (count--)
		put8(writer, 0);
}

static void put_mac(struct writer *writer, unsigned node)
{
	put16(writer, 0x0200);
	put32(writer, node + 1);
}

static void put_link(struct writer *writer, const struct sim_packet *packet, uint32_t linktype,
	bool is_outgoing, bool is_tagged)
{
	const unsigned type = packet->flow->version == 4 ? 0x0800 : 0x86dd;

	if (linktype == LINK_SLL2) {
		put16(writer, type);
		put16(writer, 0);
		put32(writer, 2);
		put16(writer, 1);
		put8(writer, is_outgoing ? 4 : 0);
		put8(writer, 6);
		put_mac(writer, packet->hops);
		put16(writer, 0);
	} else if (linktype == LINK_SLL) {
		put16(writer, is_outgoing ? 4 : 0);
		put16(writer, 1);
		put16(writer, 6);
		put_mac(writer, packet->hops);
		put16(writer, 0);
		put16(writer, type);
	} else {
		put_mac(writer, packet->hops + 100);
		put_mac(writer, packet->hops);
		if (is_tagged)
			put32(writer, 0x81000005);
		put16(writer, type);
	}
}

/* Returns the size of the transport header. */
static unsigned transport_size(const struct sim_packet *packet)
{
	if (packet->fragment_offset)
		return 0;
	if (packet->flow->protocol == 17)
		return UDP_HEADER;
	if (packet->flow->protocol != 6)
		return ICMP_HEADER;
	return 20 + (packet->has_mss ? 4 : 0) + (packet->has_timestamp ? 12 : 0);
}

static void put_checksum(struct writer *writer, size_t from)
{
	uint32_t sum = 0;

	for (size_t i = from; i < from + 20; i += 2)
		sum += (uint32_t)writer->out[i] << 8 | writer->out[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	writer->out[from + 10] = (unsigned char)(sum >> 8);
	writer->out[from + 11] = (unsigned char)sum;
}

static void put_ipv4(struct writer *writer, const struct sim_packet *packet)
{
	const size_t from = writer->at;
	const bool is_fragment = packet->fragment_offset || packet->has_more_fragments;

	put8(writer, 0x45);
	put8(writer, writer->noise & 0xff);
	put16(writer, 20 + transport_size(packet) + packet->bytes);
	put16(writer, packet->id);
	put16(writer, (packet->has_more_fragments ? 0x2000 : 0) | (is_fragment ? 0 : 0x4000) |
			      packet->fragment_offset / 8);
	put8(writer, packet->ttl);
	put8(writer, packet->flow->protocol);
	put16(writer, 0);
	put32(writer, 0xc0000200 + packet->flow->source + 1);
	put32(writer, 0xc0000200 + packet->flow->destination + 1);
	put_checksum(writer, from);
}

static void put_address6(struct writer *writer, unsigned node)
{
	put32(writer, 0x20010db8);
	put_zeros(writer, 8);
	put32(writer, node + 1);
}

static void put_ipv6(struct writer *writer, const struct sim_packet *packet)
{
	const unsigned protocol = packet->flow->protocol == 1 ? 58 : packet->flow->protocol;
	const bool has_extensions = packet->flow->has_extensions;

	put32(writer, 0x60000000 | (uint32_t)(writer->noise & 0xff) << 20 | packet->flow->number);
	put16(writer, (has_extensions ? 24 : 0) + transport_size(packet) + packet->bytes);
	put8(writer, has_extensions ? 0 : protocol);
	put8(writer, packet->ttl);
	put_address6(writer, packet->flow->source);
	put_address6(writer, packet->flow->destination);
	if (!has_extensions)
		return;
	put16(writer, 60 << 8); /* hop-by-hop options: padding */
	put16(writer, 0x0104);
	put32(writer, 0);
	put16(writer, protocol << 8 | 1); /* destination options: padding */
	put16(writer, 0x010c);
	put_zeros(writer, 12);
}

static void put_tcp(struct writer *writer, const struct sim_packet *packet)
{
	put16(writer, packet->flow->ports[0]);
	put16(writer, packet->flow->ports[1]);
	put32(writer, packet->sequence);
	put32(writer, packet->ack);
	put8(writer, transport_size(packet) / 4 << 4);
	put8(writer, packet->flags);
	put16(writer, packet->window);
	put_noise16(writer);
	put16(writer, 0);
	if (packet->has_mss)
		put32(writer, 0x02040000 | (1460 - packet->hops)); /* routers clamp it */
	if (packet->has_timestamp) {
		put32(writer, 0x0101080a);
		put32(writer, packet->timestamp);
		put32(writer, packet->timestamp_echo);
	}
}

static void put_transport(struct writer *writer, const struct sim_packet *packet)
{
	const unsigned reply = packet->content >> 63 ? 0 : 1;

	if (packet->fragment_offset)
		return;
	if (packet->flow->protocol == 6) {
		put_tcp(writer, packet);
	} else if (packet->flow->protocol == 17) {
		put16(writer, packet->flow->ports[0]);
		put16(writer, packet->flow->ports[1]);
		put16(writer, UDP_HEADER + (packet->datagram ? packet->datagram : packet->bytes));
		put_noise16(writer);
	} else {
		/* echo and its reply, which the content's highest bit tells */
		put16(writer, packet->flow->version == 4 ? 8 * reply << 8 : (129 - reply) << 8);
		put_noise16(writer);
		put16(writer, 77 + packet->flow->number / 2);
		put16(writer, packet->sequence);
	}
}

uint32_t sim_write_frame(const struct sim *sim, const struct sim_packet *packet, uint32_t linktype,
	bool is_outgoing, bool is_tagged, unsigned char *out)
{
	struct writer writer = {.out = out, .noise = sim_mix(sim->random ^ sim->now)};
	const uint64_t content = sim_mix(packet->content ^ packet->fragment_offset);

	put_link(&writer, packet, linktype, is_outgoing, is_tagged);
	if (packet->flow->version == 4)
		put_ipv4(&writer, packet);
	else
		put_ipv6(&writer, packet);
	put_transport(&writer, packet);
	for (uint32_t i = 0; i < packet->bytes; i++) {
		const uint64_t position = packet->flow->protocol == 6 ? packet->sequence + i : i;

		put8(&writer, (content >> position % 8 * 8 ^ position >> 3) & 0xff);
	}
	if (linktype == LINK_ETHERNET && writer.at < 60)
		put_zeros(&writer, 60 - writer.at);
	return (uint32_t)writer.at;
}
