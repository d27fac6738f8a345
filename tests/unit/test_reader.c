/*
 * The push parser on pcap: however a stream is split, the same packets come
 * out; a cut is told from an end, and what can't be is refused at once. Its
 * other format is in test_section.c.
 */
#include "format/reader.h"

#include "format/linktype.h"
#include "format/pcapfile.h"
#include "unit.h"

#include <byteswap.h>
#include <string.h>

enum { PACKETS = 40, SHORT_PACKET = 90, STREAM_MAX = 1 << 20, ROUNDS = 300 };
enum { NUMBER = 4711 }; /* that the sink gives */

/* A stream of bytes, and where its units end. */
struct sample {
	struct pcapfile file;
	unsigned char bytes[STREAM_MAX];
	size_t size;
	size_t ends[PACKETS + 1];
	size_t packets;
};

/* What came out of a reader, in an order-keeping sum. */
struct seen {
	unsigned interfaces;
	unsigned packets;
	uint64_t sum;
	uint32_t linktype;
	uint32_t snaplen;
	bool nano;
	unsigned refuse_at; /* the sink says false to this packet, from 1 */
	bool refuse_interface;
};

static void add(struct seen *seen, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size; i++)
		seen->sum = (seen->sum ^ at[i]) * 0x100000001b3;
}

static bool see_interface(void *context, const struct interface *interface,
	uint32_t *ret_number, struct failure *failure)
{
	struct seen *seen = context;

	assert_int_equal(seen->packets, 0);
	assert_string_equal(interface->name, "");
	assert_string_equal(interface->filter, "");
	assert_null(interface->description);
	assert_null(interface->comment);
	seen->interfaces++;
	seen->linktype = interface->linktype;
	seen->snaplen = interface->snaplen;
	seen->nano = interface->nano;
	*ret_number = NUMBER;
	return !seen->refuse_interface ||
	       failure_set(failure, 2, "the sink refuses the interface");
}

static bool see_packet(
	void *context, const struct packet *packet, struct failure *failure)
{
	struct seen *seen = context;

	assert_int_equal(seen->interfaces, 1);
	assert_int_equal(packet->interface, NUMBER);
	seen->packets++;
	add(seen, &packet->time, sizeof(packet->time));
	add(seen, &packet->caplen, sizeof(packet->caplen));
	add(seen, &packet->len, sizeof(packet->len));
	add(seen, packet->data, packet->caplen);
	return seen->packets != seen->refuse_at ||
	       failure_set(failure, 2, "the sink refuses a packet");
}

static bool see_statistics(void *context, const struct statistics *statistics,
	struct failure *failure)
{
	(void)context;
	(void)statistics;
	(void)failure;
	fail_msg("pcap has no statistics");
	return false;
}

static struct reader *new_reader(struct seen *seen)
{
	const struct stream_sink sink = {
		see_interface, see_packet, see_statistics, seen};
	struct reader *reader = reader_new(&sink);

	assert_non_null(reader);
	return reader;
}

static void put_u32(struct sample *sample, uint32_t value)
{
	if (sample->file.swapped)
		value = bswap_32(value);
	memcpy(sample->bytes + sample->size, &value, sizeof(value));
	sample->size += sizeof(value);
}

static void put_start(struct sample *sample, bool nano, bool swapped)
{
	const uint16_t version[] = {
		swapped ? bswap_16(2) : 2, swapped ? bswap_16(4) : 4};

	sample->size = 0;
	sample->packets = 0;
	sample->file = (struct pcapfile){LINKTYPE_SLL, 65535, nano, swapped};
	put_u32(sample, nano ? 0xa1b23c4d : 0xa1b2c3d4);
	memcpy(sample->bytes + sample->size, version, sizeof(version));
	sample->size += sizeof(version);
	put_u32(sample, 0);
	put_u32(sample, 0);
	put_u32(sample, sample->file.snaplen);
	put_u32(sample, sample->file.linktype);
	sample->ends[0] = sample->size;
}

/* What a sink should see of the start. */
static struct seen seen_start(const struct sample *sample)
{
	return (struct seen){
		.interfaces = 1,
		.linktype = sample->file.linktype,
		.snaplen = sample->file.snaplen,
		.nano = sample->file.nano,
	};
}

/* Puts a packet of random bytes; adds to expected what a sink should see. */
static void put_packet(struct sample *sample, struct seed *seed,
	uint32_t caplen, struct seen *expected)
{
	const uint32_t seconds = seed_u32(seed);
	const uint32_t unit = sample->file.nano ? 1 : 1000;
	const uint32_t fraction = (uint32_t)seed_below(seed, 1000000000 / unit);
	struct packet packet = {
		.time = seconds * UINT64_C(1000000000) + fraction * unit,
		.caplen = caplen,
		.len = caplen + (uint32_t)seed_below(seed, 9),
		.interface = NUMBER,
	};

	put_u32(sample, seconds);
	put_u32(sample, fraction);
	put_u32(sample, packet.caplen);
	put_u32(sample, packet.len);
	packet.data = sample->bytes + sample->size;
	seed_bytes(seed, sample->bytes + sample->size, caplen);
	sample->size += caplen;
	sample->ends[++sample->packets] = sample->size;
	see_packet(expected, &packet, NULL);
}

static void make_sample(
	struct sample *sample, struct seed *seed, struct seen *expected)
{
	put_start(sample, seed_below(seed, 2), seed_below(seed, 2));
	*expected = seen_start(sample);
	for (int i = 0; i < PACKETS; i++)
		put_packet(sample, seed,
			(uint32_t)seed_below(seed, SHORT_PACKET), expected);
}

static void assert_same(const struct seen *seen, const struct seen *expected)
{
	assert_int_equal(seen->interfaces, expected->interfaces);
	assert_int_equal(seen->packets, expected->packets);
	assert_int_equal(seen->sum, expected->sum);
	assert_int_equal(seen->linktype, expected->linktype);
	assert_int_equal(seen->snaplen, expected->snaplen);
	assert_int_equal(seen->nano, expected->nano);
}

/*
 * Pushes in pieces of 0 to most bytes. Each piece is a copy of just its size,
 * gone after the push: nothing may be read from it later, or behind it.
 */
static bool push_pieces(struct reader *reader, const struct sample *sample,
	struct seed *seed, size_t most, struct failure *failure)
{
	bool good = true;

	for (size_t at = 0; at < sample->size && good;) {
		size_t left = sample->size - at;
		size_t size = most == 1 ? 1 : seed_below(seed, most + 1);
		unsigned char *piece;

		size = size < left ? size : left;
		piece = malloc(size ? size : 1);
		assert_non_null(piece);
		memcpy(piece, sample->bytes + at, size);
		good = reader_push(reader, piece, size, failure);
		memset(piece, 0xdd, size);
		free(piece);
		at += size;
	}
	return good;
}

static void any_split_gives_the_same_packets(void **state)
{
	static const size_t most[] = {1, 2, 7, 20, 100, 1000, STREAM_MAX};
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));
	struct failure failure = {0};

	(void)state;
	assert_non_null(sample);
	for (int i = 0; i < ROUNDS; i++) {
		struct seen seen = {0};
		struct seen expected;
		struct reader *reader = new_reader(&seen);

		make_sample(sample, &seed, &expected);
		assert_true(push_pieces(
			reader, sample, &seed, most[i % 7], &failure));
		assert_true(reader_end(reader, &failure));
		assert_int_equal(failure.status, 0);
		assert_same(&seen, &expected);
		reader_free(reader);
	}
	free(sample);
}

static void two_pieces_cut_at_every_byte(void **state)
{
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));
	struct failure failure = {0};
	struct seen expected;

	(void)state;
	assert_non_null(sample);
	make_sample(sample, &seed, &expected);
	for (size_t cut = 0; cut <= sample->size; cut++) {
		struct seen seen = {0};
		struct reader *reader = new_reader(&seen);

		assert_true(reader_push(reader, sample->bytes, cut, &failure));
		assert_true(reader_push(reader, sample->bytes + cut,
			sample->size - cut, &failure));
		assert_true(reader_end(reader, &failure));
		assert_same(&seen, &expected);
		reader_free(reader);
	}
	free(sample);
}

/* A packet leaves as soon as its last byte has come, and a cut is told. */
static void an_end_at_every_byte(void **state)
{
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));
	struct failure failure = {0};
	struct seen expected;
	struct seen seen = {0};
	struct reader *reader = new_reader(&seen);
	size_t next = 0;

	(void)state;
	assert_non_null(sample);
	make_sample(sample, &seed, &expected);
	assert_false(reader_end(reader, &failure));
	for (size_t i = 0; i < sample->size; i++) {
		bool whole = sample->ends[next] == i + 1;

		assert_true(
			reader_push(reader, sample->bytes + i, 1, &failure));
		next += whole;
		failure.status = 0;
		assert_int_equal(reader_end(reader, &failure), whole);
		assert_int_equal(failure.status, !whole);
		assert_int_equal(seen.interfaces + seen.packets, next);
	}
	assert_same(&seen, &expected);
	reader_free(reader);
	free(sample);
}

static void the_largest_packet_passes(void **state)
{
	static const size_t most[] = {1, 1448, 65536, STREAM_MAX};
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));
	struct failure failure = {0};

	(void)state;
	assert_non_null(sample);
	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		struct seen seen = {0};
		struct seen expected;
		struct reader *reader = new_reader(&seen);

		put_start(sample, true, i % 2);
		expected = seen_start(sample);
		put_packet(sample, &seed, 3, &expected);
		put_packet(sample, &seed, PACKET_MAX, &expected);
		put_packet(sample, &seed, 0, &expected);
		put_packet(sample, &seed, PACKET_MAX, &expected);
		assert_true(
			push_pieces(reader, sample, &seed, most[i], &failure));
		assert_true(reader_end(reader, &failure));
		assert_same(&seen, &expected);
		reader_free(reader);
	}
	free(sample);
}

/*
 * Damages the stream behind two good packets, and sees the same refusal for
 * one piece and for many; the good packets have left before.
 */
static void check_damage(const uint32_t record[4], bool good)
{
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));

	assert_non_null(sample);
	for (size_t most = 1; most < 64; most++) {
		struct failure failure = {0};
		struct seen seen = {0};
		struct seen expected;
		struct reader *reader = new_reader(&seen);

		put_start(sample, false, most % 2);
		expected = seen_start(sample);
		put_packet(sample, &seed, 10, &expected);
		put_packet(sample, &seed, 0, &expected);
		for (int i = 0; i < 4; i++)
			put_u32(sample, record[i]);
		assert_int_equal(
			push_pieces(reader, sample, &seed, most, &failure),
			good);
		assert_int_equal(failure.status, !good);
		assert_int_equal(seen.packets, 2);
		if (!good)
			assert_false(reader_push(reader, "", 1, &failure));
		assert_int_equal(seen.packets, 2);
		reader_free(reader);
	}
	free(sample);
}

static void lying_records_end_the_stream(void **state)
{
	(void)state;
	check_damage((const uint32_t[]){0, 0, PACKET_MAX + 1, 60}, false);
	check_damage((const uint32_t[]){0, 0, UINT32_MAX, UINT32_MAX}, false);
	check_damage((const uint32_t[]){0, 1000000, 60, 60}, false);
	check_damage((const uint32_t[]){0, 999999, PACKET_MAX, 60}, true);
}

static void other_streams_are_quoted(void **state)
{
	static const char *const streams[] = {
		"<html><head><title>502 Bad Gateway",
		"\x0a\x0d\x0d\x0b\x1c\x01\x02\x03 nearly a pcapng section",
		"\xd4\xc3\xb2\xa1\x01\x00\x04\x00 a pcap of version 1..."};

	(void)state;
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
		struct failure failure = {0};
		struct seen seen = {0};
		struct reader *reader = new_reader(&seen);

		assert_true(reader_push(reader, streams[i], 23, &failure));
		assert_false(reader_push(reader, streams[i] + 23, 2, &failure));
		assert_int_equal(failure.status, 1);
		assert_non_null(strstr(failure.text, "no capture"));
		if (i == 0)
			assert_non_null(strstr(failure.text, "\"<html><h\""));
		assert_int_equal(seen.interfaces, 0);
		assert_false(reader_push(reader, "x", 1, &failure));
		reader_free(reader);
	}
}

static void a_sink_ends_the_stream(void **state)
{
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));
	struct seen expected;

	(void)state;
	assert_non_null(sample);
	make_sample(sample, &seed, &expected);
	for (unsigned at = 0; at <= 3; at++)
		for (size_t most = 1; most < 300; most += 13) {
			struct failure failure = {0};
			struct seen seen = {
				.refuse_at = at, .refuse_interface = at == 0};
			struct reader *reader = new_reader(&seen);

			assert_false(push_pieces(
				reader, sample, &seed, most, &failure));
			assert_int_equal(failure.status, 2);
			assert_int_equal(seen.packets, at);
			assert_false(reader_push(
				reader, sample->bytes, 9, &failure));
			assert_int_equal(seen.packets, at);
			reader_free(reader);
		}
	free(sample);
}

static void nothing_is_freed_quietly(void **state)
{
	(void)state;
	reader_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_split_gives_the_same_packets),
		cmocka_unit_test(two_pieces_cut_at_every_byte),
		cmocka_unit_test(an_end_at_every_byte),
		cmocka_unit_test(the_largest_packet_passes),
		cmocka_unit_test(lying_records_end_the_stream),
		cmocka_unit_test(other_streams_are_quoted),
		cmocka_unit_test(a_sink_ends_the_stream),
		cmocka_unit_test(nothing_is_freed_quietly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
