/* SPDX-License-Identifier: MIT */
/*
 * The capture that a client gets, over a socket pair: byte for byte the pcap
 * file that it should be; or a pcapng that holds the same packets, each with
 * its interface, when it is read back.
 */
#include "worker/encoder.h"
#include "worker/payload_limit.h"

#include "../lib/random_frames.h"
#include "format/linktype.h"
#include "link.h"
#include "readback.h"
#include "worker/interface_ids.h"

#include <net/if.h>

enum {
	PACKETS = 300,
	LARGEST = 20, /* packets of PACKET_MAX bytes among these */
	FILE_HEADER = 24,
	GONE = 90000000, /* indexes from here on are no interfaces */
	SOME = 7,	 /* indexes in a run, 0 and lo's among them */
};

/* The file that should arrive, made without any of the format's functions. */
struct file {
	unsigned char *bytes;
	size_t size;
};

static void put(struct file *file, const void *bytes, size_t size)
{
	assert_true(file->size + size <= LINK_ROOM);
	memcpy(file->bytes + file->size, bytes, size);
	file->size += size;
}

static void put_u32(struct file *file, uint64_t value)
{
	const uint32_t number = (uint32_t)value;

	put(file, &number, sizeof(number));
}

static void put_header(struct file *file, const struct encoder_options *options)
{
	const uint16_t version[] = {2, 4};

	file->size = 0;
	put_u32(file, options->nano ? 0xa1b23c4d : 0xa1b2c3d4);
	put(file, version, sizeof(version));
	put_u32(file, 0);
	put_u32(file, 0);
	put_u32(file, options->snaplen);
	put_u32(file, options->linktype);
}

/* The bytes that a packet is to have. Returns how many. */
static uint32_t put_data(
	struct file *file, const struct encoder_options *options, const struct packet *packet)
{
	const unsigned char *data = packet->data;
	const size_t start = file->size;
	unsigned char address[8] = {0};
	uint32_t caplen = packet->caplen;

	if (options->limits_payload) {
		caplen = payload_limit_cut(&header_sll2, data, caplen, packet->len, 0);
		assert_true(caplen <=
			    header_map_of(HEADER_SLL2_REPORTED, data, packet->caplen, true).end);
	}
	/* the rest is not the packet's */
	memcpy(address, data + 12, data[11] < 8 ? data[11] : 8);
	if (options->linktype == LINKTYPE_SLL) {
		put(file, (const unsigned char[]){0, data[10]}, 2);
		put(file, data + 8, 2);
		put(file, (const unsigned char[]){0, data[11]}, 2);
		put(file, address, 8);
		put(file, data, 2);
		put(file, data + 20, caplen - 20);
		caplen -= 4;
	} else {
		put(file, data, 12);
		put(file, address, 8);
		put(file, data + 20, caplen - 20);
	}
	caplen = caplen < options->snaplen ? caplen : options->snaplen;
	file->size = start + caplen;
	return caplen;
}

static uint32_t len_of(const struct encoder_options *options, const struct packet *packet)
{
	return packet->len - (options->linktype == LINKTYPE_SLL ? 4 : 0);
}

static void put_packet(
	struct file *file, const struct encoder_options *options, const struct packet *packet)
{
	const uint64_t fraction = packet->time % 1000000000;
	const size_t caplen = file->size + 8;
	uint32_t size;

	put_u32(file, packet->time / 1000000000);
	put_u32(file, options->nano ? fraction : fraction / 1000);
	put_u32(file, 0);
	put_u32(file, len_of(options, packet));
	size = put_data(file, options, packet);
	memcpy(file->bytes + caplen, &size, sizeof(size));
}

/* A capture, and a source of packets for it. */
struct run {
	struct encoder_options options;
	struct seed seed;
	unsigned char *data; /* random bytes */
	struct file file;    /* pcap: all; pcapng: the packets' bytes */
	struct packet packets[PACKETS];
	uint32_t indexes[PACKETS];
	size_t count;
	struct link link;
	struct http_body *body;
	struct encoder *stream;
};

static struct run run;
static struct back back;

static void run_open(const struct encoder_options *options, bool reads)
{
	run = (struct run){.options = *options, .seed = seed_start()};
	run.options.filter = options->filter ? options->filter : "";
	run.data = malloc(PACKET_MAX + 4096);
	run.file.bytes = malloc(LINK_ROOM);
	assert_non_null(run.data);
	assert_non_null(run.file.bytes);
	seed_bytes(&run.seed, run.data, PACKET_MAX + 4096);
	link_open(&run.link, reads);
	run.body = http_body_new(&run.link.connection, false);
	assert_non_null(run.body);
	run.stream = encoder_new(run.body, &run.options);
	assert_non_null(run.stream);
	if (!options->pcapng)
		put_header(&run.file, options);
}

static void run_free(void)
{
	encoder_free(run.stream);
	http_body_free(run.body);
	link_free(&run.link);
	free(run.file.bytes);
	free(run.data);
}

/* Sends what is batched and a pcapng's end, and reads what came of it all. */
static void run_finish(void)
{
	const struct statistics end = {.is_watermark = true, .is_end = true};

	if (run.options.pcapng)
		assert_true(encoder_write_statistics(run.stream, &end));
	assert_true(http_body_finish(run.body));
	link_finish(&run.link);
	if (run.options.pcapng)
		back_read(&back, run.link.got, run.link.size);
}

static bool run_data(unsigned char *data, uint32_t caplen, uint32_t index)
{
	struct packet *packet = &run.packets[run.count];

	*packet = (struct packet){
		.time = seed_u32(&run.seed) * UINT64_C(1000000000) +
			seed_below(&run.seed, 1000000000),
		.caplen = caplen,
		.len = caplen + (uint32_t)seed_below(&run.seed, 5000),
		.interface = seed_u32(&run.seed), /* nobody may look at it */
		.data = data,
	};
	for (int i = 0; i < 4; i++)
		data[4 + i] = (unsigned char)(index >> (24 - 8 * i));
	run.indexes[run.count++] = index;
	if (run.options.pcapng)
		put_data(&run.file, &run.options, packet);
	else
		put_packet(&run.file, &run.options, packet);
	return encoder_write_packet(run.stream, packet);
}

static bool run_packet(uint32_t caplen, uint32_t index)
{
	return run_data(run.data + seed_below(&run.seed, 4096), caplen, index);
}

static uint32_t some_index(void)
{
	const size_t some = seed_below(&run.seed, SOME);

	switch (some) {
	case 0:
		return 0;
	case 1:
		return if_nametoindex("lo");
	default:
		return GONE + (uint32_t)some;
	}
}

/* Sends packets of many sizes, flushed now and then. */
static void run_packets(void)
{
	for (unsigned i = 0; i < PACKETS; i++) {
		size_t room = i % 3 ? 100 : 9000;
		uint32_t caplen = 20 + (uint32_t)seed_below(&run.seed, room);

		if (i % (PACKETS / LARGEST) == 0)
			caplen = PACKET_MAX;
		assert_true(run_packet(caplen, some_index()));
		if (seed_below(&run.seed, 20) == 0)
			assert_true(http_body_flush(run.body));
	}
}

static int any_socket; /* to ask for interfaces' names by */

static struct encoder_options some_options(unsigned i, bool pcapng)
{
	static const uint32_t snaplens[] = {1, 64, PACKET_MAX};

	return (struct encoder_options){
		.pcapng = pcapng,
		.nano = pcapng || i & 1,
		.linktype = i & 2 ? LINKTYPE_SLL2 : LINKTYPE_SLL,
		.snaplen = snaplens[i / 4],
		.filter = "tcp port 80 or vlan",
		.socket = any_socket,
	};
}

static void encoder_pcap_returns_every_byte(void **state)
{
	const struct statistics statistics = {.is_watermark = true};

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		const struct encoder_options options = some_options(i, false);

		run_open(&options, true);
		assert_true(encoder_start(run.stream));
		run_packets();
		/* for which there is no place */
		assert_true(encoder_write_statistics(run.stream, &statistics));
		run_finish();
		assert_int_equal(run.link.size, run.file.size);
		assert_int_equal(memcmp(run.link.got, run.file.bytes, run.file.size), 0);
		run_free();
	}
}

/* "any", and those that packets have, in the order of their first one. */
static void check_interfaces(void)
{
	uint32_t seen[SOME] = {0};
	uint32_t count = 1;

	for (size_t i = 0; i < run.count; i++) {
		uint32_t number = 0;
		char name[BACK_TEXT];

		while (number < count && seen[number] != run.indexes[i])
			number++;
		if (number == count)
			seen[count++] = run.indexes[i];
		assert_int_equal(back.packets[i].interface, number);
		snprintf(name, sizeof(name), "ifindex%u", run.indexes[i]);
		assert_string_equal(back.interfaces[number].name, number == 0		  ? "any"
								  : run.indexes[i] < GONE ? "lo"
											  : name);
	}
	assert_int_equal(back.interface_count, count);
}

static void check_packets(void)
{
	const unsigned char *expected = run.file.bytes;

	assert_int_equal(back.packet_count, run.count);
	for (size_t i = 0; i < run.count; i++) {
		const struct packet *got = &back.packets[i];

		assert_int_equal(got->time, run.packets[i].time);
		assert_int_equal(got->len, len_of(&run.options, &run.packets[i]));
		assert_true(got->caplen <= run.options.snaplen);
		assert_int_equal(memcmp(got->data, expected, got->caplen), 0);
		expected += got->caplen;
	}
	assert_ptr_equal(expected, run.file.bytes + run.file.size);
}

static void encoder_pcapng_has_the_same_packets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		const struct encoder_options options = some_options(i, true);

		run_open(&options, true);
		assert_true(encoder_start(run.stream));
		run_packets();
		run_finish();
		check_packets();
		check_interfaces();
		run_free();
	}
}

/* libpcap reads no other files. */
static void encoder_all_interfaces_have_one_link_type(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		const struct encoder_options options = some_options(i, true);

		run_open(&options, true);
		assert_true(encoder_start(run.stream));
		run_packets();
		run_finish();
		for (uint32_t j = 0; j < back.interface_count; j++) {
			const struct back_interface *at = &back.interfaces[j];

			assert_int_equal(at->interface.linktype, options.linktype);
			assert_int_equal(at->interface.snaplen, options.snaplen);
			assert_string_equal(at->filter, options.filter);
			assert_true(at->interface.nano);
		}
		run_free();
	}
}

/* Whatever the kernel captured, payload is not sent. */
static void encoder_payload_limit_cuts_every_packet(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 24; i++) {
		struct encoder_options options = some_options(i % 12, i >= 12);

		options.limits_payload = true;
		options.link = &header_sll2;
		options.comment = "headers alone";
		run_open(&options, true);
		assert_true(encoder_start(run.stream));
		for (size_t count = 0; count < PACKETS; count++) {
			static struct random_frame frame;

			random_frame_make(&frame, run.seed.state, HEADER_SLL2, RANDOM_FRAME_MAX);
			assert_true(run_data(frame.bytes, (uint32_t)frame.size, GONE));
		}
		run_finish();
		if (options.pcapng) {
			char comment[BACK_TEXT];

			check_packets();
			back_option(back.blocks[1], PCAPNG_COMMENT, comment);
			assert_string_equal(comment, "headers alone");
		} else {
			assert_int_equal(run.link.size, run.file.size);
			assert_memory_equal(run.link.got, run.file.bytes, run.file.size);
		}
		run_free();
	}
}

static void encoder_interface_precedes_its_first_packet(void **state)
{
	static const uint32_t types[] = {PCAPNG_SECTION, PCAPNG_INTERFACE, PCAPNG_INTERFACE,
		PCAPNG_PACKET, PCAPNG_PACKET, PCAPNG_PACKET, PCAPNG_INTERFACE, PCAPNG_PACKET,
		PCAPNG_PACKET, PCAPNG_STATISTICS};
	static const uint32_t indexes[] = {GONE, GONE, 0, GONE + INTERFACE_IDS_SLOTS, GONE};
	const struct encoder_options options = some_options(4, true);

	(void)state;
	run_open(&options, true);
	assert_true(encoder_start(run.stream));
	for (size_t i = 0; i < sizeof(indexes) / sizeof(*indexes); i++)
		assert_true(run_packet(60, indexes[i]));
	run_finish();
	assert_int_equal(back.block_count, sizeof(types) / sizeof(*types));
	for (size_t i = 0; i < back.block_count; i++)
		assert_int_equal(back_u32(back.blocks[i]), types[i]);
	run_free();
}

/* More than there is room for have the first IDB, which stands for all. */
static void encoder_too_many_interfaces_are_any(void **state)
{
	const struct encoder_options options = some_options(4, true);

	(void)state;
	run_open(&options, true);
	assert_true(encoder_start(run.stream));
	for (uint32_t i = 0; i < INTERFACE_IDS_MAX + 10; i++) {
		run.count = 0;
		assert_true(run_packet(20, GONE + i));
	}
	run_finish();
	assert_int_equal(back.interface_count, INTERFACE_IDS_MAX + 1);
	for (uint32_t i = 0; i < INTERFACE_IDS_MAX + 10; i++)
		assert_int_equal(back.packets[i].interface, i < INTERFACE_IDS_MAX ? i + 1 : 0);
	run_free();
}

static void encoder_empty_filter_has_no_option(void **state)
{
	struct encoder_options options = some_options(4, true);

	(void)state;
	options.filter = "";
	run_open(&options, true);
	assert_true(encoder_start(run.stream));
	run_finish();
	assert_string_equal(back.interfaces[0].filter, "");
	assert_int_equal(
		memmem(run.link.got, run.link.size, (const unsigned char[]){PCAPNG_FILTER, 0}, 2),
		0);
	run_free();
}

/* The most that a host can have, whose block follows that of interface 0. */
static void encoder_addresses_follow_interface_0(void **state)
{
	static struct host_addresses addresses = {.count = HOST_ADDRESSES_MAX, .left_out = 44};
	struct encoder_options options = some_options(4, true);
	const unsigned char *block;
	uint32_t size;

	(void)state;
	memset(addresses.name, 'x', sizeof(addresses.name) - 1);
	for (size_t i = 0; i < HOST_ADDRESSES_MAX; i++)
		addresses.list[i] = (struct host_address){
			.size = HOST_ADDRESS_IPV6, .bytes = {0x20, 1, [15] = (unsigned char)i}};
	options.addresses = &addresses;
	run_open(&options, true);
	assert_true(encoder_start(run.stream));
	run_finish();
	assert_int_equal(back_u32(back.blocks[1]), PCAPNG_INTERFACE);
	block = back.blocks[2];
	size = back_u32(block + BLOCK_LENGTH);
	assert_int_equal(back_u32(block), PCAPNG_NAMES);
	for (size_t i = 0; i < HOST_ADDRESSES_MAX; i++)
		assert_memory_equal(block + 8 + i * 88 + 4, addresses.list[i].bytes, 16);
	assert_non_null(memmem(block, size, "256 of 300 addresses", 20));
	run_free();
}

static void encoder_pcap_has_no_addresses(void **state)
{
	static const struct host_addresses addresses = {
		.count = 1, .list = {{.size = HOST_ADDRESS_IPV4, .bytes = {10, 0, 0, 1}}}};
	struct encoder_options options = some_options(4, false);

	(void)state;
	options.addresses = &addresses;
	run_open(&options, true);
	assert_true(encoder_start(run.stream));
	run_finish();
	assert_int_equal(run.link.size, FILE_HEADER);
	run_free();
}

/* The reader takes what a worker says for watermarks. */
static void encoder_statistics_come_back(void **state)
{
	const struct encoder_options options = some_options(4, true);
	const struct statistics sent[] = {
		{.time = UINT64_C(1700000000123456789)},
		{.time = UINT64_C(1) << 63,
			.valid = STATISTICS_ALL,
			.received = UINT64_MAX,
			.dropped = 7,
			.interface_dropped = UINT64_C(5) << 32},
		{.time = UINT64_MAX, .valid = STATISTICS_DROPPED, .dropped = 9},
	};
	const uint64_t dropped[] = {0, 7, 2}; /* since the one before */
	const size_t count = sizeof(sent) / sizeof(*sent);

	(void)state;
	run_open(&options, true);
	assert_true(encoder_start(run.stream));
	for (size_t i = 0; i < count; i++)
		assert_true(encoder_write_statistics(run.stream, &sent[i]));
	run_finish();
	assert_int_equal(back.statistics_count, count + 1); /* and the end */
	for (size_t i = 0; i < count; i++) {
		const struct statistics *got = &back.statistics[i];

		assert_int_equal(got->time, sent[i].time);
		assert_true(got->is_watermark);
		assert_int_equal(got->interface, 0);
		assert_int_equal(got->valid, sent[i].valid);
		assert_int_equal(got->received, sent[i].received);
		assert_int_equal(got->dropped, dropped[i]);
		assert_int_equal(got->interface_dropped, sent[i].interface_dropped);
	}
	run_free();
}

/* Whatever else it has, a stream without its last word was cut. */
static void encoder_only_the_end_mark_completes(void **state)
{
	const struct encoder_options options = some_options(4, true);
	const struct statistics statistics = {.is_watermark = true, .valid = STATISTICS_ALL};

	(void)state;
	run_open(&options, true);
	assert_true(encoder_start(run.stream));
	assert_true(run_packet(60, GONE));
	assert_true(encoder_write_statistics(run.stream, &statistics));
	assert_true(http_body_finish(run.body));
	link_finish(&run.link);
	back_read_unfinished(&back, run.link.got, run.link.size);
	assert_int_equal(back.packet_count, 1);
	assert_int_equal(back.statistics_count, 1);
	run_free();
}

static void encoder_start_sends_the_header_at_once(void **state)
{
	(void)state;
	for (int pcapng = 0; pcapng < 2; pcapng++) {
		const struct encoder_options options = some_options(4, pcapng);
		char application[BACK_TEXT];

		run_open(&options, false);
		assert_true(encoder_start(run.stream));
		run.link.size = link_take(&run.link);
		if (!pcapng) {
			assert_int_equal(run.link.size, FILE_HEADER);
			assert_memory_equal(run.link.got, run.file.bytes, FILE_HEADER);
		} else {
			back_read_unfinished(&back, run.link.got, run.link.size);
			assert_int_equal(back.interface_count, 1);
			assert_string_equal(back.interfaces[0].name, "any");
			back_option(back.blocks[0], PCAPNG_APPLICATION, application);
			assert_string_equal(application, "ddump-worker " DDUMP_VERSION);
		}
		close(run.link.connection.fd);
		run_free();
	}
}

static void encoder_gone_peer_is_reported(void **state)
{
	(void)state;
	for (int pcapng = 0; pcapng < 2; pcapng++) {
		const struct encoder_options options = some_options(8, pcapng);

		run_open(&options, false);
		shutdown(run.link.far, SHUT_RDWR);
		assert_false(encoder_start(run.stream));
		assert_true(run_packet(100, 0)); /* it is only batched */
		assert_false(run_packet(PACKET_MAX, 0));
		close(run.link.connection.fd);
		run_free();
	}
	encoder_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoder_pcap_returns_every_byte),
		cmocka_unit_test(encoder_pcapng_has_the_same_packets),
		cmocka_unit_test(encoder_all_interfaces_have_one_link_type),
		cmocka_unit_test(encoder_payload_limit_cuts_every_packet),
		cmocka_unit_test(encoder_interface_precedes_its_first_packet),
		cmocka_unit_test(encoder_too_many_interfaces_are_any),
		cmocka_unit_test(encoder_empty_filter_has_no_option),
		cmocka_unit_test(encoder_addresses_follow_interface_0),
		cmocka_unit_test(encoder_pcap_has_no_addresses),
		cmocka_unit_test(encoder_statistics_come_back),
		cmocka_unit_test(encoder_only_the_end_mark_completes),
		cmocka_unit_test(encoder_start_sends_the_header_at_once),
		cmocka_unit_test(encoder_gone_peer_is_reported),
	};

	any_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
