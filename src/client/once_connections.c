/* SPDX-License-Identifier: MIT */
/*
 * A table of connections: a pool of fixed size, a hash table with chains, and a list by use.
 * In: keys. Out: the connection of each.
 */
#include "client/once_connections.h"

#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

#define IDLE_NS (4 * NS_PER_S) /* longer than a sight waits */

enum { NONE = UINT32_MAX };

struct slot {
	struct once_connection connection;
	struct once_key key;
	uint64_t digest;
	uint64_t used_ns;
	uint32_t next;	/* in its chain */
	uint32_t older; /* the list by use */
	uint32_t newer;
};

struct once_connections {
	struct slot *list;
	uint32_t *chains;
	uint32_t chain_count; /* a power of two */
	uint32_t capacity;
	uint32_t used;
	uint32_t oldest;
	uint32_t newest;
	uint64_t added;
};

struct once_connections *once_connections_new(uint32_t capacity)
{
	struct once_connections *connections = calloc(1, sizeof(*connections));

	if (!connections)
		return NULL;
	*connections = (struct once_connections){
		.capacity = capacity, .chain_count = 1, .oldest = NONE, .newest = NONE};
	while (connections->chain_count < capacity)
		connections->chain_count *= 2;
	connections->list = calloc(capacity, sizeof(*connections->list));
	connections->chains = malloc(connections->chain_count * sizeof(uint32_t));
	if (!connections->list || !connections->chains) {
		once_connections_free(connections);
		return NULL;
	}
	for (uint32_t i = 0; i < connections->chain_count; i++)
		connections->chains[i] = NONE;
	return connections;
}

void once_connections_free(struct once_connections *connections)
{
	if (!connections)
		return;
	free(connections->list);
	free(connections->chains);
	free(connections);
}

static uint32_t *chain_of(struct once_connections *connections, uint64_t digest)
{
	return &connections->chains[digest & (connections->chain_count - 1)];
}

static void unlink_by_use(struct once_connections *connections, const struct slot *slot)
{
	if (slot->older == NONE)
		connections->oldest = slot->newer;
	else
		connections->list[slot->older].newer = slot->newer;
	if (slot->newer == NONE)
		connections->newest = slot->older;
	else
		connections->list[slot->newer].older = slot->older;
}

static void link_newest(struct once_connections *connections, uint32_t number)
{
	struct slot *slot = &connections->list[number];

	slot->older = connections->newest;
	slot->newer = NONE;
	if (connections->newest == NONE)
		connections->oldest = number;
	else
		connections->list[connections->newest].newer = number;
	connections->newest = number;
}

static void unlink_from_chain(struct once_connections *connections, uint32_t number)
{
	uint32_t *link = chain_of(connections, connections->list[number].digest);

	while (*link != number)
		link = &connections->list[*link].next;
	*link = connections->list[number].next;
}

/* Returns a slot that is in no list, or NONE. */
static uint32_t take_slot(struct once_connections *connections, uint64_t now_ns)
{
	const uint32_t oldest = connections->oldest;
	const struct slot *slot;

	if (connections->used < connections->capacity)
		return connections->used++;
	slot = &connections->list[oldest];
	if (slot->connection.waiting > 0 || now_ns < slot->used_ns + IDLE_NS)
		return NONE;
	unlink_by_use(connections, slot);
	unlink_from_chain(connections, oldest);
	return oldest;
}

static struct slot *add(struct once_connections *connections, const struct once_key *key,
	uint64_t digest, uint64_t now_ns)
{
	const uint32_t number = take_slot(connections, now_ns);
	uint32_t *chain = chain_of(connections, digest);
	struct slot *slot;

	if (number == NONE)
		return NULL;
	slot = &connections->list[number];
	*slot = (struct slot){.key = *key, .digest = digest, .next = *chain};
	*chain = number;
	link_newest(connections, number);
	connections->added++;
	return slot;
}

struct once_connection *once_connections_find(struct once_connections *connections,
	const struct once_key *key, uint64_t digest, uint64_t now_ns)
{
	uint32_t number = *chain_of(connections, digest);
	struct slot *slot;

	while (number != NONE &&
		(connections->list[number].digest != digest ||
			memcmp(&connections->list[number].key, key, sizeof(*key)) != 0))
		number = connections->list[number].next;
	if (number == NONE) {
		slot = add(connections, key, digest, now_ns);
	} else {
		slot = &connections->list[number];
		if (connections->newest != number) {
			unlink_by_use(connections, slot);
			link_newest(connections, number);
		}
	}
	if (!slot)
		return NULL;
	slot->used_ns = now_ns;
	return &slot->connection;
}

uint64_t once_connections_count(const struct once_connections *connections)
{
	return connections->added;
}
