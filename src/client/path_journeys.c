/* SPDX-License-Identifier: MIT */
#include "client/path_journeys.h"

#include <stdlib.h>

bool journeys_init(struct journeys *journeys, uint32_t capacity)
{
	*journeys = (struct journeys){
		.capacity = capacity,
		.table_size = 1,
		.under_way = {JOURNEY_NONE, JOURNEY_NONE},
		.waiting = {JOURNEY_NONE, JOURNEY_NONE},
	};
	while (journeys->table_size < 2 * capacity)
		journeys->table_size *= 2;
	journeys->list = calloc(capacity, sizeof(*journeys->list));
	journeys->table = malloc(journeys->table_size * sizeof(*journeys->table));
	if (!journeys->list || !journeys->table)
		return false;
	for (uint32_t i = 0; i < journeys->table_size; i++)
		journeys->table[i] = JOURNEY_NONE;
	for (uint32_t i = 0; i < capacity; i++)
		journeys->list[i].next = i + 1 < capacity ? i + 1 : JOURNEY_NONE;
	return true;
}

void journeys_cleanup(struct journeys *journeys)
{
	free(journeys->list);
	free(journeys->table);
	*journeys = (struct journeys){0};
}

static uint32_t *chain_of(
	const struct journeys *journeys, enum path_kind kind, uint64_t digest, uint32_t sequence)
{
	const uint64_t hash =
		path_identity_hash_block(kind, digest, sequence >> JOURNEY_BLOCK_BITS);

	return &journeys->table[hash & (journeys->table_size - 1)];
}

uint32_t journeys_chain(
	const struct journeys *journeys, const struct path_identity *identity, uint32_t sequence)
{
	return *chain_of(journeys, identity->kind, identity->digest, sequence);
}

static void put_into_table(struct journeys *journeys, struct journey *journey)
{
	const struct path_identity *identity = &journey->identity;
	uint32_t *chain = chain_of(journeys, identity->kind, identity->digest, identity->sequence);

	journey->next = *chain;
	*chain = journey_number(journeys, journey);
}

static struct journey_list *list_of(struct journeys *journeys, const struct journey *journey)
{
	return journey->is_waiting ? &journeys->waiting : &journeys->under_way;
}

/* Links a journey into its list by age, behind another one (JOURNEY_NONE: at its begin). */
static void link_behind(struct journeys *journeys, struct journey *journey, uint32_t older)
{
	struct journey_list *list = list_of(journeys, journey);
	const uint32_t number = journey_number(journeys, journey);
	uint32_t *from_older = older == JOURNEY_NONE ? &list->oldest : &journeys->list[older].newer;
	const uint32_t newer = *from_older;

	journey->older = older;
	journey->newer = newer;
	*from_older = number;
	if (newer == JOURNEY_NONE)
		list->newest = number;
	else
		journeys->list[newer].older = number;
}

static void unlink_by_age(struct journeys *journeys, const struct journey *journey)
{
	struct journey_list *list = list_of(journeys, journey);

	if (journey->older == JOURNEY_NONE)
		list->oldest = journey->newer;
	else
		journeys->list[journey->older].newer = journey->newer;
	if (journey->newer == JOURNEY_NONE)
		list->newest = journey->older;
	else
		journeys->list[journey->newer].older = journey->older;
}

static struct journey *take_free(struct journeys *journeys)
{
	struct journey *journey = &journeys->list[journeys->free];

	journeys->free = journey->next;
	journeys->used++;
	return journey;
}

struct journey *journeys_add(
	struct journeys *journeys, uint64_t begin_ns, const struct path_identity *identity)
{
	struct journey *journey = take_free(journeys);

	journey->begin_ns = begin_ns;
	journey->identity = *identity;
	journey->sight_count = 0;
	journey->is_waiting = false;
	journey->is_repeated = false;
	journey->has_unknown_id = !identity->has_id;
	journey->is_stray = false;
	journey->may_be_rest = false;
	journey->has_more = false;
	link_behind(journeys, journey, journeys->under_way.newest);
	put_into_table(journeys, journey);
	return journey;
}

struct journey *journeys_split(
	struct journeys *journeys, struct journey *journey, uint32_t sequence)
{
	struct journey *rest = take_free(journeys);
	const uint32_t size = sequence - journey->identity.sequence;

	*rest = *journey;
	rest->identity.sequence = sequence;
	rest->identity.size -= size;
	/* a later segment of one send call has a later identification, which is not known */
	rest->identity.has_id = false;
	rest->has_unknown_id = true;
	journey->identity.size = size;
	link_behind(journeys, rest, journey_number(journeys, journey));
	put_into_table(journeys, rest);
	return rest;
}

static void take_out_of_table(struct journeys *journeys, const struct journey *journey)
{
	const struct path_identity *identity = &journey->identity;
	const uint32_t number = journey_number(journeys, journey);
	uint32_t *link = chain_of(journeys, identity->kind, identity->digest, identity->sequence);

	while (*link != number)
		link = &journeys->list[*link].next;
	*link = journey->next;
}

void journeys_set_waiting(struct journeys *journeys, struct journey *journey, bool is_waiting)
{
	unlink_by_age(journeys, journey);
	journey->is_waiting = is_waiting;
	link_behind(journeys, journey, list_of(journeys, journey)->newest);
}

void journeys_remove(struct journeys *journeys, struct journey *journey)
{
	take_out_of_table(journeys, journey);
	unlink_by_age(journeys, journey);
	journey->next = journeys->free;
	journeys->free = journey_number(journeys, journey);
	journeys->used--;
}

bool journey_was_at(const struct journey *journey, uint16_t place)
{
	for (unsigned i = 0; i < journey->sight_count; i++)
		if (journey->sights[i].place == place)
			return true;
	return false;
}
