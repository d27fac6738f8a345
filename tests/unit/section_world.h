/* SPDX-License-Identifier: MIT */
/*
 * What the tests of pcapng share: a reader whose sink writes down all that
 * comes out of it, as text, and the files of tests/data/pcapng.
 */
#pragma once

#include "format/stream_reader.h"

#include "../lib/pcapng_blocks.h"
#include "unit.h"

#include <string.h>

static const char corpus[] = "tests/data/pcapng"; /* tests run at the top */

enum { FIRST_NUMBER = 100 }; /* that the sink gives */

enum { INTERFACES, PACKETS, STATISTICS, ODD_TIMES, KINDS };

/* What came out of a reader, as lines of text of each kind. */
struct seen {
	FILE *files[KINDS];
	char *lines[KINDS];
	size_t sizes[KINDS];
	char **names; /* of the interfaces */
	uint32_t count;
	unsigned refused; /* what the sink says false to, from 1 */
	unsigned calls;
};

static inline struct seen *seen_new(void)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	assert_non_null(seen);
	for (int i = 0; i < KINDS; i++) {
		seen->files[i] = open_memstream(&seen->lines[i], &seen->sizes[i]);
		assert_non_null(seen->files[i]);
	}
	return seen;
}

static inline void seen_free(struct seen *seen)
{
	for (int i = 0; i < KINDS; i++) {
		fclose(seen->files[i]);
		free(seen->lines[i]);
	}
	for (uint32_t i = 0; i < seen->count; i++)
		free(seen->names[i]);
	free(seen->names);
	free(seen);
}

static inline const char *lines_of(struct seen *seen, int kind)
{
	fflush(seen->files[kind]);
	return seen->lines[kind];
}

static inline bool go_on(struct seen *seen, struct error *error)
{
	return ++seen->calls != seen->refused || error_set(error, 2, "the sink has enough");
}

static inline bool see_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct seen *seen = context;

	seen->names = realloc(seen->names, (seen->count + 1) * sizeof(*seen->names));
	assert_non_null(seen->names);
	assert_null(interface->comment);
	assert_null(interface->description);
	seen->names[seen->count] = strdup(interface->name[0] ? interface->name : "?");
	fprintf(seen->files[INTERFACES], "%s %08x %u %s '%s'\n", seen->names[seen->count],
		interface->linktype, interface->snaplen, interface->nano ? "ns" : "us",
		interface->filter);
	*ret_number = FIRST_NUMBER + seen->count++;
	return go_on(seen, error);
}

static inline const char *name_of(const struct seen *seen, uint32_t number)
{
	assert_uint_in_range(number, FIRST_NUMBER, FIRST_NUMBER + seen->count - 1);
	return seen->names[number - FIRST_NUMBER];
}

static inline bool see_packet(void *context, const struct packet *packet, struct error *error)
{
	struct seen *seen = context;
	uint64_t sum = 0;

	assert_true(packet->caplen <= PACKET_MAX);
	for (uint32_t i = 0; i < packet->caplen; i++)
		sum = (sum ^ packet->data[i]) * 0x100000001b3;
	fprintf(seen->files[PACKETS], "%s %" PRIu64 " %u/%u", name_of(seen, packet->interface),
		packet->time, packet->caplen, packet->len);
	if (packet->caplen > sizeof(blocks_arp) ||
		memcmp(packet->data, blocks_arp, packet->caplen) != 0)
		fprintf(seen->files[PACKETS], " %016" PRIx64, sum);
	fputc('\n', seen->files[PACKETS]);
	return go_on(seen, error);
}

/* "-" is one that is not told. */
static inline void put_counter(
	FILE *file, const struct statistics *statistics, unsigned which, uint64_t count)
{
	if (statistics->valid & which) {
		fprintf(file, " %" PRIu64, count);
		return;
	}
	assert_int_equal(count, 0);
	fputs(" -", file);
}

static inline bool see_statistics(
	void *context, const struct statistics *statistics, struct error *error)
{
	struct seen *seen = context;
	FILE *file = seen->files[STATISTICS];

	fprintf(file, "%s %" PRIu64, name_of(seen, statistics->interface), statistics->time);
	if (statistics->is_watermark)
		fputs(" watermark", file);
	if (statistics->valid & STATISTICS_ALL) {
		put_counter(file, statistics, STATISTICS_RECEIVED, statistics->received);
		put_counter(file, statistics, STATISTICS_DROPPED, statistics->dropped);
		put_counter(file, statistics, STATISTICS_INTERFACE_DROPPED,
			statistics->interface_dropped);
	}
	fputc('\n', file);
	return go_on(seen, error);
}

static inline void see_odd_time(void *context, const char *said, uint64_t time)
{
	struct seen *seen = context;

	fprintf(seen->files[ODD_TIMES], "%s: %" PRIu64 "\n", said, time);
}

static inline struct stream_reader *new_reader(struct seen *seen)
{
	const struct stream_handler sink = {
		.interface = see_interface,
		.packet = see_packet,
		.statistics = see_statistics,
		.odd_time = see_odd_time,
		.context = seen,
	};
	struct stream_reader *reader = stream_reader_new(&sink);

	assert_non_null(reader);
	return reader;
}

/* Pushes a copy of just its size, which is gone after that. */
static inline bool push_copy(
	struct stream_reader *reader, const unsigned char *bytes, size_t size, struct error *error)
{
	unsigned char *piece = malloc(size ? size : 1);
	bool good;

	assert_non_null(piece);
	if (size > 0)
		memcpy(piece, bytes, size);
	good = stream_reader_push(reader, piece, size, error);
	memset(piece, 0xdd, size);
	free(piece);
	return good;
}

/* How a stream ended. */
enum ending { GOOD, CUT, BAD };

struct result {
	enum ending ending;
	struct error error;
	struct seen *seen;
};

/* Reads bytes in pieces of first bytes and then of most, 0: the rest. */
static inline struct result read_pieces(
	const unsigned char *bytes, size_t size, size_t first, size_t most)
{
	struct result result = {.seen = seen_new()};
	struct stream_reader *reader = new_reader(result.seen);
	bool good = push_copy(reader, bytes, first, &result.error);

	for (size_t at = first; at < size && good;) {
		size_t piece = most && most < size - at ? most : size - at;

		good = push_copy(reader, bytes + at, piece, &result.error);
		at += piece;
	}
	if (!good) {
		result.ending = BAD;
		assert_false(stream_reader_push(reader, bytes, size, &(struct error){0}));
	} else if (!stream_reader_end(reader, &result.error)) {
		result.ending = CUT;
	}
	assert_int_equal(result.error.status != 0, result.ending != GOOD);
	stream_reader_free(reader);
	return result;
}

static inline struct result read_whole(const struct blocks *blocks)
{
	return read_pieces(blocks->bytes, blocks->size, 0, 0);
}

static inline void assert_same(const struct result *one, const struct result *other)
{
	assert_int_equal(one->ending, other->ending);
	assert_string_equal(one->error.text, other->error.text);
	for (int i = 0; i < KINDS; i++)
		assert_string_equal(lines_of(one->seen, i), lines_of(other->seen, i));
}

static inline struct blocks new_blocks(void)
{
	struct blocks blocks = {.bytes = malloc(BLOCKS_ROOM)};

	assert_non_null(blocks.bytes);
	return blocks;
}

static inline void load(struct blocks *blocks, const char *name)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", corpus, name);
	file = fopen(path, "rbe");
	assert_non_null(file);
	blocks->size = fread(blocks->bytes, 1, BLOCKS_ROOM, file);
	blocks->big = strcmp(name + strlen(name) - 4, "-big") == 0;
	fclose(file);
}
