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
 * The packets that were seen are in datagrams_seen, the payloads in datagrams_kept.
 *
 * Limits: all tables have a fixed size, where new entries replace old ones. A datagram of which
 * too little is known then is one of its own, and the pairing has doubts about both. So is what
 * follows in a datagram after a few parts that are nowhere: without that, a payload that is made
 * for it costs as many long searches as it has segments.
 */
#include "client/path_datagrams.h"

#include "client/path_datagram_key.h"
#include "client/path_datagrams_kept.h"
#include "client/path_datagrams_seen.h"

#include <netinet/in.h>
#include <stdlib.h>

struct path_datagrams {
	const struct path_hash_key *key;
	struct datagrams_seen seen;
	struct datagrams_kept kept;
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

/* A datagram that is taken apart. */
struct taken {
	struct datagram_rest rest;
	uint32_t segment; /* size of its segments, or 0 */
};

static uint32_t bytes_left(const struct taken *taken)
{
	return taken->rest.identity->size - taken->rest.done;
}

/* What consists of several packets has the identification of the first one. */
static int32_t id_of_rest(const struct taken *taken)
{
	return taken->rest.done == 0 ? datagram_id(taken->rest.identity) : DATAGRAM_ID_UNKNOWN;
}

static struct path_identity make_part(const struct path_datagrams *datagrams,
	const struct taken *taken, uint32_t at, uint32_t size)
{
	struct path_identity part = *taken->rest.identity;

	if (size != part.size)
		path_identity_set_payload(datagrams->key, taken->rest.payload + at, size, &part);
	return part;
}

/* Takes off a packet that was seen and has this size, or is all that is left. */
static bool take_seen(struct path_datagrams *datagrams, struct taken *taken, uint32_t size,
	struct path_identity *ret_part)
{
	struct path_identity part = make_part(datagrams, taken, taken->rest.done, size);
	const uint64_t original = size == taken->rest.identity->size ? part.digest : 0;

	if (!datagrams_seen_find(&datagrams->seen, &part, original, id_of_rest(taken)))
		return false;
	*ret_part = part;
	taken->rest.done += size;
	return true;
}

static uint64_t head_of_rest(const struct path_datagrams *datagrams, const struct taken *taken)
{
	struct path_identity begin;

	if (taken->rest.done == 0)
		return datagram_head(taken->rest.identity);
	begin = make_part(
		datagrams, taken, taken->rest.done, path_check_sizes[DATAGRAM_HEAD_CHECK]);
	return datagram_head(&begin);
}

/* Takes off a packet that was seen, if the rest begins with one. */
static bool take_begin(
	struct path_datagrams *datagrams, struct taken *taken, struct path_identity *ret_part)
{
	const uint32_t left = bytes_left(taken);
	const struct seen_head *heads;
	uint64_t head;

	if (taken->segment > 0 && taken->segment < left &&
		take_seen(datagrams, taken, taken->segment, ret_part))
		return true;
	if (left < path_check_sizes[DATAGRAM_HEAD_CHECK])
		return false;
	head = head_of_rest(datagrams, taken);
	heads = datagrams_seen_heads(&datagrams->seen, head);
	for (unsigned i = 0; i < SEEN_WAYS; i++)
		if (heads[i].key == head && heads[i].size < left &&
			take_seen(datagrams, taken, heads[i].size, ret_part)) {
			taken->segment = heads[i].size;
			datagrams_seen_note_segment(&datagrams->seen,
				datagram_flow(taken->rest.identity), taken->segment);
			return true;
		}
	return false;
}

/* Takes off what is a range of a payload that was kept. */
static bool take_range(
	struct path_datagrams *datagrams, struct taken *taken, struct path_identity *ret_part)
{
	struct kept_range range;

	if (!datagrams_kept_find(&datagrams->kept, &taken->rest, &range))
		return false;
	*ret_part = make_part(datagrams, taken, taken->rest.done, range.size);
	datagram_set_range(ret_part, range.digest, range.sequence);
	datagrams_seen_note_segment(
		&datagrams->seen, datagram_flow(taken->rest.identity), range.size);
	taken->rest.done += range.size;
	return true;
}

/* Was a segment of this size seen after the first one, which was not? */
static bool is_followed(
	const struct path_datagrams *datagrams, const struct taken *taken, uint32_t size)
{
	const uint32_t left = bytes_left(taken);

	for (uint32_t i = 1; size > 0 && i * size < left && i < PATH_PARTS_MAX; i++) {
		const uint32_t at = i * size;
		/* the last one may be shorter */
		const struct path_identity segment = make_part(datagrams, taken,
			taken->rest.done + at, left - at < size ? left - at : size);

		if (datagrams_seen_has_segment(&datagrams->seen, &segment, id_of_rest(taken), i))
			return true;
	}
	return false;
}

/* Takes off what is new: one segment if their size is known, or all. */
static void take_new(
	struct path_datagrams *datagrams, struct taken *taken, struct path_identity *ret_part)
{
	const struct path_identity *identity = taken->rest.identity;
	const uint32_t left = bytes_left(taken);
	const struct seen_sizes *sizes =
		datagrams_seen_sizes(&datagrams->seen, datagram_flow(identity));
	const uint32_t candidates[] = {sizes->segment, sizes->latest[0], sizes->latest[1]};
	uint32_t size = left;
	bool is_whole;

	for (unsigned i = 0; i < 3 && taken->segment == 0; i++)
		if (is_followed(datagrams, taken, candidates[i]))
			taken->segment = candidates[i];
	if (taken->segment > 0 && taken->segment < left)
		size = taken->segment;
	is_whole = size == identity->size;
	*ret_part = make_part(datagrams, taken, taken->rest.done, size);
	if (!is_whole)
		ret_part->digest =
			datagram_mix(ret_part->digest ^ datagram_mix(datagram_key(ret_part)));
	if (size > SEGMENT_SIZE_MAX || (sizes->segment > 0 && size > sizes->segment))
		datagrams_kept_add(&datagrams->kept, ret_part,
			taken->rest.payload + taken->rest.done, taken->rest.done == 0);
	datagrams_seen_add(&datagrams->seen, ret_part, is_whole ? identity : NULL);
	taken->rest.done += size;
}

static void take_part(
	struct path_datagrams *datagrams, struct taken *taken, struct path_identity *ret_part)
{
	const struct path_identity *identity = taken->rest.identity;
	const bool is_begin = taken->rest.done == 0;

	if (take_seen(datagrams, taken, bytes_left(taken), ret_part) ||
		take_begin(datagrams, taken, ret_part))
		return;
	if (!take_range(datagrams, taken, ret_part)) {
		take_new(datagrams, taken, ret_part);
		return;
	}
	datagrams_seen_add(&datagrams->seen, ret_part,
		is_begin && ret_part->size == identity->size ? identity : NULL);
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
	struct taken taken = {.rest = {.identity = identity, .payload = payload}};
	size_t count = 0;

	if (!is_candidate(identity)) {
		ret_parts[0] = *identity;
		return 1;
	}
	while (bytes_left(&taken) > 0 && count < PATH_PARTS_MAX - 1)
		take_part(datagrams, &taken, &ret_parts[count++]);
	if (bytes_left(&taken) > 0)
		ret_parts[count++] =
			make_part(datagrams, &taken, taken.rest.done, bytes_left(&taken));
	return count;
}
