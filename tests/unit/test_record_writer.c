/* SPDX-License-Identifier: MIT */
/*
 * The encoder, read back: pcap under one link type and nothing else, pcapng
 * with all that is told of packets; and nothing at all is taken while the
 * output is blocked.
 */
#include "client/record_writer.h"

#include "format/linktype.h"
#include "format/pcap_file.h"
#include "readback.h"

#include <fcntl.h>
#include <unistd.h>

enum {
	ROUNDS = 40,
	EVENTS = 200,
	LARGEST = 1600,
	ROOM = 8 << 20,
	ETHERNET = 1,
	FCS = 0x24000000,
	ORIGINS = 12,
};

static const struct record_source cooked = {.linktype = LINKTYPE_SLL};
static char path[] = "/tmp/ddump-test-XXXXXX";
static unsigned char *bodies;
static unsigned char *got;
static struct back back;

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	bodies = malloc(PACKET_MAX + 4096);
	got = malloc(ROOM);
	assert_non_null(bodies);
	assert_non_null(got);
	for (size_t i = 0; i < PACKET_MAX + 4096; i++)
		bodies[i] = (unsigned char)(i * 7 + (i >> 8) * 13);
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	free(bodies);
	free(got);
	return unlink(path);
}

static void record_writer_open(struct record_writer *writer, bool pcapng, uint32_t linktype)
{
	struct error error = {0};

	*writer = (struct record_writer){
		.output = output_open(path, &error),
		.pcapng = pcapng,
		.linktype = linktype,
	};
	assert_non_null(writer->output);
	assert_true(record_writer_start(writer, NULL, &error));
}

/* Ends it, and reads it back. Returns its size. */
static size_t record_writer_read(struct record_writer *writer)
{
	struct error error = {0};
	size_t size;
	FILE *in;

	assert_true(output_close(writer->output, &error));
	in = fopen(path, "rb");
	assert_non_null(in);
	size = fread(got, 1, ROOM, in);
	fclose(in);
	back_read(&back, got, size);
	return size;
}

static struct interface some_interface(struct seed *seed, uint32_t linktype)
{
	static const uint32_t snaplens[] = {0, 1, LARGEST - 1, LARGEST + 1, PACKET_MAX, UINT32_MAX};

	return (struct interface){
		.linktype = linktype,
		.snaplen = snaplens[seed_below(seed, 6)],
		.name = "web1:eth0",
		.filter = seed_below(seed, 2) ? "port 443" : "",
		.description = "http://web1/",
		.comment = seed_below(seed, 2) ? "clock 1 s" : NULL,
	};
}

static uint32_t some_linktype(struct seed *seed)
{
	static const uint32_t linktypes[] = {LINKTYPE_SLL, LINKTYPE_SLL2, ETHERNET};

	return linktypes[seed_below(seed, 3)];
}

static struct packet some_packet(struct seed *seed, uint32_t number)
{
	const uint32_t size = (uint32_t)seed_below(seed, LARGEST + 1);

	return (struct packet){
		.time = (uint64_t)seed_u32(seed) * 1000000000 + seed_below(seed, 1000000000),
		.caplen = size,
		.len = size + (uint32_t)seed_below(seed, 100),
		.interface = number,
		.data = bodies + seed_below(seed, 4096),
	};
}

/* A run of everything, in any order, and what was told of it. */
struct told {
	uint32_t linktypes[ORIGINS];
	uint32_t interfaces;
	struct packet packets[EVENTS];
	size_t packet_count;
	struct statistics statistics[EVENTS];
	size_t statistics_count;
};

static void tell_interface(struct seed *seed, struct record_writer *writer, struct told *told)
{
	const uint32_t linktype = some_linktype(seed);
	const struct interface interface = some_interface(seed, linktype);
	struct error error = {0};
	uint32_t number = UINT32_MAX;

	assert_true(record_writer_interface(writer, &interface, &number, &error));
	assert_int_equal(number, told->interfaces);
	told->linktypes[told->interfaces++] = linktype;
}

static void tell_packet(struct seed *seed, struct record_writer *writer, struct told *told)
{
	struct error error = {0};
	const size_t i = told->packet_count++;
	const uint32_t number = (uint32_t)seed_below(seed, told->interfaces);

	told->packets[i] = some_packet(seed, number);
	assert_true(record_writer_packet(writer, &told->packets[i],
		(struct record_source){.number = number, .linktype = told->linktypes[number]},
		&error));
}

static void tell_statistics(struct seed *seed, struct record_writer *writer, struct told *told)
{
	struct statistics *statistics = &told->statistics[told->statistics_count++];
	struct error error = {0};

	*statistics = (struct statistics){
		.time = seed_u32(seed),
		.interface = (uint32_t)seed_below(seed, told->interfaces),
		.valid = (unsigned)seed_below(seed, STATISTICS_ALL + 1),
	};
	if (statistics->valid & STATISTICS_RECEIVED)
		statistics->received = (uint64_t)seed_u32(seed) << 32;
	if (statistics->valid & STATISTICS_DROPPED)
		statistics->dropped = seed_u32(seed);
	if (statistics->valid & STATISTICS_INTERFACE_DROPPED)
		statistics->interface_dropped = seed_u32(seed);
	assert_true(record_writer_statistics(writer, statistics, &error));
}

static void tell_all(struct seed *seed, struct record_writer *writer, struct told *told)
{
	*told = (struct told){0};
	tell_interface(seed, writer, told);
	for (int i = 0; i < EVENTS; i++)
		switch (seed_below(seed, 20)) {
		case 0:
			if (told->interfaces < ORIGINS)
				tell_interface(seed, writer, told);
			break;
		case 1:
			tell_statistics(seed, writer, told);
			break;
		default:
			tell_packet(seed, writer, told);
		}
}

static void check_packet(const struct packet *packet, const struct packet *in)
{
	assert_int_equal(packet->time, in->time);
	assert_int_equal(packet->len, in->len);
	assert_int_equal(packet->caplen, in->caplen);
	if (packet->caplen > 0)
		assert_memory_equal(packet->data, in->data, in->caplen);
}

static void check_packets(const struct told *told)
{
	assert_int_equal(back.packet_count, told->packet_count);
	for (size_t i = 0; i < told->packet_count; i++) {
		const uint32_t number = told->packets[i].interface;
		const uint32_t linktype = told->linktypes[number];

		check_packet(&back.packets[i], &told->packets[i]);
		assert_int_equal(back.packets[i].interface, number);
		assert_int_equal(back.interfaces[number].interface.linktype, linktype);
	}
	assert_int_equal(back.interface_count, told->interfaces);
}

/* What a reader makes of a counter: below the last it began at 0 again. */
static uint64_t increment(uint64_t *last, bool is_told, uint64_t now)
{
	const uint64_t before = *last;

	if (!is_told)
		return 0;
	*last = now;
	return now >= before ? now - before : now;
}

static void check_statistics(const struct told *told)
{
	uint64_t last[ORIGINS][3] = {0};

	assert_int_equal(back.statistics_count, told->statistics_count);
	for (size_t i = 0; i < told->statistics_count; i++) {
		const struct statistics *in = &told->statistics[i];
		const struct statistics *out = &back.statistics[i];

		assert_int_equal(out->time, in->time);
		assert_int_equal(out->interface, in->interface);
		assert_int_equal(out->valid, in->valid);
		assert_int_equal(
			out->received, increment(&last[in->interface][0],
					       in->valid & STATISTICS_RECEIVED, in->received));
		assert_int_equal(
			out->dropped, increment(&last[in->interface][1],
					      in->valid & STATISTICS_DROPPED, in->dropped));
		assert_int_equal(out->interface_dropped,
			increment(&last[in->interface][2], in->valid & STATISTICS_INTERFACE_DROPPED,
				in->interface_dropped));
		/* a file's are none of a worker that promises anything */
		assert_false(out->is_watermark);
	}
}

static void pcapng_round_trip(void **state)
{
	struct seed seed = seed_start();
	static struct told told;
	struct record_writer writer;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const uint32_t linktype = some_linktype(&seed);

		record_writer_open(&writer, true, linktype);
		tell_all(&seed, &writer, &told);
		record_writer_read(&writer);
		check_packets(&told);
		check_statistics(&told);
	}
}

static void interface_is_written_before_its_packets(void **state)
{
	struct seed seed = seed_start();
	static struct told told;
	struct record_writer writer;
	uint32_t interfaces = 0;
	char text[BACK_TEXT];

	(void)state;
	record_writer_open(&writer, true, LINKTYPE_SLL);
	tell_all(&seed, &writer, &told);
	record_writer_read(&writer);
	for (size_t i = 0; i < back.block_count; i++) {
		const unsigned char *block = back.blocks[i];

		if (back_u32(block) == PCAPNG_PACKET)
			assert_true(back_u32(block + 8) < interfaces);
		if (back_u32(block) != PCAPNG_INTERFACE)
			continue;
		interfaces++;
		back_option(block, PCAPNG_NAME, text);
		assert_string_equal(text, "web1:eth0");
		back_option(block, PCAPNG_DESCRIPTION, text);
		assert_string_equal(text, "http://web1/");
	}
	assert_int_equal(interfaces, told.interfaces);
	back_option(back.blocks[0], PCAPNG_APPLICATION, text);
	assert_string_equal(text, "ddump " DDUMP_VERSION);
}

/* What a reader takes for watermarks, and nothing else. */
static void watermarks_of_a_merge_are_read_back(void **state)
{
	const struct statistics watermark = {.time = 1700000000000000001};
	struct record_writer writer;
	struct error error = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		writer = (struct record_writer){
			.output = output_open(path, &error),
			.pcapng = true,
			.has_watermarks = i,
			.linktype = LINKTYPE_SLL,
		};
		assert_non_null(writer.output);
		assert_true(record_writer_start(&writer, NULL, &error));
		if (!i) {
			struct seed seed = seed_start();
			struct interface interface = some_interface(&seed, LINKTYPE_SLL);
			uint32_t number;

			assert_true(record_writer_interface(&writer, &interface, &number, &error));
			assert_int_equal(number, 0);
		}
		assert_true(record_writer_statistics(&writer, &watermark, &error));
		record_writer_read(&writer);
		assert_int_equal(back.statistics_count, 1);
		assert_int_equal(back.statistics[0].is_watermark, i);
		assert_true(back.statistics[0].time == watermark.time);
		assert_true(!i || back.statistics[0].is_of_merge);
		assert_int_equal(back.interface_count, 1);
		assert_int_equal(writer.interfaces, 1);
	}
}

/* libpcap refuses files whose interfaces have different ones. */
static void all_snaplens_are_the_maximum(void **state)
{
	static const uint32_t snaplens[] = {
		0, 1, LARGEST - 1, LARGEST, LARGEST + 1, PACKET_MAX, PACKET_MAX + 1, UINT32_MAX};
	const size_t count = sizeof(snaplens) / sizeof(*snaplens);
	struct error error = {0};
	struct record_writer writer;
	uint32_t number;

	(void)state;
	record_writer_open(&writer, true, LINKTYPE_SLL);
	for (size_t i = 0; i < count; i++) {
		const struct interface interface = {
			.linktype = LINKTYPE_SLL, .snaplen = snaplens[i], .name = "", .filter = ""};

		assert_true(record_writer_interface(&writer, &interface, &number, &error));
	}
	record_writer_read(&writer);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(back.interfaces[i].interface.snaplen, PACKET_MAX);
}

static void pcapng_interfaces_keep_their_linktype(void **state)
{
	static const uint32_t linktypes[][4] = {
		/*
		 * the file's, the packets', what they are written under, and
		 * the same with their FCS
		 */
		{LINKTYPE_SLL, LINKTYPE_SLL2, LINKTYPE_SLL2, LINKTYPE_SLL2},
		{LINKTYPE_SLL2, LINKTYPE_SLL, LINKTYPE_SLL, LINKTYPE_SLL},
		{LINKTYPE_SLL, ETHERNET, ETHERNET, ETHERNET},
		{ETHERNET, LINKTYPE_SLL2, LINKTYPE_SLL2, LINKTYPE_SLL2},
		{ETHERNET, ETHERNET | FCS, ETHERNET, ETHERNET | FCS},
		{LINKTYPE_SLL, ETHERNET | FCS, ETHERNET, ETHERNET | FCS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(linktypes) / sizeof(*linktypes); i++) {
		const struct interface interface = {
			.linktype = linktypes[i][1], .name = "", .filter = ""};
		struct error error = {0};
		struct record_writer writer;
		uint32_t number;

		record_writer_open(&writer, true, linktypes[i][0]);
		assert_int_equal(record_writer_linktype(&writer, linktypes[i][1]), linktypes[i][2]);
		assert_true(record_writer_interface(&writer, &interface, &number, &error));
		record_writer_read(&writer);
		assert_int_equal(back.interfaces[0].interface.linktype, linktypes[i][3]);
	}
}

/* Nothing but packets has a place in a pcap. */
static void pcap_has_only_packets(void **state)
{
	struct seed seed = seed_start();
	const struct interface interface = some_interface(&seed, LINKTYPE_SLL);
	const struct statistics statistics = {.valid = STATISTICS_ALL};
	struct error error = {0};
	struct record_writer writer;
	size_t size = PCAP_FILE_HEADER;
	uint32_t number;

	(void)state;
	record_writer_open(&writer, false, LINKTYPE_SLL);
	for (uint32_t i = 0; i < EVENTS; i++) {
		const struct packet packet = some_packet(&seed, i);

		assert_true(record_writer_interface(&writer, &interface, &number, &error));
		assert_int_equal(number, i);
		assert_true(record_writer_packet(&writer, &packet, cooked, &error));
		assert_true(record_writer_statistics(&writer, &statistics, &error));
		size += PCAP_FILE_RECORD + packet.caplen;
	}
	assert_true(record_writer_comment(&writer, "a remark", &error));
	assert_int_equal(record_writer_read(&writer), size);
	assert_int_equal(back.packet_count, EVENTS);
	assert_int_equal(back.interfaces[0].interface.linktype, LINKTYPE_SLL);
	assert_int_equal(back.interfaces[0].interface.snaplen, PACKET_MAX);
	assert_true(back.interfaces[0].interface.nano);
}

static void comment_ends_a_pcapng(void **state)
{
	struct seed seed = seed_start();
	struct error error = {0};
	static struct told told;
	struct record_writer writer;
	char text[BACK_TEXT];

	(void)state;
	record_writer_open(&writer, true, LINKTYPE_SLL);
	tell_all(&seed, &writer, &told);
	assert_true(record_writer_comment(&writer, "web2: refused\n", &error));
	record_writer_read(&writer);
	check_packets(&told);
	assert_int_equal(back_u32(back.blocks[back.block_count - 1]), PCAPNG_SECTION);
	back_option(back.blocks[back.block_count - 1], PCAPNG_COMMENT, text);
	assert_string_equal(text, "web2: refused\n");
	back_option(back.blocks[0], PCAPNG_COMMENT, text);
	assert_string_equal(text, "");
}

/* The largest of everything fits. */
static void largest_packet_fits(void **state)
{
	static char text[PCAPNG_TEXT_MAX + 100];
	const struct interface interface = {.linktype = LINKTYPE_SLL,
		.name = text,
		.filter = text,
		.description = text,
		.comment = text};
	const struct packet packet = {.caplen = PACKET_MAX, .len = PACKET_MAX, .data = bodies};
	struct error error = {0};
	struct record_writer writer;
	uint32_t number;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	record_writer_open(&writer, true, LINKTYPE_SLL);
	for (int i = 0; i < 10; i++) {
		assert_true(record_writer_interface(&writer, &interface, &number, &error));
		assert_true(record_writer_packet(&writer, &packet, cooked, &error));
		assert_true(record_writer_comment(&writer, text, &error));
		writer.interfaces = 0;
	}
	record_writer_read(&writer);
	assert_int_equal(back.packet_count, 10);
	for (int i = 0; i < 10; i++)
		assert_int_equal(memcmp(back.packets[i].data, bodies, PACKET_MAX), 0);
}

/* No reader accepts more than PACKET_MAX bytes, also of headers that grow. */
static void largest_ethernet_packet_in_pcap_of_sll_is_cut(void **state)
{
	const struct record_source ethernet = {.linktype = ETHERNET};
	const struct packet packet = {.caplen = PACKET_MAX, .len = PACKET_MAX, .data = bodies};
	struct error error = {0};
	struct record_writer writer;

	(void)state;
	record_writer_open(&writer, false, LINKTYPE_SLL);
	for (int i = 0; i < 10; i++)
		assert_true(record_writer_packet(&writer, &packet, ethernet, &error));
	record_writer_read(&writer);
	assert_int_equal(back.packet_count, 10);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(back.packets[i].caplen, PACKET_MAX);
		assert_int_equal(back.packets[i].len, PACKET_MAX + 2);
		assert_memory_equal(back.packets[i].data + SLL_SIZE, bodies + ETHERNET_SIZE,
			PACKET_MAX - SLL_SIZE);
	}
}

/* A pipe whose reader stalls. */
struct stalled {
	struct record_writer writer;
	int far;
};

static void stall(struct stalled *stalled, bool pcapng)
{
	struct error error = {0};
	char name[32];
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fds[1]);
	stalled->far = fds[0];
	stalled->writer = (struct record_writer){
		.output = output_open(name, &error),
		.pcapng = pcapng,
		.linktype = LINKTYPE_SLL,
	};
	close(fds[1]);
	assert_non_null(stalled->writer.output);
	assert_true(record_writer_start(&stalled->writer, NULL, &error));
}

/* Lets the reader go on; all that was written comes to got. */
static size_t take_all(struct stalled *stalled)
{
	struct output *output = stalled->writer.output;
	struct error error = {0};
	size_t size = 0;
	ssize_t more;

	do {
		more = read(stalled->far, got + size, ROOM - size);
		size += more > 0 ? (size_t)more : 0;
		assert_true(output_flush(output, &error));
	} while (more > 0);
	assert_false(output_is_blocked(output));
	output_close(output, &error);
	close(stalled->far);
	return size;
}

static void check_refusals(struct stalled *stalled, const struct interface *interface)
{
	const struct statistics statistics = {.valid = STATISTICS_ALL};
	const struct packet packet = {.data = bodies};
	struct record_writer *writer = &stalled->writer;
	const uint32_t interfaces = writer->interfaces;
	struct error error = {0};
	uint32_t number = 77;

	for (int i = 0; i < 3; i++) {
		assert_false(record_writer_interface(writer, interface, &number, &error));
		assert_false(record_writer_packet(writer, &packet, cooked, &error));
		assert_false(record_writer_statistics(writer, &statistics, &error));
		assert_false(record_writer_comment(writer, "a remark", &error));
	}
	assert_true(output_is_blocked(writer->output));
	assert_int_equal(writer->interfaces, interfaces);
	assert_int_equal(number, 77);
	assert_int_equal(error.status, 0);
}

static void blocked_output_writes_nothing(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int pcapng = 0; pcapng < 2; pcapng++) {
		const struct interface interface = some_interface(&seed, LINKTYPE_SLL);
		struct packet packet = some_packet(&seed, 0);
		struct error error = {0};
		struct stalled stalled;
		size_t count = 0;
		uint32_t number;

		stall(&stalled, pcapng);
		assert_true(record_writer_interface(&stalled.writer, &interface, &number, &error));
		packet.caplen = LARGEST;
		while (record_writer_packet(&stalled.writer, &packet, cooked, &error))
			count++;
		check_refusals(&stalled, &interface);
		back_read(&back, got, take_all(&stalled));
		assert_int_equal(back.packet_count, count);
		assert_int_equal(back.interface_count, 1);
		assert_int_equal(back.statistics_count, 0);
		assert_int_equal(back.block_count, pcapng ? 2 + count : 0);
	}
}

static void failure_sets_the_error_once(void **state)
{
	struct error error = {0};
	struct error again = {0};
	const struct interface interface = {.name = "", .filter = ""};
	struct record_writer writer = {.output = output_open("/dev/full", &error), .pcapng = true};
	uint32_t number;

	(void)state;
	assert_false(record_writer_start(&writer, NULL, &error));
	assert_int_equal(error.status, 1);
	assert_false(record_writer_interface(&writer, &interface, &number, &again));
	assert_false(record_writer_comment(&writer, "a remark", &again));
	assert_int_equal(again.status, 0);
	output_close(writer.output, &again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcapng_round_trip),
		cmocka_unit_test(interface_is_written_before_its_packets),
		cmocka_unit_test(all_snaplens_are_the_maximum),
		cmocka_unit_test(watermarks_of_a_merge_are_read_back),
		cmocka_unit_test(pcapng_interfaces_keep_their_linktype),
		cmocka_unit_test(pcap_has_only_packets),
		cmocka_unit_test(comment_ends_a_pcapng),
		cmocka_unit_test(largest_packet_fits),
		cmocka_unit_test(largest_ethernet_packet_in_pcap_of_sll_is_cut),
		cmocka_unit_test(blocked_output_writes_nothing),
		cmocka_unit_test(failure_sets_the_error_once),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
