/* SPDX-License-Identifier: MIT */
/*
 * What a reader of pcapng hands on besides packets: it reaches the sink, from
 * either byte order alike, and what does not is told.
 */
#include "format/pcapng_write.h"
#include "format/stream_reader.h"

#include "../lib/pcapng_samples.h"
#include "unit.h"

enum { SEEN_MAX = 4096, LARGEST = 1 << 20 };

/* What came, as text: one letter and its size for each thing. */
struct seen {
	char text[SEEN_MAX];
	struct statistics last;
	unsigned losses;
};

static void see(struct seen *seen, const char *what, size_t size)
{
	const size_t used = strlen(seen->text);

	snprintf(seen->text + used, SEEN_MAX - used, "%s%zu ", what, size);
}

static bool see_interface(
	void *context, const struct interface *one, uint32_t *ret_number, struct error *error)
{
	(void)error;
	*ret_number = 0;
	see(context, "i", one->options_size);
	return true;
}

static bool see_packet(void *context, const struct packet *one, struct error *error)
{
	(void)error;
	assert_memory_equal(one->data, blocks_arp, one->caplen);
	see(context, "p", one->options_size);
	return true;
}

static bool see_statistics(void *context, const struct statistics *one, struct error *error)
{
	struct seen *seen = context;

	(void)error;
	seen->last = *one;
	return true;
}

static bool see_block(void *context, const unsigned char *bytes, size_t size, struct error *error)
{
	uint32_t type;

	(void)error;
	memcpy(&type, bytes, sizeof(type));
	see(context, type == PCAPNG_SECRETS ? "s" : "b", size);
	return true;
}

static void see_note(void *context, const char *what, const char *text)
{
	struct seen *seen = context;
	const size_t used = strlen(seen->text);

	snprintf(seen->text + used, SEEN_MAX - used, "%s=%s ", what, text);
}

static void see_losses(void *context, unsigned losses)
{
	struct seen *seen = context;

	assert_int_not_equal(losses, 0);
	seen->losses |= losses;
}

static struct seen *read_all(void (*put)(struct blocks *blocks), bool big)
{
	static struct seen seen;
	struct blocks blocks = {.bytes = malloc(BLOCKS_ROOM), .big = big};
	const struct stream_handler sink = {
		.interface = see_interface,
		.packet = see_packet,
		.statistics = see_statistics,
		.block = see_block,
		.note = see_note,
		.lose = see_losses,
		.context = &seen,
	};
	struct stream_reader *reader = stream_reader_new(&sink);
	struct error error = {0};

	assert_non_null(blocks.bytes);
	assert_non_null(reader);
	put(&blocks);
	seen = (struct seen){0};
	assert_true(stream_reader_push(reader, blocks.bytes, blocks.size, &error));
	assert_true(stream_reader_end(reader, &error));
	assert_int_equal(error.status, 0);
	stream_reader_free(reader);
	free(blocks.bytes);
	return &seen;
}

static void put_large(struct blocks *blocks)
{
	sample_start(blocks);
	for (uint32_t size = LARGEST - 20; size <= LARGEST - 16; size += 4) {
		blocks_open(blocks, BLOCKS_SECRETS);
		blocks_u32(blocks, 1);
		blocks_u32(blocks, size);
		memset(blocks->bytes + blocks->size, 0, size);
		blocks->size += size;
		blocks_close(blocks);
	}
	sample_packet(blocks, 0, 1);
}

static void put_damaged(struct blocks *blocks)
{
	sample_start(blocks);
	blocks_open(blocks, BLOCKS_SECRETS);
	blocks_u32(blocks, 1);
	blocks_u32(blocks, UINT32_MAX);
	blocks_close(blocks);
	sample_packet(blocks, 0, 1);
}

/* Counters that only pass through, and times, of wrong sizes */
static void put_damaged_statistics(struct blocks *blocks)
{
	sample_start(blocks);
	blocks_open_statistics(blocks, 0, sample_time * MICRO);
	for (uint16_t code = 2; code <= 8; code += code == 4 ? 4 : 1)
		blocks_option_number(blocks, code, 1, 4);
	blocks_close(blocks);
	sample_packet(blocks, 0, 1);
}

static void put_worker(struct blocks *blocks)
{
	sample_watermarks(blocks);
}

static void section_all_parts_reach_the_handler(void **state)
{
	static const struct {
		void (*put)(struct blocks *blocks);
		const char *text;
		unsigned losses;
	} all[] = {
		{sample_names, "i0 b224 p0 p0 ", LOSS_OPTIONS | LOSS_CUSTOM},
		{sample_journal, "i0 p0 b64 p0 ", 0},
		{sample_custom_blocks, "b208 i0 p0 i0 p0 ", LOSS_CUSTOM},
		{sample_unknown_blocks, NULL, LOSS_BLOCKS},
		{sample_old_packets, "i0 i0 p12 p100 ", LOSS_OPTIONS | LOSS_CUSTOM},
		{sample_empty_texts, "i0 p0 ", 0},
		{sample_section_options,
			"hardware=a machine system=an operating system "
			"application=an application comment=a comment "
			"comment=and another\r\nof two lines \xc3\xa9 i0 p0 ",
			LOSS_OPTIONS | LOSS_CUSTOM},
		{put_large, "i0 s1048576 p0 ", LOSS_LONG},
		{put_damaged, "i0 p0 ", LOSS_DAMAGED},
		{put_damaged_statistics, "i0 p0 ", LOSS_DAMAGED},
		/* a worker's own words are for us */
		{put_worker, "i0 i0 p0 p0 ", 0},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(all) / sizeof(*all); i++) {
		const struct seen *seen = read_all(all[i / 2].put, i % 2);

		if (all[i / 2].text)
			assert_string_equal(seen->text, all[i / 2].text);
		assert_int_equal(seen->losses, all[i / 2].losses);
	}
}

static void section_all_counters_are_reported(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		const struct seen *seen = read_all(sample_statistics, big);
		const struct statistics *last = &seen->last;

		assert_int_equal(last->valid, STATISTICS_ALL | STATISTICS_INTERFACE_RECEIVED |
						      STATISTICS_DELIVERED | STATISTICS_START |
						      STATISTICS_END);
		assert_int_equal(last->start, sample_time * 1000000000);
		assert_int_equal(last->end, sample_time * 1000000000 + 4000);
		assert_int_equal(last->interface_received, UINT64_C(0x400000009));
		assert_int_equal(last->delivered, UINT64_C(0x800000009));
		assert_non_null(strstr(seen->text, "counters=a comment "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_all_parts_reach_the_handler),
		cmocka_unit_test(section_all_counters_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
