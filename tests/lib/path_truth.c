/* SPDX-License-Identifier: MIT */
/*
 * Compares what a pairing has told with the truth, by adding up both: for each packet and
 * stretch, and where packets are equal for each identity and stretch, since nobody can know
 * which of them was lost.
 */
#include "path_truth_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

uint32_t truth_place(
	const struct path_world *world, uint32_t interface, enum path_direction direction)
{
	return interface * 3 + (world->interfaces[interface].has_direction ? direction : 0);
}

const char *truth_place_name(const struct path_world *world, uint32_t place)
{
	static char names[4][64];
	static unsigned next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "%s%s", world->interfaces[place / 3].name,
		place % 3 == PATH_INCOMING   ? " in"
		: place % 3 == PATH_OUTGOING ? " out"
					     : "");
	return name;
}

uint32_t truth_visit_place(const struct path_world *world, const struct path_world_visit *visit)
{
	return truth_place(world, visit->interface, visit->direction);
}

static const struct path_world_frame *frame_of(const struct path_truth *truth, uint64_t number)
{
	return &truth->world->frames[truth->frames[number]];
}

static uint32_t frame_number(const struct path_truth *truth, const struct path_world_frame *frame)
{
	return (uint32_t)(frame - truth->world->frames) + 1;
}

static uint32_t frame_place(const struct path_truth *truth, const struct path_world_frame *frame)
{
	return truth_place(truth->world, frame->interface, frame->direction);
}

static const struct path_world_atom *first_atom(
	const struct path_truth *truth, const struct path_world_frame *frame)
{
	return &truth->world->atoms[frame->atoms[0]];
}

/* How much a claim counts: bytes of TCP, packets of everything else. */
uint64_t truth_weight(const struct path_world_atom *atom, uint32_t bytes)
{
	return atom->is_tcp_data ? bytes : 1;
}

bool truth_is_followed(const struct path_world *world, uint32_t interface)
{
	return world->interfaces[interface].snaplen >= WORLD_SNAPLEN_HEADERS;
}

bool truth_is_uncertain(const struct path_world_atom *atom)
{
	return atom->is_repeated || atom->is_ambiguous;
}

static bool has_uncertain(const struct path_truth *truth, const struct path_world_frame *frame)
{
	for (uint32_t i = 0; i < frame->atom_count; i++)
		if (truth_is_uncertain(&truth->world->atoms[frame->atoms[i]]))
			return true;
	return false;
}

bool truth_may_log(struct path_truth *truth)
{
	return truth->log_left > 0 && truth->log_left--;
}

void truth_log_frame(struct path_truth *truth, const struct path_world_frame *frame)
{
	const struct path_world *world = truth->world;
	const struct path_world_atom *atom = first_atom(truth, frame);

	fprintf(truth->log, "#   %s, frame %u of %s: %u atoms, first %u, %u bytes%s%s\n",
		world->flows[atom->flow].name, frame_number(truth, frame),
		truth_place_name(world, frame_place(truth, frame)), frame->atom_count,
		frame->atoms[0], atom->bytes, has_uncertain(truth, frame) ? ", repeated" : "",
		atom->is_tcp_data ? ", TCP data" : "");
	for (uint32_t i = 0; i < frame->atom_count; i++) {
		atom = &world->atoms[frame->atoms[i]];
		fprintf(truth->log, "#   atom %u seq %u size %u:", frame->atoms[i], atom->sequence,
			atom->bytes);
		for (uint32_t j = 0; j < atom->visits; j++) {
			const struct path_world_visit *visit = &world->visits[atom->visits_at + j];

			fprintf(truth->log, " %s%s",
				truth_place_name(world, truth_visit_place(world, visit)),
				visit->is_ghost ? "(lost)" : "");
			if (visit->frame)
				fprintf(truth->log, "(%u, %.6f)", visit->frame,
					(double)(world->frames[visit->frame - 1].time_ns %
						 UINT64_C(10000000000)) /
						1e9);
		}
		fprintf(truth->log, "\n");
	}
}

static void tell_lost(void *context, const struct path_missing *missing)
{
	struct path_truth *truth = context;
	const struct path_world_frame *frame = frame_of(truth, missing->from.number);
	const struct path_world_atom *atom = first_atom(truth, frame);
	const struct tally tally = {
		.key = frame_number(truth, frame),
		.from = frame_place(truth, frame),
		.to = truth->places[missing->to],
		.told = truth_weight(atom, missing->bytes),
		.frame = frame_number(truth, frame),
		.is_uncertain = has_uncertain(truth, frame),
	};
	struct tally of_identity = tally;

	of_identity.key = atom->identity;
	tallies_add(&truth->by_frame, tally);
	tallies_add(&truth->by_identity, of_identity);
	of_identity.key = atom->flow;
	of_identity.to = 0;
	if (atom->is_tcp_data)
		tallies_add(&truth->balance, of_identity);
	truth->counts.lost++;
}

static void tell_take_back(void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	struct path_truth *truth = context;

	(void)doubt;
	tallies_add(&truth->taken_back, (struct tally){.key = missing->bytes,
						.from = truth->places[missing->from.place],
						.to = truth->places[missing->to],
						.taken_back = 1});
	truth->counts.taken_back++;
}

static void tell_doubt(void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	struct path_truth *truth = context;
	const struct path_world_frame *frame;

	truth->counts.doubts[doubt]++;
	if (!missing->from.number)
		return;
	frame = frame_of(truth, missing->from.number);
	truth->doubts = truth_grow(
		truth->doubts, truth->doubts_count, &truth->doubts_room, sizeof(*truth->doubts));
	truth->doubts[truth->doubts_count++] = (struct told){frame, 0, missing->bytes, doubt};
	if (first_atom(truth, frame)->is_tcp_data)
		tallies_add(&truth->balance, (struct tally){.key = first_atom(truth, frame)->flow,
						     .from = frame_place(truth, frame),
						     .told = missing->bytes,
						     .is_uncertain = doubt == PATH_DOUBT_LATE});
}

static void tell_ending(void *context, const struct path_ending *ending)
{
	struct path_truth *truth = context;
	const struct path_flow_key *flow = ending->flow;
	const unsigned from = flow->source_port[0] << 8 | flow->source_port[1];
	const unsigned to = flow->destination_port[0] << 8 | flow->destination_port[1];

	truth->counts.endings++;
	truth->ended = truth_grow(
		truth->ended, truth->ended_count, &truth->ended_room, sizeof(*truth->ended));
	truth->ended[truth->ended_count++] = (struct ended){*flow, truth->places[ending->place]};
	/* the client's port tells the flow's number: see sim_add_flows() */
	if (flow->protocol == 6)
		tallies_add(&truth->balance,
			(struct tally){.key = from >= 10000 ? from - 10000 : to - 10000 + 1,
				.from = truth->places[ending->place],
				.ended = ending->bytes});
}

/* Returns the visit of an atom that a frame has captured; NULL: it is not in it. */
static const struct path_world_visit *find_visit(
	const struct path_truth *truth, uint32_t number, uint32_t frame)
{
	const struct path_world_atom *atom = &truth->world->atoms[number];

	for (uint32_t i = 0; i < atom->visits; i++)
		if (truth->world->visits[atom->visits_at + i].frame == frame)
			return &truth->world->visits[atom->visits_at + i];
	return NULL;
}

/*
 * Was a packet captured between two visits, by a source that is not late? One whose first
 * packet has not come yet is not known: its clock is ahead, or its capture has just begun.
 */
static bool skips(const struct path_truth *truth, const struct path_world_visit *from,
	const struct path_world_visit *to, bool has_begun)
{
	const struct path_world *world = truth->world;

	for (const struct path_world_visit *visit = from + 1; visit < to; visit++) {
		const struct path_world_interface *interface = &world->interfaces[visit->interface];

		if (visit->frame && !(world->late_targets >> interface->target & 1) &&
			(truth->begun >> interface->target & 1) == has_begun &&
			truth_is_followed(world, visit->interface))
			return true;
	}
	return false;
}

/* Could one packet be taken for the other? */
static bool are_equal(const struct path_truth *truth, const struct path_world_frame *one,
	const struct path_world_frame *other)
{
	for (uint32_t i = 0; i < one->atom_count; i++) {
		const struct path_world_atom *a = &truth->world->atoms[one->atoms[i]];

		for (uint32_t j = 0; j < other->atom_count; j++) {
			const struct path_world_atom *b = &truth->world->atoms[other->atoms[j]];

			if (a->identity == b->identity &&
				(!a->is_tcp_data ||
					((int32_t)(a->sequence + a->bytes - b->sequence) > 0 &&
						(int32_t)(b->sequence + b->bytes - a->sequence) >
							0)))
				return true;
		}
	}
	return false;
}

static void log_passage(struct path_truth *truth, const char *text,
	const struct path_world_frame *from, const struct path_world_frame *to)
{
	if (!truth_may_log(truth))
		return;
	fprintf(truth->log, "# %s: frame %u > frame %u\n", text, frame_number(truth, from),
		frame_number(truth, to));
	truth_log_frame(truth, from);
	truth_log_frame(truth, to);
}

/* Adds the bytes of TCP that a passage has, to compare their sums. */
static void tally_passage(struct path_truth *truth, const struct path_passage *passage,
	const struct path_world_frame *from, const struct path_world_frame *to)
{
	struct tally tally = {.key = first_atom(truth, from)->flow,
		.told = passage->bytes,
		.from = frame_place(truth, from)};

	tallies_add(&truth->balance, tally);
	tally.to = frame_place(truth, to);
	tallies_add(&truth->passed, tally);
}

/*
 * Returns the weight of a frame's atoms that truly passed from it to another one; ret_skipped
 * is that of atoms which also passed a place between the two.
 */
static uint64_t weigh_passage(struct path_truth *truth, const struct path_world_frame *from,
	const struct path_world_frame *to, uint64_t *ret_skipped)
{
	const struct path_world_atom *first = first_atom(truth, from);
	uint64_t sum = 0;

	*ret_skipped = 0;
	for (uint32_t i = 0; i < from->atom_count; i++) {
		const uint32_t atom = from->atoms[i];
		const struct path_world_visit *left =
			find_visit(truth, atom, frame_number(truth, from));
		const struct path_world_visit *came =
			find_visit(truth, atom, frame_number(truth, to));
		uint64_t weight;

		if (!left || !came || came <= left)
			continue;
		weight = truth_weight(first, truth->world->atoms[atom].bytes);
		sum += weight;
		if (skips(truth, left, came, true))
			*ret_skipped += weight;
		else if (skips(truth, left, came, false) && first->is_tcp_data)
			tallies_add(&truth->passed, (struct tally){.key = first->flow,
							    .truth = weight,
							    .from = frame_place(truth, from),
							    .to = frame_place(truth, to)});
	}
	return sum;
}

static void tell_passed(void *context, const struct path_passage *passage)
{
	struct path_truth *truth = context;
	const struct path_world_frame *from = frame_of(truth, passage->from.number);
	const struct path_world_frame *to = frame_of(truth, passage->to.number);
	const struct path_world_atom *atom = first_atom(truth, from);
	const uint64_t told = truth_weight(atom, passage->bytes);
	uint64_t skipped;
	uint64_t passed;

	truth->counts.passed++;
	if (atom->is_tcp_data)
		tally_passage(truth, passage, from, to);
	passed = weigh_passage(truth, from, to, &skipped);
	if (passed >= told) {
		if (passed - skipped < told && !has_uncertain(truth, from)) {
			truth->counts.skipped++;
			log_passage(truth, "a place is left out", from, to);
		}
	} else if (!are_equal(truth, from, to) || !has_uncertain(truth, from)) {
		truth->counts.false_passages++;
		log_passage(truth, "false passage", from, to);
	} else if (!passage->is_repeated) {
		truth->counts.unmarked++;
		log_passage(truth, "passage is not told as repeated", from, to);
	}
}

struct path_pairing_sink path_truth_sink(struct path_truth *truth)
{
	return (struct path_pairing_sink){
		.context = truth,
		.passed = tell_passed,
		.lost = tell_lost,
		.take_back = tell_take_back,
		.doubt = tell_doubt,
		.ending = tell_ending,
	};
}

struct path_truth *path_truth_new(const struct path_world *world, FILE *log, unsigned log_max)
{
	struct path_truth *truth = calloc(1, sizeof(*truth));

	if (!truth)
		abort();
	truth->world = world;
	truth->log = log;
	truth->log_left = log_max;
	return truth;
}

void path_truth_free(struct path_truth *truth)
{
	free(truth->frames);
	free(truth->by_frame.items);
	free(truth->by_identity.items);
	free(truth->taken_back.items);
	free(truth->passed.items);
	free(truth->balance.items);
	free(truth->doubts);
	free(truth->ended);
	free(truth);
}

void path_truth_add(struct path_truth *truth, uint64_t number, uint32_t frame, uint16_t place,
	const struct path_flow_key *flow)
{
	truth->frames =
		truth_grow(truth->frames, number, &truth->frame_room, sizeof(*truth->frames));
	truth->frames[number] = frame;
	truth->counts.packets++;
	truth->begun |=
		1U << truth->world->interfaces[truth->world->frames[frame].interface].target;
	if (place < TRUTH_PLACES)
		truth->places[place] = frame_place(truth, &truth->world->frames[frame]);
	if (flow)
		truth->keys[first_atom(truth, &truth->world->frames[frame])->flow] = *flow;
}
