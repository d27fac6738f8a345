/* SPDX-License-Identifier: MIT */
/*
 * The captures of a simulated world. In: packets that pass interfaces, at the true time.
 * Out: what ddump reads, by the targets' clocks: packets, watermarks, counters of drops,
 * beginnings and ends of streams.
 */
#include "path_world_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTER_EVERY_MAX_MS = 500, WATERMARK_EVERY_MS = 50, CLOCK_ERROR_MS = 3000 };

static struct sim_target *target_of(struct sim *sim, unsigned interface)
{
	return &sim->targets[sim->world->interfaces[interface].target];
}

/* Returns what a target's clock shows at a true time. */
static uint64_t read_clock(const struct sim_target *target, uint64_t time)
{
	const double drifted = target->drift * (double)(time - SIM_START);
	const uint64_t shown = time + (uint64_t)target->offset + (uint64_t)(int64_t)drifted;

	return target->has_microseconds ? shown - shown % SIM_US : shown;
}

/* Adds an event that a target sends, with the time at which the merge comes to it. */
static struct path_world_event *add_event(
	struct sim *sim, enum path_world_event_kind kind, unsigned number, uint64_t time)
{
	struct sim_target *target = &sim->targets[number];
	struct path_world_event *event = SIM_ADD(sim->world, events);

	if (target->has_watermarks)
		target->last_delivery = time;
	else if (time > target->last_delivery)
		target->last_delivery = time + sim_below(sim, target->lateness);
	*event = (struct path_world_event){
		.kind = kind,
		.target = number,
		.order_ns = target->last_delivery,
		/* a capture keeps the order of packets with one timestamp */
		.sequence = kind == WORLD_PACKET  ? (uint64_t)number + 1
			    : kind == WORLD_BEGIN ? 0
						  : 2000 + (uint64_t)kind,
		.time_ns = time,
	};
	return event;
}

static void add_gap(struct sim *sim, unsigned target, uint64_t from, uint64_t to)
{
	struct path_world_gap *gap = SIM_ADD(sim->world, gaps);

	*gap = (struct path_world_gap){target, from, to};
}

static bool is_running(const struct sim_target *target, uint64_t time)
{
	return (time >= target->runs[0] && time < target->runs[1]) ||
	       (time >= target->runs[2] && time < target->runs[3]);
}

static bool is_dropped(struct sim *sim, struct sim_target *target, uint64_t time)
{
	if (time < target->drops_from || time > target->drops_to || sim_chance(sim, 5000))
		return false;
	target->has_dropped = true;
	return true;
}

static uint32_t add_frame(struct sim *sim, unsigned interface, enum path_direction direction,
	const struct sim_packet *packet, uint64_t time)
{
	static unsigned char bytes[SIM_FRAME_MAX];
	const struct path_world_interface *place = &sim->world->interfaces[interface];
	const uint32_t snaplen = sim->interfaces[interface].snaplen;
	struct path_world_frame *frame = SIM_ADD(sim->world, frames);

	frame->time_ns = time;
	frame->interface = interface;
	frame->direction = place->has_direction ? direction : PATH_DIRECTION_UNKNOWN;
	frame->len = sim_write_frame(sim, packet, place->linktype, direction == PATH_OUTGOING,
		sim->interfaces[interface].is_vlan, bytes);
	frame->caplen = frame->len < snaplen ? frame->len : snaplen;
	frame->data = sim_allocate(frame->caplen);
	memcpy(frame->data, bytes, frame->caplen);
	frame->atoms = sim_allocate(packet->atom_count * sizeof(*frame->atoms));
	memcpy(frame->atoms, packet->atoms, packet->atom_count * sizeof(*frame->atoms));
	frame->atom_count = (uint32_t)packet->atom_count;
	return (uint32_t)sim->world->frames_count;
}

/* A packet at an interface, seen at a true time, with the timestamp of another. */
static void see(struct sim *sim, unsigned interface, enum path_direction direction,
	const struct sim_packet *packet, uint64_t time, uint64_t stamped)
{
	struct sim_target *target = target_of(sim, interface);
	const unsigned number = sim->world->interfaces[interface].target;
	uint32_t frame = 0;

	if (!sim->world->interfaces[interface].is_captured)
		return;
	if (!packet->is_ghost && is_running(target, stamped) && !is_dropped(sim, target, stamped)) {
		const uint64_t shown = read_clock(target, stamped);

		frame = add_frame(sim, interface, direction, packet, shown);
		add_event(sim, WORLD_PACKET, number, shown)->frame = frame - 1;
	}
	for (size_t i = 0; i < packet->atom_count; i++) {
		struct path_world_visit *visit = SIM_ADD(sim->world, visits);

		*visit = (struct path_world_visit){time, packet->atoms[i], frame, interface,
			direction, packet->ttl, packet->is_ghost};
	}
}

void sim_capture(struct sim *sim, unsigned interface, enum path_direction direction,
	const struct sim_packet *packet)
{
	const int upper = sim->interfaces[interface].upper;

	if (upper < 0) {
		see(sim, interface, direction, packet, sim->now, sim->now);
	} else if (direction == PATH_INCOMING) {
		/* Linux takes the time once for both */
		see(sim, interface, direction, packet, sim->now, sim->now);
		see(sim, (unsigned)upper, direction, packet, sim->now + 1, sim->now);
	} else {
		see(sim, (unsigned)upper, direction, packet, sim->now - 200, sim->now - 200);
		see(sim, interface, direction, packet, sim->now, sim->now);
	}
}

static void run_begin(struct sim *sim, void *object, uint64_t number)
{
	const struct sim_target *target = object;

	add_event(sim, WORLD_BEGIN, (unsigned)number, read_clock(target, sim->now));
}

static void run_watermark(struct sim *sim, void *object, uint64_t number)
{
	const struct sim_target *target = object;

	if (is_running(target, sim->now))
		add_event(sim, WORLD_WATERMARK, (unsigned)number,
			read_clock(target, sim->now) - 2 * SIM_US);
}

/* The kernel's counters are read. */
static void run_counters(struct sim *sim, void *object, uint64_t number)
{
	struct sim_target *target = object;
	const uint64_t time = read_clock(target, sim->now);
	struct path_world_event *event;

	if (target->has_dropped) {
		event = add_event(sim, WORLD_DROPPED, (unsigned)number, time);
		event->from_ns = target->counters_at;
		add_gap(sim, (unsigned)number, event->from_ns, time);
	}
	target->has_dropped = false;
	target->counters_at = time;
}

static void run_end(struct sim *sim, void *object, uint64_t number)
{
	run_counters(sim, object, number);
	add_event(sim, WORLD_END, (unsigned)number, read_clock(object, sim->now));
}

static void choose_clock(struct sim *sim, struct sim_target *target, uint64_t error)
{
	target->offset = (int64_t)sim_below(sim, 2 * error + 1) - (int64_t)error;
	target->drift = ((double)sim_below(sim, 101) - 50) / 1e6;
	if (!(sim->world->features & WORLD_CLOCKS)) {
		target->offset = 0;
		target->drift = 0;
	}
	target->has_microseconds = sim_feature(sim, WORLD_MICROSECONDS, 2500);
	target->has_watermarks = !sim_feature(sim, WORLD_LATE, 1500);
}

static void choose_runs(struct sim *sim, struct sim_target *target, uint64_t last)
{
	const uint64_t whole = last - SIM_START;

	target->runs[0] = SIM_START;
	target->runs[1] = target->runs[2] = target->runs[3] = last;
	if (sim_feature(sim, WORLD_OUTAGES, 1500))
		target->runs[0] += sim_below(sim, whole / 3);
	if (sim_feature(sim, WORLD_OUTAGES, 1500))
		target->runs[3] -= sim_below(sim, whole / 3);
	if (sim_feature(sim, WORLD_OUTAGES, 1500)) {
		target->runs[1] = SIM_START + whole * 2 / 5;
		target->runs[2] = target->runs[1] + sim_below(sim, whole / 5);
	} else {
		target->runs[1] = target->runs[2] = target->runs[3];
	}
	target->drops_from = target->drops_to = SIM_NEVER;
	if (sim_feature(sim, WORLD_DROPS, 2500)) {
		target->drops_from = SIM_START + sim_below(sim, whole);
		target->drops_to = target->drops_from + sim_below(sim, SIM_S);
	}
}

static void start_target(struct sim *sim, unsigned number)
{
	struct sim_target *target = &sim->targets[number];
	const uint64_t every = (100 + sim_below(sim, COUNTER_EVERY_MAX_MS - 100)) * SIM_MS;
	uint64_t before = 0;

	for (unsigned i = 0; i < 4; i += 2) {
		const uint64_t from = target->runs[i], to = target->runs[i + 1];

		if (from >= to)
			continue;
		add_gap(sim, number, before, read_clock(target, from));
		before = read_clock(target, to);
		sim_at(sim, from, run_begin, target, number);
		for (uint64_t time = from; time < to; time += every)
			sim_at(sim, time, run_counters, target, number);
		for (uint64_t time = from + SIM_MS; target->has_watermarks && time < to;
			time += WATERMARK_EVERY_MS * SIM_MS)
			sim_at(sim, time, run_watermark, target, number);
		sim_at(sim, to, run_end, target, number);
	}
	/* the last watermark is not at the very end */
	add_gap(sim, number, before - (before ? 2 * WATERMARK_EVERY_MS * SIM_MS : 0), SIM_NEVER);
}

static void choose_interface(struct sim *sim, unsigned number, unsigned target, bool is_captured)
{
	static const uint32_t linktypes[] = {276, 276, 113, 1};
	const unsigned kinds = sim->has_ethernet ? 4 : 3;
	static const uint32_t snaplens[] = {256, 128, 96, 68};
	struct path_world_interface *place = &sim->world->interfaces[number];

	place->node = sim->interfaces[number].node;
	place->target = target;
	place->is_captured = is_captured;
	place->linktype = linktypes[sim_below(sim, kinds)];
	place->has_direction = place->linktype != 1;
	sim->interfaces[number].snaplen = SIM_FRAME_MAX;
	if (sim_feature(sim, WORLD_SNAPLEN, 2000))
		sim->interfaces[number].snaplen = snaplens[sim_below(sim, 4)];
	place->snaplen = sim->interfaces[number].snaplen;
}

/* Adds a VLAN interface above one. */
static void add_layer(struct sim *sim, unsigned lower, unsigned target)
{
	const unsigned upper = sim->interface_count++;
	struct path_world_interface *place = SIM_ADD(sim->world, interfaces);

	sim->interfaces[upper] =
		(struct sim_interface){.node = sim->interfaces[lower].node, .upper = -1};
	sim->interfaces[lower].upper = (int)upper;
	sim->interfaces[lower].is_vlan = true;
	choose_interface(sim, upper, target, true);
	snprintf(place->name, sizeof(place->name), "%.18s.5", sim->world->interfaces[lower].name);
}

static void choose_node(struct sim *sim, unsigned number, bool is_captured)
{
	static const char *const kinds[] = {"host", "router", "bridge"};
	const struct sim_node *node = &sim->nodes[number];
	const unsigned target = is_captured ? sim->world->targets : 0;
	const unsigned always = (unsigned)sim_below(sim, node->interface_count);

	for (unsigned i = 0; i < node->interface_count; i++) {
		const unsigned interface = node->interfaces[i];
		const bool is_hidden = i != always && sim_feature(sim, WORLD_HIDDEN, 2000) &&
				       !(sim->world->features & WORLD_ROUTE_CHANGE);
		struct path_world_interface *place = &sim->world->interfaces[interface];

		choose_interface(sim, interface, target, is_captured && !is_hidden);
		snprintf(place->name, sizeof(place->name), "%s%u:eth%u", kinds[node->kind], number,
			i);
		if (place->is_captured && node->kind != SIM_BRIDGE &&
			sim_feature(sim, WORLD_LAYERS, 700))
			add_layer(sim, interface, target);
	}
	if (is_captured)
		sim->world->targets++;
}

static uint64_t longest_way(const struct sim *sim)
{
	uint64_t sum = SIM_MS;

	for (unsigned i = 0; i < sim->link_count; i++)
		sum += sim->links[i].delay + sim->links[i].jitter + 150 * SIM_US;
	for (unsigned i = 0; i < sim->node_count; i++)
		sum += 4 * sim->nodes[i].delay;
	return sum;
}

void sim_choose_captures(struct sim *sim)
{
	static const uint64_t errors[] = {
		CLOCK_ERROR_MS * SIM_MS, CLOCK_ERROR_MS * SIM_MS, 50 * SIM_MS, SIM_MS};
	const uint64_t error = errors[sim_below(sim, 4)];
	const uint64_t last = sim->end + 3 * SIM_S / 2;
	struct path_world *world = sim->world;

	sim->has_ethernet = sim_chance(sim, 3000);
	while (world->interfaces_count < sim->interface_count)
		SIM_ADD(world, interfaces);
	for (unsigned i = 0; i < sim->node_count; i++) {
		const bool is_hidden = i > 1 && sim_feature(sim, WORLD_HIDDEN, 2000) &&
				       !(world->features & WORLD_ROUTE_CHANGE);

		choose_node(sim, i, !is_hidden);
	}
	for (unsigned i = 0; i < world->targets; i++) {
		choose_clock(sim, &sim->targets[i], error);
		choose_runs(sim, &sim->targets[i], last);
		start_target(sim, i);
		world->late_targets |= sim->targets[i].has_watermarks ? 0 : 1U << i;
	}
	world->window_ns = longest_way(sim) + COUNTER_EVERY_MAX_MS * SIM_MS + 50 * SIM_MS;
	if (world->features & WORLD_CLOCKS)
		world->window_ns += 2 * error + 2 * SIM_MS;
	for (unsigned i = 0; i < world->targets; i++)
		sim->targets[i].lateness = sim_below(sim, world->window_ns / 2);
	for (unsigned i = 0; i < world->targets; i++)
		if (sim_feature(sim, WORLD_VERY_LATE, 3000))
			sim->targets[i].lateness = sim_below(sim, 2 * SIM_S);
	snprintf(world->description, sizeof(world->description),
		"%u hosts, %u nodes, %u links, %u targets, clocks +-%.0f ms, window %.0f ms%s",
		sim->host_count, sim->node_count, sim->link_count, world->targets,
		(double)error / 1e6, (double)world->window_ns / 1e6,
		world->features & WORLD_ROUTE_CHANGE ? ", routes change" : "");
}

static int compare_events(const void *one, const void *other)
{
	const struct path_world_event *a = one, *b = other;

	if (a->order_ns != b->order_ns)
		return a->order_ns < b->order_ns ? -1 : 1;
	if (a->sequence != b->sequence)
		return a->sequence < b->sequence ? -1 : 1;
	return a->frame < b->frame ? -1 : a->frame > b->frame;
}

void sim_finish_captures(struct sim *sim)
{
	struct path_world *world = sim->world;

	/* a source that comes late comes in its own order */
	for (size_t i = 0; i < world->events_count; i++)
		if (!sim->targets[world->events[i].target].has_watermarks)
			world->events[i].sequence = 1000 + i;
	if (world->events_count)
		qsort(world->events, world->events_count, sizeof(*world->events), compare_events);
}
