/*
 * A queue of packets. In: copies of what a target sent. Out: the same, the
 * earliest first.
 *
 * Packets lie in slabs, in order of arrival, and never move. A ring of pointers
 * to them is kept sorted by inserting from its end, where a packet nearly
 * always belongs. A slab goes back when the last packet in it has left.
 */
#include "client/queue.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLAB_SIZE = 16384, /* with its header; larger packets have their own */
	ROOM_MIN = 64,
	DISORDER_MAX = 1024,  /* packets that one is moved in front of */
	KEPT = 2 * SLAB_SIZE, /* by an empty queue, for what comes next */
};

struct queue_slab {
	size_t size; /* of room */
	size_t used;
	size_t live; /* packets that have not left */
	alignas(8) unsigned char room[];
};

struct queue_entry {
	struct queued queued;
	struct queue_slab *slab;
	unsigned char data[];
};

static struct queue_entry **entry_at(const struct queue *queue, size_t place)
{
	return &queue->ring[(queue->first + place) & (queue->room - 1)];
}

static bool reserve_entry(struct queue *queue)
{
	size_t room = queue->room ? queue->room * 2 : ROOM_MIN;
	struct queue_entry **ring;

	if (queue->count < queue->room)
		return true;
	ring = malloc(room * sizeof(struct queue_entry *));
	if (!ring)
		return false;
	for (size_t i = 0; i < queue->count; i++)
		ring[i] = *entry_at(queue, i);
	free(queue->ring);
	queue->bytes += (room - queue->room) * sizeof(struct queue_entry *);
	queue->ring = ring;
	queue->room = room;
	queue->first = 0;
	return true;
}

static void slab_free(struct queue *queue, struct queue_slab *slab)
{
	queue->bytes -= sizeof(*slab) + slab->size;
	free(slab);
}

static bool reserve_bytes(struct queue *queue, size_t size)
{
	const size_t usual = SLAB_SIZE - sizeof(struct queue_slab);
	const size_t room = size > usual ? size : usual;
	struct queue_slab *slab = queue->last;

	if (slab && slab->live == 0)
		slab->used = 0;
	if (slab && slab->size - slab->used >= size)
		return true;
	slab = malloc(sizeof(*slab) + room);
	if (!slab)
		return false;
	slab->size = room;
	slab->used = 0;
	slab->live = 0;
	if (queue->last && queue->last->live == 0)
		slab_free(queue, queue->last);
	queue->last = slab;
	queue->bytes += sizeof(*slab) + room;
	return true;
}

/*
 * The place of a packet of that time: behind all that are not later. A packet
 * that is further out of order than several CPUs explain stays out of order;
 * sorting a stream that runs backwards would take for ever.
 */
static struct queue_entry **insert(struct queue *queue, uint64_t time)
{
	size_t place = queue->count++;
	size_t end = place > DISORDER_MAX ? place - DISORDER_MAX : 0;

	for (; place > end; place--) {
		struct queue_entry *before = *entry_at(queue, place - 1);

		if (before->queued.packet.time <= time)
			break;
		*entry_at(queue, place) = before;
	}
	return entry_at(queue, place);
}

bool queue_push(struct queue *queue, const struct packet *packet, uint64_t now)
{
	const size_t align = alignof(struct queue_entry);
	const size_t size =
		(sizeof(struct queue_entry) + packet->caplen + align - 1) &
		~(align - 1);
	struct queue_entry *entry;

	if (!reserve_entry(queue) || !reserve_bytes(queue, size))
		return false;
	entry = (struct queue_entry *)(void *)(queue->last->room +
					       queue->last->used);
	queue->last->used += size;
	queue->last->live++;
	entry->queued.packet = *packet;
	entry->queued.packet.data = entry->data;
	entry->queued.arrived = now;
	entry->slab = queue->last;
	if (packet->caplen > 0)
		memcpy(entry->data, packet->data, packet->caplen);
	*insert(queue, packet->time) = entry;
	return true;
}

const struct queued *queue_head(const struct queue *queue)
{
	assert(queue->count > 0);
	return &(*entry_at(queue, 0))->queued;
}

void queue_pop(struct queue *queue)
{
	struct queue_slab *slab;

	assert(queue->count > 0);
	slab = (*entry_at(queue, 0))->slab;
	queue->first = (queue->first + 1) & (queue->room - 1);
	queue->count--;
	if (--slab->live == 0 && slab != queue->last)
		slab_free(queue, slab);
	if (queue->count == 0 && queue->bytes > KEPT)
		queue_clear(queue);
}

void queue_clear(struct queue *queue)
{
	for (size_t i = 0; i < queue->count; i++) {
		struct queue_slab *slab = (*entry_at(queue, i))->slab;

		if (--slab->live == 0 && slab != queue->last)
			free(slab);
	}
	free(queue->last);
	free(queue->ring);
	*queue = (struct queue){0};
}
