/* SPDX-License-Identifier: MIT */
/*
 * The nodes and links of a simulated world, and its routes. In: random numbers. Out: a
 * network that is connected, and the distance of each node to each host.
 */
#include "path_world_sim.h"

#include <stdio.h>
#include <string.h>

static unsigned add_interface(struct sim *sim, unsigned node, unsigned link)
{
	const unsigned number = sim->interface_count++;
	struct sim_interface *interface = &sim->interfaces[number];

	*interface = (struct sim_interface){
		.node = node,
		.link = link,
		.has_gro = sim_feature(sim, WORLD_OFFLOAD, 6000),
		.has_tso = sim_feature(sim, WORLD_OFFLOAD, 7000),
		.upper = -1,
	};
	/* a bridge of hardware passes packets as they are */
	if (sim->nodes[node].kind == SIM_BRIDGE)
		interface->has_gro = false;
	sim->nodes[node].interfaces[sim->nodes[node].interface_count++] = number;
	return number;
}

/* Links differ from some microseconds in one room to milliseconds of distance. */
static uint64_t some_delay(struct sim *sim)
{
	static const uint64_t most[] = {2 * SIM_US, 50 * SIM_US, 1 * SIM_MS, 15 * SIM_MS};

	return 500 + sim_below(sim, most[sim_below(sim, 4)]);
}

static void add_link(struct sim *sim, unsigned one, unsigned other)
{
	const unsigned number = sim->link_count++;
	struct sim_link *link = &sim->links[number];
	static const unsigned losses[] = {0, 20, 100, 400};

	link->delay = some_delay(sim);
	link->jitter = sim_below(sim, 2) ? sim_below(sim, link->delay + 20 * SIM_US) : 0;
	link->is_ordered = !sim_feature(sim, WORLD_REORDER, 3000);
	link->loss = losses[sim_below(sim, 4)];
	link->duplicates = sim_feature(sim, WORLD_DUPLICATES, 1500) ? 30 : 0;
	link->keeps_large = sim_feature(sim, WORLD_OFFLOAD, 2000);
	link->weights[0] = 1;
	link->weights[1] = 1 + (unsigned)sim_below(sim, 3);
	if (!(sim->world->features & WORLD_LOSS))
		link->loss = 0;
	link->ends[0] = add_interface(sim, one, number);
	link->ends[1] = add_interface(sim, other, number);
	sim->interfaces[link->ends[0]].peer = link->ends[1];
	sim->interfaces[link->ends[1]].peer = link->ends[0];
}

static unsigned add_node(struct sim *sim, enum sim_node_kind kind)
{
	static const uint8_t ttls[] = {64, 64, 64, 128, 255};
	static const unsigned ticks[] = {1, 1, 1, 4, 10};
	struct sim_node *node = &sim->nodes[sim->node_count];
	static const unsigned losses[] = {0, 0, 50, 300};

	node->kind = kind;
	node->loss = kind == SIM_HOST ? 0 : losses[sim_below(sim, 4)];
	node->delay = 300 + sim_below(sim, 30 * SIM_US);
	node->initial_ttl = ttls[sim_below(sim, 5)];
	node->tick_ms = ticks[sim_below(sim, 5)];
	node->tick_start = (uint32_t)sim_mix(sim->random);
	if (!(sim->world->features & WORLD_LOSS))
		node->loss = 0;
	return sim->node_count++;
}

static void add_links(struct sim *sim, unsigned routers, bool has_bridge)
{
	const unsigned first = sim->host_count;
	const unsigned bridge = first + routers;

	for (unsigned i = 1; i < routers; i++)
		add_link(sim, first + i, first + (unsigned)sim_below(sim, i));
	for (unsigned i = 0; routers > 2 && i < sim_below(sim, 3); i++)
		add_link(sim, first, first + routers - 1 - i);
	if (has_bridge) {
		for (unsigned i = 0; i < routers && i < 1 + sim_below(sim, 2); i++)
			add_link(sim, bridge, first + routers - 1 - i);
	}
	for (unsigned i = 0; i < sim->host_count; i++) {
		if (has_bridge && (!routers || i == 0 || sim_chance(sim, 4000))) {
			add_link(sim, i, bridge);
			continue;
		}
		add_link(sim, i, first + (unsigned)sim_below(sim, routers));
		if (routers > 1 && sim_chance(sim, 3000))
			add_link(sim, i, first + (unsigned)sim_below(sim, routers));
	}
}

/* Bellman and Ford's distances; nothing goes through a host. */
static void find_distances(struct sim *sim, unsigned table, unsigned to)
{
	for (unsigned i = 0; i < sim->node_count; i++)
		sim->nodes[i].distance[table][to] = i == to ? 0 : 1000;
	for (unsigned round = 0; round < sim->node_count; round++) {
		for (unsigned i = 0; i < sim->interface_count; i++) {
			const struct sim_interface *interface = &sim->interfaces[i];
			const unsigned next = sim->interfaces[interface->peer].node;
			unsigned *distance = &sim->nodes[interface->node].distance[table][to];
			const unsigned way = sim->links[interface->link].weights[table] +
					     sim->nodes[next].distance[table][to];

			if ((next == to || sim->nodes[next].kind != SIM_HOST) && way < *distance)
				*distance = way;
		}
	}
}

void sim_make_network(struct sim *sim)
{
	const unsigned routers = (unsigned)sim_below(sim, 5);
	const bool has_bridge = !routers || sim_feature(sim, WORLD_BRIDGES, 3000);

	sim->host_count = 2 + (unsigned)sim_below(sim, 5);
	for (unsigned i = 0; i < sim->host_count; i++)
		add_node(sim, SIM_HOST);
	for (unsigned i = 0; i < routers; i++)
		add_node(sim, SIM_ROUTER);
	if (has_bridge)
		add_node(sim, SIM_BRIDGE);
	add_links(sim, routers, has_bridge);
	for (unsigned table = 0; table < SIM_TABLES; table++)
		for (unsigned i = 0; i < sim->host_count; i++)
			find_distances(sim, table, i);
}

unsigned sim_find_routes(const struct sim *sim, unsigned table, unsigned node, unsigned to,
	unsigned ret_interfaces[SIM_INTERFACES])
{
	const struct sim_node *from = &sim->nodes[node];
	unsigned count = 0;

	for (unsigned i = 0; i < from->interface_count; i++) {
		const struct sim_interface *interface = &sim->interfaces[from->interfaces[i]];
		const unsigned next = sim->interfaces[interface->peer].node;

		if (next != to && sim->nodes[next].kind == SIM_HOST)
			continue;
		if (sim->links[interface->link].weights[table] +
				sim->nodes[next].distance[table][to] ==
			from->distance[table][to])
			ret_interfaces[count++] = from->interfaces[i];
	}
	return count;
}

int sim_route(const struct sim *sim, unsigned table, unsigned node, const struct sim_flow *flow)
{
	unsigned interfaces[SIM_INTERFACES];
	const unsigned count = sim_find_routes(sim, table, node, flow->destination, interfaces);

	if (!count)
		return -1;
	return (int)interfaces[sim_mix(flow->number * 64 + node) % count];
}
