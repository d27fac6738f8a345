/* SPDX-License-Identifier: MIT */
/*
 * Index of a capture file. In: the bytes of the file. Out: whether its packets are in
 * order of time, and where each of them is.
 */
#include "client/packet_index.h"

#include <stdlib.h>

/* If something follows the last packet, its place ends there. */
static void close_place(struct packet_index *index)
{
	const uint64_t position = stream_reader_position(index->reader);
	struct packet_place *last;

	if (!index->place_is_open)
		return;
	last = &index->places[index->count - 1];
	/* the packet's own block can have losses */
	if (last->offset == position)
		return;
	last->size = (uint32_t)(position - last->offset);
	index->place_is_open = false;
}

static bool on_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	(void)error;
	close_place(context);
	*ret_number = interface->index;
	return true;
}

static bool on_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	(void)statistics;
	(void)error;
	close_place(context);
	return true;
}

static bool on_block(void *context, const unsigned char *bytes, size_t size, struct error *error)
{
	(void)bytes;
	(void)size;
	(void)error;
	close_place(context);
	return true;
}

/* A block that is skipped is not part of the packet before it. */
static void on_lose(void *context, unsigned losses)
{
	(void)losses;
	close_place(context);
}

static void on_section(void *context)
{
	struct packet_index *index = context;

	close_place(index);
	if (index->section_count < PACKET_INDEX_SECTIONS_MAX)
		index->sections[index->section_count] = stream_reader_position(index->reader);
	index->section_count++;
}

static bool reserve_place(struct packet_index *index, struct error *error)
{
	const size_t capacity = index->capacity ? index->capacity * 2 : 4096;
	struct packet_place *places;

	if (index->section_count > PACKET_INDEX_SECTIONS_MAX)
		return error_set(error, 1,
			"the packets are not in order of time, and there are more than %d sections",
			PACKET_INDEX_SECTIONS_MAX);
	if (index->count == PACKET_INDEX_MAX)
		return error_set(error, 1,
			"more than %d packets that are not in order of time; try reordercap(1)",
			PACKET_INDEX_MAX);
	if (index->count < index->capacity)
		return true;
	places = realloc(index->places, capacity * sizeof(*places));
	if (!places)
		return error_set(error, 1, "out of memory");
	index->places = places;
	index->capacity = capacity;
	return true;
}

static bool on_packet(void *context, const struct packet *packet, struct error *error)
{
	struct packet_index *index = context;

	close_place(index);
	if (packet->time < index->newest_ns)
		index->is_ordered = false;
	index->newest_ns = packet->time;
	if (!index->keeps_places)
		return index->is_ordered;
	if (!reserve_place(index, error))
		return false;
	index->places[index->count++] = (struct packet_place){
		.time_ns = packet->time,
		.offset = stream_reader_position(index->reader),
		/* a pcap has none */
		.section = index->section_count > 0 ? (uint32_t)index->section_count - 1 : 0,
	};
	index->place_is_open = true;
	return true;
}

bool packet_index_init(struct packet_index *index, bool keeps_places)
{
	const struct stream_handler handler = {
		.interface = on_interface,
		.packet = on_packet,
		.statistics = on_statistics,
		.block = on_block,
		.lose = on_lose,
		.section = on_section,
		.context = index,
	};

	*index = (struct packet_index){
		.keeps_places = keeps_places,
		.is_ordered = true,
		.reader = stream_reader_new(&handler),
	};
	return index->reader != NULL;
}

void packet_index_cleanup(struct packet_index *index)
{
	stream_reader_free(index->reader);
	free(index->places);
	*index = (struct packet_index){0};
}

bool packet_index_push(
	struct packet_index *index, const void *bytes, size_t size, struct error *error)
{
	return stream_reader_push(index->reader, bytes, size, error);
}

uint64_t packet_index_end(struct packet_index *index)
{
	close_place(index);
	return stream_reader_position(index->reader);
}

static int compare_places(const void *left, const void *right)
{
	const struct packet_place *a = left;
	const struct packet_place *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

void packet_index_sort(struct packet_index *index)
{
	qsort(index->places, index->count, sizeof(*index->places), compare_places);
}
