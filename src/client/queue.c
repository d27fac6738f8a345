/*
 * A queue of packets. In: copies of what a target sent. Out: the same, the
 * earliest first.
 *
 * Bytes lie in slabs, in order of arrival, and never move. A ring of entries
 * (time, place) is kept sorted by inserting from its end, where a packet
 * nearly always belongs. A slab goes back when the last packet in it has left.
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

struct stored {
	struct queue_slab *slab;
	uint64_t arrived;
	uint32_t caplen;
	uint32_t len;
	uint32_t interface;
	unsigned char data[];
};

struct queue_entry {
	uint64_t time;
	struct stored *stored;
};

static struct queue_entry *entry_at(const struct queue *queue, size_t place)
{
	return &queue->entries[(queue->first + place) & (queue->room - 1)];
}

static bool reserve_entry(struct queue *queue)
{
	size_t room = queue->room ? queue->room * 2 : ROOM_MIN;
	struct queue_entry *entries;

	if (queue->count < queue->room)
		return true;
	entries = malloc(room * sizeof(*entries));
	if (!entries)
		return false;
	for (size_t i = 0; i < queue->count; i++)
		entries[i] = *entry_at(queue, i);
	free(queue->entries);
	queue->bytes += (room - queue->room) * sizeof(*entries);
	queue->entries = entries;
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
static struct queue_entry *insert(struct queue *queue, uint64_t time)
{
	size_t place = queue->count++;
	size_t end = place > DISORDER_MAX ? place - DISORDER_MAX : 0;

	for (; place > end; place--) {
		const struct queue_entry *before = entry_at(queue, place - 1);

		if (before->time <= time)
			break;
		*entry_at(queue, place) = *before;
	}
	return entry_at(queue, place);
}

bool queue_push(struct queue *queue, const struct packet *packet, uint64_t now)
{
	const size_t align = alignof(struct stored);
	const size_t size =
		(sizeof(struct stored) + packet->caplen + align - 1) &
		~(align - 1);
	struct queue_slab *slab;
	struct stored *stored;

	if (!reserve_entry(queue) || !reserve_bytes(queue, size))
		return false;
	slab = queue->last;
	stored = (struct stored *)(void *)(slab->room + slab->used);
	slab->used += size;
	slab->live++;
	stored->slab = slab;
	stored->arrived = now;
	stored->caplen = packet->caplen;
	stored->len = packet->len;
	stored->interface = packet->interface;
	if (packet->caplen > 0)
		memcpy(stored->data, packet->data, packet->caplen);
	*insert(queue, packet->time) =
		(struct queue_entry){packet->time, stored};
	return true;
}

uint64_t queue_time(const struct queue *queue)
{
	assert(queue->count > 0);
	return entry_at(queue, 0)->time;
}

void queue_head(const struct queue *queue, struct packet *ret_packet,
	uint64_t *ret_arrived)
{
	const struct queue_entry *head = entry_at(queue, 0);

	assert(queue->count > 0);
	*ret_packet = (struct packet){
		.time = head->time,
		.caplen = head->stored->caplen,
		.len = head->stored->len,
		.interface = head->stored->interface,
		.data = head->stored->data,
	};
	*ret_arrived = head->stored->arrived;
}

void queue_pop(struct queue *queue)
{
	struct queue_slab *slab;

	assert(queue->count > 0);
	slab = entry_at(queue, 0)->stored->slab;
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
		struct queue_slab *slab = entry_at(queue, i)->stored->slab;

		if (--slab->live == 0 && slab != queue->last)
			free(slab);
	}
	free(queue->last);
	free(queue->entries);
	*queue = (struct queue){0};
}
