/* SPDX-License-Identifier: MIT */
/*
 * UDP datagrams and segmentation offload. In: datagrams in the order of the merge. Out: for
 * each one the parts that other places saw, or may see.
 *
 * A sender hands the kernel up to 64 KiB at once (UDP_SEGMENT of udp(7), as QUIC does). Its
 * capture has one datagram; the network card makes segments of equal size, but for the last
 * one. The kernel of a receiver or router joins segments again, and not always the same ones.
 * Nothing in a datagram says that it was joined: only its payload does, compared with others
 * of the flow.
 *
 * A datagram that no other one explains is known by its own identity. If it is larger than a
 * segment of Ethernet, or than the segments of its flow that were found so far, it becomes a range
 * of bytes of a stream that has only this datagram (PATH_BYTES, as TCP), and its payload is kept
 * for a while. What comes later is taken apart from its front:
 *  1. a payload that is equal to one that was seen is the same packet;
 *  2. one that begins with a packet that was seen consists of this one and a rest;
 *  3. one whose begin is in a payload that was kept is this range of it, up to the end of the
 *     shorter one, and has a rest if it is longer;
 *  4. all else is new, in segments of the same size as those before it.
 *
 * The IPv4 identification tells equal payloads apart, where both are known: a datagram has the
 * identification of its first segment, and the kernel counts up from there.
 *
 * Limits: all tables have a fixed size, where new entries replace old ones. A datagram of which
 * too little is known then is one of its own, and the pairing has doubts about both.
 */
#include "client/path_datagrams.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
	LARGE_SIZE = 1472,    /* a larger payload is not one packet of Ethernet */
	WAYS = 8,	      /* entries of a set, the latest ones */
	SETS = 1 << 13,	      /* of seen packets: 3 MB */
	LARGE_WAYS = 32,      /* kept payloads of a flow, the latest ones */
	LARGE_SETS = 64,      /* the same of all flows that share them */
	KEPT_BYTES = 1 << 23, /* of payload */
	ROUNDS = 3,	      /* of a search: where the last part ended, all, any id */
	SEARCHED_MAX = 8,     /* payloads that are searched as a whole */
	FINDS_MAX = 64,	      /* of a begin in one payload */
	HEAD_CHECK = 1,	      /* path_check_sizes: what finds the packets that begin alike */
	NEEDLE_SIZE = 32,     /* bytes of a begin, at the most */
	ID_UNKNOWN = -1,
	SEQUENCE_BEGIN = 8192, /* so that most searches stay in one block of the pairing */
};

/* A packet that was seen, or is a part of one. */
struct seen {
	uint64_t original; /* digest of the packet itself, or 0: it was seen as a part only */
	uint64_t digest;   /* what the pairing knows it by */
	uint32_t sequence;
	uint32_t uses; /* how often it was found */
	int32_t id;    /* IPv4 identification of the packet, or ID_UNKNOWN */
	enum path_kind kind;
};

/* Packets whose keys share a set; the keys are apart, since most searches find nothing. */
struct seen_set {
	uint64_t keys[WAYS]; /* of flow and payload; 0: none */
	struct seen list[WAYS];
	unsigned next; /* that is replaced, modulo WAYS */
};

/* The size of a packet that begins so. */
struct head {
	uint64_t key;
	uint32_t size;
};

/* A datagram whose payload is kept. */
struct large {
	uint64_t flow;
	uint64_t digest;
	uint64_t at; /* of all bytes that were ever kept */
	uint32_t size;
	uint32_t next; /* where the latest part ended */
	bool has_id;
	uint16_t id; /* IPv4 identification */
};

struct large_set {
	struct large list[LARGE_WAYS];
	unsigned count; /* ever */
};

/* Sizes of packets of a flow; wrong ones, of a flow with the same hash, cost time only. */
struct flow_sizes {
	uint32_t latest[2]; /* that differ: segments, and the last one of them */
	uint32_t segment;   /* the largest one that was found in a datagram, or 0 */
};

struct path_datagrams {
	const struct path_hash_key *key;
	struct seen_set seen[SETS];
	struct head heads[SETS][WAYS];
	uint8_t heads_at[SETS];	       /* the next entry of a set that is replaced */
	struct flow_sizes sizes[SETS]; /* by a hash of the flow */
	struct large_set large[LARGE_SETS];
	uint64_t kept;
	unsigned char bytes[KEPT_BYTES];
};

struct path_datagrams *path_datagrams_new(const struct path_hash_key *key)
{
	struct path_datagrams *datagrams = calloc(1, sizeof(*datagrams));

	if (datagrams)
		datagrams->key = key;
	return datagrams;
}

void path_datagrams_free(struct path_datagrams *datagrams)
{
	free(datagrams);
}

/* The finalizer of SplitMix64; its input is a keyed hash. */
static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

/* Returns a hash of one direction of a flow. */
static uint64_t flow_of(const struct path_identity *identity)
{
	const struct path_flow_key *flow = &identity->flow;
	const int order = memcmp(flow->source, flow->destination, sizeof(flow->source));
	const int ports = memcmp(flow->source_port, flow->destination_port, 2);

	return identity->flow_digest + ((order != 0 ? order : ports) > 0);
}

static uint64_t key_of(const struct path_identity *identity)
{
	return mix(flow_of(identity) ^
		       mix((uint64_t)identity->checks[PATH_CHECK_ALL] << 32 | identity->size)) |
	       1;
}

static uint64_t head_of(const struct path_identity *identity)
{
	return mix(flow_of(identity) ^ mix(identity->checks[HEAD_CHECK])) | 1;
}

static bool has_head(const struct path_identity *identity)
{
	return identity->size >= path_check_sizes[HEAD_CHECK];
}

static int32_t id_of(const struct path_identity *identity)
{
	return identity->has_id ? identity->id : ID_UNKNOWN;
}

static void note_size(struct flow_sizes *sizes, uint32_t size)
{
	if (size > LARGE_SIZE || size == sizes->latest[0])
		return;
	sizes->latest[1] = sizes->latest[0];
	sizes->latest[0] = size;
}

static void note_segment(struct flow_sizes *sizes, uint32_t size)
{
	if (size <= LARGE_SIZE && size > sizes->segment)
		sizes->segment = size;
}

/* Remembers a packet, or a part of one. packet is what the part is all of, or NULL. */
static void remember(struct path_datagrams *datagrams, const struct path_identity *part,
	const struct path_identity *packet)
{
	const uint64_t original = packet ? packet->digest : 0;
	const int32_t id = packet ? id_of(packet) : ID_UNKNOWN;
	const uint64_t key = key_of(part);
	struct seen_set *set = &datagrams->seen[(key >> 8) % SETS];
	const unsigned at = set->next++ % WAYS;
	const uint64_t head = head_of(part);
	const size_t head_set = (head >> 8) % SETS;

	set->keys[at] = key;
	set->list[at] = (struct seen){
		.original = original,
		.digest = part->digest,
		.sequence = part->sequence,
		.id = id,
		.kind = part->kind,
	};
	note_size(&datagrams->sizes[flow_of(part) % SETS], part->size);
	if (!has_head(part))
		return;
	for (unsigned i = 0; i < WAYS; i++)
		if (datagrams->heads[head_set][i].key == head &&
			datagrams->heads[head_set][i].size == part->size)
			return;
	datagrams->heads[head_set][datagrams->heads_at[head_set]++ % WAYS] =
		(struct head){head, part->size};
}

/*
 * Finds a packet with the payload of a part. original is the digest of the packet as it was
 * seen; 0: it is not known, and of several the one is taken that was found least. id is that
 * of the packet, or ID_UNKNOWN.
 */
static struct seen *find_seen(struct path_datagrams *datagrams, const struct path_identity *part,
	uint64_t original, int32_t id)
{
	const uint64_t key = key_of(part);
	struct seen_set *set = &datagrams->seen[(key >> 8) % SETS];
	struct seen *found = NULL;

	for (unsigned i = 0; i < WAYS; i++) {
		struct seen *seen = &set->list[i];

		if (set->keys[i] != key)
			continue;
		if (original != 0 && seen->original == original)
			return seen;
		if (original != 0 && seen->original != 0)
			continue;
		if (id != ID_UNKNOWN && seen->id != ID_UNKNOWN && seen->id != id)
			continue;
		if (!found || seen->uses < found->uses)
			found = seen;
	}
	return found;
}

/* Makes a part what the pairing knows it by. */
static void set_range(struct path_identity *part, uint64_t digest, uint32_t sequence)
{
	part->kind = PATH_BYTES;
	part->digest = digest;
	part->sequence = sequence;
	/* parts of one digest are of one sending: no other identification contradicts */
	part->has_id = true;
	part->id = 1;
}

static void use(struct seen *seen, uint64_t original, int32_t id, struct path_identity *part)
{
	seen->uses++;
	if (original != 0) {
		seen->original = original;
		seen->id = id;
	}
	if (seen->kind == PATH_BYTES)
		set_range(part, seen->digest, seen->sequence);
	else
		part->digest = seen->digest;
}

/* A datagram that is taken apart. */
struct taken {
	const struct path_identity *identity;
	const unsigned char *payload;
	uint32_t done;
	uint32_t segment; /* size of its segments, or 0 */
};

static struct path_identity make_part(const struct path_datagrams *datagrams,
	const struct taken *taken, uint32_t at, uint32_t size)
{
	struct path_identity part = *taken->identity;

	if (size == part.size)
		return part;
	path_identity_set_payload(datagrams->key, taken->payload + at, size, &part);
	return part;
}

/* Takes off a packet that was seen and has this size, or is all that is left. */
static bool take_seen(struct path_datagrams *datagrams, struct taken *taken, uint32_t size,
	struct path_identity *ret_part)
{
	struct path_identity part = make_part(datagrams, taken, taken->done, size);
	const uint64_t original = size == taken->identity->size ? part.digest : 0;
	/* what consists of several packets has the identification of the first one */
	const int32_t id = taken->done == 0 ? id_of(taken->identity) : ID_UNKNOWN;
	struct seen *seen = find_seen(datagrams, &part, original, id);

	if (!seen)
		return false;
	use(seen, original, id, &part);
	*ret_part = part;
	taken->done += size;
	return true;
}

/* Takes off a packet that was seen, if the rest begins with one. */
static bool take_begin(
	struct path_datagrams *datagrams, struct taken *taken, struct path_identity *ret_part)
{
	const uint32_t left = taken->identity->size - taken->done;
	const struct head *set;
	struct path_identity rest;
	uint64_t head = head_of(taken->identity);

	if (taken->segment > 0 && taken->segment < left &&
		take_seen(datagrams, taken, taken->segment, ret_part))
		return true;
	if (left < path_check_sizes[HEAD_CHECK])
		return false;
	if (taken->done > 0) {
		rest = make_part(datagrams, taken, taken->done, path_check_sizes[HEAD_CHECK]);
		head = head_of(&rest);
	}
	set = datagrams->heads[(head >> 8) % SETS];
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].key == head && set[i].size < left &&
			take_seen(datagrams, taken, set[i].size, ret_part)) {
			taken->segment = set[i].size;
			note_segment(
				&datagrams->sizes[flow_of(taken->identity) % SETS], set[i].size);
			return true;
		}
	return false;
}

/* Returns the kept payload of a datagram, or NULL if it has been replaced. */
static const unsigned char *bytes_of(
	const struct path_datagrams *datagrams, const struct large *large)
{
	return datagrams->kept - large->at <= KEPT_BYTES ? &datagrams->bytes[large->at % KEPT_BYTES]
							 : NULL;
}

/*
 * Returns how many bytes of a rest are in a kept payload from at on: all up to an end, or 0. A few
 * equal bytes at its end are no begin of a longer rest.
 */
static uint32_t count_equal(const unsigned char *bytes, const struct large *large, uint32_t at,
	const unsigned char *rest, uint32_t left)
{
	const uint32_t size = large->size - at < left ? large->size - at : left;

	if (size < left && size < NEEDLE_SIZE)
		return 0;
	return size > 0 && memcmp(bytes + at, rest, size) == 0 ? size : 0;
}

/*
 * Can a packet with this identification begin at an offset, by what the kernel counts? All
 * segments before it have the same size.
 */
static bool fits_id(const struct taken *taken, const struct large *large, uint32_t at)
{
	const struct path_identity *identity = taken->identity;
	const uint16_t segments = (uint16_t)(identity->id - large->id);

	if (!identity->has_id || !large->has_id || taken->done > 0)
		return true;
	return segments == 0 ? at == 0 : at > 0 && at % segments == 0;
}

/* May the identification contradict, because a network card does not count? */
static bool allows_any_id(unsigned round, const struct taken *taken, const struct large *large)
{
	/* one that has all bytes of another one has been sent again */
	return round == ROUNDS - 1 && large->size != taken->identity->size;
}

/* Finds where a rest begins in a kept payload. Returns how many bytes are there, or 0. */
static uint32_t find_in(const struct path_datagrams *datagrams, const struct large *large,
	const unsigned char *rest, uint32_t left, bool is_search, uint32_t *ret_at)
{
	const unsigned char *bytes = bytes_of(datagrams, large);
	const uint32_t needle = left < NEEDLE_SIZE ? left : NEEDLE_SIZE;
	const unsigned char *found;
	uint32_t size;

	if (!bytes)
		return 0;
	*ret_at = large->next < large->size ? large->next : 0;
	size = count_equal(bytes, large, *ret_at, rest, left);
	if (size > 0 || !is_search)
		return size;
	for (unsigned i = 0; i < FINDS_MAX && size == 0; i++) {
		const uint32_t from = i > 0 ? *ret_at + 1 : 0;

		found = memmem(bytes + from, large->size - from, rest, needle);
		if (!found)
			return 0;
		*ret_at = (uint32_t)(found - bytes);
		size = count_equal(bytes, large, *ret_at, rest, left);
	}
	return size;
}

/* Takes off what is a range of a payload that was kept. */
static bool take_range(
	struct path_datagrams *datagrams, struct taken *taken, struct path_identity *ret_part)
{
	const uint64_t flow = flow_of(taken->identity);
	struct large_set *set = &datagrams->large[flow % LARGE_SETS];
	const unsigned char *rest = taken->payload + taken->done;
	const uint32_t left = taken->identity->size - taken->done;

	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < LARGE_WAYS && i < set->count; i++) {
			struct large *large = &set->list[(set->count - 1 - i) % LARGE_WAYS];
			uint32_t at;
			uint32_t size;

			if (large->flow != flow || (round > 0 && i >= SEARCHED_MAX))
				continue;
			size = find_in(datagrams, large, rest, left, round > 0, &at);
			if (size == 0 ||
				(!fits_id(taken, large, at) && !allows_any_id(round, taken, large)))
				continue;
			*ret_part = make_part(datagrams, taken, taken->done, size);
			set_range(ret_part, large->digest, SEQUENCE_BEGIN + at);
			large->next = at + size;
			note_segment(&datagrams->sizes[flow % SETS], size);
			taken->done += size;
			return true;
		}
	return false;
}

/* Keeps a payload, so that its parts can be found. */
static void keep(struct path_datagrams *datagrams, struct path_identity *part,
	const unsigned char *payload, bool is_begin)
{
	const bool has_id = part->has_id && is_begin;
	const uint16_t id = part->id;
	struct large_set *set = &datagrams->large[flow_of(part) % LARGE_SETS];
	const uint64_t left = KEPT_BYTES - datagrams->kept % KEPT_BYTES;

	if (left < part->size)
		datagrams->kept += left;
	set_range(part, mix(part->digest ^ mix(key_of(part))), SEQUENCE_BEGIN);
	memcpy(&datagrams->bytes[datagrams->kept % KEPT_BYTES], payload, part->size);
	set->list[set->count++ % LARGE_WAYS] = (struct large){
		.flow = flow_of(part),
		.digest = part->digest,
		.at = datagrams->kept,
		.size = part->size,
		.has_id = has_id,
		.id = id,
	};
	datagrams->kept += part->size;
}

/* Can packets have been sent one after the other, with others between? Some hosts do not count. */
static bool is_later_id(int32_t id, int32_t later, uint32_t distance)
{
	return id == ID_UNKNOWN || later == ID_UNKNOWN || later == id ||
	       (uint16_t)(later - id) == distance;
}

/* Was the segment with a number seen? The last one may be shorter. */
static bool has_seen(const struct path_datagrams *datagrams, const struct taken *taken,
	uint32_t size, uint32_t number)
{
	const uint32_t at = taken->done + number * size;
	const uint32_t left = taken->identity->size - at;
	const struct path_identity part =
		make_part(datagrams, taken, at, left < size ? left : size);
	const int32_t id = taken->done == 0 ? id_of(taken->identity) : ID_UNKNOWN;
	const uint64_t key = key_of(&part);
	const struct seen_set *set = &datagrams->seen[(key >> 8) % SETS];

	for (unsigned i = 0; i < WAYS; i++)
		if (set->keys[i] == key && is_later_id(id, set->list[i].id, number))
			return true;
	return false;
}

/* Was a segment of this size seen after the first one, which was not? */
static bool is_followed(
	const struct path_datagrams *datagrams, const struct taken *taken, uint32_t size)
{
	const uint32_t left = taken->identity->size - taken->done;

	for (uint32_t i = 1; size > 0 && i * size < left && i < PATH_PARTS_MAX; i++)
		if (has_seen(datagrams, taken, size, i))
			return true;
	return false;
}

/* Takes off what is new: one segment if their size is known, or all. */
static void take_new(
	struct path_datagrams *datagrams, struct taken *taken, struct path_identity *ret_part)
{
	const uint32_t left = taken->identity->size - taken->done;
	const struct flow_sizes *sizes = &datagrams->sizes[flow_of(taken->identity) % SETS];
	const uint32_t candidates[] = {sizes->segment, sizes->latest[0], sizes->latest[1]};
	uint32_t size = left;
	bool is_whole;

	for (unsigned i = 0; i < 3 && taken->segment == 0; i++)
		if (is_followed(datagrams, taken, candidates[i]))
			taken->segment = candidates[i];
	if (taken->segment > 0 && taken->segment < left)
		size = taken->segment;
	is_whole = size == taken->identity->size;
	*ret_part = make_part(datagrams, taken, taken->done, size);
	if (!is_whole)
		ret_part->digest = mix(ret_part->digest ^ mix(key_of(ret_part)));
	if (size > LARGE_SIZE || (sizes->segment > 0 && size > sizes->segment))
		keep(datagrams, ret_part, taken->payload + taken->done, taken->done == 0);
	remember(datagrams, ret_part, is_whole ? taken->identity : NULL);
	taken->done += size;
}

static void take_part(
	struct path_datagrams *datagrams, struct taken *taken, struct path_identity *ret_part)
{
	const bool is_begin = taken->done == 0;
	const uint32_t left = taken->identity->size - taken->done;

	if (take_seen(datagrams, taken, left, ret_part) || take_begin(datagrams, taken, ret_part))
		return;
	if (!take_range(datagrams, taken, ret_part)) {
		take_new(datagrams, taken, ret_part);
		return;
	}
	remember(datagrams, ret_part,
		is_begin && ret_part->size == taken->identity->size ? taken->identity : NULL);
}

/* Can it be one of several segments, or consist of them? */
static bool is_candidate(const struct path_identity *identity)
{
	return identity->kind == PATH_WHOLE && identity->flow.protocol == IPPROTO_UDP &&
	       !identity->is_first_fragment && identity->size > 0 &&
	       (identity->checks_valid & 1 << PATH_CHECK_ALL);
}

size_t path_datagrams_split(struct path_datagrams *datagrams, const struct path_identity *identity,
	const unsigned char *payload, struct path_identity ret_parts[PATH_PARTS_MAX])
{
	struct taken taken = {.identity = identity, .payload = payload};
	size_t count = 0;

	if (!is_candidate(identity)) {
		ret_parts[0] = *identity;
		return 1;
	}
	while (taken.done < identity->size && count < PATH_PARTS_MAX - 1)
		take_part(datagrams, &taken, &ret_parts[count++]);
	if (taken.done < identity->size)
		ret_parts[count++] =
			make_part(datagrams, &taken, taken.done, identity->size - taken.done);
	return count;
}
