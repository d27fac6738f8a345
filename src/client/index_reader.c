/* SPDX-License-Identifier: MIT */
/*
 * Reader of a capture file whose packets are not in order. In: the file, and an index of
 * its packets. Out: its content for a handler, the packets in order of time.
 *
 * A section's blocks describe its own packets only, so each section has a reader of its
 * own. A reader first receives all that is not a packet, and then the packets one by one.
 */
#include "client/index_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool on_packet(void *context, const struct packet *packet, struct error *error)
{
	const struct index_reader *reader = context;
	struct packet timed = *packet;

	/* one without a timestamp has that of the packet before it in the file */
	timed.time = reader->time_ns;
	return reader->sink.packet(reader->sink.context, &timed, error);
}

/* The other functions of the handler pass on what they receive. */

static bool on_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	const struct stream_handler *sink = &((struct index_reader *)context)->sink;

	return sink->interface(sink->context, interface, ret_number, error);
}

static bool on_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	const struct stream_handler *sink = &((struct index_reader *)context)->sink;

	return sink->statistics(sink->context, statistics, error);
}

static void on_odd_time(void *context, const char *original, uint64_t time)
{
	const struct stream_handler *sink = &((struct index_reader *)context)->sink;

	sink->odd_time(sink->context, original, time);
}

static bool on_block(void *context, const unsigned char *bytes, size_t size, struct error *error)
{
	const struct stream_handler *sink = &((struct index_reader *)context)->sink;

	return sink->block(sink->context, bytes, size, error);
}

static void on_note(void *context, const char *what, const char *text)
{
	const struct stream_handler *sink = &((struct index_reader *)context)->sink;

	sink->note(sink->context, what, text);
}

static void on_lose(void *context, unsigned losses)
{
	const struct stream_handler *sink = &((struct index_reader *)context)->sink;

	sink->lose(sink->context, losses);
}

/* Returns the number of readers: a pcap has no sections, the last one reads the rest. */
static unsigned count_readers(const struct packet_index *index)
{
	if (index->section_count == 0)
		return 1;
	return index->section_count < PACKET_INDEX_SECTIONS_MAX ? (unsigned)index->section_count
								: PACKET_INDEX_SECTIONS_MAX;
}

bool index_reader_begin(
	struct index_reader *reader, int fd, off_t start, const struct stream_handler *sink)
{
	const struct stream_handler handler = {
		.interface = on_interface,
		.packet = on_packet,
		.statistics = on_statistics,
		.odd_time = on_odd_time,
		.block = on_block,
		.note = on_note,
		.lose = on_lose,
		.context = reader,
	};

	reader->sink = *sink;
	reader->fd = fd;
	reader->start = start;
	reader->end = packet_index_end(&reader->index);
	reader->reader_count = count_readers(&reader->index);
	for (unsigned i = 0; i < reader->reader_count; i++) {
		reader->readers[i] = stream_reader_new(&handler);
		if (!reader->readers[i])
			return false;
	}
	return true;
}

void index_reader_cleanup(struct index_reader *reader)
{
	packet_index_cleanup(&reader->index);
	for (unsigned i = 0; i < reader->reader_count; i++)
		stream_reader_free(reader->readers[i]);
	reader->reader_count = 0;
}

/* A part of the file that belongs to one section. */
struct part {
	uint64_t offset;
	size_t size;
	unsigned section;
};

/* Passes a part to the reader of its section. False, with error set: it cannot. */
static bool read_part(struct index_reader *reader, const struct part *part, unsigned char *buffer,
	struct error *error)
{
	ssize_t got;

	do
		got = pread(reader->fd, buffer, part->size, reader->start + (off_t)part->offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_set(error, 1, "cannot read: %s", strerror(errno));
	if (got < (ssize_t)part->size)
		return error_set(error, 1, "the file became shorter while it was read");
	return stream_reader_push(reader->readers[part->section], buffer, part->size, error);
}

static size_t smaller(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

/* Returns where the next section begins that has a reader of its own. */
static uint64_t next_section_start(const struct index_reader *reader)
{
	return reader->next_section + 1 < reader->reader_count
		       ? reader->index.sections[reader->next_section + 1]
		       : reader->end;
}

/* Moves on to the next byte that is not part of a packet. False: there is none. */
static bool find_other(struct index_reader *reader)
{
	const struct packet_index *index = &reader->index;

	while (reader->next_place < index->count &&
		reader->position == index->places[reader->next_place].offset)
		reader->position += index->places[reader->next_place++].size;
	while (reader->next_section + 1 < reader->reader_count &&
		reader->position >= next_section_start(reader))
		reader->next_section++;
	return reader->position < reader->end;
}

/* Reads what is next and not a packet. Returns its size, 0 with error set: it cannot. */
static size_t read_other(
	struct index_reader *reader, unsigned char *buffer, size_t size, struct error *error)
{
	const struct packet_index *index = &reader->index;
	struct part part = {.offset = reader->position, .section = reader->next_section};
	uint64_t end = next_section_start(reader);

	if (reader->next_place < index->count)
		end = smaller(end, index->places[reader->next_place].offset);
	part.size = smaller(end - reader->position, size);
	reader->position += part.size;
	return read_part(reader, &part, buffer, error) ? part.size : 0;
}

/* Reads the next packet. Returns its size, 0 with error set: it cannot. */
static size_t read_packet(
	struct index_reader *reader, unsigned char *buffer, size_t size, struct error *error)
{
	const struct packet_place *place = &reader->index.places[reader->next_place++];
	struct part part = {.offset = place->offset, .section = place->section};
	const uint64_t end = place->offset + place->size;

	reader->time_ns = place->time_ns;
	for (; part.offset < end; part.offset += part.size) {
		part.size = smaller(end - part.offset, size);
		if (!read_part(reader, &part, buffer, error))
			return 0;
	}
	return place->size;
}

bool index_reader_read(
	struct index_reader *reader, unsigned char *buffer, size_t size, struct error *error)
{
	for (size_t done = 0, part; done < size; done += part) {
		if (!reader->reads_packets && !find_other(reader)) {
			packet_index_sort(&reader->index);
			reader->next_place = 0;
			reader->reads_packets = true;
		}
		if (reader->reads_packets && reader->next_place == reader->index.count)
			return false;
		part = reader->reads_packets ? read_packet(reader, buffer, size, error)
					     : read_other(reader, buffer, size, error);
		if (part == 0)
			return false;
	}
	return true;
}
