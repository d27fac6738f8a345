/* SPDX-License-Identifier: MIT */
/*
 * Compares the sums of what was told with the sums of what is true: no loss may be told
 * that was none, and what can be told must be.
 */
#include "path_truth_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Adds what was truly lost, on each stretch that could be told. */
static void add_true_losses(struct path_truth *truth, const struct path_world_atom *atom)
{
	const struct path_world *world = truth->world;
	const struct path_world_visit *visits = &world->visits[atom->visits_at];

	for (uint32_t i = 0; i < atom->visits; i++) {
		for (uint32_t j = i + 1; visits[i].frame && j < atom->visits; j++) {
			struct tally tally = {
				.key = visits[i].frame,
				.from = truth_visit_place(world, &visits[i]),
				.to = truth_visit_place(world, &visits[j]),
				.truth = truth_weight(atom, atom->bytes),
				.frame = visits[i].frame,
			};

			if (!visits[j].is_ghost)
				continue;
			tallies_add(&truth->by_frame, tally);
			tally.key = atom->identity;
			tallies_add(&truth->by_identity, tally);
		}
	}
}

/* Uses up losses that were taken back, of one size or of any that is not too large. */
static uint64_t use_taken_back(
	struct path_truth *truth, const struct tally *tally, uint64_t left, bool is_exact)
{
	const struct path_world_frame *frame = &truth->world->frames[tally->frame - 1];
	const bool is_data = truth->world->atoms[frame->atoms[0]].is_tcp_data;

	for (size_t i = 0; left && i < truth->taken_back.items_count; i++) {
		struct tally *item = &truth->taken_back.items[i];
		const uint64_t size = is_data ? item->key : 1;

		if (item->from != tally->from || item->to != tally->to || !item->taken_back ||
			size > left || (is_exact && size != left))
			continue;
		item->taken_back--;
		left -= size;
	}
	return left;
}

/* Were as many losses taken back as were told too much? */
static bool was_taken_back(struct path_truth *truth, const struct tally *tally)
{
	const uint64_t left = use_taken_back(truth, tally, tally->told - tally->truth, true);

	return !use_taken_back(truth, tally, left, false);
}

static void check_losses(struct path_truth *truth, struct tallies *tallies, bool is_by_frame)
{
	const struct path_world *world = truth->world;

	tallies_sum_up(tallies);
	for (size_t i = 0; i < tallies->items_count; i++) {
		const struct tally *tally = &tallies->items[i];

		if (tally->told <= tally->truth || (is_by_frame && tally->is_uncertain) ||
			(!is_by_frame && !tally->is_uncertain))
			continue;
		if (was_taken_back(truth, tally))
			continue;
		truth->counts.false_losses++;
		if (!truth_may_log(truth))
			continue;
		fprintf(truth->log, "# false loss: %s > %s, told %" PRIu64 " of %" PRIu64 "%s\n",
			truth_place_name(world, tally->from), truth_place_name(world, tally->to),
			tally->told, tally->truth, is_by_frame ? "" : " of these equal packets");
		truth_log_frame(truth, &world->frames[tally->frame - 1]);
	}
}

/* Is the order of two visits known without clocks of two hosts? */
static bool is_ordered(const struct path_world *world, const struct path_world_visit *from,
	const struct path_world_visit *to)
{
	const struct path_world_interface *one = &world->interfaces[from->interface];
	const struct path_world_interface *other = &world->interfaces[to->interface];

	if (from->ttl != to->ttl)
		return true;
	if (one->target == other->target)
		return one->has_direction && other->has_direction &&
		       from->direction != to->direction;
	return one->has_direction && other->has_direction && from->direction == PATH_OUTGOING &&
	       to->direction == PATH_INCOMING;
}

/* Did this source have all packets at about that time, and send them in time? */
static bool is_clear(const struct path_world *world, uint32_t interface, uint64_t time_ns)
{
	const unsigned target = world->interfaces[interface].target;

	if (world->late_targets >> target & 1 || !truth_is_followed(world, interface))
		return false;
	for (size_t i = 0; i < world->gaps_count; i++)
		if (world->gaps[i].target == target &&
			world->gaps[i].from_ns <= time_ns + world->window_ns &&
			world->gaps[i].to_ns + world->window_ns >= time_ns)
			return false;
	return true;
}

/* Finds the last visit before an atom was lost, and the one that it lacks. */
static bool find_loss(const struct path_world *world, const struct path_world_atom *atom,
	const struct path_world_visit **ret_from, const struct path_world_visit **ret_to)
{
	const struct path_world_visit *visits = &world->visits[atom->visits_at];

	for (uint32_t i = 0; i + 1 < atom->visits; i++) {
		if (visits[i].is_ghost || !visits[i + 1].is_ghost)
			continue;
		*ret_from = &visits[i];
		*ret_to = &visits[i + 1];
		return visits[i].frame;
	}
	return false;
}

/* Adds the passages of an atom, from each place that captured it to the next one. */
static void add_passages(
	struct path_truth *truth, const struct path_world_atom *atom, struct tallies *passes)
{
	const struct path_world *world = truth->world;
	const struct path_world_visit *visits = &world->visits[atom->visits_at];
	const struct path_world_visit *last = NULL;
	const struct path_world_visit *last_any = NULL; /* also where headers are cut */

	for (uint32_t i = 0; i < atom->visits; i++) {
		const struct path_world_visit *visit = &visits[i];
		struct tally tally = {.key = atom->flow, .truth = atom->bytes};

		/* where headers are cut, some packets are followed, and others are not */
		if (last_any && !visit->is_ghost)
			truth->is_unordered[atom->flow] |= !is_ordered(world, last_any, visit);
		if (visit->frame)
			last_any = visit;
		if (!truth_is_followed(world, visit->interface)) {
			truth->is_repeated[atom->flow] = true;
			continue;
		}
		if (last && !visit->is_ghost)
			truth->is_unordered[atom->flow] |= !is_ordered(world, last, visit);
		if (!visit->frame)
			continue;
		tally.from = truth_visit_place(world, visit);
		if (atom->is_tcp_data)
			tallies_add(&truth->balance, tally);
		if (last) {
			tally.from = truth_visit_place(world, last);
			tally.to = truth_visit_place(world, visit);
			tally.latest = last->time_ns;
			if (atom->is_tcp_data)
				tallies_add(&truth->passed, tally);
			if (visit == last + 1 && !truth_is_uncertain(atom) && !atom->is_fragment)
				tallies_add(passes, tally);
		}
		last = visit;
	}
}

/* Adds an atom that a reader of all captures can tell as lost, by what passed later. */
static void add_certain(
	struct path_truth *truth, const struct path_world_atom *atom, const struct tallies *passes)
{
	const struct path_world *world = truth->world;
	const struct path_world_visit *from, *to;
	const struct tally *pass;
	uint64_t time_ns;

	if (truth_is_uncertain(atom) || atom->is_fragment || atom->is_first_fragment ||
		world->flows[atom->flow].has_several_ways || !find_loss(world, atom, &from, &to))
		return;
	time_ns = world->frames[from->frame - 1].time_ns;
	pass = tallies_find(
		passes, atom->flow, truth_visit_place(world, from), truth_visit_place(world, to));
	if (!pass || pass->latest <= from->time_ns || !is_ordered(world, from, to) ||
		truth->is_unordered[atom->flow] || !is_clear(world, from->interface, time_ns) ||
		!is_clear(world, to->interface, time_ns))
		return;
	tallies_add(&truth->by_frame, (struct tally){.key = from->frame,
					      .from = truth_visit_place(world, from),
					      .to = truth_visit_place(world, to),
					      .frame = from->frame,
					      .certain = truth_weight(atom, atom->bytes),
					      .certain_packets = 1});
}

/* Counts why a certain loss was not told. */
static void count_untold(struct path_truth *truth, const struct tally *tally)
{
	const struct path_world *world = truth->world;
	unsigned what = PATH_DOUBTS;

	for (size_t i = 0; i < truth->doubts_count; i++)
		if (truth->doubts[i].frame == &world->frames[tally->frame - 1])
			what = truth->doubts[i].what;
	truth->counts.certain_doubts[what] += tally->certain_packets;
	if (!truth_may_log(truth))
		return;
	fprintf(truth->log, "# loss not told: %s > %s, told %" PRIu64 " of %" PRIu64 ", doubt %u\n",
		truth_place_name(world, tally->from), truth_place_name(world, tally->to),
		tally->told, tally->certain, what);
	truth_log_frame(truth, &world->frames[tally->frame - 1]);
}

static void check_certain(struct path_truth *truth)
{
	for (size_t i = 0; i < truth->by_frame.items_count; i++) {
		const struct tally *tally = &truth->by_frame.items[i];

		truth->counts.certain += tally->certain_packets;
		if (tally->told >= tally->certain)
			truth->counts.certain_told += tally->certain_packets;
		else
			count_untold(truth, tally);
	}
}

/* Is a flow received there, so that nothing follows? */
static bool is_at_end(const struct path_world *world, const struct tally *tally)
{
	return world->interfaces[tally->from / 3].node == world->flows[tally->key].destination;
}

/*
 * Compares bytes of TCP flows, of which no two packets are equal: on a stretch no more may
 * have passed than truly did, and of a place all bytes must be told: as passed, lost, in
 * doubt, or as the flow's ending, which may be told as in doubt, too.
 */
static void check_bytes(struct path_truth *truth, struct tallies *tallies, bool is_passed)
{
	const struct path_world *world = truth->world;

	tallies_sum_up(tallies);
	for (size_t i = 0; i < tallies->items_count; i++) {
		const struct tally *tally = &tallies->items[i];
		const bool is_over = tally->told > tally->truth;
		const bool is_short = tally->told + tally->ended < tally->truth;

		if (truth->is_repeated[tally->key] || (!is_passed && is_at_end(world, tally)) ||
			world->late_targets || (!is_over && truth->is_unordered[tally->key]))
			continue;
		if (is_passed)
			truth->counts.false_bytes += is_over;
		else if (is_over || is_short)
			truth->counts.unbalanced++;
		else
			truth->counts.balanced++;
		if (!(is_over || (!is_passed && is_short)) || !truth_may_log(truth))
			continue;
		fprintf(truth->log,
			"# bytes of %s %s %s %s: told %" PRIu64 " + ended %" PRIu64 " of %" PRIu64
			"\n",
			world->flows[tally->key].name, truth_place_name(world, tally->from),
			is_passed ? ">" : "in all",
			is_passed ? truth_place_name(world, tally->to) : "", tally->told,
			tally->ended, tally->truth);
	}
}

struct path_truth_counts path_truth_compare(struct path_truth *truth, bool is_complete)
{
	const struct path_world *world = truth->world;
	struct tallies passes = {0};

	for (size_t i = 0; i < world->atoms_count; i++) {
		const struct path_world_atom *atom = &world->atoms[i];

		if (truth_is_uncertain(atom))
			truth->is_repeated[atom->flow] = true;
		add_true_losses(truth, atom);
		add_passages(truth, atom, &passes);
	}
	tallies_sum_up(&passes);
	for (size_t i = 0; i < world->atoms_count; i++)
		add_certain(truth, &world->atoms[i], &passes);
	free(passes.items);
	check_losses(truth, &truth->by_frame, true);
	check_losses(truth, &truth->by_identity, false);
	if (is_complete) {
		truth_count_silent(truth);
		check_certain(truth);
		check_bytes(truth, &truth->passed, true);
		check_bytes(truth, &truth->balance, false);
	}
	return truth->counts;
}
