/* SPDX-License-Identifier: MIT */
/* A list of packets in order of arrival. In: packets. Out: copies of them. */
#include "client/once_queue.h"

#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

void once_queue_init(struct once_queue *queue)
{
	*queue = (struct once_queue){.last = &queue->first};
}

bool once_queue_add(struct once_queue *queue, unsigned target, const struct packet *packet,
	const struct once_sight *sight, bool is_decided)
{
	const size_t size = packet_bytes(packet);
	struct waiting_packet *waiting = malloc(sizeof(*waiting) + size);

	if (!waiting)
		return false;
	*waiting = (struct waiting_packet){
		.sight = *sight,
		.is_decided = is_decided,
		.packet = *packet,
		.target = target,
		.due_ms = CLOCK_NEVER,
		.bytes = sizeof(*waiting) + size,
	};
	if (size > 0)
		memcpy(waiting->data, packet->data, size);
	waiting->packet.data = waiting->data;
	if (sight->connection)
		sight->connection->waiting++;
	*queue->last = waiting;
	queue->last = &waiting->next;
	if (!queue->undated)
		queue->undated = waiting;
	queue->bytes += waiting->bytes;
	return true;
}

void once_queue_remove_first(struct once_queue *queue)
{
	struct waiting_packet *waiting = queue->first;

	queue->first = waiting->next;
	if (!queue->first)
		queue->last = &queue->first;
	if (queue->undated == waiting)
		queue->undated = waiting->next;
	queue->bytes -= waiting->bytes;
	if (waiting->sight.connection)
		waiting->sight.connection->waiting--;
	free(waiting);
}

void once_queue_date(struct once_queue *queue, uint64_t due_ms)
{
	for (; queue->undated; queue->undated = queue->undated->next)
		queue->undated->due_ms = due_ms;
}

void once_queue_cleanup(struct once_queue *queue)
{
	while (queue->first)
		once_queue_remove_first(queue);
}
