/* SPDX-License-Identifier: MIT */
/*
 * Drops: the advice in a warning fits what a target is, and why it had to wait.
 * Blocks and notes: what becomes of them before the start, and in pcap.
 */
#include "client/source_stream.h"
#include "client/sources.h"

#include "format/pcapng_write.h"
#include "format/stream_reader.h"

#include "../lib/pcapng_blocks.h"
#include "offline.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 4096 };

/* A run without any network, of one target whose queue holds one packet. */
static struct run {
	struct options options;
	struct target target;
	struct source source;
	struct sources sources;
	struct offline offline;
	struct transfer_events events;
	uint32_t interface; /* its number */
} run;

/* The options of the last packet that left the merge. */
static struct {
	unsigned char bytes[SIZE];
	uint32_t size;
} left;

static bool take(void *context, unsigned target, const struct packet *packet)
{
	(void)context;
	(void)target;
	assert_true(packet->options_size <= SIZE);
	left.size = packet->options_size;
	memcpy(left.bytes, packet_options(packet), left.size);
	return true;
}

static void run_open(void)
{
	static char label[] = "web1";
	const struct merge_limits limits = {.hold_ms = 1000, .queue_bytes = 1};
	const struct merge_sink sink = {.packet = take};
	const struct interface interface = {.linktype = 113, .name = "any", .filter = ""};
	struct error error = {0};

	run = (struct run){
		.target = {.label = label},
		.source = {.common = &run.sources.common,
			.target = &run.target,
			.state = SOURCE_RUNNING},
		.sources = {.list = &run.source, .count = 1},
	};
	run.sources.common = offline_open(&run.offline, &run.options, 1, &limits, &sink);
	run.sources.common.now_ms = 1000000;
	run.events = source_stream_events(&run.source);
	assert_true(run.events.stream.interface(&run.source, &interface, &run.interface, &error));
}

static void run_close(void)
{
	offline_close(&run.offline, &run.sources.common);
}

/* Its queue is full; whether the output is blocked is up to the session. */
static void fill(bool is_blocked)
{
	static const unsigned char data[64];
	const struct packet packet = {.time = 1, .caplen = 64, .len = 64, .data = data};
	struct error error = {0};

	assert_true(run.events.stream.packet(&run.source, &packet, &error));
	run.sources.common.output_blocked = is_blocked;
	assert_false(run.events.can_accept(&run.source));
	run.sources.common.output_blocked = false;
}

/* Tells of drops, and returns what is said of them. */
static const char *said_of_drops(bool is_watermark)
{
	static char said[SIZE];
	const struct statistics statistics = {
		.time = 2,
		.interface = run.interface,
		.is_watermark = is_watermark,
		.valid = STATISTICS_DROPPED,
		.dropped = 7,
	};
	struct error error = {0};
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	size_t size;

	assert_non_null(file);
	assert_true(before >= 0);
	dup2(fileno(file), STDERR_FILENO);
	assert_true(run.events.stream.statistics(&run.source, &statistics, &error));
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	size = fread(said, 1, SIZE - 1, file);
	said[size] = '\0';
	fclose(file);
	assert_non_null(strstr(said, "web1: "));
	assert_non_null(strstr(said, " packets dropped on that host, "));
	return said;
}

static bool has(const char *said, const char *words)
{
	return strstr(said, words) != NULL;
}

static void drops_of_a_file_no_advice_on_workers(void **state)
{
	const char *said;

	(void)state;
	run_open();
	fill(true);
	said = said_of_drops(false);
	assert_true(has(said, "according to the stream's own counters"));
	assert_false(has(said, "worker"));
	assert_false(has(said, "-w"));
	run_close();
}

static void drops_of_a_worker_never_paused(void **state)
{
	const char *said;

	(void)state;
	run_open();
	said = said_of_drops(true);
	assert_true(has(said, "faster than the worker"));
	assert_false(has(said, "-w FILE"));
	run_close();
}

static void drops_of_a_worker_paused_by_the_output(void **state)
{
	(void)state;
	run_open();
	fill(true);
	assert_true(has(said_of_drops(true), "try -w FILE"));
	run_close();
}

/* As it may be where the output is a file, which never blocks. */
static void drops_of_a_worker_paused_by_others(void **state)
{
	const char *said;

	(void)state;
	run_open();
	fill(false);
	said = said_of_drops(true);
	assert_true(has(said, "waited for other targets"));
	assert_false(has(said, "-w FILE"));
	run_close();
}

static void drop_reason_is_forgotten_after_the_warning(void **state)
{
	(void)state;
	run_open();
	fill(true);
	assert_true(has(said_of_drops(true), "-w FILE"));
	run.sources.common.now_ms += 3600000;
	assert_true(has(said_of_drops(true), "faster than the worker"));
	run_close();
}

/* A block of secrets, without any. */
static bool give_block(void)
{
	static const uint32_t block[] = {PCAPNG_SECRETS, 20, 0, 0, 20};
	struct error error = {0};

	return run.events.stream.block(
		&run.source, (const unsigned char *)block, sizeof(block), &error);
}

static void blocks_before_the_begin_are_bounded(void **state)
{
	(void)state;
	run_open();
	run.options.pcapng = true;
	run.source.state = SOURCE_CONNECTING;
	assert_true(give_block());
	assert_int_equal(run.source.omissions.losses, 0);
	assert_true(merge_is_full(run.sources.common.merge, 0));
	/* it must not wait for what can't leave */
	assert_true(run.events.can_accept(&run.source));
	assert_true(give_block());
	assert_int_equal(run.source.omissions.losses, LOSS_LONG);
	run.source.state = SOURCE_RUNNING;
	assert_false(run.events.can_accept(&run.source));
	run_close();
}

static void losses_in_pcap_are_recorded(void **state)
{
	static const unsigned char data[16];
	const struct packet packet = {.caplen = 8, .len = 8, .options_size = 8, .data = data};

	(void)state;
	run_open();
	assert_true(give_block());
	assert_false(merge_is_full(run.sources.common.merge, 0));
	assert_int_equal(run.source.omissions.losses, LOSS_SECRETS);
	run.events.stream.note(&run.source, "comment", "x");
	assert_null(notices_of_target(&run.offline.notices, 0));
	assert_true(run.events.stream.packet(&run.source, &packet, &(struct error){0}));
	run.events.stream.lose(&run.source, LOSS_BLOCKS);
	assert_int_equal(run.source.omissions.losses,
		LOSS_SECRETS | LOSS_SECTION | LOSS_PACKET | LOSS_BLOCKS);
	run_close();
}

static void repeated_section_note_is_kept_once(void **state)
{
	static char text[5000];

	(void)state;
	run_open();
	run.options.pcapng = true;
	for (int i = 0; i < 2; i++) {
		run.events.stream.note(&run.source, "comment", "some words");
		run.events.stream.note(&run.source, "comment", "some");
		run.events.stream.note(&run.source, "hardware", "x86");
	}
	assert_string_equal(notices_of_target(&run.offline.notices, 0),
		"web1: comment: some words\nweb1: comment: some\n"
		"web1: hardware: x86");
	for (char c = 'a'; c <= 'z'; c++) {
		memset(text, c, sizeof(text) - 1);
		run.events.stream.note(&run.source, "comment", text);
	}
	assert_true(strlen(notices_of_target(&run.offline.notices, 0)) < PCAPNG_TEXT_MAX);
	assert_non_null(strstr(notices_of_target(&run.offline.notices, 0), "and 23 more"));
	run_close();
}

static void send_and_drain(const struct packet *packet)
{
	struct error error = {0};

	assert_true(run.events.stream.packet(&run.source, packet, &error));
	assert_true(merge_drain(run.sources.common.merge, 0));
}

/* An option with a value of 8 bytes, in this machine's byte order. */
struct option {
	uint16_t code;
	uint16_t size;
	char value[8];
};

static void outage_comment_goes_with_the_next_packet(void **state)
{
	static const struct option comment = {PCAPNG_COMMENT, 5, "12345"};
	static const struct {
		unsigned char data[8]; /* 6, padded */
		struct option flags;
	} bytes = {{0}, {2, 8, "abcdefg"}};
	const struct packet packet = {.time = 1,
		.caplen = 6,
		.len = 6,
		.options_size = sizeof(bytes.flags),
		.data = bytes.data};

	(void)state;
	run_open();
	run.options.pcapng = true;
	strcpy(run.source.outage_text, "12345");
	send_and_drain(&packet);
	assert_int_equal(left.size, sizeof(comment) + sizeof(bytes.flags));
	assert_memory_equal(left.bytes, &comment, sizeof(comment));
	assert_memory_equal(left.bytes + sizeof(comment), &bytes.flags, sizeof(bytes.flags));
	send_and_drain(&packet);
	assert_int_equal(left.size, sizeof(bytes.flags));
	run_close();
}

static void outage_comment_is_not_for_pcap(void **state)
{
	static const unsigned char data[4];
	const struct packet packet = {.time = 1, .caplen = 4, .len = 4, .data = data};

	(void)state;
	run_open();
	strcpy(run.source.outage_text, "12345");
	send_and_drain(&packet);
	assert_int_equal(left.size, 0);
	assert_int_equal(run.source.omissions.losses, 0);
	run_close();
}

/* Parses a section with names, which a worker or another program sends. */
static void send_names(const char *application)
{
	struct blocks blocks = {.bytes = malloc(BLOCKS_ROOM), .big = true};
	struct stream_reader *reader = stream_reader_new(&run.events.stream);
	struct error error = {0};

	assert_non_null(blocks.bytes);
	assert_non_null(reader);
	blocks_open_section(&blocks, 1, 0, UINT64_MAX);
	blocks_text(&blocks, PCAPNG_APPLICATION, application);
	blocks_close(&blocks);
	blocks_open_interface(&blocks, 113, 0);
	blocks_close(&blocks);
	blocks_open(&blocks, BLOCKS_NAMES);
	blocks_option(&blocks, 1,
		"\x0a\x00\x00\x05"
		"bank.example",
		16);
	blocks_option(&blocks, 1,
		"\x7f\x00\x00\x01"
		"bank.example",
		16);
	blocks_end_options(&blocks);
	blocks_close(&blocks);
	assert_true(stream_reader_push(reader, blocks.bytes, blocks.size, &error));
	stream_reader_free(reader);
	free(blocks.bytes);
}

/* Whatever a worker sends: an address has the label that the user sees, or no name. */
static void names_from_a_worker_become_its_label(void **state)
{
	static const char expected[] = "\x0a\x00\x00\x05web1";
	unsigned char block[1024];
	struct host_names names;

	(void)state;
	run_open();
	run.options.pcapng = true;
	run.offline.interfaces.targets[0].label = run.target.label;
	assert_true(host_names_init(&names, &run.offline.interfaces, &run.offline.notices));
	run.sources.common.names = &names;
	send_names("ddump-worker 0.2.0");
	assert_int_equal(names.count, 1);
	assert_true(host_names_write(&names, block, sizeof(block)) > 0);
	assert_memory_equal(block + 12, expected, sizeof(expected));
	host_names_cleanup(&names);
	run_close();
}

static void names_are_not_for_pcap_nor_with_no_names(void **state)
{
	(void)state;
	run_open();
	send_names("ddump-worker 0.2.0");
	assert_int_equal(run.source.omissions.losses, 0);
	run_close();
	run_open();
	run.options.pcapng = true;
	run.options.no_names = true;
	send_names("ddump-worker 0.2.0");
	send_names("another program");
	assert_int_equal(run.source.omissions.losses, 0);
	run_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outage_comment_goes_with_the_next_packet),
		cmocka_unit_test(outage_comment_is_not_for_pcap),
		cmocka_unit_test(names_from_a_worker_become_its_label),
		cmocka_unit_test(names_are_not_for_pcap_nor_with_no_names),
		cmocka_unit_test(blocks_before_the_begin_are_bounded),
		cmocka_unit_test(losses_in_pcap_are_recorded),
		cmocka_unit_test(repeated_section_note_is_kept_once),
		cmocka_unit_test(drops_of_a_file_no_advice_on_workers),
		cmocka_unit_test(drops_of_a_worker_never_paused),
		cmocka_unit_test(drops_of_a_worker_paused_by_the_output),
		cmocka_unit_test(drops_of_a_worker_paused_by_others),
		cmocka_unit_test(drop_reason_is_forgotten_after_the_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
