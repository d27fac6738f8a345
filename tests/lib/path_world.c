/* SPDX-License-Identifier: MIT */
/*
 * Time and forwarding of a simulated world. In: packets that hosts send. Out: visits of
 * interfaces, and packets for the hosts that receive them.
 *
 * A packet that is lost goes on as a ghost: it is captured nowhere, and no host receives
 * it, but its visits tell by which places it would have come.
 */
#include "path_world_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim_packet *copy_packet(const struct sim_packet *packet)
{
	struct sim_packet *copy = sim_allocate(sizeof(*copy));

	*copy = *packet;
	return copy;
}

/* Returns one of the packets of the wire of which a large one consists. */
static struct sim_packet *cut_packet(struct sim *sim, const struct sim_packet *packet, size_t i)
{
	struct sim_packet *piece = copy_packet(packet);
	const struct path_world_atom *atom = &sim->world->atoms[packet->atoms[i]];

	piece->atoms[0] = packet->atoms[i];
	piece->atom_count = 1;
	piece->sequence = atom->sequence;
	piece->bytes = atom->bytes;
	piece->id = (uint16_t)(packet->id + i);
	if (i + 1 < packet->atom_count)
		piece->flags &= 0xff & ~0x09; /* FIN and PSH are the last one's */
	return piece;
}

static void lose(struct sim *sim, struct sim_packet *packet)
{
	packet->is_ghost = true;
	for (size_t i = 0; i < packet->atom_count; i++)
		sim->world->atoms[packet->atoms[i]].is_lost = true;
}

static void run_arrival(struct sim *sim, void *object, uint64_t number);

/* Passes a packet to the other end of a link. */
static void pass_link(struct sim *sim, unsigned number, struct sim_packet *packet)
{
	struct sim_interface *interface = &sim->interfaces[number];
	const struct sim_link *link = &sim->links[interface->link];
	uint64_t arrival =
		sim->now + link->delay + packet->bytes / 2 + sim_below(sim, link->jitter);

	if (link->is_ordered && arrival <= interface->busy_until)
		arrival = interface->busy_until + 1;
	if (arrival > interface->busy_until)
		interface->busy_until = arrival;
	sim_at(sim, arrival, run_arrival, packet, interface->peer);
}

/* Does a firewall on the way drop this packet of its flow? */
static bool falls_into_hole(struct sim *sim, const struct sim_packet *packet)
{
	struct sim_flow *flow = &sim->flows[packet->flow->number];

	if (flow->hole_hop != packet->hops)
		return false;
	if (flow->dropped_syns && packet->flags == 0x02) {
		flow->dropped_syns--;
		return true;
	}
	return sim->now >= flow->hole_from;
}

/* The network's copy: equal, but of other atoms. */
static void duplicate(struct sim *sim, unsigned interface, const struct sim_packet *packet)
{
	struct sim_packet *copy = copy_packet(packet);

	for (size_t i = 0; i < copy->atom_count; i++) {
		struct path_world_atom *atom = SIM_ADD(sim->world, atoms);

		*atom = sim->world->atoms[packet->atoms[i]];
		atom->is_ambiguous = true;
		sim->world->atoms[packet->atoms[i]].is_ambiguous = true;
		copy->atoms[i] = (uint32_t)sim->world->atoms_count - 1;
	}
	pass_link(sim, interface, copy);
}

/* A packet as it is on the wire. */
static void transmit(struct sim *sim, unsigned interface, struct sim_packet *packet)
{
	const struct sim_link *link = &sim->links[sim->interfaces[interface].link];

	packet->hops++;
	if (!packet->is_ghost && (falls_into_hole(sim, packet) || sim_chance(sim, link->loss)))
		lose(sim, packet);
	if (!packet->is_ghost && sim_chance(sim, link->duplicates))
		duplicate(sim, interface, packet);
	pass_link(sim, interface, packet);
}

/* A packet that leaves by an interface: TSO cuts it after it was captured. */
static void send_by(struct sim *sim, unsigned number, struct sim_packet *packet)
{
	const struct sim_interface *interface = &sim->interfaces[number];
	const bool is_large = packet->atom_count > 1;

	if (is_large && !interface->has_tso) {
		for (size_t i = 0; i < packet->atom_count; i++)
			send_by(sim, number, cut_packet(sim, packet, i));
		free(packet);
		return;
	}
	sim_capture(sim, number, PATH_OUTGOING, packet);
	if (!is_large || sim->links[interface->link].keeps_large) {
		transmit(sim, number, packet);
		return;
	}
	for (size_t i = 0; i < packet->atom_count; i++)
		transmit(sim, number, cut_packet(sim, packet, i));
	free(packet);
}

static void run_forward(struct sim *sim, void *object, uint64_t number)
{
	struct sim_packet *packet = object;
	const int interface = sim_route(sim, sim->table, (unsigned)number, packet->flow);

	if (interface >= 0)
		send_by(sim, (unsigned)interface, packet);
	else
		free(packet);
}

/* A packet that an interface has received, and GRO has joined. */
static void receive_from(struct sim *sim, unsigned number, struct sim_packet *packet)
{
	struct sim_node *node = &sim->nodes[sim->interfaces[number].node];
	const unsigned node_number = sim->interfaces[number].node;
	uint64_t time = sim->now + node->delay + sim_below(sim, node->delay);

	sim_capture(sim, number, PATH_INCOMING, packet);
	if (node->kind == SIM_HOST) {
		for (size_t i = 0; i < packet->atom_count && !packet->is_ghost; i++)
			sim->world->atoms[packet->atoms[i]].is_delivered = true;
		if (!packet->is_ghost)
			sim_receive(sim, packet);
		free(packet);
		return;
	}
	if (node->kind == SIM_ROUTER && --packet->ttl == 0) {
		lose(sim, packet);
		free(packet);
		return;
	}
	if (!packet->is_ghost && sim_chance(sim, node->loss))
		lose(sim, packet);
	if (time <= node->busy_until)
		time = node->busy_until + 1;
	node->busy_until = time;
	sim_at(sim, time, run_forward, packet, node_number);
}

static bool can_join(struct sim *sim, const struct sim_packet *held, const struct sim_packet *next)
{
	const struct path_world_atom *atoms = sim->world->atoms;
	const uint32_t size = atoms[held->atoms[0]].bytes;

	return held->flow == next->flow && held->sequence + held->bytes == next->sequence &&
	       held->ack == next->ack && held->timestamp == next->timestamp &&
	       held->timestamp_echo == next->timestamp_echo && held->ttl == next->ttl &&
	       held->window == next->window && !(held->flags & 0x0f & ~0x08) &&
	       !(next->flags & 0x06) && atoms[held->atoms[held->atom_count - 1]].bytes == size &&
	       atoms[next->atoms[0]].bytes <= size &&
	       (next->atom_count == 1 || atoms[next->atoms[0]].bytes == size) &&
	       (uint16_t)(held->id + held->atom_count) == next->id &&
	       held->atom_count + next->atom_count <= SIM_ATOMS;
}

static void run_flush(struct sim *sim, void *object, uint64_t number)
{
	struct sim_interface *interface = object;
	struct sim_packet *held = interface->held;

	if (!held || interface->held_since != number)
		return;
	interface->held = NULL;
	receive_from(sim, (unsigned)(interface - sim->interfaces), held);
}

static void run_arrival(struct sim *sim, void *object, uint64_t number)
{
	struct sim_interface *interface = &sim->interfaces[number];
	struct sim_packet *packet = object;
	struct sim_packet *held = interface->held;

	if (packet->is_ghost || !interface->has_gro) {
		receive_from(sim, (unsigned)number, packet);
		return;
	}
	if (held && packet->bytes && packet->flow->protocol == 6 && can_join(sim, held, packet)) {
		memcpy(&held->atoms[held->atom_count], packet->atoms,
			packet->atom_count * sizeof(*packet->atoms));
		held->atom_count += packet->atom_count;
		held->bytes += packet->bytes;
		held->flags |= packet->flags;
		free(packet);
		return;
	}
	run_flush(sim, interface, interface->held_since);
	if (packet->flow->protocol != 6 || !packet->bytes || packet->flags & 0x07) {
		receive_from(sim, (unsigned)number, packet);
		return;
	}
	interface->held = packet;
	interface->held_since = sim->sequence;
	sim_at(sim, sim->now + 10 * SIM_US + sim_below(sim, 60 * SIM_US), run_flush, interface,
		interface->held_since);
}

static void run_route_change(struct sim *sim, void *object, uint64_t number)
{
	(void)object;
	sim->table = (unsigned)number;
}

/* What a reader can compare of a packet: all but what changes on the way. */
static uint64_t identity_of(const struct sim_packet *packet)
{
	const bool is_data = packet->flow->protocol == 6 && packet->bytes;
	uint64_t hash = sim_mix(packet->flow->number);

	hash = sim_mix(hash ^ (packet->has_timestamp ? packet->timestamp : 0));
	if (is_data)
		return hash;
	hash = sim_mix(hash ^ (packet->has_timestamp ? packet->timestamp_echo : 0));
	hash = sim_mix(hash ^ packet->flags);
	hash = sim_mix(hash ^ packet->sequence ^ (uint64_t)packet->ack << 32);
	hash = sim_mix(hash ^ packet->bytes ^ (uint64_t)packet->window << 32);
	hash = sim_mix(hash ^ packet->content);
	if (packet->flow->version == 4)
		hash = sim_mix(hash ^ packet->id);
	return sim_mix(hash ^ packet->fragment_offset);
}

void sim_send(struct sim *sim, struct sim_packet *packet, uint32_t mss)
{
	const uint32_t size = mss ? mss : packet->bytes;
	const uint64_t identity = identity_of(packet);
	uint32_t done = 0;

	do {
		struct path_world_atom *atom = SIM_ADD(sim->world, atoms);

		atom->identity = identity;
		atom->flow = packet->flow->number;
		atom->sequence = packet->sequence + done;
		atom->bytes = packet->bytes - done < size ? packet->bytes - done : size;
		atom->is_tcp_data = packet->flow->protocol == 6 && packet->bytes;
		atom->is_fragment = packet->fragment_offset;
		atom->is_first_fragment = packet->has_more_fragments && !packet->fragment_offset;
		packet->atoms[packet->atom_count++] = (uint32_t)sim->world->atoms_count - 1;
		done += atom->bytes;
	} while (done < packet->bytes);
	run_forward(sim, packet, packet->flow->source);
}

struct sim_packet *sim_packet_new(struct sim *sim, struct sim_flow *flow)
{
	struct sim_packet *packet = sim_allocate(sizeof(*packet));

	packet->flow = flow;
	packet->ttl = sim->nodes[flow->source].initial_ttl;
	return packet;
}

static void run(struct sim *sim)
{
	while (sim->heap_count) {
		const struct sim_event event = sim_take_event(sim);

		sim->now = event.time;
		event.run(sim, event.object, event.number);
	}
}

struct path_world *path_world_new(uint64_t seed, unsigned features)
{
	struct path_world *world = sim_allocate(sizeof(*world));
	struct sim *sim = sim_allocate(sizeof(*sim));
	uint64_t change;

	world->seed = seed;
	world->features = features;
	sim->world = world;
	sim->random = sim_mix(seed) & UINT64_C(0xffffffffffff0000);
	sim->now = SIM_START;
	sim->end = SIM_START + (2 + sim_below(sim, 6)) * SIM_S;
	if (!sim_chance(sim, 3000))
		world->features &= ~(unsigned)WORLD_ROUTE_CHANGE;
	sim_make_network(sim);
	sim_choose_captures(sim);
	change = SIM_START + sim_below(sim, sim->end - SIM_START);
	if (world->features & WORLD_ROUTE_CHANGE)
		sim_at(sim, change, run_route_change, NULL, 1);
	sim_start_traffic(sim);
	run(sim);
	tcp_finish(sim);
	sim_finish_atoms(world);
	world->hosts = sim->host_count;
	sim_finish_captures(sim);
	free(sim->heap);
	free(sim);
	return world;
}

void path_world_free(struct path_world *world)
{
	if (!world)
		return;
	for (size_t i = 0; i < world->frames_count; i++) {
		free(world->frames[i].data);
		free(world->frames[i].atoms);
	}
	free(world->events);
	free(world->frames);
	free(world->atoms);
	free(world->visits);
	free(world->interfaces);
	free(world->flows);
	free(world->gaps);
	free(world);
}
