/* SPDX-License-Identifier: MIT */
/*
 * The truth of a simulated world, made ready for comparing: each atom's visits in order,
 * and which atoms look equal to others.
 */
#include "path_world_sim.h"

#include <stdlib.h>

static int compare_visits(const void *one, const void *other)
{
	const struct path_world_visit *a = one, *b = other;

	if (a->atom != b->atom)
		return a->atom < b->atom ? -1 : 1;
	/* visits of one time: an interface and its VLAN interface, in the order of adding */
	return a->time_ns < b->time_ns ? -1 : a->time_ns > b->time_ns;
}

/* Atoms by identity, and TCP data by its first byte. */
static int compare_identities(const void *one, const void *other)
{
	const struct path_world_atom *a = *(struct path_world_atom *const *)one;
	const struct path_world_atom *b = *(struct path_world_atom *const *)other;

	if (a->identity != b->identity)
		return a->identity < b->identity ? -1 : 1;
	if (!a->is_tcp_data || a->sequence == b->sequence)
		return 0;
	return (int32_t)(a->sequence - b->sequence) < 0 ? -1 : 1;
}

/* Where payload is not captured, datagrams of one flow look equal. */
static void join_cut_identities(struct path_world *world)
{
	bool *is_cut = sim_allocate((world->flows_count + 1) * sizeof(*is_cut));

	for (size_t i = 0; i < world->visits_count; i++)
		if (world->interfaces[world->visits[i].interface].snaplen < WORLD_SNAPLEN_HEADERS)
			is_cut[world->atoms[world->visits[i].atom].flow] = true;
	for (size_t i = 0; i < world->atoms_count; i++) {
		struct path_world_atom *atom = &world->atoms[i];

		if (is_cut[atom->flow] && world->flows[atom->flow].protocol != 6)
			atom->identity = sim_mix(atom->flow) ^ atom->bytes;
	}
	free(is_cut);
}

static void mark_repeated(struct path_world *world)
{
	struct path_world_atom **atoms = sim_allocate((world->atoms_count + 1) * sizeof(*atoms));
	struct path_world_atom *last = NULL; /* the one that reaches furthest */

	for (size_t i = 0; i < world->atoms_count; i++)
		atoms[i] = &world->atoms[i];
	qsort(atoms, world->atoms_count, sizeof(struct path_world_atom *), compare_identities);
	for (size_t i = 0; i < world->atoms_count; i++) {
		struct path_world_atom *atom = atoms[i];

		if (!last || last->identity != atom->identity) {
			last = atom;
			continue;
		}
		if (!atom->is_tcp_data ||
			(int32_t)(last->sequence + last->bytes - atom->sequence) > 0)
			atom->is_repeated = last->is_repeated = true;
		if (!atom->is_tcp_data ||
			(int32_t)(last->sequence + last->bytes - atom->sequence - atom->bytes) < 0)
			last = atom;
	}
	free(atoms);
}

static void sort_visits(struct path_world *world)
{
	if (world->visits_count)
		qsort(world->visits, world->visits_count, sizeof(*world->visits), compare_visits);
	for (size_t i = 0; i < world->visits_count; i++) {
		struct path_world_atom *atom = &world->atoms[world->visits[i].atom];

		if (!atom->visits++)
			atom->visits_at = (uint32_t)i;
	}
}

void sim_finish_atoms(struct path_world *world)
{
	sort_visits(world);
	join_cut_identities(world);
	mark_repeated(world);
}
