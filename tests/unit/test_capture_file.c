/* SPDX-License-Identifier: MIT */
/*
 * What a capture file says besides packets, and where: what is known at its start in its
 * first block, because some readers show no other comment; later reports on the next
 * packet, whichever target sent it; counters during the capture.
 */
#include "client/capture_file.h"

#include "format/pcapng_nrb.h"

#include "readback.h"

#include <stdlib.h>
#include <unistd.h>

enum { TARGETS = 3, SPACE = 1 << 20, COMMENT_SIZE = 1024 };

static char path[] = "/tmp/ddump-test-XXXXXX";
static struct options options;
static struct interface_table interfaces;
static struct notices notices;
static struct capture_file file;
static struct back back;
static unsigned char got[SPACE];
static uint32_t numbers[TARGETS];

static int make_file(void **state)
{
	const int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

/* A file that has not started, of three targets with an interface each. */
static void open_file(void)
{
	static const char *const labels[TARGETS] = {"web1", "web2", "db1"};
	const struct interface eth0 = {.linktype = 101, .name = "eth0", .filter = "", .nano = true};
	struct error error = {0};

	options = (struct options){.pcapng = true};
	assert_true(interface_table_init(&interfaces, TARGETS));
	assert_true(notices_init(&notices, TARGETS));
	for (unsigned i = 0; i < TARGETS; i++) {
		interfaces.targets[i].label = labels[i];
		interfaces.targets[i].url = "http://host/capture";
		assert_true(interface_table_find(&interfaces, i, &eth0, &numbers[i], &error));
	}
	file = (struct capture_file){
		.options = &options,
		.interfaces = &interfaces,
		.notices = &notices,
		.writer = {.output = output_open(path, &error), .pcapng = true},
	};
	assert_non_null(file.writer.output);
}

/* Writes the end, and reads the file back. */
static void close_file(void)
{
	struct error error = {0};
	FILE *in;

	notices.place = NOTICES_AT_END;
	assert_true(capture_file_write_end(&file));
	assert_int_equal(file.state, CAPTURE_FILE_OPEN);
	assert_true(output_close(file.writer.output, &error));
	in = fopen(path, "rbe");
	assert_non_null(in);
	back_read(&back, got, fread(got, 1, SPACE, in));
	fclose(in);
	interface_table_cleanup(&interfaces);
	notices_cleanup(&notices);
	capture_file_cleanup(&file);
}

static void write_packet(unsigned target)
{
	static const unsigned char bytes[4] = {0x45};
	const struct packet packet = {
		.caplen = 4, .len = 4, .interface = numbers[target], .data = bytes};

	assert_true(capture_file_packet(&file, target, &packet));
}

/* Returns the comments of a packet, one after the other; "": none. */
static const char *comments_of(size_t number)
{
	static char text[COMMENT_SIZE];
	const struct packet *packet = &back.packets[number];
	const unsigned char *option = packet_options(packet);
	const unsigned char *end = option + packet->options_size;
	size_t used = 0;
	uint16_t head[2];

	text[0] = '\0';
	for (; option < end; option += 4 + bytes_padded(head[1])) {
		memcpy(head, option, sizeof(head));
		if (head[0] != PCAPNG_COMMENT)
			continue;
		assert_true(used + head[1] + 2 < sizeof(text));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s",
			used > 0 ? "|" : "", head[1], (const char *)option + 4);
	}
	return text;
}

/* Returns the comment of a section, from its first block on. */
static const char *comment_of_section(const unsigned char *block)
{
	static char text[COMMENT_SIZE];
	const unsigned char *option = block + SECTION_OPTIONS;
	uint16_t head[2];

	text[0] = '\0';
	memcpy(head, option, sizeof(head));
	if (head[0] == PCAPNG_COMMENT)
		snprintf(text, sizeof(text), "%.*s", head[1], (const char *)option + 4);
	return text;
}

static void what_is_known_at_the_start_is_in_the_first_section(void **state)
{
	(void)state;
	open_file();
	interface_table_set_trouble(&interfaces, 2, "refused");
	strcpy(interfaces.targets[0].clock, "clock 1 s ahead of this one");
	notices_warn(&notices, "old: promiscuous mode is off");
	capture_file_start(&file, 0);
	write_packet(0);
	close_file();
	assert_string_equal(comment_of_section(back.blocks[0]),
		"old: promiscuous mode is off\n"
		"db1: refused\n"
		"web1: clock 1 s ahead of this one");
	assert_string_equal(comments_of(0), "");
	/* nothing more happened, so nothing follows the packets */
	assert_int_equal(back_u32(back.blocks[back.block_count - 1]), PCAPNG_PACKET);
}

static void header_without_news_has_no_comment(void **state)
{
	(void)state;
	open_file();
	capture_file_start(&file, 0);
	close_file();
	assert_string_equal(comment_of_section(back.blocks[0]), "");
}

static void report_is_on_the_next_packet_of_any_target(void **state)
{
	(void)state;
	open_file();
	capture_file_start(&file, 0);
	write_packet(0);
	notices_add(&notices, 1, false, "web2: no packets since 12:00");
	notices_warn_now(&notices, 2, "db1: 5 packets dropped");
	write_packet(0);
	write_packet(1);
	notices_warn(&notices, "web1: clock was set");
	write_packet(2);
	notices_warn(&notices, "web1: the last word");
	close_file();
	assert_int_equal(back.packet_count, 4);
	assert_string_equal(comments_of(0), "");
	assert_string_equal(comments_of(1), "web2: no packets since 12:00\ndb1: 5 packets dropped");
	assert_string_equal(comments_of(2), "");
	assert_string_equal(comments_of(3), "web1: clock was set");
	/* the end has what may have no packet after it */
	assert_string_equal(comment_of_section(back.blocks[back.block_count - 1]),
		"web1: clock was set\nweb1: the last word");
}

static void report_is_before_the_options_of_a_packet(void **state)
{
	static const struct {
		unsigned char data[4];
		uint16_t head[2];
		char comment[4];
	} bytes = {{0x45}, {PCAPNG_COMMENT, 4}, "own"};
	const struct packet packet = {
		.caplen = 4, .len = 4, .interface = 0, .data = bytes.data, .options_size = 8};

	(void)state;
	open_file();
	capture_file_start(&file, 0);
	notices_warn(&notices, "a warning");
	assert_true(capture_file_packet(&file, 0, &packet));
	assert_true(capture_file_packet(&file, 0, &packet));
	close_file();
	assert_string_equal(comments_of(0), "a warning|own");
	assert_string_equal(comments_of(1), "own");
}

static const unsigned char *put_name(unsigned char *out, size_t *ret_size)
{
	static const struct host_address address = {.size = 4, .bytes = {192, 0, 2, 1}};
	struct pcapng_nrb block = pcapng_nrb_begin(out);

	pcapng_nrb_add(&block, &address, "a-name");
	*ret_size = pcapng_nrb_end(&block, NULL);
	return out;
}

/* editcap and mergecap reject a file in which such a block comes first. */
static void names_and_blocks_follow_an_interface(void **state)
{
	static const struct host_address address = {.size = 4, .bytes = {10, 0, 0, 1}};
	unsigned char bytes[PCAPNG_NRB_RECORD_MAX * 2];
	struct host_names names;
	size_t size;

	(void)state;
	open_file();
	assert_true(host_names_init(&names, &interfaces, &notices));
	file.blocks.names = &names;
	capture_file_start(&file, 0);
	host_names_add(&names, 1, &address);
	put_name(bytes, &size);
	assert_true(capture_file_block(&file, 2, bytes, size));
	write_packet(0);
	close_file();
	host_names_cleanup(&names);
	assert_int_equal(back_u32(back.blocks[0]), PCAPNG_SECTION);
	assert_int_equal(back_u32(back.blocks[1]), PCAPNG_INTERFACE);
	assert_int_equal(back_u32(back.blocks[2]), PCAPNG_NAMES);
	assert_string_equal((const char *)back.blocks[2] + 16, "web2");
	assert_int_equal(back_u32(back.blocks[3]), PCAPNG_NAMES);
	assert_memory_equal(back.blocks[3], bytes, size);
	assert_int_equal(back_u32(back.blocks[4]), PCAPNG_INTERFACE);
	assert_int_equal(back_u32(back.blocks[5]), PCAPNG_PACKET);
}

static void names_without_an_interface_are_not_written(void **state)
{
	static const struct host_address address = {.size = 4, .bytes = {10, 0, 0, 1}};
	struct host_names names;

	(void)state;
	open_file();
	assert_true(host_names_init(&names, &interfaces, &notices));
	file.blocks.names = &names;
	capture_file_start(&file, 0);
	host_names_add(&names, 1, &address);
	close_file();
	host_names_cleanup(&names);
	assert_int_equal(back.block_count, 1);
}

static void count(uint64_t received, uint64_t dropped)
{
	const struct statistics more = {.interface = numbers[0],
		.valid = STATISTICS_RECEIVED | STATISTICS_DROPPED,
		.received = received,
		.dropped = dropped};

	interface_table_add_counts(&interfaces, &more);
	capture_file_write_counters(&file);
}

/* Readers that end early, or that lose the end of a file, have the last ones before that. */
static void counters_are_written_during_the_capture(void **state)
{
	struct interface_entry *entry;

	(void)state;
	open_file();
	capture_file_start(&file, 0);
	entry = interfaces.list[numbers[0]];
	count(10, 0); /* not at once */
	assert_int_equal(entry->counts_written, 0);
	entry->counts_due_ms = 1; /* the time has passed */
	count(10, 0);
	assert_int_equal(entry->counts_written, 20);
	count(10, 0); /* not again so soon */
	count(10, 1); /* but drops */
	write_packet(0);
	entry->counts_due_ms = 1;
	count(0, 0); /* nothing is new */
	close_file();
	assert_int_equal(back.statistics_count, 3);
	/* read back are the differences */
	assert_int_equal(back.statistics[0].received, 20);
	assert_int_equal(back.statistics[1].received, 20);
	assert_int_equal(back.statistics[1].dropped, 1);
	assert_int_equal(back.statistics[2].received, 0);
	assert_int_equal(back.statistics[2].valid, STATISTICS_RECEIVED | STATISTICS_DROPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_at_the_start_is_in_the_first_section),
		cmocka_unit_test(header_without_news_has_no_comment),
		cmocka_unit_test(report_is_on_the_next_packet_of_any_target),
		cmocka_unit_test(report_is_before_the_options_of_a_packet),
		cmocka_unit_test(names_and_blocks_follow_an_interface),
		cmocka_unit_test(names_without_an_interface_are_not_written),
		cmocka_unit_test(counters_are_written_during_the_capture),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
