/* SPDX-License-Identifier: MIT */
/*
 * The link type of a pcap output, which has one for all packets. In: the link
 * types of the sources' interfaces, and which of them have sent packets. Out:
 * one link type, and the end of sources that do not fit.
 *
 * Theory of operation
 *
 * A source votes with what it sends, not with what it declares: an interface
 * without packets decides nothing, and no source is excluded for one. So a pcap
 * output waits for the first packet of each source, for the hold at most. It
 * does not wait where all sources have declared the same link type and can send
 * no other. That is certain of
 *
 *  - a worker: all its interfaces have one link type, and a silent worker must
 *    not be excluded;
 *  - a pcap stream: it has one interface.
 *
 * Each source has one vote, which counts for each link type that can be written
 * together with its own. The cooked link types win a tie: a server that sends
 * something else must not exclude a worker by its place on the command line.
 */
#include "client/linktype_vote.h"

#include "client/source_stream.h"
#include "format/linktype.h"

#include <inttypes.h>

/* The link type that a source declared first; false: it has no interface. */
static bool declared_linktype(const struct source *source, uint32_t *ret)
{
	const struct interface_table *interfaces = source->common->interfaces;
	const uint32_t first = interfaces->targets[source->index].first;

	if (first == INTERFACE_TABLE_NONE)
		return false;
	*ret = linktype_bare(interfaces->list[first]->interface.linktype);
	return true;
}

/* How certain the link type of a source is. */
enum weight {
	WEIGHT_NONE,	 /* it has no interface, or is excluded */
	WEIGHT_OVER,	 /* it has ended without a packet */
	WEIGHT_DECLARED, /* it may send packets of what it has declared */
	WEIGHT_KNOWN,	 /* it has, or is a worker */
};

static enum weight weigh(const struct source *source, uint32_t *ret_linktype)
{
	if (!source->stream_began_ms || !declared_linktype(source, ret_linktype))
		return WEIGHT_NONE;
	if (source->has_sent) {
		*ret_linktype = source->linktype;
		return WEIGHT_KNOWN;
	}
	if (source->state == SOURCE_OVER)
		return WEIGHT_OVER;
	return source->is_worker ? WEIGHT_KNOWN : WEIGHT_DECLARED;
}

/* Do the link types of all sources that may still send fit into one pcap? */
static bool all_fit(const struct sources *sources)
{
	uint32_t common = 0;
	bool has_common = false;

	for (unsigned i = 0; i < sources->count; i++) {
		uint32_t own;

		if (weigh(&sources->list[i], &own) < WEIGHT_DECLARED)
			continue;
		if (!has_common)
			common = own;
		has_common = true;
		if (!linktype_widen(&common, own))
			return false;
	}
	return true;
}

/* Does the result depend on first packets that have not come? */
static bool depends_on_first_packets(const struct sources *sources)
{
	bool is_open = false;

	for (unsigned i = 0; i < sources->count; i++) {
		const struct source *source = &sources->list[i];
		uint32_t own;

		if (source->state != SOURCE_RUNNING || weigh(source, &own) != WEIGHT_DECLARED)
			continue;
		if (!source->is_pcap)
			return true;
		is_open = true;
	}
	return is_open && !all_fit(sources);
}

/* Returns how many sources of a weight one pcap can hold together with a link type. */
static unsigned count_votes(const struct sources *sources, enum weight weight, uint32_t linktype)
{
	unsigned count = 0;

	for (unsigned i = 0; i < sources->count; i++) {
		uint32_t common = linktype;
		uint32_t own;

		count += weigh(&sources->list[i], &own) == weight && linktype_widen(&common, own);
	}
	return count;
}

/* The higher rank wins a tie. */
static unsigned rank_in_tie(uint32_t linktype)
{
	if (linktype == LINKTYPE_SLL)
		return 2;
	return linktype == LINKTYPE_SLL2 ? 1 : 0;
}

/* Finds the link type with most votes of sources of a weight. False: no votes. */
static bool find_majority(const struct sources *sources, enum weight weight, uint32_t *ret)
{
	unsigned most = 0;

	for (unsigned i = 0; i < sources->count; i++) {
		unsigned count;
		uint32_t own;

		if (weigh(&sources->list[i], &own) != weight || (most > 0 && own == *ret))
			continue;
		count = count_votes(sources, weight, own);
		if (count < most || (count == most && rank_in_tie(own) <= rank_in_tie(*ret)))
			continue;
		*ret = own;
		most = count;
	}
	return most > 0;
}

static uint32_t choose_linktype(const struct sources *sources)
{
	uint32_t common = LINKTYPE_SLL; /* if no source declares any */
	uint32_t own;

	for (enum weight weight = WEIGHT_KNOWN; weight > WEIGHT_NONE; weight--)
		if (find_majority(sources, weight, &common))
			break;
	/* a pcap of SLL2 or Ethernet cannot hold packets of sources that declare SLL */
	for (unsigned i = 0; i < sources->count; i++)
		if (weigh(&sources->list[i], &own) >= WEIGHT_DECLARED)
			linktype_widen(&common, own);
	return common;
}

/* Excludes sources that send what the chosen link type cannot hold. */
static void exclude_others(struct sources *sources)
{
	for (unsigned i = 0; i < sources->count; i++) {
		struct source *source = &sources->list[i];
		struct error error;
		uint32_t own;

		if (weigh(source, &own) != WEIGHT_KNOWN ||
			linktype_converts(own, sources->common.linktype))
			continue;
		source_stream_linktype_error(own, sources->common.linktype, &error);
		source_stream_exclude(source, &error);
	}
}

bool linktype_vote(struct sources *sources, uint64_t now)
{
	if (sources->common.options->pcapng) {
		sources->common.linktype_chosen = true;
		return true;
	}
	if (depends_on_first_packets(sources)) {
		if (!sources->linktype_by_ms)
			sources->linktype_by_ms = now + sources->common.options->hold;
		if (now < sources->linktype_by_ms)
			return false;
	}
	sources->common.linktype = choose_linktype(sources);
	sources->common.linktype_chosen = true;
	exclude_others(sources);
	return true;
}
