/* SPDX-License-Identifier: MIT */
/*
 * Sorted queue of packets. In: packets in order of arrival. Out: packets in
 * order of time.
 *
 * Packets are copied into slabs in order of arrival, and never move. A ring of
 * pointers to them is sorted by insertion from its end, where nearly all packets
 * belong. A slab is freed when its last packet has been removed.
 */
#include "client/packet_queue.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLAB_SIZE = 16384, /* with its header; a larger packet has its own slab */
	CAPACITY_MIN = 64,
	DISORDER_MAX = 1024,	  /* positions that a late packet is moved */
	KEPT_MAX = 2 * SLAB_SIZE, /* bytes that an empty queue keeps */
};

struct queue_slab {
	size_t size; /* of bytes[] */
	size_t used;
	size_t live; /* packets that are still queued */
	alignas(8) unsigned char bytes[];
};

struct queue_entry {
	struct queued_packet queued;
	struct queue_slab *slab;
	unsigned char data[];
};

static struct queue_entry **entry_at(const struct packet_queue *queue, size_t position)
{
	return &queue->ring[(queue->first + position) & (queue->capacity - 1)];
}

static bool reserve_entry(struct packet_queue *queue)
{
	size_t capacity = queue->capacity ? queue->capacity * 2 : CAPACITY_MIN;
	struct queue_entry **ring;

	if (queue->count < queue->capacity)
		return true;
	ring = malloc(capacity * sizeof(struct queue_entry *));
	if (!ring)
		return false;
	for (size_t i = 0; i < queue->count; i++)
		ring[i] = *entry_at(queue, i);
	free(queue->ring);
	queue->bytes += (capacity - queue->capacity) * sizeof(struct queue_entry *);
	queue->ring = ring;
	queue->capacity = capacity;
	queue->first = 0;
	return true;
}

static void slab_free(struct packet_queue *queue, struct queue_slab *slab)
{
	queue->bytes -= sizeof(*slab) + slab->size;
	free(slab);
}

static bool reserve_bytes(struct packet_queue *queue, size_t size)
{
	const size_t usual = SLAB_SIZE - sizeof(struct queue_slab);
	const size_t capacity = size > usual ? size : usual;
	struct queue_slab *slab = queue->last;

	if (slab && slab->live == 0)
		slab->used = 0;
	if (slab && slab->size - slab->used >= size)
		return true;
	slab = malloc(sizeof(*slab) + capacity);
	if (!slab)
		return false;
	slab->size = capacity;
	slab->used = 0;
	slab->live = 0;
	if (queue->last && queue->last->live == 0)
		slab_free(queue, queue->last);
	queue->last = slab;
	queue->bytes += sizeof(*slab) + capacity;
	return true;
}

/*
 * Returns the position for a packet: after all packets that are not later. One
 * that is more than DISORDER_MAX positions late stays out of order; several CPUs
 * cause less, and a stream in reverse order would take quadratic time.
 */
static struct queue_entry **insert_entry(struct packet_queue *queue, uint64_t time)
{
	size_t position = queue->count++;
	size_t end = position > DISORDER_MAX ? position - DISORDER_MAX : 0;

	for (; position > end; position--) {
		struct queue_entry *before = *entry_at(queue, position - 1);

		if (before->queued.packet.time <= time)
			break;
		*entry_at(queue, position) = before;
	}
	return entry_at(queue, position);
}

bool packet_queue_push(struct packet_queue *queue, const struct packet *packet, uint64_t now)
{
	const size_t align = alignof(struct queue_entry);
	const size_t data = packet_bytes(packet);
	const size_t size = (sizeof(struct queue_entry) + data + align - 1) & ~(align - 1);
	struct queue_entry *entry;

	if (!reserve_entry(queue) || !reserve_bytes(queue, size))
		return false;
	entry = (struct queue_entry *)(void *)(queue->last->bytes + queue->last->used);
	queue->last->used += size;
	queue->last->live++;
	entry->queued.packet = *packet;
	entry->queued.packet.data = entry->data;
	entry->queued.arrived = now;
	entry->slab = queue->last;
	if (data > 0)
		memcpy(entry->data, packet->data, data);
	*insert_entry(queue, packet->time) = entry;
	return true;
}

const struct queued_packet *packet_queue_first(const struct packet_queue *queue)
{
	assert(queue->count > 0);
	return &(*entry_at(queue, 0))->queued;
}

void packet_queue_pop(struct packet_queue *queue)
{
	struct queue_slab *slab;

	assert(queue->count > 0);
	slab = (*entry_at(queue, 0))->slab;
	queue->first = (queue->first + 1) & (queue->capacity - 1);
	queue->count--;
	if (--slab->live == 0 && slab != queue->last)
		slab_free(queue, slab);
	if (queue->count == 0 && queue->bytes > KEPT_MAX)
		packet_queue_cleanup(queue);
}

void packet_queue_cleanup(struct packet_queue *queue)
{
	for (size_t i = 0; i < queue->count; i++) {
		struct queue_slab *slab = (*entry_at(queue, i))->slab;

		if (--slab->live == 0 && slab != queue->last)
			free(slab);
	}
	free(queue->last);
	free(queue->ring);
	*queue = (struct packet_queue){0};
}
