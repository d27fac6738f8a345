/* SPDX-License-Identifier: MIT */
/*
 * Chooses the place of a connection's packets. In: the sights of one connection, in the order
 * of the merge. Out: which of them are written.
 *
 * A place is chosen, not a sight: with segmentation offload the sights of one packet differ,
 * and readers count packets as retransmitted that two places have sent differently. So all
 * that one interface saw is written, and nothing of what others saw of the same direction.
 *
 * Which interface sees a direction is not known before it has seen it. A sight at another
 * place waits until the better place has seen the direction, which is usually at once, or for
 * WAIT_NS. That is long enough for TCP's second attempt: a lost SYN-ACK is followed by another
 * one after 1 s. What has waited in vain is written: the directions of the connection take
 * different ways, or it has moved, or its place does not capture any more. From then on none of
 * them waits, until the better place sees packets again: a packet that is under way at that time
 * can be written twice.
 */
#include "client/once_connection.h"

#include "common/clock.h"

#include <string.h>

#define WAIT_NS (3 * NS_PER_S)
/* A sight is a copy if a better place has seen the direction no longer before it. */
#define COPY_NS (NS_PER_S / 2)

uint64_t once_connection_wait_ns(void)
{
	return WAIT_NS;
}

static bool is_same_place(const struct once_place *one, const struct once_place *other)
{
	return one->interface == other->interface && one->direction == other->direction &&
	       one->vlans == other->vlans;
}

static enum once_rank find_rank(struct once_connection *connection, const struct once_place *place)
{
	if (place->is_named && !connection->has_named) {
		connection->has_named = true;
		connection->named = place->interface;
	}
	if (!connection->has_first) {
		connection->has_first = true;
		connection->first = place->interface;
		connection->first_target = place->target;
	}
	if (place->is_named)
		return place->interface == connection->named ? ONCE_NAMED : ONCE_ALSO_NAMED;
	if (place->interface == connection->first)
		return ONCE_FIRST;
	return place->target == connection->first_target ? ONCE_SAME_TARGET : ONCE_OTHER;
}

static struct once_direction *direction_of(const struct once_sight *sight)
{
	return &sight->connection->directions[sight->direction];
}

static bool is_of_its_rank(const struct once_sight *sight)
{
	return is_same_place(&direction_of(sight)->seen[sight->rank].place, &sight->place);
}

static bool saw_lately(const struct once_seen *seen, uint64_t now_ns)
{
	return seen->last_ns > 0 && seen->last_ns + COPY_NS > now_ns;
}

/*
 * Returns the best rank of which a place has seen this direction at the time of a sight or
 * later, ONCE_RANKS if there is none: of better ranks, or of its own but at another place.
 */
static enum once_rank find_better(const struct once_sight *sight)
{
	const struct once_direction *direction = direction_of(sight);
	const int end = (int)sight->rank + !is_of_its_rank(sight);

	for (int rank = 0; rank < end; rank++)
		if (saw_lately(&direction->seen[rank], sight->seen_ns))
			return (enum once_rank)rank;
	return ONCE_RANKS;
}

static enum once_rank best_rank(bool has_name)
{
	return has_name ? ONCE_NAMED : ONCE_FIRST;
}

/* Are the packets of its place written without waiting? */
static bool is_settled(const struct once_sight *sight, bool has_name)
{
	const struct once_direction *direction = direction_of(sight);

	if (!is_of_its_rank(sight))
		return false;
	if (sight->rank == best_rank(has_name))
		return true;
	return direction->is_alone && direction->alone_rank == sight->rank;
}

static void note_seen(struct once_seen *seen, uint64_t now_ns)
{
	if (seen->last_ns > 0 && !saw_lately(seen, now_ns))
		seen->resumed_ns = now_ns;
	seen->last_ns = clock_later(now_ns, 1);
}

enum once_decision once_connection_see(struct once_sight *sight, bool has_name)
{
	struct once_direction *direction = direction_of(sight);
	enum once_rank better;
	struct once_seen *seen;

	sight->rank = find_rank(sight->connection, &sight->place);
	seen = &direction->seen[sight->rank];
	if (seen->last_ns == 0)
		seen->place = sight->place;
	if (is_of_its_rank(sight))
		note_seen(seen, sight->seen_ns);
	if (sight->rank < direction->alone_rank)
		direction->is_alone = false;
	better = find_better(sight);
	if (better < ONCE_RANKS) {
		/* one place of each rank, or a packet would count often */
		direction->left_out[better] += is_of_its_rank(sight);
		return ONCE_LEAVE_OUT;
	}
	return is_settled(sight, has_name) ? ONCE_WRITE : ONCE_WAIT;
}

enum once_decision once_connection_decide(
	const struct once_sight *sight, bool has_name, uint64_t now_ns)
{
	if (find_better(sight) < ONCE_RANKS)
		return ONCE_LEAVE_OUT;
	return is_settled(sight, has_name) || now_ns >= sight->seen_ns + WAIT_NS ? ONCE_WRITE
										 : ONCE_WAIT;
}

bool once_connection_is_doubtful(const struct once_sight *sight)
{
	const enum once_rank better = find_better(sight);

	return is_of_its_rank(sight) && better < sight->rank &&
	       direction_of(sight)->seen[better].resumed_ns > sight->seen_ns + COPY_NS;
}

uint32_t once_connection_written(const struct once_sight *sight, bool has_name)
{
	struct once_direction *direction = direction_of(sight);
	struct once_seen *seen = &direction->seen[sight->rank];
	uint32_t in_doubt = 0;

	sight->connection->ranks_written |= 1U << sight->rank;
	if (!is_of_its_rank(sight))
		*seen = (struct once_seen){sight->place, clock_later(sight->seen_ns, 1), 0};
	if (sight->rank != best_rank(has_name) &&
		!(direction->is_alone && direction->alone_rank == sight->rank)) {
		for (int rank = 0; rank < (int)sight->rank; rank++)
			in_doubt += direction->left_out[rank];
		direction->is_alone = true;
		direction->alone_rank = sight->rank;
	}
	memset(direction->left_out, 0, sizeof(direction->left_out));
	return in_doubt;
}
