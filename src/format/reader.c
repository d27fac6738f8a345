/*
 * The push parser. In: pieces of a stream, of any size. Out: its header and
 * its packets, through a sink.
 *
 * A piece is parsed where it lies. Only what it leaves incomplete at its end
 * is carried over, and only as much of the next piece is copied behind it as
 * completes that one header or record.
 */
#include "format/reader.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	struct reader_sink sink;
	struct pcapfile file;
	bool started;
	bool broken;
	unsigned char *carry; /* the incomplete head of what comes next */
	size_t carried;
	size_t room;
};

struct reader *reader_new(const struct reader_sink *sink)
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
	free(reader->carry);
	free(reader);
}

/*
 * Parses the unit (header or record) that bytes begin with. Returns its size
 * and handles it if it is complete; the size that it needs to be looked at
 * again, more than size, if not; 0 with failure set if it is wrong.
 */
static size_t parse_unit(struct reader *reader, const unsigned char *bytes,
	size_t size, struct failure *failure)
{
	struct packet packet;
	char start[9] = "";
	size_t whole;

	if (!reader->started) {
		if (size < PCAPFILE_HEADER)
			return PCAPFILE_HEADER;
		if (!pcapfile_get_header(bytes, &reader->file)) {
			memcpy(start, bytes, sizeof(start) - 1);
			failure_set(failure, 1,
				"the answer is no capture, it begins with "
				"\"%s\"",
				start);
			return 0;
		}
		reader->started = true;
		return reader->sink.start(
			       reader->sink.context, &reader->file, failure)
			       ? PCAPFILE_HEADER
			       : 0;
	}
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
	return reader->sink.packet(reader->sink.context, &packet, failure)
		       ? whole
		       : 0;
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

bool reader_end(const struct reader *reader, struct failure *failure)
{
	if (!reader->started)
		return failure_set(
			failure, 1, "the answer ended before a capture began");
	if (reader->carried > 0)
		return failure_set(
			failure, 1, "the stream was cut inside of a packet");
	return true;
}
