/* SPDX-License-Identifier: MIT */
/*
 * What the hosts of a simulated world send: streams of UDP, equal or not, requests of one
 * packet and their answers, echoes, datagrams in fragments, and TCP connections.
 */
#include "path_world_sim.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	FRAGMENT = 1480,
};

#define ICMP_REPLY (UINT64_C(1) << 63)

/* A sender of packets at intervals. */
struct stream {
	unsigned flow;
	unsigned left; /* packets */
	uint64_t every;
	uint32_t bytes;
	uint32_t sequence;
	bool is_identical;
	bool has_no_id; /* Linux: an unconnected socket with DF */
	bool is_answered;
	bool is_fragmented;
};

/* Do both tables of routes have the same way for a flow? */
static bool has_one_way(const struct sim *sim, const struct sim_flow *flow)
{
	unsigned node = flow->source;

	for (unsigned i = 0; i < sim->node_count && node != flow->destination; i++) {
		const int one = sim_route(sim, 0, node, flow);

		if (one < 0 || one != sim_route(sim, 1, node, flow))
			return false;
		node = sim->interfaces[sim->interfaces[one].peer].node;
	}
	return true;
}

static void add_flow(struct sim *sim, const struct sim_flow *model, unsigned opposite)
{
	struct sim_flow *flow = &sim->flows[sim->flow_count];
	struct path_world_flow *named = SIM_ADD(sim->world, flows);

	*flow = *model;
	flow->number = sim->flow_count++;
	flow->source = opposite ? model->destination : model->source;
	flow->destination = opposite ? model->source : model->destination;
	flow->ports[0] = model->ports[opposite];
	flow->ports[1] = model->ports[1 - opposite];
	flow->next_id = (uint16_t)sim_mix(sim->random + opposite);
	flow->hole_from = SIM_NEVER;
	if (sim_feature(sim, WORLD_HOLES, 800)) {
		flow->hole_hop = 1 + (unsigned)sim_below(sim, 4);
		flow->dropped_syns = (unsigned)sim_below(sim, 3);
		if (sim_chance(sim, 5000))
			flow->hole_from = sim_below(sim, 2) ? SIM_START : SIM_START + SIM_S;
	}
	named->destination = flow->destination;
	named->protocol = flow->protocol;
	named->has_several_ways =
		(sim->world->features & WORLD_ROUTE_CHANGE) && !has_one_way(sim, flow);
	snprintf(named->name, sizeof(named->name), "IPv%u protocol %u host%u.%u > host%u.%u",
		flow->version, flow->protocol, flow->source, flow->ports[0], flow->destination,
		flow->ports[1]);
}

unsigned sim_add_flows(struct sim *sim, uint8_t protocol, unsigned source, unsigned destination)
{
	const unsigned number = sim->flow_count;
	struct sim_flow model = {
		.version = sim_chance(sim, 4000) ? 6 : 4,
		.protocol = protocol,
		.source = source,
		.destination = destination,
		.ports = {(uint16_t)(10000 + number), protocol == PROTOCOL_TCP ? 80 : 53},
		.next_connection = -1,
	};

	model.has_extensions = model.version == 6 && sim_chance(sim, 3000);
	add_flow(sim, &model, 0);
	add_flow(sim, &model, 1);
	return number;
}

static unsigned some_flow(struct sim *sim, uint8_t protocol)
{
	const unsigned source = (unsigned)sim_below(sim, sim->host_count);
	const unsigned other = 1 + (unsigned)sim_below(sim, sim->host_count - 1);

	return sim_add_flows(sim, protocol, source, (source + other) % sim->host_count);
}

static void send_fragments(struct sim *sim, struct sim_packet *whole)
{
	const uint32_t size = whole->bytes;
	uint32_t done = FRAGMENT - 8;
	struct sim_packet *first = whole;

	first->bytes = done;
	first->datagram = (uint16_t)size;
	first->has_more_fragments = true;
	for (; done < size; done += FRAGMENT) {
		struct sim_packet *next = sim_packet_new(sim, &sim->flows[whole->flow->number]);

		next->id = whole->id;
		next->content = whole->content;
		next->fragment_offset = (uint16_t)(done + 8);
		next->bytes = size - done < FRAGMENT ? size - done : FRAGMENT;
		next->has_more_fragments = done + next->bytes < size;
		if (done == FRAGMENT - 8)
			sim_send(sim, first, 0);
		sim_send(sim, next, 0);
	}
}

static void run_stream(struct sim *sim, void *object, uint64_t number)
{
	struct stream *stream = object;
	struct sim_flow *flow = &sim->flows[stream->flow];
	struct sim_packet *packet;

	(void)number;
	if (!stream->left-- || sim->now > sim->end) {
		free(stream);
		return;
	}
	packet = sim_packet_new(sim, flow);
	packet->bytes = stream->bytes;
	packet->sequence = flow->protocol == PROTOCOL_ICMP ? stream->sequence++ : 0;
	packet->content = stream->is_identical ? 1 : sim_mix(sim->random) & ~ICMP_REPLY;
	packet->id = stream->has_no_id ? 0 : flow->next_id++;
	sim_at(sim, sim->now + stream->every / 2 + sim_below(sim, stream->every), run_stream,
		stream, 0);
	if (stream->is_fragmented)
		send_fragments(sim, packet);
	else
		sim_send(sim, packet, 0);
}

static struct stream *add_stream(struct sim *sim, uint8_t protocol, unsigned packets)
{
	struct stream *stream = sim_allocate(sizeof(*stream));

	stream->flow = some_flow(sim, protocol);
	stream->left = packets;
	stream->every = 500 * SIM_US + sim_below(sim, 2) * sim_below(sim, 60 * SIM_MS);
	stream->bytes = 8 + (uint32_t)sim_below(sim, 1392);
	stream->has_no_id = sim_chance(sim, 5000);
	sim_at(sim, SIM_START + sim_below(sim, sim->end - SIM_START), run_stream, stream, 0);
	return stream;
}

/* The host's answer to an echo, or to a request over UDP. */
static void answer(struct sim *sim, const struct sim_packet *packet)
{
	struct sim_flow *flow = &sim->flows[packet->flow->number ^ 1];
	struct sim_packet *reply = sim_packet_new(sim, flow);

	reply->bytes = packet->bytes;
	reply->sequence = packet->sequence;
	reply->content = packet->content | ICMP_REPLY;
	reply->id = flow->protocol == PROTOCOL_ICMP ? flow->next_id++ : 0;
	sim_send(sim, reply, 0);
}

void sim_receive(struct sim *sim, const struct sim_packet *packet)
{
	if (packet->flow->protocol == PROTOCOL_TCP)
		tcp_receive(sim, packet);
	else if (packet->flow->number % 2 == 0 && sim->flows[packet->flow->number].is_answered &&
		 !packet->fragment_offset && !packet->has_more_fragments)
		answer(sim, packet);
}

void sim_start_traffic(struct sim *sim)
{
	const unsigned connections = 2 + (unsigned)sim_below(sim, 7);
	const unsigned streams = 2 + (unsigned)sim_below(sim, 6);
	const unsigned requests = (unsigned)sim_below(sim, 40);

	for (unsigned i = 0; i < connections; i++)
		tcp_start(sim, some_flow(sim, PROTOCOL_TCP),
			SIM_START + sim_below(sim, (sim->end - SIM_START) / 2));
	for (unsigned i = 0; i < streams; i++) {
		struct stream *stream =
			add_stream(sim, PROTOCOL_UDP, 20 + (unsigned)sim_below(sim, 300));
		const bool is_v4 = sim->flows[stream->flow].version == 4;

		stream->is_identical = sim_feature(sim, WORLD_IDENTICAL, 3000);
		stream->is_fragmented = is_v4 && sim_chance(sim, 1000);
		if (stream->is_fragmented) {
			stream->bytes = 2000 + (uint32_t)sim_below(sim, 6000);
			stream->has_no_id = false;
		}
	}
	for (unsigned i = 0; i < requests; i++) {
		const struct stream *stream = add_stream(sim, PROTOCOL_UDP, 1);

		sim->flows[stream->flow].is_answered = true;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct stream *stream = add_stream(sim, PROTOCOL_ICMP, 100);

		stream->has_no_id = false;
		stream->bytes = 56;
		sim->flows[stream->flow].is_answered = true;
	}
}
