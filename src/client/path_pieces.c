/* SPDX-License-Identifier: MIT */
/*
 * Bytes of TCP streams: finds the journeys that have bytes of a segment, splits them where it
 * begins and ends, and adds the segment's sight to each.
 */
#include "client/path_pieces.h"

#include "client/path_joining.h"
#include "client/path_losses.h"

/* A range of the sequence numbers of a flow, which wrap. */
struct range {
	uint32_t first;
	uint32_t size;
};

static bool is_within(uint32_t sequence, const struct path_identity *bytes)
{
	return sequence - bytes->sequence < bytes->size;
}

/* What journeys have to say about a piece of a segment. */
struct piece {
	struct journey *found; /* it has the piece's first byte, and lacks the place */
	bool is_repeated;      /* another one has it, and was at the place */
	bool is_full;	       /* too many journeys were looked at */
	bool has_other;	       /* another sending has it, as its identification shows */
	bool is_marking;       /* such ones become repeated */
	uint32_t size;	       /* of the piece, if none has its first byte */
};

/* Are they different sendings, although their bytes are the same? */
static bool has_other_id(
	const struct journey *journey, const struct path_identity *identity, uint32_t sequence)
{
	return journey->identity.has_id && identity->has_id &&
	       journey->identity.sequence == sequence && identity->sequence == sequence &&
	       journey->identity.id != identity->id;
}

/* Are they one sending for certain? */
static bool has_same_id(
	const struct journey *journey, const struct path_identity *identity, uint32_t sequence)
{
	return journey->identity.has_id && !journey->has_unknown_id && identity->has_id &&
	       identity->sequence == sequence;
}

static void look_at(struct path_pairing *pairing, struct journey *journey,
	const struct path_sight *sight, const struct path_identity *identity, uint32_t sequence,
	struct piece *piece)
{
	const uint32_t ahead = journey->identity.sequence - sequence;

	if (!is_within(sequence, &journey->identity)) {
		if (ahead < piece->size && path_joining_fits(pairing, journey, sight))
			piece->size = ahead;
		return;
	}
	if (has_other_id(journey, identity, sequence)) {
		piece->has_other = true;
		piece->is_repeated |= journey->has_unknown_id;
		journey->is_repeated |= piece->is_marking || journey->has_unknown_id;
		return;
	}
	path_joining_consider(
		pairing, journey, sight, identity, &piece->found, &piece->is_repeated);
}

/* Finds the journeys that have bytes of what remains of a segment. */
static struct piece find_piece(struct path_pairing *pairing, const struct flow *flow,
	const struct path_sight *sight, const struct path_identity *identity, struct range rest,
	bool is_marking)
{
	const struct journeys *journeys = &pairing->journeys;
	const uint32_t flow_index = flow_number(&pairing->flows, flow);
	const uint32_t behind = flow->size_max > 0 ? flow->size_max - 1 : 0;
	struct piece piece = {.size = rest.size, .is_marking = is_marking};
	unsigned looked_at = 0;

	for (uint32_t at = (rest.first - behind) >> JOURNEY_BLOCK_BITS,
		      last = (rest.first + rest.size - 1) >> JOURNEY_BLOCK_BITS;
		; at = (at + 1) & (UINT32_MAX >> JOURNEY_BLOCK_BITS)) {
		uint32_t i = journeys_chain(journeys, identity, at << JOURNEY_BLOCK_BITS);

		for (; i != JOURNEY_NONE; i = journeys->list[i].next) {
			struct journey *journey = &journeys->list[i];

			if (++looked_at > CHAIN_MAX) {
				piece.is_full = true;
				return piece;
			}
			if (journey->flow == flow_index && journey->identity.kind == PATH_BYTES &&
				journey->identity.digest == identity->digest &&
				journey->identity.sequence >> JOURNEY_BLOCK_BITS == at)
				look_at(pairing, journey, sight, identity, rest.first, &piece);
		}
		if (at == last)
			return piece;
	}
}

/* Cuts a journey down to the bytes of rest that it has. */
static struct journey *cut(struct path_pairing *pairing, struct journey *journey, struct range rest)
{
	struct journeys *journeys = &pairing->journeys;

	if (journey->is_waiting)
		path_losses_resume(pairing, journey);
	if (journey->identity.sequence != rest.first) {
		struct journey *tail = journeys_split(journeys, journey, rest.first);

		pairing->flows.list[journey->flow].journeys++;
		journey = tail;
	}
	if (journey->identity.size > rest.size) {
		journeys_split(journeys, journey, rest.first + rest.size);
		pairing->flows.list[journey->flow].journeys++;
	}
	return journey;
}

/* Adds the first bytes of what remains of a segment. Returns how many these are. */
static uint32_t add_piece(struct path_pairing *pairing, struct flow *flow,
	const struct path_sight *sight, const struct path_identity *identity, struct range rest,
	uint64_t *first)
{
	struct path_identity part = *identity;
	struct piece piece;
	struct journey *journey;
	uint64_t number;

	path_joining_make_space(pairing);
	piece = find_piece(pairing, flow, sight, identity, rest, false);
	if (piece.is_full) {
		path_joining_leave_out(pairing, flow, sight, identity);
		return rest.size;
	}
	if (piece.found) {
		journey = cut(pairing, piece.found, rest);
		if (!has_same_id(journey, identity, rest.first) && piece.has_other) {
			journey->is_repeated = true;
			find_piece(pairing, flow, sight, identity, rest, true);
		}
		if (identity->has_id && identity->sequence == rest.first) {
			journey->identity.has_id = true;
			journey->identity.id = identity->id;
		} else {
			journey->has_unknown_id = true;
		}
		path_joining_join(pairing, journey, sight);
	} else {
		part.sequence = rest.first;
		part.size = piece.size;
		part.has_id = identity->has_id && rest.first == identity->sequence;
		journey = path_joining_start(pairing, flow, sight, &part, piece.is_repeated);
	}
	rest.size = journey->identity.size;
	number = path_joining_finish(pairing, journey);
	*first = number < *first ? number : *first;
	return rest.size;
}

uint64_t path_pieces_add(struct path_pairing *pairing, struct flow *flow,
	const struct path_sight *sight, const struct path_identity *identity)
{
	struct range rest = {.first = identity->sequence, .size = identity->size};
	uint64_t first = sight->number;

	if (rest.size > JOURNEY_SIZE_MAX) {
		path_joining_leave_out(pairing, flow, sight, identity);
		return sight->number;
	}
	if (rest.size > flow->size_max)
		flow->size_max = rest.size;
	while (rest.size > 0) {
		const uint32_t size = add_piece(pairing, flow, sight, identity, rest, &first);

		rest.first += size;
		rest.size -= size;
	}
	return first;
}
