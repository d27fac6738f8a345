/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_order.h"

/*
 * The packets that are under way: a pool of fixed size, a hash table to find them by their
 * identity, and a list by age.
 */
enum { JOURNEY_NONE = UINT32_MAX, JOURNEY_BLOCK_BITS = 14, JOURNEY_SIZE_MAX = 1 << 19 };

struct journey {
	uint32_t flow;
	uint32_t next;	       /* in its chain of the table */
	uint32_t next_waiting; /* in its flow's list */
	uint32_t previous_waiting;
	uint32_t older; /* the lists by age */
	uint32_t newer;
	uint64_t begin_ns; /* when it began, by the time of the merge */
	struct path_identity identity;
	uint8_t sight_count;
	bool is_waiting; /* it has ended at a place, and waits for a later packet of its flow */
	bool is_repeated;
	bool has_unknown_id; /* the identification of one of its sights is not known */
	bool is_stray;	     /* it began where its flow's packets come from another place */
	bool may_be_rest;    /* of one that ended when its flow had fewer places */
	bool may_lack; /* sights that came before it may have been left out for lack of space */
	bool has_more; /* it was at more places than fit */
	struct path_sight sights[PATH_SIGHTS_MAX];
};

/* Journeys by age. */
struct journey_list {
	uint32_t oldest;
	uint32_t newest;
};

struct journeys {
	struct journey *list;
	uint32_t *table;
	uint32_t table_size; /* a power of two */
	uint32_t capacity;
	uint32_t used;
	uint32_t free; /* the first free one; they are linked by next */
	struct journey_list under_way;
	struct journey_list waiting;
};

/* False: out of memory. Either way it is for journeys_cleanup(). */
bool journeys_init(struct journeys *journeys, uint32_t capacity);

void journeys_cleanup(struct journeys *journeys);

/*
 * Returns the first journey of the chain that journeys with an identity are in; the others
 * follow by next. Of PATH_BYTES it is the chain of those that begin in the same block of
 * 2^JOURNEY_BLOCK_BITS bytes as sequence.
 */
uint32_t journeys_chain(
	const struct journeys *journeys, const struct path_identity *identity, uint32_t sequence);

/* Adds a journey that is under way. There must be a free one. */
struct journey *journeys_add(
	struct journeys *journeys, uint64_t begin_ns, const struct path_identity *identity);

/*
 * Splits off the bytes from sequence on: returns a copy with these. There must be a free one,
 * and the journey must not be waiting.
 */
struct journey *journeys_split(
	struct journeys *journeys, struct journey *journey, uint32_t sequence);

/* Moves a journey to the other list by age, as its newest one. */
void journeys_set_waiting(struct journeys *journeys, struct journey *journey, bool is_waiting);

/* Takes a journey out of its list and the table, and frees it. */
void journeys_remove(struct journeys *journeys, struct journey *journey);

/* Has it a sight of this place? */
bool journey_was_at(const struct journey *journey, uint16_t place);

static inline uint32_t journey_number(
	const struct journeys *journeys, const struct journey *journey)
{
	return (uint32_t)(journey - journeys->list);
}

static inline const struct path_sight *journey_last_sight(const struct journey *journey)
{
	return &journey->sights[journey->sight_count - 1];
}
