/* SPDX-License-Identifier: MIT */
/*
 * The order in which places saw one packet. Between two routers its TTL stays the same:
 * the sights with one TTL are a leg of the way. On a leg, each host has one part: it sends
 * (its first sight is outgoing), forwards as a bridge does (it begins with an incoming and
 * ends with an outgoing sight), or receives (its last sight is incoming). The sender is
 * first, the receiver last, and one bridge can be between them. Two bridges could be in
 * either order, and so could two hosts whose directions are not known.
 *
 * A tunnel is a part of a leg: the inner TTL stays the same in it. Its own sights are ordered by
 * its own TTL in the same way. On a leg that has a tunnel, the others are of the host that sends,
 * of that where the tunnel begins, whose clock has them before it, of that where it ends, and
 * of the host that receives. There is one tunnel: two in sequence, with one inner TTL, could be
 * in either order. Nor has a way an order if one host is at both ends of the tunnel.
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

static unsigned tunnels_of(const struct path_place *places, const struct path_sight *sight)
{
	return places[sight->place].tunnels;
}

/* Sorts by TTL, then by target, then by that host's clock. */
static bool is_sorted(const struct path_place *places, unsigned level, const struct path_sight *one,
	const struct path_sight *other)
{
	const uint8_t ttl = path_sight_ttl(one, level);

	if (ttl != path_sight_ttl(other, level))
		return ttl > path_sight_ttl(other, level);
	if (target_of(places, one) != target_of(places, other))
		return target_of(places, one) < target_of(places, other);
	return !is_earlier(other, one);
}

static void sort(
	const struct path_place *places, unsigned level, struct path_sight *sights, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && !is_sorted(places, level, &sights[j - 1], &sights[j]);
			j--) {
			const struct path_sight sight = sights[j];

			sights[j] = sights[j - 1];
			sights[j - 1] = sight;
		}
}

/* Returns how many of the first sights of a leg are of one host. */
static size_t part_size(
	const struct path_place *places, const struct path_sight *sights, size_t count)
{
	size_t size = 1;

	while (size < count && target_of(places, &sights[size]) == target_of(places, &sights[0]))
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

/* Orders the sights that have one TTL, and are in equally many tunnels. */
static bool order_parts(const struct path_place *places, struct path_sight *leg, size_t count)
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

/*
 * The sights of one TTL, some of which are in a tunnel: in order, those before the tunnel, of its
 * sender, of its first host, those in the tunnel, those after it.
 */
enum side { SIDE_SENDER, SIDE_ENTRY, SIDE_TUNNEL, SIDE_EXIT, SIDE_RECEIVER, SIDE_UNKNOWN };

/* Of the sights of one host that are not in the tunnel: is all of it there, too? */
static enum side find_side_of_end(const struct path_place *places, const struct path_sight *sight,
	const struct path_sight *first, const struct path_sight *last)
{
	if (is_earlier(sight, first) && places[first->place].direction != PATH_INCOMING)
		return SIDE_ENTRY;
	if (is_earlier(last, sight) && places[last->place].direction != PATH_OUTGOING)
		return SIDE_EXIT;
	return SIDE_UNKNOWN;
}

/* Returns on which side of the tunnel a sight is; part is that of its host, by the clock. */
static enum side find_side(const struct path_place *places, unsigned level,
	const struct path_sight *sight, const struct path_sight *part, size_t size)
{
	const struct path_sight *first = NULL, *last = NULL;
	enum part role;

	if (tunnels_of(places, sight) > level)
		return SIDE_TUNNEL;
	for (size_t i = 0; i < size; i++)
		if (tunnels_of(places, &part[i]) > level) {
			first = first ? first : &part[i];
			last = &part[i];
		}
	if (first)
		return find_side_of_end(places, sight, first, last);
	role = find_part(places, part, size);
	if (role == PART_SENDS)
		return SIDE_SENDER;
	return role == PART_RECEIVES ? SIDE_RECEIVER : SIDE_UNKNOWN;
}

/* Copies the sights of a side to out. False: they are of several hosts. */
static bool copy_side(const struct path_place *places, const struct path_sight *leg,
	const enum side *sides, size_t count, enum side side, struct path_sight *out,
	size_t *out_count)
{
	const size_t begin = *out_count;

	for (size_t i = 0; i < count; i++) {
		if (sides[i] != side)
			continue;
		if (side != SIDE_TUNNEL && *out_count > begin &&
			target_of(places, &leg[i]) != target_of(places, &out[begin]))
			return false;
		out[(*out_count)++] = leg[i];
	}
	return true;
}

static bool order_level(
	const struct path_place *places, unsigned level, struct path_sight *sights, size_t count);

/* Is one host both the first and the last one of a tunnel? So it is with copies of packets. */
static bool is_both_ends(const struct path_place *places, const struct path_sight *leg,
	const enum side *sides, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			if (sides[i] == SIDE_ENTRY && sides[j] == SIDE_EXIT &&
				target_of(places, &leg[i]) == target_of(places, &leg[j]))
				return true;
	return false;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as tunnels are, at most PATH_TUNNELS_MAX */
/* Orders the sights that have one TTL, of which some are in a tunnel. */
static bool order_mixed(
	const struct path_place *places, unsigned level, struct path_sight *leg, size_t count)
{
	enum side sides[PATH_SIGHTS_MAX];
	struct path_sight ordered[PATH_SIGHTS_MAX];
	size_t ordered_count = 0;
	size_t begin = 0, end = 0;

	for (size_t at = 0, size; at < count; at += size) {
		size = part_size(places, leg + at, count - at);
		for (size_t i = 0; i < size; i++)
			sides[at + i] = find_side(places, level, &leg[at + i], leg + at, size);
	}
	if (is_both_ends(places, leg, sides, count))
		return false;
	for (enum side side = SIDE_SENDER; side <= SIDE_RECEIVER; side++) {
		if (side == SIDE_TUNNEL)
			begin = ordered_count;
		if (!copy_side(places, leg, sides, count, side, ordered, &ordered_count))
			return false;
		if (side == SIDE_TUNNEL)
			end = ordered_count;
	}
	if (ordered_count < count || !order_level(places, level + 1, ordered + begin, end - begin))
		return false;
	for (size_t i = 0; i < count; i++)
		leg[i] = ordered[i];
	return true;
}

/* Are all sights that are in equally many tunnels in the same ones? */
static bool is_one_tunnel(
	const struct path_place *places, const struct path_sight *leg, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (leg[i].tunnel != leg[0].tunnel &&
			tunnels_of(places, &leg[i]) == tunnels_of(places, &leg[0]))
			return false;
	return true;
}

/* Orders the sights that have one TTL at a level. */
static bool order_leg(
	const struct path_place *places, unsigned level, struct path_sight *leg, size_t count)
{
	size_t deeper = 0;

	if (count == 1)
		return true;
	for (size_t i = 0; i < count; i++)
		deeper += tunnels_of(places, &leg[i]) > level;
	if (deeper == 0)
		return order_parts(places, leg, count);
	if (deeper < count)
		return order_mixed(places, level, leg, count);
	return order_level(places, level + 1, leg, count);
}

/* Orders sights that are in so many tunnels, or in more, which are the same ones above level 0. */
static bool order_level(
	const struct path_place *places, unsigned level, struct path_sight *sights, size_t count)
{
	bool is_known = true;
	size_t size;

	if (level > 0 && !is_one_tunnel(places, sights, count))
		return false;
	sort(places, level, sights, count);
	for (size_t at = 0; at < count; at += size) {
		size = 1;
		while (at + size < count && path_sight_ttl(&sights[at + size], level) ==
						    path_sight_ttl(&sights[at], level))
			size++;
		is_known = order_leg(places, level, sights + at, size) && is_known;
	}
	return is_known;
}
/* NOLINTEND(misc-no-recursion) */

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
	return order_level(places, 0, sights, count) && clocks_agree(places, sights, count);
}
