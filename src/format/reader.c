/*
 * The push parser. In: pieces of a stream, of any size. Out: what it holds,
 * through a sink.
 *
 * A piece is parsed where it lies. Only what it leaves incomplete at its end
 * is carried over, and only as much of the next piece is copied behind it as
 * completes that one header, record or block.
 */
#include "format/reader.h"

#include "format/pcapfile.h"
#include "format/section.h"

#include <stdlib.h>
#include <string.h>

enum { START_SIZE = 4 }; /* what tells pcapng from pcap */

struct reader {
	struct stream_sink sink;
	bool started;
	bool broken;
	struct section *section; /* of pcapng, NULL in pcap */
	struct pcapfile file;	 /* of pcap */
	uint32_t number;	 /* that all of a pcap file has */
	unsigned char *carry;	 /* the incomplete head of what comes next */
	size_t carried;
	size_t room;
};

struct reader *reader_new(const struct stream_sink *sink)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (reader)
		reader->sink = *sink;
	return reader;
}

void reader_free(struct reader *reader)
{
	if (!reader)
		return;
	section_free(reader->section);
	free(reader->carry);
	free(reader);
}

/* Takes the header of a pcap file, as parse_unit() does. */
static size_t parse_header(struct reader *reader, const unsigned char *bytes,
	size_t size, struct failure *failure)
{
	struct interface interface = {.name = "", .filter = ""};
	char start[9] = "";

	if (size < PCAPFILE_HEADER)
		return PCAPFILE_HEADER;
	if (!pcapfile_get_header(bytes, &reader->file)) {
		memcpy(start, bytes, sizeof(start) - 1);
		failure_set(failure, 1,
			"the answer is no capture, it begins with \"%s\"",
			start);
		return 0;
	}
	reader->started = true;
	interface.linktype = reader->file.linktype;
	interface.snaplen = reader->file.snaplen;
	interface.nano = reader->file.nano;
	return reader->sink.interface(reader->sink.context, &interface,
		       &reader->number, failure)
		       ? PCAPFILE_HEADER
		       : 0;
}

static size_t parse_record(struct reader *reader, const unsigned char *bytes,
	size_t size, struct failure *failure)
{
	struct packet packet;
	size_t whole;

	if (size < PCAPFILE_RECORD)
		return PCAPFILE_RECORD;
	if (!pcapfile_get_record(bytes, &reader->file, &packet)) {
		failure_set(failure, 1,
			"the capture stream is damaged: a packet's header "
			"says what can't be");
		return 0;
	}
	whole = PCAPFILE_RECORD + packet.caplen;
	if (size < whole)
		return whole;
	packet.data = bytes + PCAPFILE_RECORD;
	packet.interface = reader->number;
	return reader->sink.packet(reader->sink.context, &packet, failure)
		       ? whole
		       : 0;
}

/*
 * Parses the unit (header, record or block) that bytes begin with. Returns its
 * size and handles it if it is complete; the size that it needs to be looked
 * at again, more than size, if not; 0 with failure set if it is wrong.
 */
static size_t parse_unit(struct reader *reader, const unsigned char *bytes,
	size_t size, struct failure *failure)
{
	if (reader->section)
		return section_parse(
			reader->section, &reader->sink, bytes, size, failure);
	if (reader->started)
		return parse_record(reader, bytes, size, failure);
	if (size < START_SIZE)
		return START_SIZE;
	if (memcmp(bytes, section_start, sizeof(section_start)) != 0)
		return parse_header(reader, bytes, size, failure);
	reader->section = section_new();
	if (!reader->section) {
		failure_set(failure, 1, "out of memory");
		return 0;
	}
	reader->started = true;
	return section_parse(
		reader->section, &reader->sink, bytes, size, failure);
}

static bool carry_reserve(
	struct reader *reader, size_t size, struct failure *failure)
{
	unsigned char *carry;

	if (size <= reader->room)
		return true;
	carry = realloc(reader->carry, size);
	if (!carry)
		return failure_set(failure, 1, "out of memory");
	reader->carry = carry;
	reader->room = size;
	return true;
}

/* Moves up to want - carried bytes behind what is carried; returns how many. */
static size_t carry_fill(struct reader *reader, const unsigned char *bytes,
	size_t size, size_t want)
{
	size_t missing = want - reader->carried;
	size_t taken = size < missing ? size : missing;

	if (taken > 0)
		memcpy(reader->carry + reader->carried, bytes, taken);
	reader->carried += taken;
	return taken;
}

/*
 * Completes the carried unit out of bytes and handles it, if they suffice.
 * Returns how many were used, or SIZE_MAX with failure set.
 */
static size_t finish_carried(struct reader *reader, const unsigned char *bytes,
	size_t size, struct failure *failure)
{
	size_t used = 0;

	for (;;) {
		size_t want = parse_unit(
			reader, reader->carry, reader->carried, failure);

		if (want == 0)
			return SIZE_MAX;
		if (want <= reader->carried)
			break;
		if (used == size)
			return used;
		if (!carry_reserve(reader, want, failure))
			return SIZE_MAX;
		used += carry_fill(reader, bytes + used, size - used, want);
		if (reader->carried < want)
			return used;
	}
	reader->carried = 0;
	return used;
}

static bool push(struct reader *reader, const unsigned char *bytes, size_t size,
	struct failure *failure)
{
	if (reader->carried > 0) {
		size_t used = finish_carried(reader, bytes, size, failure);

		if (used == SIZE_MAX)
			return false;
		bytes += used;
		size -= used;
	}
	while (size > 0) {
		size_t want = parse_unit(reader, bytes, size, failure);

		if (want == 0)
			return false;
		if (want > size) {
			if (!carry_reserve(reader, want, failure))
				return false;
			carry_fill(reader, bytes, size, want);
			return true;
		}
		bytes += want;
		size -= want;
	}
	return true;
}

bool reader_push(struct reader *reader, const void *bytes, size_t size,
	struct failure *failure)
{
	if (reader->broken)
		return failure_set(failure, 1, "the stream is over");
	reader->broken = size > 0 && !push(reader, bytes, size, failure);
	return !reader->broken;
}

bool reader_has_begun(const struct reader *reader)
{
	return reader->started;
}

bool reader_end(const struct reader *reader, struct failure *failure)
{
	if (!reader->started)
		return failure_set(
			failure, 1, "the answer ended before a capture began");
	if (reader->carried > 0 ||
		(reader->section && section_is_inside(reader->section)))
		return failure_set(
			failure, 1, "the stream was cut inside of a packet");
	if (reader->section && section_lacks_end(reader->section))
		return failure_set(failure, 1,
			"the stream was cut, and something on the way hides it "
			"(the worker's journal may say why)");
	return true;
}
