/* SPDX-License-Identifier: MIT */
/*
 * The push parser on pcap: however a stream is split, the same packets come
 * out; a cut is told from an end, and what can't be is refused at once. Its
 * other format is in test_section.c.
 */
#include "format/stream_reader.h"

#include "format/linktype.h"
#include "format/pcap_file.h"
#include "unit.h"

#include <byteswap.h>
#include <string.h>

enum { PACKETS = 40, SHORT_PACKET = 90, STREAM_MAX = 1 << 20, ROUNDS = 300 };
enum { NUMBER = 4711 }; /* that the sink gives */

/* A stream of bytes, and where its units end. */
struct sample {
	struct pcap_file file;
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

static bool see_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
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
	return !seen->refuse_interface || error_set(error, 2, "the sink refuses the interface");
}

static bool see_packet(void *context, const struct packet *packet, struct error *error)
{
	struct seen *seen = context;

	assert_int_equal(seen->interfaces, 1);
	assert_int_equal(packet->interface, NUMBER);
	seen->packets++;
	add(seen, &packet->time, sizeof(packet->time));
	add(seen, &packet->caplen, sizeof(packet->caplen));
	add(seen, &packet->len, sizeof(packet->len));
	add(seen, packet->data, packet->caplen);
	return seen->packets != seen->refuse_at || error_set(error, 2, "the sink refuses a packet");
}

static bool see_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	(void)context;
	(void)statistics;
	(void)error;
	fail_msg("pcap has no statistics");
	return false;
}

static struct stream_reader *new_reader(struct seen *seen)
{
	const struct stream_handler sink = {
		.interface = see_interface,
		.packet = see_packet,
		.statistics = see_statistics,
		.context = seen,
	};
	struct stream_reader *reader = stream_reader_new(&sink);

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

/* What comes before the packets; there is no modified format of ns. */
static void put_start(struct sample *sample, bool nano, bool swapped, bool modified)
{
	const uint32_t magic = modified ? 0xa1b2cd34 : nano ? 0xa1b23c4d : 0xa1b2c3d4;
	const uint16_t version[] = {swapped ? bswap_16(2) : 2, swapped ? bswap_16(4) : 4};

	sample->size = 0;
	sample->packets = 0;
	sample->file =
		(struct pcap_file){LINKTYPE_SLL, 65535, nano && !modified, swapped, modified};
	put_u32(sample, magic);
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

/*
 * Puts a packet of random bytes, some with a fraction of more than a second;
 * adds to expected what a sink should see.
 */
static void put_packet(
	struct sample *sample, struct seed *seed, uint32_t caplen, struct seen *expected)
{
	const uint32_t seconds = seed_u32(seed);
	const uint32_t unit = sample->file.nano ? 1 : 1000;
	const uint64_t fraction =
		seed_below(seed, 5) ? seed_below(seed, 1000000000 / unit) : seed_u32(seed);
	struct packet packet = {
		.time = seconds * UINT64_C(1000000000) + fraction * unit,
		.caplen = caplen,
		.len = caplen + (uint32_t)seed_below(seed, 9),
		.interface = NUMBER,
	};

	put_u32(sample, seconds);
	put_u32(sample, (uint32_t)fraction);
	put_u32(sample, packet.caplen);
	put_u32(sample, packet.len);
	for (int i = 0; sample->file.modified && i < 2; i++)
		put_u32(sample, seed_u32(seed));
	packet.data = sample->bytes + sample->size;
	seed_bytes(seed, sample->bytes + sample->size, caplen);
	sample->size += caplen;
	sample->ends[++sample->packets] = sample->size;
	see_packet(expected, &packet, NULL);
}

static void make_sample(struct sample *sample, struct seed *seed, struct seen *expected)
{
	put_start(sample, seed_below(seed, 2), seed_below(seed, 2), seed_below(seed, 2));
	*expected = seen_start(sample);
	for (int i = 0; i < PACKETS; i++)
		put_packet(sample, seed, (uint32_t)seed_below(seed, SHORT_PACKET), expected);
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
static bool push_pieces(struct stream_reader *reader, const struct sample *sample,
	struct seed *seed, size_t most, struct error *error)
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
		good = stream_reader_push(reader, piece, size, error);
		memset(piece, 0xdd, size);
		free(piece);
		at += size;
	}
	return good;
}

static void stream_reader_any_split_gives_the_same_packets(void **state)
{
	static const size_t most[] = {1, 2, 7, 20, 100, 1000, STREAM_MAX};
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));
	struct error error = {0};

	(void)state;
	assert_non_null(sample);
	for (int i = 0; i < ROUNDS; i++) {
		struct seen seen = {0};
		struct seen expected;
		struct stream_reader *reader = new_reader(&seen);

		make_sample(sample, &seed, &expected);
		assert_true(push_pieces(reader, sample, &seed, most[i % 7], &error));
		assert_true(stream_reader_end(reader, &error));
		assert_int_equal(error.status, 0);
		assert_same(&seen, &expected);
		stream_reader_free(reader);
	}
	free(sample);
}

static void stream_reader_two_chunks_cut_at_every_byte(void **state)
{
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));
	struct error error = {0};
	struct seen expected;

	(void)state;
	assert_non_null(sample);
	make_sample(sample, &seed, &expected);
	for (size_t cut = 0; cut <= sample->size; cut++) {
		struct seen seen = {0};
		struct stream_reader *reader = new_reader(&seen);

		assert_true(stream_reader_push(reader, sample->bytes, cut, &error));
		assert_true(stream_reader_push(
			reader, sample->bytes + cut, sample->size - cut, &error));
		assert_true(stream_reader_end(reader, &error));
		assert_same(&seen, &expected);
		stream_reader_free(reader);
	}
	free(sample);
}

/* A packet leaves as soon as its last byte has come, and a cut is told. */
static void stream_reader_end_at_every_byte(void **state)
{
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));
	struct error error = {0};
	struct seen expected;
	struct seen seen = {0};
	struct stream_reader *reader = new_reader(&seen);
	size_t next = 0;

	(void)state;
	assert_non_null(sample);
	make_sample(sample, &seed, &expected);
	assert_false(stream_reader_end(reader, &error));
	for (size_t i = 0; i < sample->size; i++) {
		bool whole = sample->ends[next] == i + 1;

		assert_true(stream_reader_push(reader, sample->bytes + i, 1, &error));
		next += whole;
		error.status = 0;
		assert_int_equal(stream_reader_end(reader, &error), whole);
		assert_int_equal(error.status, !whole);
		assert_int_equal(seen.interfaces + seen.packets, next);
	}
	assert_same(&seen, &expected);
	stream_reader_free(reader);
	free(sample);
}

static void stream_reader_largest_packet_passes(void **state)
{
	static const size_t most[] = {1, 1448, 65536, STREAM_MAX};
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));
	struct error error = {0};

	(void)state;
	assert_non_null(sample);
	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		struct seen seen = {0};
		struct seen expected;
		struct stream_reader *reader = new_reader(&seen);

		put_start(sample, true, i % 2, i / 2);
		expected = seen_start(sample);
		put_packet(sample, &seed, 3, &expected);
		put_packet(sample, &seed, PACKET_MAX, &expected);
		put_packet(sample, &seed, 0, &expected);
		put_packet(sample, &seed, PACKET_MAX, &expected);
		assert_true(push_pieces(reader, sample, &seed, most[i], &error));
		assert_true(stream_reader_end(reader, &error));
		assert_same(&seen, &expected);
		stream_reader_free(reader);
	}
	free(sample);
}

/*
 * Damages the stream behind two good packets, and sees the same refusal, which
 * names what is wrong, for one piece and for many; the good packets have left
 * before. NULL: it is no damage.
 */
static void check_damage(const uint32_t record[4], const char *named)
{
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));

	assert_non_null(sample);
	for (size_t most = 1; most < 64; most++) {
		struct error error = {0};
		struct seen seen = {0};
		struct seen expected;
		struct stream_reader *reader = new_reader(&seen);

		put_start(sample, false, most % 2, false);
		expected = seen_start(sample);
		put_packet(sample, &seed, 10, &expected);
		put_packet(sample, &seed, 0, &expected);
		for (int i = 0; i < 4; i++)
			put_u32(sample, record[i]);
		assert_int_equal(push_pieces(reader, sample, &seed, most, &error), !named);
		assert_int_equal(error.status, named ? 1 : 0);
		assert_int_equal(seen.packets, 2);
		if (named) {
			assert_non_null(strstr(error.text, named));
			assert_false(stream_reader_push(reader, "", 1, &error));
		}
		assert_int_equal(seen.packets, 2);
		stream_reader_free(reader);
	}
	free(sample);
}

static void stream_reader_impossible_record_ends_the_stream(void **state)
{
	(void)state;
	check_damage(
		(const uint32_t[]){0, 0, PACKET_MAX + 1, 60}, "262145 bytes, more than 262144");
	check_damage((const uint32_t[]){0, 0, UINT32_MAX, UINT32_MAX}, "4294967295 bytes");
	check_damage((const uint32_t[]){0, 1000000, 60, 60}, NULL);
	check_damage((const uint32_t[]){0, 999999, PACKET_MAX, 60}, NULL);
}

static void stream_reader_other_format_is_quoted(void **state)
{
	static const char *const streams[] = {"<html><head><title>502 Bad Gateway",
		"\x0a\x0d\x0d\x0b\x1c\x01\x02\x03 nearly a pcapng section",
		"\xd4\xc3\xb2\xa1\x01\x00\x04\x00 a pcap of version 1..."};

	(void)state;
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
		struct error error = {0};
		struct seen seen = {0};
		struct stream_reader *reader = new_reader(&seen);

		assert_true(stream_reader_push(reader, streams[i], 23, &error));
		assert_false(stream_reader_push(reader, streams[i] + 23, 2, &error));
		assert_int_equal(error.status, 1);
		assert_non_null(strstr(error.text, "not a capture"));
		if (i == 0)
			assert_non_null(strstr(error.text, "\"<html><h\""));
		assert_int_equal(seen.interfaces, 0);
		assert_false(stream_reader_push(reader, "x", 1, &error));
		stream_reader_free(reader);
	}
}

static void stream_reader_handler_ends_the_stream(void **state)
{
	struct seed seed = seed_start();
	struct sample *sample = malloc(sizeof(*sample));
	struct seen expected;

	(void)state;
	assert_non_null(sample);
	make_sample(sample, &seed, &expected);
	for (unsigned at = 0; at <= 3; at++)
		for (size_t most = 1; most < 300; most += 13) {
			struct error error = {0};
			struct seen seen = {.refuse_at = at, .refuse_interface = at == 0};
			struct stream_reader *reader = new_reader(&seen);

			assert_false(push_pieces(reader, sample, &seed, most, &error));
			assert_int_equal(error.status, 2);
			assert_int_equal(seen.packets, at);
			assert_false(stream_reader_push(reader, sample->bytes, 9, &error));
			assert_int_equal(seen.packets, at);
			stream_reader_free(reader);
		}
	free(sample);
}

/* Appends to a text, and ends the stream at an 'x'. */
static bool take_bytes(void *context, const void *bytes, size_t size, struct error *error)
{
	strncat(context, bytes, size);
	return !memchr(bytes, 'x', size) || error_set(error, 2, "an x");
}

static void stream_reader_no_capture_is_passed_on_as_bytes(void **state)
{
	char text[16] = "";
	const struct stream_handler sink = {.bytes = take_bytes, .context = text};
	struct stream_reader *reader = stream_reader_new(&sink);
	struct error error = {0};

	(void)state;
	assert_non_null(reader);
	assert_true(stream_reader_end(reader, &error));
	assert_true(stream_reader_push(reader, "ab", 2, &error));
	assert_true(stream_reader_push(reader, "c", 1, &error));
	assert_false(stream_reader_has_begun(reader));
	assert_true(stream_reader_end(reader, &error));
	assert_string_equal(text, "abc");
	assert_false(stream_reader_push(reader, "x", 1, &error));
	assert_int_equal(error.status, 2);
	assert_false(stream_reader_push(reader, "d", 1, &error));
	assert_string_equal(text, "abcx");
	stream_reader_free(reader);
}

static void stream_reader_free_accepts_any_state(void **state)
{
	(void)state;
	stream_reader_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream_reader_any_split_gives_the_same_packets),
		cmocka_unit_test(stream_reader_two_chunks_cut_at_every_byte),
		cmocka_unit_test(stream_reader_end_at_every_byte),
		cmocka_unit_test(stream_reader_largest_packet_passes),
		cmocka_unit_test(stream_reader_impossible_record_ends_the_stream),
		cmocka_unit_test(stream_reader_other_format_is_quoted),
		cmocka_unit_test(stream_reader_handler_ends_the_stream),
		cmocka_unit_test(stream_reader_no_capture_is_passed_on_as_bytes),
		cmocka_unit_test(stream_reader_free_accepts_any_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
