/* SPDX-License-Identifier: MIT */
/*
 * Which way did each packet take, and where was it lost? In: packets as places saw them,
 * in the order of the merge. Out: events. One-way loss is that of RFC 7680, one-way delay
 * that of RFC 7679; the method is passive measurement (RFC 7799, section 3.6).
 *
 * Journeys (path_joining, path_pieces)
 *
 * A journey is one packet on its way: its identity, and a sight for each place that saw
 * it. A sight joins the journey of the same identity that lacks its place; otherwise it
 * starts a journey. Only PATH_WHOLE and PATH_BYTES are followed. A packet that cannot be
 * identified may be any other one, so that its place may lack packets of that time.
 *
 * The bytes of a TCP stream are a special case: offload makes one segment of 64 KiB of many,
 * and the reverse, so that one place sees other pieces than the next one. Their journeys are
 * ranges of sequence numbers of one flow with one TSval, which segments of one send call
 * keep. A sight that covers a part of a journey splits it there, and each piece keeps the
 * sights of the whole. So a piece is a packet of the place that sees the smallest ones, and
 * bytes are exact whatever the offload. Large UDP datagrams have no sequence numbers:
 * path_datagrams makes each one a stream of its own, before it comes here.
 *
 * Second visits
 *
 * A router with one interface sends a packet out where it came in, and a capture without
 * directions sees it twice at one place. A sight with a smaller TTL than the one at this
 * place joins the same journey, at a place of its own (path_place.is_second). There is no
 * third visit.
 *
 * Repeated packets
 *
 * A retransmission has another TSval, or another IPv4 identification. Where both are equal,
 * or missing, two journeys of one identity can be under way at the same time. A sight joins
 * the one that can have come in time, by the least time that packets ever took, and of
 * several the one that was sent last. Such journeys are marked as repeated: their number is
 * certain, but not which of them were lost, nor their delay. A packet without TSval and
 * identification also does not join a journey if it would have taken a time that is unusual
 * for the stretch: both are repeated then. Bytes that were sent twice with one TSval, or none,
 * are told apart by the identification of the segment. Where only the first one of a joined
 * segment is known, the others may be of either sending: then both are repeated. Repeated
 * journeys end by the window alone, so that other sights of theirs are repeated, too.
 *
 * Order of the places (path_order)
 *
 * The clocks of two hosts do not order places. The TTL does, since each router takes one
 * away; between two routers, what hosts do with the packet (send, forward or receive it); and
 * at one host, its clock. If two places of a journey remain without an order, its way is
 * not known (PATH_DOUBT_ORDER). Other packets of its flow may have been at fewer places, of
 * which the order is known: if one was not at a place of which it is not known that it is before
 * its last one, it may have been lost on its way there, and it is the same doubt. It is none at
 * the host that answers.
 *
 * Tunnels (path_tunnel, path_order)
 *
 * The identity of a packet in a tunnel is that of the inner packet, so that a tunnel is a part
 * of its way. An interface on which packets pass in a tunnel is another place than the same one
 * without (path_place.tunnels). In a tunnel the inner TTL stays the same, and the outer one
 * orders the places; the tunnel as a whole is where the host is that puts packets into it, or
 * takes them out, whose clock decides. A packet can be in two tunnels, one in the other.
 *
 * A copy in a tunnel, for an analyzer, looks the same, but is on no way to the destination. So
 * a packet is not told as lost between a place in a tunnel and one that is not in this tunnel,
 * unless both are at one host (PATH_DOUBT_TUNNEL). What was seen in a first fragment of the outer
 * packet may miss its later fragments, which are not followed (PATH_DOUBT_EXPIRED). A packet in
 * a tunnel to a group of hosts may be any one, as one that cannot be identified.
 *
 * Stretches and ways (path_flows, path_flow_ways)
 *
 * Two places in sequence on a journey are a stretch. Each flow has a list of the stretches
 * that its packets passed, with the first and last time of that. If a place was missed, but a
 * later one was not, the packet was not lost, and the flow has a longer stretch beside the
 * short ones. As a way for other packets it counts only if a packet passed by a place that
 * lacked none at that time (flow_way.is_bypass): then the flow has two ways.
 *
 * The places of whole journeys, from the first to the last one, are counted by flow, if they
 * end where the flow ends. When the flow ends, a way that lacks places of exactly one longer
 * way with the same end is counted with that one.
 *
 * End of a journey (path_losses)
 *
 * A journey ends when it is older than the window. It ends earlier if it has been at all
 * places that saw packets of its flow, over stretches that are known, and several journeys
 * before it ended with as many sights. At its end its stretches are reported as passed.
 * Then it is over, or its flow continues from its last place and it is missing, or that is
 * not known yet, and it waits. A later packet of the flow, or a watermark, decides on those
 * that wait. A late sight makes a waiting journey one under way again; only stretches with
 * a new place are reported at its second end.
 *
 * Lost packets (path_decision, path_arrival)
 *
 * A journey that is missing at the next place waits until a later packet of the flow has
 * passed from its last place. It was lost between the two if
 *  1. no sight of it can have been left out for lack of space (PATH_DOUBT_MEMORY);
 *  2. exactly one stretch from its last place was in use before it and after it, and no
 *     other one was in use within the window (PATH_DOUBT_WAYS; PATH_DOUBT_FIRST if no packet
 *     passed before, since the first one can have taken another way);
 *  3. the next place's capture ran, and its kernel dropped nothing, at all times at which
 *     the packet can have come to it, and it had no packet then that cannot be identified
 *     (PATH_DOUBT_NOT_RUNNING, PATH_DOUBT_DROPPED). If watermarks have not come up to that
 *     time, the journey waits;
 *  4. it is not repeated (PATH_DOUBT_REPEATED);
 *  5. its TTL was more than 1, and than the number of routers that packets of the flow pass on
 *     this stretch, since a router drops it otherwise; and it is no first fragment, since a
 *     host may join it to a packet (PATH_DOUBT_EXPIRED). In a tunnel this is true of each TTL;
 *  6. it is no stray, and no stray came for it (PATH_DOUBT_CHANGED, see below);
 *  7. both places are in the same tunnel, or at one host (PATH_DOUBT_TUNNEL);
 *  8. no journey of the same packet can have ended before this one began (PATH_DOUBT_LATE);
 *     and
 *  9. the next place is on the way (PATH_DOUBT_WAYS). A switch that does not know an
 *     address sends to all of its ports, and other hosts receive copies. There the packet's
 *     link address is another host's (path_sight.is_foreign), and the flow does not continue.
 *
 * Strays
 *
 * A journey that begins at a place to which its flow's packets come from another one, where
 * the capture had no gap, is a stray: on its way something changed the identity, or its
 * first sights came late. A packet that seems lost on that stretch may be the same one. So
 * each stray takes back one loss on the stretch that is not older than the window, or else
 * makes the next one a doubt; but not one that is repeated, since it is a copy of a packet that
 * is known. For similar reasons a journey that begins at a place which was new to its flow within
 * the window may be the rest of one that ended without this place (journey.may_be_rest).
 *
 * Late packets (path_arrival, path_told)
 *
 * Condition 8 is for sources that are late. The flow's stretches, with the least and most
 * time that packets took on each, give the earliest time at which every other place can have
 * seen the packet; and the least lag of that place behind the merge gives when the merge
 * can have come to it. If that is more than the window before the journey began, the packet
 * may have been seen there, in a journey that is over. A sight that comes after the loss was
 * reported, at another place that is not before the loss, takes it back; the latest losses
 * are kept for this.
 *
 * Endings
 *
 * A flow ends when it was idle for FLOW_IDLE_NS, when there is no space, or when no packet
 * follows. Packets that still wait then were seen at their last place and never beyond: lost, or
 * on another way, or received by a program on this host. That is an ending, not a loss
 * (PATH_DOUBT_ENDED, if earlier packets went beyond). Endings are reported by flow and place: if
 * packets of the flow continued from the place; or if those of other flows did, and it is not
 * this place's host that answers.
 *
 * Assumptions, which ddump(1) repeats: a flow takes one way at one time, or all of its ways
 * are captured; a host's clock does not step back within the window; no router changes what
 * path_identity.h calls the identity.
 *
 * Memory
 *
 * Journeys and flows are arrays of fixed size. If there is no free journey, the oldest one that
 * waits counts as ended at its last place; if none waits, the oldest one under way ends early.
 * If there is no free flow, the oldest one without packets under way ends; if there is none, the
 * packet is left out. What was left out, or ended early, is in doubt (PATH_DOUBT_MEMORY), and so
 * is what seems lost within the window after it.
 */
#include "client/path_pairing.h"

#include "client/path_flow_ways.h"
#include "client/path_joining.h"
#include "client/path_losses.h"
#include "client/path_pieces.h"

#include <stdlib.h>
#include <string.h>

#define FLOW_IDLE_NS UINT64_C(120000000000)

enum { LOOK_MAX = 64 }; /* flows that are looked at for one without packets under way */

struct path_pairing *path_pairing_new(const struct path_limits *limits,
	const struct path_coverage *coverage, const struct path_pairing_sink *sink)
{
	struct path_pairing *pairing = calloc(1, sizeof(*pairing));

	if (!pairing)
		return NULL;
	pairing->limits = *limits;
	pairing->coverage = coverage;
	pairing->sink = *sink;
	if (!journeys_init(&pairing->journeys, (uint32_t)limits->journeys) ||
		!flows_init(&pairing->flows, (uint32_t)limits->flows)) {
		path_pairing_free(pairing);
		return NULL;
	}
	return pairing;
}

void path_pairing_free(struct path_pairing *pairing)
{
	if (!pairing)
		return;
	journeys_cleanup(&pairing->journeys);
	flows_cleanup(&pairing->flows);
	path_places_cleanup(&pairing->places);
	free(pairing);
}

uint16_t path_pairing_place(struct path_pairing *pairing, const struct path_place *place)
{
	return path_places_find(&pairing->places, place);
}

const struct path_place *path_pairing_get_place(const struct path_pairing *pairing, uint16_t number)
{
	return &pairing->places.list[number];
}

static void end_flow(struct path_pairing *pairing, struct flow *flow, bool is_last)
{
	path_losses_end_flow(pairing, flow, is_last);
	flows_remove(&pairing->flows, flow);
}

static bool is_idle(const struct flow *flow)
{
	return flow->journeys == flow->waiting_count;
}

/* Makes space for a flow. False: packets of all flows that were looked at are under way. */
static bool make_flow_space(struct path_pairing *pairing)
{
	struct flows *flows = &pairing->flows;
	uint32_t at = flows->oldest;

	if (flows->used < flows->capacity)
		return true;
	for (unsigned i = 0; i < LOOK_MAX && at != FLOW_NONE; i++) {
		if (is_idle(&flows->list[at])) {
			end_flow(pairing, &flows->list[at], false);
			return true;
		}
		at = flows->list[at].newer;
	}
	return false;
}

static struct flow *find_flow(struct path_pairing *pairing, const struct path_identity *identity)
{
	struct flows *flows = &pairing->flows;
	const uint64_t now_ns = pairing->now_ns;
	struct flow *flow = flows_find(flows, identity, now_ns);

	if (flow)
		return flow;
	return make_flow_space(pairing) ? flows_add(flows, identity, now_ns) : NULL;
}

static bool is_same_whole(
	const struct journey *journey, uint32_t flow, const struct path_identity *identity)
{
	return journey->flow == flow && journey->identity.kind == PATH_WHOLE &&
	       journey->identity.digest == identity->digest &&
	       path_identity_agrees(&journey->identity, identity);
}

static uint64_t add_whole(struct path_pairing *pairing, struct flow *flow,
	const struct path_sight *sight, const struct path_identity *identity)
{
	struct journeys *journeys = &pairing->journeys;
	const uint32_t flow_index = flow_number(&pairing->flows, flow);
	struct journey *found = NULL;
	bool is_repeated = false;
	unsigned looked_at = 0;

	for (uint32_t i = journeys_chain(journeys, identity, 0); i != JOURNEY_NONE;
		i = journeys->list[i].next) {
		struct journey *journey = &journeys->list[i];

		if (++looked_at > CHAIN_MAX) {
			path_joining_leave_out(pairing, flow, sight, identity);
			return sight->number;
		}
		if (is_same_whole(journey, flow_index, identity))
			path_joining_consider(
				pairing, journey, sight, identity, &found, &is_repeated);
	}
	if (found)
		path_joining_join(pairing, found, sight);
	else
		found = path_joining_start(pairing, flow, sight, identity, is_repeated);
	return path_joining_finish(pairing, found);
}

uint64_t path_pairing_add(struct path_pairing *pairing, const struct path_sight *given,
	const struct path_identity *identity)
{
	struct path_sight with_identity = *given;
	const struct path_sight *sight = &with_identity;
	struct flow *flow;

	with_identity.is_foreign = identity->is_foreign;
	with_identity.is_outer_fragment = identity->is_outer_fragment;
	with_identity.tunnel = identity->tunnel;
	memcpy(with_identity.outer_ttl, identity->outer_ttl, sizeof(with_identity.outer_ttl));
	pairing->counts.packets++;
	pairing->counts.by_kind[identity->kind]++;
	if (identity->kind == PATH_DAMAGED || identity->may_be_any)
		path_places_note_damaged(&pairing->places, sight);
	if (identity->kind != PATH_WHOLE && identity->kind != PATH_BYTES)
		return sight->number;
	if (pairing->now_ns == 0)
		pairing->now_ns = sight->time_ns;
	path_places_note_lag(&pairing->places, sight, pairing->now_ns);
	path_joining_make_space(pairing);
	flow = find_flow(pairing, identity);
	if (!flow) {
		path_joining_leave_out(pairing, NULL, sight, identity);
		return sight->number;
	}
	if (identity->kind == PATH_BYTES)
		return path_pieces_add(pairing, flow, sight, identity);
	return add_whole(pairing, flow, sight, identity);
}

/* Ends the journeys that began before a time. */
static void end_journeys(struct path_pairing *pairing, uint64_t before_ns)
{
	const struct journeys *journeys = &pairing->journeys;

	while (journeys->under_way.oldest != JOURNEY_NONE &&
		journeys->list[journeys->under_way.oldest].begin_ns < before_ns)
		path_losses_end(pairing, &journeys->list[journeys->under_way.oldest]);
}

void path_pairing_advance(struct path_pairing *pairing, uint64_t now_ns)
{
	const struct flows *flows = &pairing->flows;

	if (now_ns <= pairing->now_ns)
		return;
	pairing->now_ns = now_ns;
	if (now_ns > pairing->limits.window_ns)
		end_journeys(pairing, now_ns - pairing->limits.window_ns);
	while (flows->oldest != FLOW_NONE) {
		struct flow *flow = &flows->list[flows->oldest];

		if (flow->used_ns + FLOW_IDLE_NS > now_ns || !is_idle(flow))
			return;
		end_flow(pairing, flow, false);
	}
}

void path_pairing_report_ways(
	const struct path_pairing *pairing, path_way_receiver *receiver, void *context)
{
	const struct flows *flows = &pairing->flows;

	for (uint32_t i = flows->oldest; i != FLOW_NONE; i = flows->list[i].newer)
		path_flow_ways_report(&flows->list[i], receiver, context);
}

void path_pairing_finish(struct path_pairing *pairing)
{
	struct flows *flows = &pairing->flows;

	end_journeys(pairing, UINT64_MAX);
	/* all of them are told before the first one is gone, since opposite ones are compared */
	for (uint32_t i = flows->oldest; i != FLOW_NONE; i = flows->list[i].newer)
		path_losses_end_flow(pairing, &flows->list[i], true);
	while (flows->oldest != FLOW_NONE)
		flows_remove(flows, &flows->list[flows->oldest]);
}

void path_pairing_set_window(struct path_pairing *pairing, uint64_t window_ns)
{
	if (window_ns <= pairing->limits.window_ns)
		return;
	pairing->limits.window_ns = window_ns;
}

void path_pairing_forget_times(struct path_pairing *pairing)
{
	pairing->links = (struct path_links){0};
}

struct path_counts path_pairing_counts(const struct path_pairing *pairing)
{
	struct path_counts counts = pairing->counts;

	counts.journeys = pairing->journeys.used;
	counts.flows = pairing->flows.used;
	return counts;
}
