/* SPDX-License-Identifier: MIT */
/*
 * Which journey a sight belongs to, and how it joins it. The theory is at the head of
 * path_pairing.c.
 */
#include "client/path_joining.h"

#include "client/path_losses.h"
#include "client/path_told.h"

#define USUAL_NS INT64_C(50000000) /* how much a packet's time may differ from others' */
#define EARLY_NS INT64_C(1000000)  /* how much faster than ever before a packet may be */

enum { SPARE_JOURNEYS = 4 }; /* that one piece of a segment can need */

void path_joining_make_space(struct path_pairing *pairing)
{
	struct journeys *journeys = &pairing->journeys;

	while (journeys->capacity - journeys->used < SPARE_JOURNEYS) {
		uint32_t oldest = journeys->waiting.oldest;

		if (oldest == JOURNEY_NONE) {
			oldest = journeys->under_way.oldest;
			pairing->counts.ended_early++;
		}
		path_losses_end_early(pairing, &journeys->list[oldest]);
	}
}

static uint64_t latest_time(const struct journey *journey)
{
	uint64_t latest = 0;

	for (unsigned i = 0; i < journey->sight_count; i++)
		if (journey->sights[i].time_ns > latest)
			latest = journey->sights[i].time_ns;
	return latest;
}

/* Can a packet have left the last place of a journey and come to this one at its time? */
static bool is_in_time(const struct path_pairing *pairing, const struct journey *journey,
	const struct path_sight *sight)
{
	for (unsigned i = 0; i < journey->sight_count; i++) {
		const struct path_sight *from = &journey->sights[i];
		const struct path_link *link =
			path_links_find(&pairing->links, from->place, sight->place);

		if (link && (int64_t)(sight->time_ns - from->time_ns) < link->least_ns - EARLY_NS)
			return false;
	}
	return true;
}

/*
 * Is the time between two places what packets take? Only if it is known for the stretch.
 */
static bool is_usual_time(const struct path_pairing *pairing, const struct path_sight *from,
	const struct path_sight *to)
{
	const struct path_link *link = path_links_find(&pairing->links, from->place, to->place);
	const int64_t time = (int64_t)(to->time_ns - from->time_ns);
	int64_t slack;

	if (!link)
		return true;
	slack = path_link_slack_ns(link, USUAL_NS);
	return time >= link->least_ns - slack && time <= link->most_ns + slack;
}

/* Is a retransmission of the packet known by its TSval or identification? */
static bool is_unique(const struct path_identity *identity)
{
	return identity->timestamp != 0 || (identity->has_id && identity->id != 0);
}

/*
 * A retransmission without TSval and identification is the same packet as the first sending,
 * but for the time. Can a sight be of this journey?
 */
static bool is_usual(const struct path_pairing *pairing, const struct journey *journey,
	const struct path_sight *sight, const struct path_identity *identity)
{
	if (is_unique(identity))
		return true;
	for (unsigned i = 0; i < journey->sight_count; i++)
		if (!is_usual_time(pairing, &journey->sights[i], sight) ||
			!is_usual_time(pairing, sight, &journey->sights[i]))
			return false;
	return true;
}

/*
 * Of two journeys that a sight fits, returns the one that was sent last, but not after it;
 * both become repeated. one may be NULL.
 */
static struct journey *choose(const struct path_pairing *pairing, struct journey *one,
	struct journey *other, const struct path_sight *sight)
{
	if (!one)
		return other;
	one->is_repeated = true;
	other->is_repeated = true;
	if (is_in_time(pairing, one, sight) != is_in_time(pairing, other, sight))
		return is_in_time(pairing, one, sight) ? one : other;
	return latest_time(one) > latest_time(other) ? one : other;
}

/* Returns the place of packets that pass a place for the second time. */
static uint16_t second_place(struct path_pairing *pairing, uint16_t number)
{
	struct path_place place = pairing->places.list[number];

	place.is_second = true;
	return path_places_find(&pairing->places, &place);
}

/* Has a packet passed a router between two sights, the tunnel's if not the inner packet? */
static bool is_farther(const struct path_sight *one, const struct path_sight *other)
{
	for (unsigned level = 0; level <= PATH_TUNNELS_MAX; level++)
		if (path_sight_ttl(one, level) != path_sight_ttl(other, level))
			return path_sight_ttl(other, level) < path_sight_ttl(one, level);
	return false;
}

bool path_joining_fits(
	struct path_pairing *pairing, const struct journey *journey, const struct path_sight *sight)
{
	for (unsigned i = 0; i < journey->sight_count; i++)
		if (journey->sights[i].place == sight->place)
			return is_farther(&journey->sights[i], sight) &&
			       !journey_was_at(journey, second_place(pairing, sight->place));
	return true;
}

void path_joining_consider(struct path_pairing *pairing, struct journey *journey,
	const struct path_sight *sight, const struct path_identity *identity,
	struct journey **found, bool *is_repeated)
{
	const bool fits = path_joining_fits(pairing, journey, sight);

	if (fits && is_usual(pairing, journey, sight, identity)) {
		*found = choose(pairing, *found, journey, sight);
	} else if (fits || !journey->is_waiting) {
		journey->is_repeated = true;
		*is_repeated = true;
	}
}

/*
 * Until a place is new to a flow, its packets end without it. Those that come there soon
 * after, and not to one of the places before, may be of these.
 */
static void note_place(struct path_pairing *pairing, struct journey *journey, uint16_t place)
{
	struct flow *flow = &pairing->flows.list[journey->flow];
	const unsigned count = flow->place_count;
	const unsigned index = flow_add_place(flow, place);

	if (index >= count && flow->usual_count > 0) {
		flow->usual_count = 0;
		if (pairing->now_ns >= flow->doubtful_ns)
			flow->doubtful_from = index;
		flow->doubtful_ns = pairing->now_ns + pairing->limits.window_ns;
	}
	if (index < flow->doubtful_from)
		journey->may_be_rest = false;
	else if (journey->sight_count == 0)
		journey->may_be_rest = pairing->now_ns < flow->doubtful_ns;
}

void path_joining_join(
	struct path_pairing *pairing, struct journey *journey, const struct path_sight *sight)
{
	struct path_sight joining = *sight;

	if (journey->is_waiting)
		path_losses_resume(pairing, journey);
	if (journey_was_at(journey, sight->place))
		joining.place = second_place(pairing, sight->place);
	note_place(pairing, journey, joining.place);
	if (journey->sight_count < PATH_SIGHTS_MAX && joining.place != PATH_PLACE_NONE)
		journey->sights[journey->sight_count++] = joining;
	else
		journey->has_more = true;
}

/* A sight, and the flow that it belongs to. */
struct late_sight {
	const struct path_pairing *pairing;
	const struct flow *flow;
	const struct path_sight *sight;
	const struct path_identity *identity;
};

/* An equal packet that comes to the same place, or to one before it, is another one. */
static bool is_lost_one(const void *context, const struct told_loss *loss)
{
	const struct late_sight *late = context;

	return loss->from.place != late->sight->place &&
	       !flow_reaches(late->flow, late->sight->place, loss->from.place) &&
	       (is_unique(late->identity) ||
		       is_usual_time(late->pairing, &loss->from, late->sight));
}

/*
 * A sight has come that no journey lacks: takes back the loss of such a packet, or all losses
 * of bytes that it has.
 */
static void take_back(struct path_pairing *pairing, const struct flow *flow,
	const struct path_sight *sight, const struct path_identity *identity)
{
	const struct late_sight late = {pairing, flow, sight, identity};
	struct told_loss loss;

	while (path_told_take(
		&pairing->told, identity, flow->size_max, is_lost_one, &late, &loss)) {
		pairing->sink.take_back(pairing->sink.context,
			&(struct path_missing){&flow->key, loss.from, loss.to, loss.identity.size},
			PATH_DOUBT_LATE);
		if (identity->kind == PATH_WHOLE)
			return;
	}
}

/* Was it within the window? 0: never. */
static bool is_recent(const struct path_pairing *pairing, uint64_t time_ns)
{
	return time_ns > 0 && pairing->now_ns - time_ns <= pairing->limits.window_ns;
}

struct journey *path_joining_start(struct path_pairing *pairing, struct flow *flow,
	const struct path_sight *sight, const struct path_identity *identity, bool is_repeated)
{
	struct journey *journey;

	if (flow->has_told)
		take_back(pairing, flow, sight, identity);
	journey = journeys_add(&pairing->journeys, pairing->now_ns, identity);
	journey->flow = flow_number(&pairing->flows, flow);
	journey->is_repeated = is_repeated;
	journey->may_lack =
		is_recent(pairing, pairing->left_out_ns) || is_recent(pairing, flow->left_out_ns);
	flow->journeys++;
	if (is_repeated)
		pairing->counts.repeated++;
	path_joining_join(pairing, journey, sight);
	return journey;
}

static uint64_t first_number(const struct journey *journey)
{
	uint64_t first = UINT64_MAX;

	for (unsigned i = 0; i < journey->sight_count; i++)
		if (journey->sights[i].number < first)
			first = journey->sights[i].number;
	return first;
}

uint64_t path_joining_finish(struct path_pairing *pairing, struct journey *journey)
{
	const uint64_t number = first_number(journey);

	path_losses_end_complete(pairing, journey);
	return number;
}

void path_joining_leave_out(struct path_pairing *pairing, struct flow *flow,
	const struct path_sight *sight, const struct path_identity *identity)
{
	const struct path_missing missing = {
		.flow = &identity->flow,
		.from = *sight,
		.to = PATH_PLACE_NONE,
		.bytes = identity->size,
	};

	pairing->counts.ended_early++;
	/* packets of other flows cannot lack it */
	*(flow ? &flow->left_out_ns : &pairing->left_out_ns) = pairing->now_ns;
	pairing->sink.doubt(pairing->sink.context, &missing, PATH_DOUBT_MEMORY);
}
