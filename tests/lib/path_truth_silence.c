/* SPDX-License-Identifier: MIT */
/*
 * Counts lost packets of which nothing was told: neither that they were lost, nor that this is
 * not known, nor that their flow ended. In: claims, and the truth. Out: counts.
 */
#include "path_truth_parts.h"

#include <stdlib.h>
#include <string.h>

/* Of the packets in one frame, the last one before they were lost. By truth_weight(). */
struct account {
	uint64_t lost;
	uint64_t answered;
	uint64_t atoms; /* that were lost */
};

/* Returns the last visit that was captured and is followed before an atom was lost, or NULL. */
static const struct path_world_visit *last_sight(
	const struct path_world *world, const struct path_world_atom *atom)
{
	const struct path_world_visit *visits = &world->visits[atom->visits_at];
	const struct path_world_visit *last = NULL;

	for (uint32_t i = 0; i < atom->visits; i++) {
		if (visits[i].is_ghost)
			return last;
		if (visits[i].frame && truth_is_followed(world, visits[i].interface))
			last = &visits[i];
	}
	return NULL;
}

static bool is_counted(const struct path_world_atom *atom)
{
	return !truth_is_uncertain(atom) && !atom->is_fragment;
}

static struct account *add_lost(const struct path_world *world)
{
	struct account *accounts = calloc(world->frames_count + 1, sizeof(*accounts));

	if (!accounts)
		abort();
	for (size_t i = 0; i < world->atoms_count; i++) {
		const struct path_world_atom *atom = &world->atoms[i];
		const struct path_world_visit *last = last_sight(world, atom);

		if (!last || !is_counted(atom))
			continue;
		accounts[last->frame].lost += truth_weight(atom, atom->bytes);
		accounts[last->frame].atoms++;
	}
	return accounts;
}

/*
 * A claim may name another sight of the packet than its last one, where the order of places is
 * not known. Then it is for the first of the frame's packets that nothing else was told of.
 */
static void add_answer(
	const struct path_truth *truth, struct account *accounts, uint32_t frame, uint64_t weight)
{
	const struct path_world *world = truth->world;
	const struct path_world_frame *named = &world->frames[frame - 1];

	for (uint32_t i = 0; i < named->atom_count && !accounts[frame].lost; i++) {
		const struct path_world_visit *last =
			last_sight(world, &world->atoms[named->atoms[i]]);

		if (!last || accounts[last->frame].answered >= accounts[last->frame].lost)
			continue;
		accounts[last->frame].answered += weight;
		return;
	}
	accounts[frame].answered += weight;
}

static void add_answers(const struct path_truth *truth, struct account *accounts)
{
	const struct path_world *world = truth->world;

	for (size_t i = 0; i < truth->by_frame.items_count; i++)
		if (truth->by_frame.items[i].told)
			add_answer(truth, accounts, truth->by_frame.items[i].frame,
				truth->by_frame.items[i].told);
	for (size_t i = 0; i < truth->doubts_count; i++) {
		const struct path_world_frame *frame = truth->doubts[i].frame;
		const struct path_world_atom *atom = &world->atoms[frame->atoms[0]];

		add_answer(truth, accounts, (uint32_t)(frame - world->frames) + 1,
			truth_weight(atom, truth->doubts[i].bytes));
	}
}

static bool has_ended(const struct path_truth *truth, uint32_t flow, uint32_t place)
{
	for (size_t i = 0; i < truth->ended_count; i++)
		if (truth->ended[i].place == place &&
			memcmp(&truth->ended[i].flow, &truth->keys[flow],
				sizeof(truth->keys[flow])) == 0)
			return true;
	return false;
}

/* Marks the places of flows beyond which another place saw one of their packets. */
static bool *find_continued(const struct path_world *world)
{
	bool *continued = calloc(TRUTH_FLOWS * TRUTH_PLACES, sizeof(*continued));

	if (!continued)
		abort();
	for (size_t i = 0; i < world->atoms_count; i++) {
		const struct path_world_atom *atom = &world->atoms[i];
		const struct path_world_visit *last = NULL;

		for (uint32_t j = 0; j < atom->visits; j++) {
			const struct path_world_visit *visit = &world->visits[atom->visits_at + j];

			if (!visit->frame || !truth_is_followed(world, visit->interface))
				continue;
			if (last)
				continued[atom->flow * TRUTH_PLACES +
					  truth_visit_place(world, last)] = true;
			last = visit;
		}
	}
	return continued;
}

void truth_count_silent(struct path_truth *truth)
{
	const struct path_world *world = truth->world;
	struct account *accounts = add_lost(world);
	bool *continued = find_continued(world);

	add_answers(truth, accounts);
	for (uint32_t i = 1; i <= world->frames_count; i++) {
		const struct path_world_frame *frame = &world->frames[i - 1];
		const struct account *account = &accounts[i];
		const uint32_t flow = world->atoms[frame->atoms[0]].flow;
		const uint32_t place = truth_place(world, frame->interface, frame->direction);
		const bool has_continued = continued[flow * TRUTH_PLACES + place];
		uint64_t silent;

		truth->counts.lost_seen += account->atoms;
		if (account->answered >= account->lost || has_ended(truth, flow, place))
			continue;
		silent = account->atoms * (account->lost - account->answered) / account->lost;
		silent += silent == 0;
		if (has_continued)
			truth->counts.silent += silent;
		else
			truth->counts.silent_end += silent;
		if (!has_continued || !truth_may_log(truth))
			continue;
		fprintf(truth->log, "# nothing told of a loss: %s\n",
			truth_place_name(world, place));
		truth_log_frame(truth, frame);
	}
	free(accounts);
	free(continued);
}
