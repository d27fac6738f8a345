/* SPDX-License-Identifier: MIT */
/*
 * The order in which places saw one packet. Between two routers its TTL stays the same:
 * the sights with one TTL are a leg of the way. On a leg, each host has one part: it sends
 * (its first sight is outgoing), forwards as a bridge does (it begins with an incoming and
 * ends with an outgoing sight), or receives (its last sight is incoming). The sender is
 * first, the receiver last, and one bridge can be between them. Two bridges could be in
 * either order, and so could two hosts whose directions are not known.
 */
#include "client/path_order.h"

enum part { PART_SENDS, PART_FORWARDS, PART_RECEIVES, PART_UNKNOWN };

static unsigned target_of(const struct path_place *places, const struct path_sight *sight)
{
	return places[sight->place].target;
}

/* On one host: by its clock; the kernel gives some copies of a packet the same timestamp. */
static bool is_earlier(const struct path_sight *one, const struct path_sight *other)
{
	return one->time_ns < other->time_ns ||
	       (one->time_ns == other->time_ns && one->number < other->number);
}

/* Sorts by TTL, then by target, then by that host's clock. */
static bool is_sorted(const struct path_place *places, const struct path_sight *one,
	const struct path_sight *other)
{
	if (one->ttl != other->ttl)
		return one->ttl > other->ttl;
	if (target_of(places, one) != target_of(places, other))
		return target_of(places, one) < target_of(places, other);
	return !is_earlier(other, one);
}

static void sort(const struct path_place *places, struct path_sight *sights, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && !is_sorted(places, &sights[j - 1], &sights[j]); j--) {
			const struct path_sight sight = sights[j];

			sights[j] = sights[j - 1];
			sights[j - 1] = sight;
		}
}

/* Returns how many of the first sights are of one host and one TTL. */
static size_t part_size(
	const struct path_place *places, const struct path_sight *sights, size_t count)
{
	size_t size = 1;

	while (size < count && sights[size].ttl == sights[0].ttl &&
		target_of(places, &sights[size]) == target_of(places, &sights[0]))
		size++;
	return size;
}

static enum part find_part(
	const struct path_place *places, const struct path_sight *sights, size_t size)
{
	const enum path_direction first = places[sights[0].place].direction;
	const enum path_direction last = places[sights[size - 1].place].direction;

	if (first == PATH_DIRECTION_UNKNOWN || last == PATH_DIRECTION_UNKNOWN)
		return PART_UNKNOWN;
	if (first == PATH_INCOMING)
		return last == PATH_INCOMING ? PART_RECEIVES : PART_FORWARDS;
	return last == PATH_OUTGOING ? PART_SENDS : PART_UNKNOWN;
}

/* Copies the part of a leg that plays a role to out. False: several parts play it. */
static bool copy_part(const struct path_place *places, const struct path_sight *leg, size_t count,
	enum part role, struct path_sight *out, size_t *out_count)
{
	bool found = false;

	for (size_t at = 0, size; at < count; at += size) {
		size = part_size(places, leg + at, count - at);
		if (find_part(places, leg + at, size) != role)
			continue;
		if (found)
			return false;
		found = true;
		for (size_t i = 0; i < size; i++)
			out[(*out_count)++] = leg[at + i];
	}
	return true;
}

/* Orders the sights that have one TTL. */
static bool order_leg(const struct path_place *places, struct path_sight *leg, size_t count)
{
	struct path_sight ordered[PATH_SIGHTS_MAX];
	size_t ordered_count = 0;

	if (part_size(places, leg, count) == count)
		return true;
	for (enum part role = PART_SENDS; role <= PART_RECEIVES; role++)
		if (!copy_part(places, leg, count, role, ordered, &ordered_count))
			return false;
	if (ordered_count < count) /* the rest is of PART_UNKNOWN */
		return false;
	for (size_t i = 0; i < count; i++)
		leg[i] = ordered[i];
	return true;
}

/* Do the clocks of hosts that are on several legs agree with the TTL? */
static bool clocks_agree(
	const struct path_place *places, const struct path_sight *sights, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			if (target_of(places, &sights[i]) == target_of(places, &sights[j]) &&
				sights[j].time_ns < sights[i].time_ns)
				return false;
	return true;
}

bool path_order(const struct path_place *places, struct path_sight *sights, size_t count)
{
	bool is_known = true;
	size_t size;

	sort(places, sights, count);
	for (size_t at = 0; at < count; at += size) {
		size = 1;
		while (at + size < count && sights[at + size].ttl == sights[at].ttl)
			size++;
		is_known = order_leg(places, sights + at, size) && is_known;
	}
	return is_known && clocks_agree(places, sights, count);
}
