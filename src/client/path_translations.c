/* SPDX-License-Identifier: MIT */
/*
 * Which flow becomes which other one in a router that changes addresses or ports (NAT: masquerade,
 * SNAT, DNAT, load balancers). In: the packets of each target. Out: pairs of flows.
 *
 * Theory
 *
 * Both sides of a router are interfaces of one target, so one clock has the times of both. What
 * a router leaves as it is, is the content of a packet (path_identity_digest_content): IPv4
 * identification, the header of layer 4 but for ports, checksum and identifier of echos, and the
 * payload. A packet that leaves was translated from one that came if
 *  1. both have the same content, and no other flow came with it;
 *  2. it left at the same time or later, within TRANSLATED_NS;
 *  3. its TTL is smaller by one, as a router forwards it: a proxy, which sends packets of its
 *     own, begins with the TTL of its host.
 *
 * One packet proves little: others may have the same content by chance. A flow is that of
 * another one if several packets in sequence that left, each with another content, were
 * translated from the same flow; one packet between them that was not begins anew. These
 * are two of TCP, whose sequence numbers are random, and three of other protocols. And the flow
 * that came has never left this target, and the one that left has never come there. A flow
 * becomes one flow on a target.
 *
 * So it is not found, and nothing is reported, if a router changes sequence numbers or
 * identifications, too, or joins or splits segments, or if only one side of it is captured; if
 * many flows have the same content at the same time; and if the flow has fewer packets.
 *
 * This explains endings, and is in the report. It decides on no loss: for the pairing the flow ends
 * here, and another one begins. What was lost between the two sides is not known.
 *
 * Time and memory
 *
 * Most targets translate nothing, and must not cost anything. What leaves with a TTL with which
 * hosts begin is the host's own. A target is looked at from when something else leaves it. Then
 * at most LOOKS_MAX packets of a flow are, and none after it was found in both directions, as
 * packets are that a router forwards without a change.
 *
 * There are two tables of fixed size. A flow for which there is no space, since all others of
 * its set were in use within IDLE_NS, is not looked at. A packet replaces the one before it.
 */
#include "client/path_translations.h"

#include "client/path_flow_key.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define TRANSLATED_NS UINT64_C(1000000000)
#define IDLE_NS UINT64_C(2000000000)

enum {
	FLOWS = 1 << 14,   /* some 130 bytes each */
	WAYS = 4,	   /* flows of one set */
	PACKETS = 1 << 14, /* the same */
	LOOKS_MAX = 64,
	NEEDED_OF_TCP = 2,
	NEEDED = 3,
};

/* A flow at a target. */
struct seen_flow {
	struct path_flow_key key;
	struct path_flow_key from; /* that its packets were, if there are matches */
	unsigned target;
	uint64_t used_ns; /* 0: none is here */
	bool has_come;
	bool has_left;
	bool is_settled; /* its packets are not looked at any more */
	uint8_t looks;
	uint8_t matches;       /* packets in sequence that were translated from this flow */
	uint64_t last_content; /* of the packet that left last */
	uint64_t from_number;  /* of the flow from */
};

/* A packet that came. */
struct seen_packet {
	uint64_t content; /* 0: none */
	uint64_t time_ns;
	struct path_flow_key flow;
	uint64_t number; /* of the flow */
	unsigned target;
	uint8_t ttl;
	bool is_taken; /* by a packet that left, or by several that came */
};

struct path_translations {
	const struct path_hash_key *key;
	bool *is_router; /* by target: it has forwarded something */
	struct seen_flow *flows;
	struct seen_packet *packets;
	struct path_translation *list;
	size_t count;
	uint64_t others;
};

struct path_translations *path_translations_new(const struct path_hash_key *key, unsigned targets)
{
	struct path_translations *translations = calloc(1, sizeof(*translations));

	if (!translations)
		return NULL;
	translations->key = key;
	translations->is_router = calloc(targets, sizeof(*translations->is_router));
	translations->flows = calloc(FLOWS, sizeof(*translations->flows));
	translations->packets = calloc(PACKETS, sizeof(*translations->packets));
	translations->list = calloc(PATH_TRANSLATIONS_MAX, sizeof(*translations->list));
	if (translations->is_router && translations->flows && translations->packets &&
		translations->list)
		return translations;
	path_translations_free(translations);
	return NULL;
}

void path_translations_free(struct path_translations *translations)
{
	if (!translations)
		return;
	free(translations->is_router);
	free(translations->flows);
	free(translations->packets);
	free(translations->list);
	free(translations);
}

static bool is_same(const struct path_flow_key *one, const struct path_flow_key *other)
{
	return memcmp(one, other, sizeof(*one)) == 0;
}

/* Returns a number of a flow at a target, which its opposite has not. */
static uint64_t number_flow(const struct path_identity *identity, unsigned target)
{
	const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15); /* 2^64 by the golden ratio */

	return identity->flow_digest + path_flow_key_is_descending(&identity->flow) +
	       target * golden;
}

static bool is_flow(const struct seen_flow *seen, const struct path_flow_key *key, unsigned target)
{
	return seen->used_ns != 0 && seen->target == target && is_same(&seen->key, key);
}

/* Returns the first one of the flows of a set. */
static struct seen_flow *find_set(const struct path_translations *translations, uint64_t number)
{
	return &translations->flows[number % (FLOWS / WAYS) * WAYS];
}

/* Finds a flow by its number. NULL: it is not there. */
static struct seen_flow *get_flow(const struct path_translations *translations, uint64_t number,
	const struct path_flow_key *key, unsigned target)
{
	struct seen_flow *set = find_set(translations, number);

	for (unsigned i = 0; i < WAYS; i++)
		if (is_flow(&set[i], key, target))
			return &set[i];
	return NULL;
}

/* For how long was a flow not in use? A clock that is ahead must not keep the space of others. */
static uint64_t idle_ns(const struct seen_flow *seen, uint64_t now_ns)
{
	return seen->used_ns > now_ns ? seen->used_ns - now_ns : now_ns - seen->used_ns;
}

/* Finds or adds a flow. NULL: there is no space. */
static struct seen_flow *find_flow(struct path_translations *translations,
	const struct path_translation_packet *packet, const struct path_identity *identity)
{
	const uint64_t number = number_flow(identity, packet->target);
	struct seen_flow *set = find_set(translations, number);
	struct seen_flow *flow = get_flow(translations, number, &identity->flow, packet->target);
	struct seen_flow *oldest = set;

	if (flow) {
		flow->used_ns = packet->time_ns;
		return flow;
	}
	for (unsigned i = 1; i < WAYS; i++)
		if (idle_ns(&set[i], packet->time_ns) > idle_ns(oldest, packet->time_ns))
			oldest = &set[i];
	if (oldest->used_ns != 0 && idle_ns(oldest, packet->time_ns) < IDLE_NS)
		return NULL;
	*oldest = (struct seen_flow){
		.used_ns = packet->time_ns, .key = identity->flow, .target = packet->target};
	return oldest;
}

static struct seen_packet *packet_slot(
	const struct path_translations *translations, unsigned target, uint64_t content)
{
	return &translations->packets[(content ^ target) % PACKETS];
}

/* Is an entry a packet of this content that came to a target shortly before? */
static bool is_recent(const struct seen_packet *seen, const struct path_translation_packet *packet,
	uint64_t content)
{
	return seen->content == content && seen->target == packet->target &&
	       seen->time_ns <= packet->time_ns && packet->time_ns - seen->time_ns <= TRANSLATED_NS;
}

static void add_come(struct path_translations *translations,
	const struct path_translation_packet *packet, const struct path_identity *identity,
	uint64_t content)
{
	struct seen_packet *seen = packet_slot(translations, packet->target, content);

	if (is_recent(seen, packet, content) && !is_same(&seen->flow, &identity->flow)) {
		seen->is_taken = true;
		seen->time_ns = packet->time_ns;
		return;
	}
	*seen = (struct seen_packet){.content = content,
		.time_ns = packet->time_ns,
		.flow = identity->flow,
		.number = number_flow(identity, packet->target),
		.target = packet->target,
		.ttl = identity->ttl};
}

/* Is the opposite of a translation known? It becomes one of both ways then. */
static bool join_opposite(struct path_translations *translations, const struct seen_flow *flow)
{
	const struct path_flow_key from = path_flow_key_turn(&flow->key);
	const struct path_flow_key to = path_flow_key_turn(&flow->from);

	for (size_t i = 0; i < translations->count; i++) {
		struct path_translation *other = &translations->list[i];

		if (other->target != flow->target || !is_same(&other->from, &from) ||
			!is_same(&other->to, &to))
			continue;
		other->is_both_ways = true;
		return true;
	}
	return false;
}

static bool is_known(const struct path_translations *translations, const struct seen_flow *flow)
{
	struct path_flow_key to;

	return path_translations_find(translations, flow->target, &flow->from, &to);
}

/* The packets of a flow were those of another one. */
static void add_translation(struct path_translations *translations, struct seen_flow *flow)
{
	struct seen_flow *from =
		get_flow(translations, flow->from_number, &flow->from, flow->target);

	flow->is_settled = true;
	if (flow->has_come || !from || from->has_left || is_known(translations, flow))
		return;
	from->is_settled = true;
	if (join_opposite(translations, flow))
		return;
	if (translations->count == PATH_TRANSLATIONS_MAX) {
		translations->others++;
		return;
	}
	translations->list[translations->count++] = (struct path_translation){
		.target = flow->target, .from = flow->from, .to = flow->key};
}

/* Finds the packet that came, and left as this one. Returns NULL if that is not certain. */
static struct seen_packet *find_come(struct path_translations *translations,
	const struct path_translation_packet *packet, const struct path_identity *identity,
	uint64_t content)
{
	struct seen_packet *seen = packet_slot(translations, packet->target, content);

	if (!is_recent(seen, packet, content) || seen->is_taken || seen->ttl != identity->ttl + 1 ||
		is_same(&seen->flow, &identity->flow) ||
		seen->flow.protocol != identity->flow.protocol)
		return NULL;
	return seen;
}

static void add_left(struct path_translations *translations, struct seen_flow *flow,
	const struct path_translation_packet *packet, const struct path_identity *identity,
	uint64_t content)
{
	const unsigned needed = flow->key.protocol == IPPROTO_TCP ? NEEDED_OF_TCP : NEEDED;
	struct seen_packet *come;

	if (content == flow->last_content)
		return; /* at another interface of the same host, or repeated */
	flow->last_content = content;
	come = find_come(translations, packet, identity, content);
	if (!come) {
		flow->matches = 0;
		return;
	}
	come->is_taken = true;
	if (flow->matches > 0 && !is_same(&flow->from, &come->flow))
		flow->matches = 0;
	flow->from = come->flow;
	flow->from_number = come->number;
	if (++flow->matches >= needed)
		add_translation(translations, flow);
}

/* May a packet be one that its target has forwarded, or will? */
static bool is_candidate(struct path_translations *translations,
	const struct path_translation_packet *packet, const struct path_identity *identity)
{
	const unsigned ttl = identity->ttl;
	bool *is_router = &translations->is_router[packet->target];

	if (identity->kind != PATH_WHOLE && identity->kind != PATH_BYTES)
		return false;
	if (identity->direction == PATH_INCOMING)
		return *is_router && !identity->is_foreign;
	if (identity->direction != PATH_OUTGOING || ttl == 64 || ttl == 128 || ttl == 255)
		return false;
	*is_router = true;
	return true;
}

/* Notes a direction of a flow. Returns whether its packet is to be looked at. */
static bool note_direction(struct seen_flow *flow, bool is_leaving)
{
	if (flow->is_settled)
		return false;
	flow->has_left = flow->has_left || is_leaving;
	flow->has_come = flow->has_come || !is_leaving;
	flow->looks++;
	flow->is_settled = (flow->has_left && flow->has_come) || flow->looks == LOOKS_MAX;
	return !(flow->has_left && flow->has_come);
}

void path_translations_add(struct path_translations *translations,
	const struct path_translation_packet *packet, const struct path_identity *identity)
{
	const bool is_leaving = identity->direction == PATH_OUTGOING;
	struct seen_flow *flow;
	uint64_t content;

	if (!is_candidate(translations, packet, identity))
		return;
	flow = find_flow(translations, packet, identity);
	if (!flow || !note_direction(flow, is_leaving))
		return;
	content = path_identity_digest_content(
		translations->key, packet->linktype, packet->data, packet->caplen, packet->len);
	if (content == 0)
		return;
	if (is_leaving)
		add_left(translations, flow, packet, identity, content);
	else
		add_come(translations, packet, identity, content);
}

bool path_translations_find(const struct path_translations *translations, unsigned target,
	const struct path_flow_key *flow, struct path_flow_key *ret_flow)
{
	const struct path_flow_key turned = path_flow_key_turn(flow);

	for (size_t i = 0; i < translations->count; i++) {
		const struct path_translation *translation = &translations->list[i];

		if (translation->target != target)
			continue;
		if (is_same(&translation->from, flow)) {
			*ret_flow = translation->to;
			return true;
		}
		if (translation->is_both_ways && is_same(&translation->to, &turned)) {
			*ret_flow = path_flow_key_turn(&translation->from);
			return true;
		}
	}
	return false;
}

const struct path_translation *path_translations_list(
	const struct path_translations *translations, size_t *ret_count)
{
	*ret_count = translations->count;
	return translations->list;
}

uint64_t path_translations_others(const struct path_translations *translations)
{
	return translations->others;
}
