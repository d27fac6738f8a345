/* SPDX-License-Identifier: MIT */
/*
 * What becomes of journeys at their end. In: journeys. Out: events. The theory is at the head
 * of path_pairing.c.
 */
#include "client/path_losses.h"

#include "client/path_arrival.h"
#include "client/path_decision.h"
#include "client/path_flow_ends.h"
#include "client/path_flow_ways.h"
#include "client/path_told.h"

#define RECHECK_NS UINT64_C(100000000) /* between two looks at the journeys that wait */

enum {
	WAITING_UNKNOWN_MAX = 8, /* of a flow, at a place from which no flow is known to continue */
	COMPLETE_AFTER = 4,	 /* journeys with equal numbers of sights */
};

static struct flow *flow_of(struct path_pairing *pairing, const struct journey *journey)
{
	return &pairing->flows.list[journey->flow];
}

static struct path_missing make_missing(
	struct path_pairing *pairing, const struct journey *journey, uint16_t to)
{
	return (struct path_missing){
		.flow = &flow_of(pairing, journey)->key,
		.from = *journey_last_sight(journey),
		.to = to,
		.bytes = journey->identity.size,
	};
}

static void tell_doubt(struct path_pairing *pairing, const struct journey *journey, uint16_t to,
	enum path_doubt doubt)
{
	const struct path_missing missing = make_missing(pairing, journey, to);

	pairing->sink.doubt(pairing->sink.context, &missing, doubt);
}

static void tell_loss(struct path_pairing *pairing, const struct journey *journey, uint16_t to)
{
	const struct path_missing missing = make_missing(pairing, journey, to);
	struct flow *flow = flow_of(pairing, journey);
	struct flow_way *way = flow_find_way(flow, missing.from.place, to);
	const struct told_loss loss = {
		.identity = journey->identity, .from = missing.from, .to = to};

	if (way) {
		way->lost++;
		way->lost_ns = missing.from.time_ns;
		way->lost_bytes = missing.bytes;
	}
	flow->has_told = true;
	path_told_add(&pairing->told, &loss);
	pairing->sink.lost(pairing->sink.context, &missing);
}

static void remove_journey(struct path_pairing *pairing, struct journey *journey)
{
	flow_of(pairing, journey)->journeys--;
	journeys_remove(&pairing->journeys, journey);
}

/* Counts a journey that ended at a place, or makes it a doubt. */
static void count_end(struct path_pairing *pairing, const struct journey *journey)
{
	const struct path_sight *last = journey_last_sight(journey);
	struct flow *flow = flow_of(pairing, journey);

	if (path_flow_ends_may_lack(pairing, flow, journey)) {
		tell_doubt(pairing, journey, PATH_PLACE_NONE, PATH_DOUBT_ORDER);
		return;
	}
	flow_add_end(flow, last->place, last->time_ns, journey->identity.size);
	if (!journey->is_stray && !flow_continues(flow, last->place))
		path_flow_ways_add(&flow->whole, journey->sights, journey->sight_count);
}

/* Tells what was decided. Returns whether the journey is over. */
static bool tell_decision(struct path_pairing *pairing, const struct journey *journey,
	const struct decision *decision)
{
	if (decision->verdict == VERDICT_WAIT)
		return false;
	if (decision->verdict == VERDICT_LOST)
		tell_loss(pairing, journey, decision->to);
	else
		tell_doubt(pairing, journey, decision->to, decision->doubt);
	return true;
}

/* Takes a journey out of its flow's list of those that wait. */
static void stop_waiting(struct path_pairing *pairing, const struct journey *journey)
{
	struct flow *flow = flow_of(pairing, journey);
	struct journey *list = pairing->journeys.list;

	if (journey->previous_waiting == JOURNEY_NONE)
		flow->waiting = journey->next_waiting;
	else
		list[journey->previous_waiting].next_waiting = journey->next_waiting;
	if (journey->next_waiting != JOURNEY_NONE)
		list[journey->next_waiting].previous_waiting = journey->previous_waiting;
	flow->waiting_count--;
}

static void start_waiting(struct path_pairing *pairing, struct journey *journey)
{
	struct flow *flow = flow_of(pairing, journey);
	const uint32_t number = journey_number(&pairing->journeys, journey);

	journey->previous_waiting = JOURNEY_NONE;
	journey->next_waiting = flow->waiting;
	if (flow->waiting != JOURNEY_NONE)
		pairing->journeys.list[flow->waiting].previous_waiting = number;
	flow->waiting = number;
	flow->waiting_count++;
	journeys_set_waiting(&pairing->journeys, journey, true);
}

void path_losses_resume(struct path_pairing *pairing, struct journey *journey)
{
	stop_waiting(pairing, journey);
	journeys_set_waiting(&pairing->journeys, journey, false);
}

/* Decides again on the journeys of a flow that wait, since more is known. */
static void recheck_waiting(struct path_pairing *pairing, struct flow *flow)
{
	uint32_t next = flow->waiting;

	flow->waiting_checked_ns = pairing->now_ns;
	while (next != JOURNEY_NONE) {
		struct journey *journey = &pairing->journeys.list[next];
		const struct path_sight *last = journey_last_sight(journey);
		struct decision decision = {.verdict = VERDICT_WAIT};

		next = journey->next_waiting;
		if (flow_continues(flow, last->place))
			decision = path_decide(pairing, flow, journey);
		if (tell_decision(pairing, journey, &decision)) {
			stop_waiting(pairing, journey);
			remove_journey(pairing, journey);
		}
	}
}

/* Does a packet pass by a place, at which the flow's other packets were seen, without a gap? */
static bool is_bypass(struct path_pairing *pairing, const struct flow *flow,
	const struct journey *journey, const struct path_sight *from, uint16_t to)
{
	for (unsigned i = 0; i < flow->way_count; i++) {
		const struct flow_way *way = &flow->ways[i];

		if (way->from == from->place && way->to != to &&
			!journey_was_at(journey, way->to) && flow_reaches(flow, way->to, to) &&
			path_arrival_find_gap(pairing, from, way->to) == PATH_GAP_NONE)
			return true;
	}
	return false;
}

/* Notes what a way does with TTLs and tunnels. */
static void note_headers(const struct path_pairing *pairing, struct flow_way *way,
	const struct path_sight *from, const struct path_sight *to)
{
	const struct path_place *one = &pairing->places.list[from->place];
	const struct path_place *other = &pairing->places.list[to->place];
	const unsigned common = one->tunnels < other->tunnels ? one->tunnels : other->tunnels;

	for (unsigned level = 0; level <= common; level++) {
		const int hops = path_sight_ttl(from, level) - path_sight_ttl(to, level);

		if (hops > way->hops)
			way->hops = (uint8_t)hops;
	}
	if (from->tunnel != to->tunnel && one->target != other->target)
		way->is_tunnel_end = true;
}

/* Notes and tells that a packet passed a stretch. */
static void pass(struct path_pairing *pairing, struct flow *flow, const struct journey *journey,
	const struct path_sight *from, const struct path_sight *to)
{
	const struct path_passage passage = {
		.flow = &flow->key,
		.from = *from,
		.to = *to,
		.bytes = journey->identity.size,
		.is_repeated = journey->is_repeated,
	};
	struct flow_way *way = flow_add_way(flow, from->place, to->place, from->time_ns);

	if (way && to->is_foreign)
		way->is_foreign = true;
	if (way)
		note_headers(pairing, way, from, to);
	if (way && !way->is_bypass && !journey->is_repeated && flow->way_count > 1)
		way->is_bypass = is_bypass(pairing, flow, journey, from, to->place);
	if (!journey->is_repeated)
		path_links_add(&pairing->links, from->place, to->place,
			(int64_t)(to->time_ns - from->time_ns));
	pairing->places.states[from->place].continues = true;
	pairing->sink.passed(pairing->sink.context, &passage);
}

/*
 * A journey that begins at a place to which its flow's packets come from another one, where
 * the capture had no gap: on its way something changed what it is known by, or it came late.
 * Then a packet that seems lost there may be this one.
 */
static void note_stray(struct path_pairing *pairing, struct flow *flow, struct journey *journey)
{
	const struct path_sight *first = &journey->sights[0];

	for (unsigned i = 0; i < flow->way_count; i++) {
		struct flow_way *way = &flow->ways[i];

		if (way->to != first->place || path_arrival_had_gap(pairing, way->from, first))
			continue;
		journey->is_stray = true;
		if (journey->is_repeated) /* a copy of a packet that is known */
			continue;
		if (way->lost > 0 && path_is_within_window(pairing, way->lost_ns, first->time_ns)) {
			way->lost--;
			pairing->sink.take_back(pairing->sink.context,
				&(struct path_missing){
					&flow->key, {.place = way->from}, way->to, way->lost_bytes},
				PATH_DOUBT_CHANGED);
		} else {
			if (way->strays < UINT16_MAX)
				way->strays++;
			way->stray_ns = first->time_ns;
		}
	}
}

/* A journey that has waited passes only the stretches that a later sight has added. */
static void pass_all(struct path_pairing *pairing, struct flow *flow, struct journey *journey)
{
	struct path_sight *sights = journey->sights;

	if (pairing->places.list[sights[0].place].direction != PATH_INCOMING) {
		flow->has_origin = true;
		flow->origin = pairing->places.list[sights[0].place].target;
	}
	if (!sights[0].is_passed)
		note_stray(pairing, flow, journey);
	for (unsigned i = 1; i < journey->sight_count; i++)
		if (!sights[i - 1].is_passed || !sights[i].is_passed)
			pass(pairing, flow, journey, &sights[i - 1], &sights[i]);
	for (unsigned i = 0; i < journey->sight_count; i++)
		sights[i].is_passed = true;
	if (flow->waiting_count > 0 && journey->sight_count > 1 &&
		pairing->now_ns - flow->waiting_checked_ns >= RECHECK_NS)
		recheck_waiting(pairing, flow);
}

/* Did the journey come to a place at which packets of its flow usually end? */
static void note_usual(struct flow *flow, const struct journey *journey)
{
	if (flow->usual_sights != journey->sight_count)
		flow->usual_count = 0;
	flow->usual_sights = journey->sight_count;
	flow->usual_count++;
}

/* Ends a journey at a place from which its flow does not continue, as far as is known. */
static void end_at_last(struct path_pairing *pairing, struct flow *flow, struct journey *journey)
{
	const uint16_t place = journey_last_sight(journey)->place;
	const bool waits = flow->usual_count < COMPLETE_AFTER &&
			   (pairing->places.states[place].continues ||
				   flow->waiting_count < WAITING_UNKNOWN_MAX);

	note_usual(flow, journey);
	if (waits) {
		start_waiting(pairing, journey);
		return;
	}
	count_end(pairing, journey);
	remove_journey(pairing, journey);
}

/* Ends a journey at a place from which its flow continues. */
static void end_missing(struct path_pairing *pairing, struct flow *flow, struct journey *journey)
{
	const struct path_missing missing = make_missing(pairing, journey, PATH_PLACE_NONE);
	const struct decision decision = path_decide(pairing, flow, journey);

	if (pairing->sink.last_seen)
		pairing->sink.last_seen(pairing->sink.context, &missing);
	if (tell_decision(pairing, journey, &decision))
		remove_journey(pairing, journey);
	else
		start_waiting(pairing, journey);
}

static bool order(const struct path_pairing *pairing, struct journey *journey)
{
	return path_order(pairing->places.list, journey->sights, journey->sight_count);
}

void path_losses_end(struct path_pairing *pairing, struct journey *journey)
{
	struct flow *flow = flow_of(pairing, journey);

	if (journey->has_more || !order(pairing, journey)) {
		flow->is_unordered = flow->is_unordered || !journey->has_more;
		tell_doubt(pairing, journey, PATH_PLACE_NONE,
			journey->has_more ? PATH_DOUBT_MEMORY : PATH_DOUBT_ORDER);
		remove_journey(pairing, journey);
		return;
	}
	pass_all(pairing, flow, journey);
	if (flow_continues(flow, journey_last_sight(journey)->place))
		end_missing(pairing, flow, journey);
	else
		end_at_last(pairing, flow, journey);
}

/* Was a packet at all places that saw packets of its flow? */
static bool was_everywhere(const struct flow *flow, const struct journey *journey)
{
	if (flow->place_count != journey->sight_count)
		return false;
	for (unsigned i = 0; i < flow->place_count; i++)
		if (!journey_was_at(journey, flow->places[i]))
			return false;
	return true;
}

void path_losses_end_complete(struct path_pairing *pairing, struct journey *journey)
{
	struct flow *flow = flow_of(pairing, journey);

	if (flow->usual_count < COMPLETE_AFTER || journey->sight_count != flow->usual_sights ||
		journey->has_more || journey->is_repeated || !was_everywhere(flow, journey) ||
		!order(pairing, journey))
		return;
	for (unsigned i = 1; i < journey->sight_count; i++)
		if (!flow_find_way(flow, journey->sights[i - 1].place, journey->sights[i].place))
			return;
	path_losses_end(pairing, journey);
}

void path_losses_end_early(struct path_pairing *pairing, struct journey *journey)
{
	if (journey->is_waiting) {
		stop_waiting(pairing, journey);
		count_end(pairing, journey);
	} else {
		tell_doubt(pairing, journey, PATH_PLACE_NONE, PATH_DOUBT_MEMORY);
		pairing->left_out_ns = pairing->now_ns;
	}
	remove_journey(pairing, journey);
}

/*
 * May all next places of a flow have seen a packet after their last watermarks? Without
 * watermarks the end of a capture is not known, and this is false.
 */
static bool may_have_come_later(
	const struct path_pairing *pairing, const struct flow *flow, const struct path_sight *from)
{
	bool has_next = false;

	for (unsigned i = 0; i < flow->way_count; i++) {
		const uint16_t to = flow->ways[i].to;

		if (flow->ways[i].from != from->place)
			continue;
		if (!pairing->coverage[pairing->places.list[to].target].has_watermarks ||
			path_arrival_find_gap(pairing, from, to) != PATH_GAP_NOT_RUNNING)
			return false;
		has_next = true;
	}
	return has_next;
}

void path_losses_end_flow(struct path_pairing *pairing, struct flow *flow, bool is_last)
{
	recheck_waiting(pairing, flow);
	while (flow->waiting != JOURNEY_NONE) {
		struct journey *journey = &pairing->journeys.list[flow->waiting];
		const struct path_sight *last = journey_last_sight(journey);

		stop_waiting(pairing, journey);
		if (is_last && (path_was_used_after(flow, last) ||
				       may_have_come_later(pairing, flow, last)))
			tell_doubt(pairing, journey, PATH_PLACE_NONE, PATH_DOUBT_NOT_RUNNING);
		else {
			if (flow_continues(flow, last->place))
				tell_doubt(pairing, journey, PATH_PLACE_NONE, PATH_DOUBT_ENDED);
			count_end(pairing, journey);
		}
		remove_journey(pairing, journey);
	}
	path_flow_ends_report(pairing, flow);
	if (pairing->sink.flow_way)
		path_flow_ways_report(flow, pairing->sink.flow_way, pairing->sink.context);
}
