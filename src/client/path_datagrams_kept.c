/* SPDX-License-Identifier: MIT */
#include "client/path_datagrams_kept.h"

#include "client/path_datagram_key.h"

#include <string.h>

enum {
	SEARCHED_MAX = 8,      /* payloads that are searched as a whole */
	SEARCHES_MAX = 4,      /* of a datagram, that find nothing */
	FINDS_MAX = 64,	       /* of a begin in one payload */
	NEEDLE_SIZE = 32,      /* bytes of a begin, at the most */
	SEQUENCE_BEGIN = 8192, /* so that most searches stay in one block of the pairing */
};

void datagrams_kept_add(struct datagrams_kept *kept, struct path_identity *part,
	const unsigned char *payload, bool is_begin)
{
	const bool has_id = part->has_id && is_begin;
	const uint16_t id = part->id;
	struct kept_set *set = &kept->sets[datagram_flow(part) % KEPT_SETS];
	const uint64_t left = KEPT_BYTES - kept->end % KEPT_BYTES;

	if (left < part->size)
		kept->end += left;
	datagram_set_range(part, datagram_mix(part->digest ^ datagram_mix(datagram_key(part))),
		SEQUENCE_BEGIN);
	memcpy(&kept->bytes[kept->end % KEPT_BYTES], payload, part->size);
	set->list[set->count++ % KEPT_WAYS] = (struct kept){
		.flow = datagram_flow(part),
		.digest = part->digest,
		.at = kept->end,
		.size = part->size,
		.has_id = has_id,
		.id = id,
	};
	kept->end += part->size;
}

/* Returns a kept payload, or NULL if it has been replaced. */
static const unsigned char *bytes_of(const struct datagrams_kept *kept, const struct kept *large)
{
	return kept->end - large->at <= KEPT_BYTES ? &kept->bytes[large->at % KEPT_BYTES] : NULL;
}

/*
 * Returns how many bytes of a rest are in a kept payload from at on: all up to an end, or 0. A few
 * equal bytes at its end are no begin of a longer rest.
 */
static uint32_t count_equal(const unsigned char *bytes, const struct kept *large, uint32_t at,
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
static bool fits_id(const struct datagram_rest *rest, const struct kept *large, uint32_t at)
{
	const struct path_identity *identity = rest->identity;
	const uint16_t segments = (uint16_t)(identity->id - large->id);

	if (!identity->has_id || !large->has_id || rest->done > 0)
		return true;
	return segments == 0 ? at == 0 : at > 0 && at % segments == 0;
}

/* May the identification contradict, because a network card does not count? */
static bool allows_any_id(const struct datagram_rest *rest, const struct kept *large)
{
	/* one that has all bytes of another one has been sent again */
	return large->size != rest->identity->size;
}

/* Finds where a rest begins in a kept payload. Returns how many bytes are there, or 0. */
static uint32_t find_in(const struct datagrams_kept *kept, const struct kept *large,
	const unsigned char *rest, uint32_t left, bool is_search, uint32_t *ret_at)
{
	const unsigned char *bytes = bytes_of(kept, large);
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

/* A place in a kept payload; size 0: none. */
struct found {
	struct kept *large;
	uint32_t at;
	uint32_t size;
};

/*
 * Finds the begin of a rest: at the end of the latest part of each payload, or anywhere. The
 * identification may contradict only in a search, and if no other payload fits.
 */
static struct found find(
	struct datagrams_kept *kept, const struct datagram_rest *rest, bool is_search)
{
	const uint64_t flow = datagram_flow(rest->identity);
	const uint32_t left = rest->identity->size - rest->done;
	struct kept_set *set = &kept->sets[flow % KEPT_SETS];
	struct found other = {0};

	for (unsigned i = 0; i < (is_search ? SEARCHED_MAX : KEPT_WAYS) && i < set->count; i++) {
		struct found found = {.large = &set->list[(set->count - 1 - i) % KEPT_WAYS]};

		if (found.large->flow != flow)
			continue;
		found.size = find_in(
			kept, found.large, rest->payload + rest->done, left, is_search, &found.at);
		if (found.size > 0 && fits_id(rest, found.large, found.at))
			return found;
		if (is_search && other.size == 0 && allows_any_id(rest, found.large))
			other = found;
	}
	return other;
}

bool datagrams_kept_find(
	struct datagrams_kept *kept, struct datagram_rest *rest, struct kept_range *ret_range)
{
	struct found found = find(kept, rest, false);

	if (found.size == 0 && rest->searches < SEARCHES_MAX)
		found = find(kept, rest, true);
	if (found.size == 0) {
		rest->searches++;
		return false;
	}
	found.large->next = found.at + found.size;
	*ret_range =
		(struct kept_range){found.large->digest, SEQUENCE_BEGIN + found.at, found.size};
	return true;
}
