/* SPDX-License-Identifier: MIT */
#include "client/path_datagrams_seen.h"

#include "client/path_datagram_key.h"

/* The lowest bit of a key is always set, and the others of its last byte are not needed. */
static size_t set_number(uint64_t key)
{
	return (key >> 8) % SEEN_SETS;
}

static void note_size(struct seen_sizes *sizes, uint32_t size)
{
	if (size > SEGMENT_SIZE_MAX || size == sizes->latest[0])
		return;
	sizes->latest[1] = sizes->latest[0];
	sizes->latest[0] = size;
}

static void note_head(struct datagrams_seen *seen, const struct path_identity *part)
{
	const uint64_t key = datagram_head(part);
	const size_t number = set_number(key);
	struct seen_head *heads = seen->heads[number];

	for (unsigned i = 0; i < SEEN_WAYS; i++)
		if (heads[i].key == key && heads[i].size == part->size)
			return;
	heads[seen->heads_at[number]++ % SEEN_WAYS] = (struct seen_head){key, part->size};
}

void datagrams_seen_add(struct datagrams_seen *seen, const struct path_identity *part,
	const struct path_identity *packet)
{
	const uint64_t key = datagram_key(part);
	struct seen_set *set = &seen->sets[set_number(key)];
	const unsigned at = set->next++ % SEEN_WAYS;

	set->keys[at] = key;
	set->list[at] = (struct seen){
		.original = packet ? packet->digest : 0,
		.digest = part->digest,
		.sequence = part->sequence,
		.id = packet ? datagram_id(packet) : DATAGRAM_ID_UNKNOWN,
		.kind = part->kind,
	};
	note_size(&seen->sizes[datagram_flow(part) % SEEN_SETS], part->size);
	if (datagram_has_head(part))
		note_head(seen, part);
}

static struct seen *find(struct datagrams_seen *seen, uint64_t key, uint64_t original, int32_t id)
{
	struct seen_set *set = &seen->sets[set_number(key)];
	struct seen *found = NULL;

	for (unsigned i = 0; i < SEEN_WAYS; i++) {
		struct seen *entry = &set->list[i];

		if (set->keys[i] != key)
			continue;
		if (original != 0 && entry->original == original)
			return entry;
		if (original != 0 && entry->original != 0)
			continue;
		if (id != DATAGRAM_ID_UNKNOWN && entry->id != DATAGRAM_ID_UNKNOWN &&
			entry->id != id)
			continue;
		if (!found || entry->uses < found->uses)
			found = entry;
	}
	return found;
}

bool datagrams_seen_find(
	struct datagrams_seen *seen, struct path_identity *part, uint64_t original, int32_t id)
{
	struct seen *found = find(seen, datagram_key(part), original, id);

	if (!found)
		return false;
	found->uses++;
	if (original != 0) {
		found->original = original;
		found->id = id;
	}
	if (found->kind == PATH_BYTES)
		datagram_set_range(part, found->digest, found->sequence);
	else
		part->digest = found->digest;
	return true;
}

/* Can packets have been sent one after the other, with others between? Some hosts do not count. */
static bool is_later_id(int32_t id, int32_t later, uint32_t distance)
{
	return id == DATAGRAM_ID_UNKNOWN || later == DATAGRAM_ID_UNKNOWN || later == id ||
	       (uint16_t)(later - id) == distance;
}

bool datagrams_seen_has_segment(const struct datagrams_seen *seen,
	const struct path_identity *segment, int32_t first_id, uint32_t distance)
{
	const uint64_t key = datagram_key(segment);
	const struct seen_set *set = &seen->sets[set_number(key)];

	for (unsigned i = 0; i < SEEN_WAYS; i++)
		if (set->keys[i] == key && is_later_id(first_id, set->list[i].id, distance))
			return true;
	return false;
}

const struct seen_head *datagrams_seen_heads(const struct datagrams_seen *seen, uint64_t head)
{
	return seen->heads[set_number(head)];
}

const struct seen_sizes *datagrams_seen_sizes(const struct datagrams_seen *seen, uint64_t flow)
{
	return &seen->sizes[flow % SEEN_SETS];
}

void datagrams_seen_note_segment(struct datagrams_seen *seen, uint64_t flow, uint32_t size)
{
	struct seen_sizes *sizes = &seen->sizes[flow % SEEN_SETS];

	if (size <= SEGMENT_SIZE_MAX && size > sizes->segment)
		sizes->segment = size;
}
