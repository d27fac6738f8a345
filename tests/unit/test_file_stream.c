/* SPDX-License-Identifier: MIT */
/*
 * Files: whatever their packets' order, they come out in order of time, each once, with
 * the interface and the bytes that a reader of the whole file finds.
 */
#include "client/file_stream.h"

#include "../lib/pcapng_blocks.h"
#include "format/pcap_file.h"
#include "format/pcapng_write.h"
#include "format/stream_reader.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { PACKETS_MAX = 2000, CHUNK = 4096, ROUNDS = 60, SECTIONS = 3 };

struct seen_packet {
	uint64_t time;
	uint32_t data; /* its number in the file */
	uint32_t caplen;
	uint32_t linktype; /* stands for its interface */
};

/* What a handler has received. */
struct seen {
	struct seen_packet packets[PACKETS_MAX];
	size_t count;
	uint32_t linktypes[PACKETS_MAX];
	uint32_t interfaces;
	unsigned blocks, statistics, ends, pauses;
	bool is_ordered, pauses_now;
};

static bool on_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct seen *seen = context;

	(void)error;
	seen->linktypes[seen->interfaces] = interface->linktype;
	*ret_number = seen->interfaces++;
	return true;
}

static bool on_packet(void *context, const struct packet *packet, struct error *error)
{
	struct seen *seen = context;
	struct seen_packet *to = &seen->packets[seen->count++];

	(void)error;
	*to = (struct seen_packet){.time = packet->time,
		.caplen = packet->caplen,
		.linktype = seen->linktypes[packet->interface]};
	memcpy(&to->data, packet->data, sizeof(to->data));
	return true;
}

static bool on_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	(void)error;
	assert_false(statistics->is_watermark && ((struct seen *)context)->is_ordered);
	((struct seen *)context)->statistics++;
	return true;
}

static bool on_block(void *context, const unsigned char *bytes, size_t size, struct error *error)
{
	(void)bytes;
	(void)size;
	(void)error;
	((struct seen *)context)->blocks++;
	return true;
}

static void on_odd_time(void *context, const char *original, uint64_t time)
{
	(void)context;
	(void)original;
	(void)time;
}

static void on_note(void *context, const char *what, const char *text)
{
	(void)context;
	(void)what;
	(void)text;
}

static void on_lose(void *context, unsigned losses)
{
	(void)context;
	(void)losses;
}

static struct stream_handler handler_of(struct seen *seen)
{
	return (struct stream_handler){
		.interface = on_interface,
		.packet = on_packet,
		.statistics = on_statistics,
		.odd_time = on_odd_time,
		.block = on_block,
		.note = on_note,
		.lose = on_lose,
		.context = seen,
	};
}

static void before_data(void *context)
{
	(void)context;
}

/* Pauses every other time. */
static bool can_accept(void *context)
{
	struct seen *seen = context;

	seen->pauses_now = !seen->pauses_now;
	seen->pauses += seen->pauses_now;
	return !seen->pauses_now;
}

static void on_end(void *context)
{
	((struct seen *)context)->ends++;
}

static void on_ordered(void *context)
{
	struct seen *seen = context;

	assert_false(seen->is_ordered);
	assert_int_equal(seen->count, 0);
	seen->is_ordered = true;
}

/* Reads a file by a file_stream, to its end. Returns its result. */
static bool read_path(char *path, struct seen *seen, struct error *error)
{
	const struct target target = {.kind = TARGET_FILE, .path = path};
	const struct file_stream_events events = {
		.fd = {.context = seen,
			.before_data = before_data,
			.can_accept = can_accept,
			.on_end = on_end,
			.stream = handler_of(seen)},
		.on_ordered = on_ordered,
	};
	const int output = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct event_loop *loop = event_loop_new(output, wake);
	struct file_stream *stream = file_stream_new(&target, loop, CHUNK, &events);
	bool result;

	assert_non_null(loop);
	assert_non_null(stream);
	while (!file_stream_has_ended(stream)) {
		event_loop_run_once(loop, 1000);
		if (file_stream_is_paused(stream))
			file_stream_resume(stream);
	}
	assert_int_equal(seen->ends, 1);
	result = file_stream_result(stream, error);
	file_stream_free(stream);
	event_loop_free(loop);
	close(output);
	close(wake);
	return result;
}

static bool read_bytes(const void *bytes, size_t size, struct seen *seen, struct error *error)
{
	char path[] = "/tmp/ddump-test-XXXXXX";
	const int fd = mkstemp(path);
	bool result;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	result = read_path(path, seen, error);
	unlink(path);
	return result;
}

static int compare_times(const void *left, const void *right)
{
	const struct seen_packet *a = left;
	const struct seen_packet *b = right;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	/* by their order in the file */
	return a->data < b->data ? -1 : a->data > b->data;
}

/* What a reader of the whole file finds, in order of time. */
static void read_directly(const void *bytes, size_t size, struct seen *seen)
{
	const struct stream_handler handler = handler_of(seen);
	struct stream_reader *reader = stream_reader_new(&handler);
	struct error error = {0};

	assert_non_null(reader);
	stream_reader_push(reader, bytes, size, &error);
	stream_reader_free(reader);
	qsort(seen->packets, seen->count, sizeof(*seen->packets), compare_times);
}

static void same(const struct seen *seen, const struct seen *expected)
{
	assert_int_equal(seen->count, expected->count);
	for (size_t i = 0; i < seen->count; i++)
		assert_memory_equal(
			&seen->packets[i], &expected->packets[i], sizeof(seen->packets[i]));
	assert_int_equal(seen->interfaces, expected->interfaces);
	assert_int_equal(seen->blocks, expected->blocks);
	assert_int_equal(seen->statistics, expected->statistics);
}

/* Appends something that is not an enhanced packet. */
static void put_other(struct seed *seed, struct blocks *blocks, uint32_t *interfaces)
{
	static const char text[] = "\1\0\4\0\x7f\0\0\1name";

	switch (seed_below(seed, 5)) {
	case 0:
		blocks_open_interface(blocks, (uint16_t)(10 + seed_below(seed, 90)), 0);
		++*interfaces;
		break;
	case 1:
		blocks_open_statistics(blocks, (uint32_t)seed_below(seed, *interfaces), 7);
		break;
	case 2:
		blocks_open(blocks, BLOCKS_NAMES);
		blocks_padded(blocks, text, seed_below(seed, sizeof(text)));
		break;
	default:
		/* of an unknown type, and longer than a chunk now and then */
		blocks_open(blocks, 0x777);
		for (size_t i = seed_below(seed, 2 * CHUNK) / 4; i > 0; i--)
			blocks_u32(blocks, seed_u32(seed));
		break;
	}
	blocks_close(blocks);
}

static void put_packet(struct seed *seed, struct blocks *blocks, uint32_t interfaces, uint64_t time,
	uint32_t number)
{
	unsigned char data[3000] = {0};
	const uint32_t size = 4 + (uint32_t)seed_below(seed, sizeof(data) - 4);

	memcpy(data, &number, sizeof(number));
	if (seed_below(seed, 10) == 0) {
		/* without a timestamp */
		blocks_open(blocks, BLOCKS_SIMPLE_PACKET);
		blocks_u32(blocks, size);
		blocks_padded(blocks, data, size);
	} else {
		blocks_open_packet(
			blocks, (uint32_t)seed_below(seed, interfaces), time, data, size);
	}
	blocks_close(blocks);
}

/* Any sections; with disorder 0 the packets are in order. */
static void put_file(struct seed *seed, struct blocks *blocks, size_t disorder)
{
	uint64_t time = 1000;
	uint32_t number = 0;

	blocks->size = 0;
	blocks->big = seed_below(seed, 2);
	for (size_t section = 0; section < SECTIONS; section++) {
		uint32_t interfaces = 1;

		blocks_section(blocks);
		blocks_open_interface(blocks, 1, 0);
		blocks_close(blocks);
		for (size_t i = seed_below(seed, 100); i > 0; i--) {
			if (seed_below(seed, 8) == 0)
				put_other(seed, blocks, &interfaces);
			time += seed_below(seed, 3);
			put_packet(seed, blocks, interfaces, time + seed_below(seed, disorder + 1),
				number++);
		}
	}
}

static void random_files_come_in_order(void **state)
{
	struct seed seed = seed_start();
	struct blocks blocks = {.bytes = malloc(BLOCKS_ROOM)};
	struct seen *seen = malloc(sizeof(*seen));
	struct seen *expected = malloc(sizeof(*expected));
	size_t all = 0;

	(void)state;
	assert_true(blocks.bytes && seen && expected);
	for (int round = 0; round < ROUNDS; round++) {
		struct error error = {0};
		size_t size;

		memset(seen, 0, sizeof(*seen));
		memset(expected, 0, sizeof(*expected));
		put_file(&seed, &blocks, round % 3 ? seed_below(&seed, 500) : 0);
		/* some are cut */
		size = round % 4 ? blocks.size : blocks.size - seed_below(&seed, 500);
		read_directly(blocks.bytes, size, expected);
		if (!read_bytes(blocks.bytes, size, seen, &error))
			assert_true(size < blocks.size && error.status);
		same(seen, expected);
		assert_true(seen->is_ordered);
		all += seen->count;
	}
	assert_true(all > ROUNDS);
	free(blocks.bytes);
	free(seen);
	free(expected);
}

/* Writes a pcap of packets in the reverse order of time. Returns its size. */
static size_t put_reversed(unsigned char *bytes, uint32_t count)
{
	const struct pcap_file file = {.linktype = 1, .snaplen = PACKET_MAX, .nano = true};
	size_t size = PCAP_FILE_HEADER;

	pcap_file_put_header(bytes, &file);
	for (uint32_t i = 0; i < count; i++) {
		const struct packet packet = {.time = 5000 - i, .caplen = 4, .len = 60};

		memcpy(bytes + size + PCAP_FILE_RECORD, &i, 4);
		pcap_file_put_record(bytes + size, &packet, true);
		size += PCAP_FILE_RECORD + 4;
	}
	return size;
}

static void reversed_pcap_comes_in_order(void **state)
{
	static unsigned char bytes[100000];
	static struct seen seen;
	struct error error = {0};
	const size_t size = put_reversed(bytes, PACKETS_MAX);

	(void)state;
	assert_true(read_bytes(bytes, size, &seen, &error));
	assert_int_equal(seen.count, PACKETS_MAX);
	for (uint32_t i = 0; i < PACKETS_MAX; i++) {
		assert_int_equal(seen.packets[i].data, PACKETS_MAX - 1 - i);
		assert_int_equal(seen.packets[i].time, 5000 - (PACKETS_MAX - 1 - i));
	}
	assert_true(seen.pauses > 0);
}

static void damage_is_reported_after_the_packets_before_it(void **state)
{
	static unsigned char bytes[100000];
	static struct seen seen;
	struct error error = {0};
	const size_t size = put_reversed(bytes, 100);

	(void)state;
	/* the captured length of the next one */
	memset(bytes + size, 0xff, PCAP_FILE_RECORD);
	assert_false(read_bytes(bytes, size + PCAP_FILE_RECORD, &seen, &error));
	assert_non_null(strstr(error.text, "damaged"));
	assert_int_equal(seen.count, 100);
}

static void file_that_is_none_is_named(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *sentence;
	} rows[] = {
		{"", 0, "ended before a capture began"},
		{"\x1f\x8b 0123456789012345678901234567890", 30, "exec:'zcat FILE'"},
		{"\x28\xb5\x2f\xfd 0123456789012345678901234567890", 30, "exec:'zstdcat FILE'"},
		{"\xfd"
		 "7zXZ 0123456789012345678901234567890",
			30, "exec:'xzcat FILE'"},
		{"BZh90123456789012345678901234567890", 30, "exec:'bzcat FILE'"},
		{"\x04\x22\x4d\x18 0123456789012345678901234567890", 30, "exec:'lz4cat FILE'"},
		{"good morning to everybody here", 30, "is not a capture"},
	};
	static char missing[] = "/nonexistent/x.pcap";
	static char directory[] = "/tmp";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		static struct seen seen;
		struct error error = {0};

		memset(&seen, 0, sizeof(seen));
		assert_false(read_bytes(rows[i].bytes, rows[i].size, &seen, &error));
		if (!strstr(error.text, rows[i].sentence))
			fail_msg("%s: %s", rows[i].sentence, error.text);
	}
	for (int i = 0; i < 2; i++) {
		static struct seen seen;
		struct error error = {0};

		memset(&seen, 0, sizeof(seen));
		assert_false(read_path(i ? directory : missing, &seen, &error));
		assert_non_null(strstr(error.text, i ? "directory" : missing));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_files_come_in_order),
		cmocka_unit_test(reversed_pcap_comes_in_order),
		cmocka_unit_test(damage_is_reported_after_the_packets_before_it),
		cmocka_unit_test(file_that_is_none_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
