/* SPDX-License-Identifier: MIT */
/*
 * Parses pcap and pcapng streams. In: chunks of a stream, of any size. Out: its
 * interfaces, packets and statistics, to a handler.
 *
 * A chunk is parsed in place. Only an incomplete header, record or block at its end
 * is copied, and only as many bytes of the next chunk as complete it.
 */
#include "format/stream_reader.h"

#include "format/linktype.h"
#include "format/pcap_file.h"
#include "format/pcapng_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { START_SIZE = 4 }; /* bytes that distinguish pcapng from pcap */

struct stream_reader {
	struct stream_handler sink;
	bool started;
	bool broken;
	struct pcapng_read *pcapng; /* of pcapng, NULL in pcap */
	struct pcap_file file;	    /* of pcap */
	bool has_pseudo_header;	    /* of a pcap file: at the start of its packets */
	uint32_t number;	    /* of a pcap file's interface */
	uint64_t position;	    /* in the stream: of what comes next */
	uint64_t unit_position;	    /* of the header, record or block there, or around it */
	unsigned char *carry;	    /* the start of an incomplete unit */
	size_t carried;
	size_t capacity;
};

struct stream_reader *stream_reader_new(const struct stream_handler *sink)
{
	struct stream_reader *reader = calloc(1, sizeof(*reader));

	if (reader)
		reader->sink = *sink;
	return reader;
}

void stream_reader_free(struct stream_reader *reader)
{
	if (!reader)
		return;
	pcapng_read_free(reader->pcapng);
	free(reader->carry);
	free(reader);
}

/* Returns the program that unpacks what begins with these bytes, or NULL. */
static const char *find_unpacker(const unsigned char bytes[PCAP_FILE_HEADER])
{
	static const struct {
		const char *start;
		const char *unpacker;
	} formats[] = {
		{"\x1f\x8b", "zcat"},
		{"\x28\xb5\x2f\xfd", "zstdcat"},
		{"\x04\x22\x4d\x18", "lz4cat"},
		{"\xfd"
		 "7zXZ",
			"xzcat"},
		{"BZh", "bzcat"},
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (memcmp(bytes, formats[i].start, strlen(formats[i].start)) == 0)
			return formats[i].unpacker;
	return NULL;
}

/* Returns 0, with error set. */
static size_t refuse_compressed(const char *unpacker, struct error *error)
{
	error_set(error, 1, "the stream is compressed; unpack it, as in exec:'%s FILE'", unpacker);
	return 0;
}

/* Parses the header of a pcap file; returns as parse_unit() does. */
static size_t parse_header(
	struct stream_reader *reader, const unsigned char *bytes, size_t size, struct error *error)
{
	struct interface interface = {.name = "", .filter = ""};
	char start[9] = "";

	if (size < PCAP_FILE_HEADER)
		return PCAP_FILE_HEADER;
	if (!pcap_file_get_header(bytes, &reader->file)) {
		const char *unpacker = find_unpacker(bytes);

		if (unpacker)
			return refuse_compressed(unpacker, error);
		memcpy(start, bytes, sizeof(start) - 1);
		error_set(error, 1, "the stream is not a capture: it begins with \"%s\"", start);
		return 0;
	}
	reader->started = true;
	reader->has_pseudo_header = linktype_has_pseudo_header(reader->file.linktype);
	interface.linktype = reader->file.linktype;
	interface.snaplen = reader->file.snaplen;
	interface.nano = reader->file.nano;
	interface.is_only = true;
	return reader->sink.interface(reader->sink.context, &interface, &reader->number, error)
		       ? PCAP_FILE_HEADER
		       : 0;
}

static size_t parse_record(
	struct stream_reader *reader, const unsigned char *bytes, size_t size, struct error *error)
{
	const size_t head = pcap_file_record_size(&reader->file);
	struct packet packet;
	size_t whole;

	if (size < head)
		return head;
	if (!pcap_file_get_record(bytes, &reader->file, &packet)) {
		error_set(error, 1,
			"the capture stream is damaged: the header of a packet "
			"announces %" PRIu32 " bytes, more than %d",
			packet.caplen, PACKET_MAX);
		return 0;
	}
	whole = head + packet.caplen;
	if (size < whole)
		return whole;
	packet.data = bytes + head;
	packet.interface = reader->number;
	if (reader->has_pseudo_header &&
		!linktype_check_pseudo_header(reader->file.linktype, &packet, error))
		return 0;
	return reader->sink.packet(reader->sink.context, &packet, error) ? whole : 0;
}

/*
 * Parses the unit (header, record or block) at the start of bytes. Returns its size
 * if it is complete; a number above size if not: call again with so many bytes; 0
 * with error set if it is damaged.
 */
static size_t parse_unit(
	struct stream_reader *reader, const unsigned char *bytes, size_t size, struct error *error)
{
	if (reader->pcapng)
		return pcapng_read_block(reader->pcapng, &reader->sink, bytes, size, error);
	if (reader->started)
		return parse_record(reader, bytes, size, error);
	if (size < START_SIZE)
		return START_SIZE;
	if (memcmp(bytes, section_start, sizeof(section_start)) != 0)
		return parse_header(reader, bytes, size, error);
	reader->pcapng = pcapng_read_new();
	if (!reader->pcapng) {
		error_set(error, 1, "out of memory");
		return 0;
	}
	reader->started = true;
	return pcapng_read_block(reader->pcapng, &reader->sink, bytes, size, error);
}

static bool carry_reserve(struct stream_reader *reader, size_t size, struct error *error)
{
	unsigned char *carry;

	if (size <= reader->capacity)
		return true;
	carry = realloc(reader->carry, size);
	if (!carry)
		return error_set(error, 1, "out of memory");
	reader->carry = carry;
	reader->capacity = size;
	return true;
}

/* Appends up to want - carried bytes to the carried ones; returns how many. */
static size_t carry_fill(
	struct stream_reader *reader, const unsigned char *bytes, size_t size, size_t want)
{
	size_t missing = want - reader->carried;
	size_t taken = size < missing ? size : missing;

	if (taken > 0)
		memcpy(reader->carry + reader->carried, bytes, taken);
	reader->carried += taken;
	return taken;
}

/* Moves on by size bytes that have been parsed; a block that is skipped has several parts. */
static void advance(struct stream_reader *reader, size_t size)
{
	reader->position += size;
	if (!reader->pcapng || !pcapng_read_is_inside(reader->pcapng))
		reader->unit_position = reader->position;
}

/*
 * Completes the carried unit with bytes, and parses it if it is complete. Returns how
 * many bytes were used, or SIZE_MAX with error set.
 */
static size_t finish_carried(
	struct stream_reader *reader, const unsigned char *bytes, size_t size, struct error *error)
{
	size_t used = 0;

	for (;;) {
		size_t want = parse_unit(reader, reader->carry, reader->carried, error);

		if (want == 0)
			return SIZE_MAX;
		if (want <= reader->carried)
			break;
		if (used == size)
			return used;
		if (!carry_reserve(reader, want, error))
			return SIZE_MAX;
		used += carry_fill(reader, bytes + used, size - used, want);
		if (reader->carried < want)
			return used;
	}
	advance(reader, reader->carried);
	reader->carried = 0;
	return used;
}

static bool parse_chunk(
	struct stream_reader *reader, const unsigned char *bytes, size_t size, struct error *error)
{
	if (reader->sink.bytes)
		return reader->sink.bytes(reader->sink.context, bytes, size, error);
	if (reader->carried > 0) {
		size_t used = finish_carried(reader, bytes, size, error);

		if (used == SIZE_MAX)
			return false;
		bytes += used;
		size -= used;
	}
	while (size > 0) {
		size_t want = parse_unit(reader, bytes, size, error);

		if (want == 0)
			return false;
		if (want > size) {
			if (!carry_reserve(reader, want, error))
				return false;
			carry_fill(reader, bytes, size, want);
			return true;
		}
		bytes += want;
		size -= want;
		advance(reader, want);
	}
	return true;
}

bool stream_reader_push(
	struct stream_reader *reader, const void *bytes, size_t size, struct error *error)
{
	if (reader->broken)
		return error_set(error, 1, "the stream has ended");
	reader->broken = size > 0 && !parse_chunk(reader, bytes, size, error);
	return !reader->broken;
}

bool stream_reader_has_begun(const struct stream_reader *reader)
{
	return reader->started;
}

uint64_t stream_reader_position(const struct stream_reader *reader)
{
	return reader->unit_position;
}

bool stream_reader_end(const struct stream_reader *reader, struct error *error)
{
	if (reader->sink.bytes)
		return true;
	if (!reader->started)
		return error_set(error, 1, "the stream ended before a capture began");
	if (reader->carried > 0 || (reader->pcapng && pcapng_read_is_inside(reader->pcapng)))
		return error_set(error, 1, "the stream was cut within a packet");
	if (reader->pcapng && pcapng_read_lacks_end(reader->pcapng))
		return error_set(error, 1,
			"the stream was cut before its end mark (proxy timeout, interface gone or "
			"worker stopped); see the worker's journal");
	return true;
}
