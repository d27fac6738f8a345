/* SPDX-License-Identifier: MIT */
/*
 * Counters from end to end: blocks of statistics as a target sends them, by
 * way of the reader, the table of interfaces and the file, into a pcapng that
 * is read back. What is written is what was counted, and nothing else.
 */
#include "client/capture_file.h"
#include "client/source_stream.h"
#include "client/sources.h"

#include "../lib/pcapng_blocks.h"
#include "offline.h"
#include "readback.h"

#include <fcntl.h>
#include <unistd.h>

enum { ROUNDS = 60, SECTIONS = 3, ALIKE = 3, STEPS = 40, ROOM = 1 << 20 };

/* A run without any network, of one target. */
struct run {
	struct options options;
	struct target target;
	struct source source;
	struct sources sources;
	struct offline offline;
	struct capture_file file;
	struct stream_reader *reader;
	struct blocks blocks; /* what it sends next */
};

static char path[] = "/tmp/ddump-test-XXXXXX";
static struct run run;
static struct back back;
static unsigned char got[ROOM];

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	run.blocks.bytes = malloc(BLOCKS_ROOM);
	assert_non_null(run.blocks.bytes);
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	free(run.blocks.bytes);
	return unlink(path);
}

/* A new connection of the target. */
static void run_connect(void)
{
	const struct transfer_events events = source_stream_events(&run.source);

	stream_reader_free(run.reader);
	run.reader = stream_reader_new(&events.stream);
	assert_non_null(run.reader);
	run.blocks.size = 0;
}

static void run_open(void)
{
	static char label[] = "web1";
	static char url[] = "http://web1/";
	const struct merge_limits limits = {.hold_ms = 1000, .queue_bytes = 1 << 20};
	const struct merge_sink sink = {
		.packet = capture_file_packet,
		.context = &run.file,
	};
	struct error error = {0};

	run = (struct run){
		.options = {.pcapng = true},
		.target = {.label = label, .url = url},
		.source = {.common = &run.sources.common,
			.target = &run.target,
			.state = SOURCE_RUNNING},
		.sources = {.list = &run.source, .count = 1},
		.file = {.options = &run.options,
			.interfaces = &run.offline.interfaces,
			.notices = &run.offline.notices,
			.writer = {.output = output_open(path, &error), .pcapng = true}},
		.blocks = {.bytes = run.blocks.bytes},
	};
	run.sources.common = offline_open(&run.offline, &run.options, 1, &limits, &sink);
	assert_non_null(run.file.writer.output);
	run.offline.interfaces.targets[0].label = label;
	run.offline.interfaces.targets[0].url = url;
	run_connect();
}

static void run_push(void)
{
	struct error error = {0};

	if (!stream_reader_push(run.reader, run.blocks.bytes, run.blocks.size, &error))
		fail_msg("%s", error.text);
	run.blocks.size = 0;
}

/* Writes the file, and reads it back. */
static void run_close(void)
{
	struct error error = {0};
	size_t size;
	FILE *in;

	capture_file_start(&run.file, 0);
	assert_true(capture_file_write_end(&run.file));
	assert_int_equal(run.file.state, CAPTURE_FILE_OPEN);
	assert_true(output_close(run.file.writer.output, &error));
	stream_reader_free(run.reader);
	offline_close(&run.offline, &run.sources.common);
	in = fopen(path, "rbe");
	assert_non_null(in);
	size = fread(got, 1, ROOM, in);
	fclose(in);
	back_read(&back, got, size);
}

static void put_section(void)
{
	run.blocks.big = !run.blocks.big;
	blocks_section(&run.blocks);
}

static void put_interface(const char *name)
{
	blocks_open_interface(&run.blocks, 1, 0);
	blocks_text(&run.blocks, 2, name);
	blocks_close(&run.blocks);
}

/* Counters of an interface, those that are told. */
static void put(uint32_t index, const struct statistics *statistics)
{
	struct blocks *blocks = &run.blocks;

	blocks_open_statistics(blocks, index, 1);
	if (statistics->valid & STATISTICS_INTERFACE_DROPPED)
		blocks_option_number(blocks, 5, statistics->interface_dropped, 8);
	if (statistics->valid & STATISTICS_RECEIVED)
		blocks_option_number(blocks, 6, statistics->received, 8);
	if (statistics->valid & STATISTICS_DROPPED)
		blocks_option_number(blocks, 7, statistics->dropped, 8);
	blocks_close(blocks);
}

static void put_received(uint32_t index, uint64_t received)
{
	const struct statistics statistics = {.valid = STATISTICS_RECEIVED, .received = received};

	put(index, &statistics);
}

/* What the file says of an interface: in one block, behind its beginning. */
static void check(uint32_t index, const struct statistics *expected)
{
	const struct statistics *out = &back.statistics[index];

	assert_int_equal(out->interface, index);
	assert_int_equal(out->valid, expected->valid);
	assert_int_equal(out->received, expected->received);
	assert_int_equal(out->dropped, expected->dropped);
	assert_int_equal(out->interface_dropped, expected->interface_dropped);
}

static void check_received(uint32_t index, uint64_t received)
{
	const struct statistics expected = {.valid = STATISTICS_RECEIVED, .received = received};

	check(index, &expected);
}

/* Two equal IDBs of a section are two interfaces. */
static void equal_interfaces_are_counted_apart(void **state)
{
	(void)state;
	run_open();
	put_section();
	put_interface("eth0");
	put_interface("eth0");
	/* neither falls, though each is below or above the other */
	put_received(0, 100);
	put_received(1, 10);
	put_received(0, 110);
	put_received(1, 20);
	put_received(1, 20);
	put_received(0, 150);
	run_push();
	run_close();
	assert_int_equal(back.interface_count, 2);
	assert_int_equal(back.statistics_count, 2);
	check_received(0, 150);
	check_received(1, 20);
}

static void unknown_counters_are_not_written(void **state)
{
	const struct statistics first = {
		.valid = STATISTICS_INTERFACE_DROPPED, .interface_dropped = 7};
	const struct statistics second = {.valid = STATISTICS_DROPPED, .dropped = 0};
	const struct statistics none = {.valid = 0};

	(void)state;
	run_open();
	put_section();
	put_interface("eth0");
	put_interface("eth1");
	put_interface("eth2");
	put(0, &first);
	put(0, &none);
	put(1, &second);
	put(2, &none);
	run_push();
	run_close();
	assert_int_equal(back.statistics_count, 2);
	check(0, &first);
	/* that there were none is told, too */
	check(1, &second);
}

/* What comes bit by bit is told together. */
static void counters_of_one_block_are_written_together(void **state)
{
	const struct statistics parts[] = {
		{.valid = STATISTICS_DROPPED, .dropped = 3},
		{.valid = STATISTICS_INTERFACE_DROPPED, .interface_dropped = 5},
		{.valid = STATISTICS_DROPPED, .dropped = 4},
	};
	const struct statistics expected = {
		.valid = STATISTICS_DROPPED | STATISTICS_INTERFACE_DROPPED,
		.dropped = 4,
		.interface_dropped = 5};

	(void)state;
	run_open();
	put_section();
	put_interface("eth0");
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		put(0, &parts[i]);
	run_push();
	run_close();
	assert_int_equal(back.statistics_count, 1);
	check(0, &expected);
}

static void falling_counter_restarts_at_0(void **state)
{
	(void)state;
	run_open();
	put_section();
	put_interface("eth0");
	put_received(0, 100);
	put_received(0, 30);
	put_received(0, 35);
	put_received(0, 0);
	put_received(0, 2);
	run_push();
	run_close();
	check_received(0, 137);
}

/* However they compare with those of before: 100 is not 0 more than 100. */
static void new_section_counts_from_0(void **state)
{
	(void)state;
	run_open();
	put_section();
	put_interface("eth0");
	put_received(0, 100);
	put_section();
	put_interface("lo");
	put_interface("eth0");
	put_received(1, 100);
	put_received(1, 200);
	run_push();
	run_connect();
	put_section();
	put_interface("eth0");
	put_received(0, 300);
	run_push();
	run_close();
	assert_int_equal(back.interface_count, 1);
	assert_int_equal(back.statistics_count, 1);
	check_received(0, 600);
}

/* A worker's last word is of its own stream, not of the file. */
static void end_of_a_stream_is_not_the_end_of_the_file(void **state)
{
	struct error error = {0};

	(void)state;
	run_open();
	blocks_open_section(&run.blocks, 1, 0, UINT64_MAX);
	blocks_text(&run.blocks, PCAPNG_APPLICATION, "ddump-worker 0.2.0");
	blocks_close(&run.blocks);
	put_interface("any");
	put_received(0, 100);
	run_push();
	assert_false(stream_reader_end(run.reader, &error));
	blocks_open_statistics(&run.blocks, 0, 2);
	blocks_option_number(&run.blocks, PCAPNG_ENDTIME, 2, 8);
	blocks_option_number(&run.blocks, PCAPNG_FILTERACCEPT, 120, 8);
	blocks_close(&run.blocks);
	run_push();
	assert_true(stream_reader_end(run.reader, &error));
	run_close();
	assert_int_equal(back.statistics_count, 1);
	check_received(0, 120);
	for (size_t i = 0; i < back.block_count; i++) {
		uint16_t first;

		if (back_u32(back.blocks[i]) != PCAPNG_STATISTICS)
			continue;
		memcpy(&first, back.blocks[i] + STATISTICS_OPTIONS, sizeof(first));
		assert_int_equal(first, PCAPNG_FILTERACCEPT);
	}
}

/* What has been counted, by the test itself. */
struct model {
	/* of eth0 and eth1, and of those that are like them */
	struct statistics sums[2 * ALIKE];
	struct statistics now[2 * ALIKE];
};

static void grow(struct seed *seed, uint64_t *now, uint64_t *sum)
{
	const uint64_t more = seed_below(seed, 1000);

	if (*now > 0 && seed_below(seed, 10) == 0) {
		*now = seed_below(seed, *now);
		*sum += *now;
		return;
	}
	*now += more;
	*sum += more;
}

static void put_some(struct seed *seed, struct model *model)
{
	const uint32_t index = (uint32_t)seed_below(seed, 2 * ALIKE);
	struct statistics *now = &model->now[index];
	struct statistics *sum = &model->sums[index];

	/* eth1 tells of its drops alone */
	now->valid = (unsigned)seed_below(seed, STATISTICS_ALL + 1);
	if (index % 2)
		now->valid &= ~(unsigned)STATISTICS_RECEIVED;
	sum->valid |= now->valid;
	if (now->valid & STATISTICS_RECEIVED)
		grow(seed, &now->received, &sum->received);
	if (now->valid & STATISTICS_DROPPED)
		grow(seed, &now->dropped, &sum->dropped);
	if (now->valid & STATISTICS_INTERFACE_DROPPED)
		grow(seed, &now->interface_dropped, &sum->interface_dropped);
	put(index, now);
}

static void random_counters_have_true_sums(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct model model = {0};
		size_t count = 0;

		run_open();
		for (size_t j = 1 + seed_below(&seed, SECTIONS); j > 0; j--) {
			memset(model.now, 0, sizeof(model.now));
			if (seed_below(&seed, 2))
				run_connect();
			put_section();
			for (int k = 0; k < 2 * ALIKE; k++)
				put_interface(k % 2 ? "eth1" : "eth0");
			for (size_t k = seed_below(&seed, STEPS); k > 0; k--)
				put_some(&seed, &model);
			run_push();
		}
		run_close();
		for (size_t j = 0; j < 2 * ALIKE; j++) {
			if (!model.sums[j].valid)
				continue;
			check((uint32_t)count++, &model.sums[j]);
		}
		assert_int_equal(back.statistics_count, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_interfaces_are_counted_apart),
		cmocka_unit_test(unknown_counters_are_not_written),
		cmocka_unit_test(counters_of_one_block_are_written_together),
		cmocka_unit_test(falling_counter_restarts_at_0),
		cmocka_unit_test(new_section_counts_from_0),
		cmocka_unit_test(end_of_a_stream_is_not_the_end_of_the_file),
		cmocka_unit_test(random_counters_have_true_sums),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
