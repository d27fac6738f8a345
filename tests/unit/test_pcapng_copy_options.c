/* SPDX-License-Identifier: MIT */
/*
 * What is handed on of a pcapng: of either byte order it comes out as if it had
 * been written here, and whatever is wrong with it, what comes out is sound.
 */
#include "format/pcapng_copy_block.h"

#include "../lib/pcapng_blocks.h"
#include "format/bytes.h"
#include "format/packet.h"
#include "format/pcapng_write.h"
#include "format/stream_handler.h"
#include "unit.h"

enum {
	PEN = 32473, /* for examples, RFC 5612 */
	ROUNDS = 20000,
	OPTIONS_AT = PCAPNG_PACKET_HEAD, /* of a packet without bytes */
	HERE_IS_BIG = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
};

typedef void builder(struct blocks *blocks);

static void put_custom_options(struct blocks *blocks)
{
	for (uint16_t code = 2988; code <= 2989; code++) {
		blocks_u16(blocks, code);
		blocks_u16(blocks, 4 + 7);
		blocks_u32(blocks, PEN);
		blocks_padded(blocks, "example", 7);
	}
}

static void put_packet_options(struct blocks *blocks)
{
	blocks_text(blocks, 1, "a comment");
	blocks_text(blocks, 1, "of two\r\nlines\tand \xc3\xa9");
	blocks_option_number(blocks, 2, 0x81000025, 4);
	blocks_option(blocks, 3, "\2\xec\x1d\x87\x97", 5);
	blocks_option_number(blocks, 4, 0x0102030405060708, 8);
	blocks_option_number(blocks, 5, UINT64_C(1) << 40, 8);
	blocks_option_number(blocks, 6, 3, 4);
	for (unsigned char kind = 1; kind <= 2; kind++) {
		blocks_u16(blocks, 7);
		blocks_u16(blocks, 9);
		blocks_bytes(blocks, &kind, 1);
		blocks_u64(blocks, 0x0102030405060708);
		blocks_bytes(blocks, "\0\0\0", 3);
	}
	blocks_option(blocks, 7, "\0drop", 5);
	blocks_u16(blocks, 8);
	blocks_u16(blocks, 8);
	blocks_u32(blocks, 1234);
	blocks_u32(blocks, 5678);
	put_custom_options(blocks);
}

static void put_interface_options(struct blocks *blocks)
{
	static const unsigned char ipv6[17] = {0x20, 1, 0xd, 0xb8, [16] = 64};

	blocks_text(blocks, 3, "the first interface");
	blocks_option(blocks, 4, "\xc0\0\2\1\xff\xff\xff\0", 8);
	blocks_option(blocks, 5, ipv6, sizeof(ipv6));
	blocks_option(blocks, 6, "\2\0\0\0\0\1", 6);
	blocks_option(blocks, 7, "\2\0\0\xff\xfe\0\0\1", 8);
	blocks_option_number(blocks, 8, 1000000000, 8);
	blocks_option_number(blocks, 10, 3600, 4);
	blocks_u16(blocks, 11); /* a filter of two instructions */
	blocks_u16(blocks, 17);
	blocks_bytes(blocks, "\1", 1);
	for (unsigned i = 0; i < 2; i++) {
		blocks_u16(blocks, 0x15);
		blocks_bytes(blocks, "\1\2", 2);
		blocks_u32(blocks, 0x800);
	}
	blocks_bytes(blocks, "\0\0\0", 3);
	blocks_text(blocks, 12, "an operating system");
	blocks_text(blocks, 15, "a network card");
	blocks_option_number(blocks, 16, 1024000, 8);
	blocks_option_number(blocks, 17, 8192000, 8);
	blocks_text(blocks, 18, "Europe/Berlin");
	put_custom_options(blocks);
}

static void put_names(struct blocks *blocks)
{
	static const unsigned char ipv6[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};

	blocks_open(blocks, BLOCKS_NAMES);
	blocks_option(blocks, 1, "\xc0\0\2\1one\0other", 14);
	blocks_u16(blocks, 2);
	blocks_u16(blocks, 16 + 4);
	blocks_bytes(blocks, ipv6, sizeof(ipv6));
	blocks_bytes(blocks, "six", 4);
	blocks_option(blocks, 3, "\2\0\0\0\0\1teapot", 13);
	blocks_option(blocks, 4, "\2\0\0\xff\xfe\0\0\1pot", 12);
	blocks_end_options(blocks);
	blocks_text(blocks, 2, "nameserver");
	blocks_option(blocks, 3, "\xc0\0\2\x35", 4);
	blocks_option(blocks, 4, ipv6, sizeof(ipv6));
	put_custom_options(blocks);
	blocks_end_options(blocks);
	blocks_close(blocks);
}

static void put_secrets(struct blocks *blocks)
{
	blocks_open(blocks, BLOCKS_SECRETS);
	blocks_u32(blocks, 0x544c534b);
	blocks_u32(blocks, 7);
	blocks_padded(blocks, "\33\0\377 1\n\n", 7);
	blocks_text(blocks, 1, "a comment");
	put_custom_options(blocks);
	blocks_end_options(blocks);
	blocks_close(blocks);
}

static void put_secrets_alone(struct blocks *blocks)
{
	blocks_open(blocks, BLOCKS_SECRETS);
	blocks_u32(blocks, 0x80000000);
	blocks_u32(blocks, 0);
	blocks_close(blocks);
}

static void put_custom(struct blocks *blocks)
{
	blocks_open(blocks, BLOCKS_CUSTOM);
	blocks_u32(blocks, PEN);
	blocks_padded(blocks, "any bytes \0\33\n", 13);
	blocks_close(blocks);
}

static void put_journal(struct blocks *blocks)
{
	static const char entry[] = "__REALTIME_TIMESTAMP=1700000000000002\n"
				    "MESSAGE=hello\n";

	blocks_open(blocks, BLOCKS_JOURNAL);
	blocks_padded(blocks, entry, sizeof(entry) - 1);
	blocks_close(blocks);
}

static struct blocks build(builder *put, bool big)
{
	struct blocks blocks = {.bytes = malloc(BLOCKS_ROOM), .big = big};

	assert_non_null(blocks.bytes);
	put(&blocks);
	return blocks;
}

/* A block of a copy of just its size: a sanitizer sees what is beyond it. */
static struct pcapng_block copy_of(const struct blocks *blocks)
{
	unsigned char *bytes = malloc(blocks->size ? blocks->size : 1);

	assert_non_null(bytes);
	memcpy(bytes, blocks->bytes, blocks->size);
	return (struct pcapng_block){
		.type = blocks->big == HERE_IS_BIG
				? pcapng_block_u32(&(struct pcapng_block){.bytes = bytes}, 0)
				: __builtin_bswap32(pcapng_block_u32(
					  &(struct pcapng_block){.bytes = bytes}, 0)),
		.size = (uint32_t)blocks->size,
		.bytes = bytes,
		.swapped = blocks->big != HERE_IS_BIG,
	};
}

/* The options that a builder puts, in a packet without bytes. */
static bool take_options(
	struct pcapng_copy *kept, builder *put, enum pcapng_copy_table table, bool big)
{
	struct blocks blocks = {.bytes = malloc(BLOCKS_ROOM), .big = big};
	struct error error = {0};
	struct pcapng_block block;
	bool good;

	assert_non_null(blocks.bytes);
	blocks_open_packet(&blocks, 0, 0, "", 0);
	put(&blocks);
	blocks_close(&blocks);
	block = copy_of(&blocks);
	assert_true(pcapng_copy_begin(kept, pcapng_copy_options_limit(&block, OPTIONS_AT), &error));
	good = pcapng_copy_put_options(kept, &block, OPTIONS_AT, table, &error);
	assert_true(good == (error.status == 0));
	free((void *)(uintptr_t)block.bytes);
	free(blocks.bytes);
	return good;
}

static void copy_options_get_this_byte_order(void **state)
{
	static const struct {
		builder *put;
		enum pcapng_copy_table table;
	} all[] = {
		{put_packet_options, PCAPNG_COPY_OF_PACKET},
		{put_interface_options, PCAPNG_COPY_OF_INTERFACE},
		{put_custom_options, PCAPNG_COPY_OF_BLOCK},
	};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct blocks here = build(all[i / 2].put, HERE_IS_BIG);
		struct pcapng_copy kept = {0};

		assert_true(take_options(&kept, all[i / 2].put, all[i / 2].table, i % 2));
		assert_int_equal(kept.losses, 0);
		assert_int_equal(kept.size, here.size);
		assert_memory_equal(kept.bytes, here.bytes, here.size);
		pcapng_copy_cleanup(&kept);
		free(here.bytes);
	}
}

static builder *const block_builders[] = {
	put_names, put_secrets, put_secrets_alone, put_custom, put_journal};

enum { BUILDERS = sizeof(block_builders) / sizeof(*block_builders) };

static void take_block(struct pcapng_copy *kept, const struct blocks *blocks)
{
	struct pcapng_block block = copy_of(blocks);
	struct error error;

	assert_true(pcapng_copy_block_has_type(block.type));
	assert_true(pcapng_copy_put_block(kept, &block, &error));
	free((void *)(uintptr_t)block.bytes);
}

static void copy_blocks_get_this_byte_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * BUILDERS; i++) {
		struct blocks there = build(block_builders[i / 2], i % 2);
		struct blocks here = build(block_builders[i / 2], HERE_IS_BIG);
		struct pcapng_copy kept = {0};

		take_block(&kept, &there);
		assert_int_equal(kept.losses, 0);
		assert_int_equal(kept.size, here.size);
		assert_memory_equal(kept.bytes, here.bytes, here.size);
		pcapng_copy_cleanup(&kept);
		free(there.bytes);
		free(here.bytes);
	}
}

/* Goes through options that were kept, in this machine's byte order. */
static void check_options(const unsigned char *bytes, size_t size)
{
	const struct pcapng_block block = {.bytes = bytes, .size = (uint32_t)(size + BLOCK_TAIL)};
	struct pcapng_option option;
	struct error error;
	size_t place = 0;

	while (place < size) {
		assert_int_equal(pcapng_option(&block, &place, &option, &error), 1);
		if (option.code != PCAPNG_COMMENT)
			continue;
		for (uint16_t i = 0; i < option.size; i++)
			assert_true(option.value[i] >= ' ' || strchr("\t\r\n", option.value[i]));
	}
	assert_int_equal(place, size);
}

static uint32_t word(const unsigned char *bytes, size_t place)
{
	return pcapng_block_u32(&(struct pcapng_block){.bytes = bytes}, place);
}

/* Whatever became of a block, it is one. */
static void check_block(const struct pcapng_copy *kept)
{
	size_t place = BLOCK_HEAD;

	if (kept->size == 0)
		return;
	assert_int_equal(kept->size % 4, 0);
	assert_true(kept->size > BLOCK_HEAD + BLOCK_TAIL);
	assert_int_equal(word(kept->bytes, 4), kept->size);
	assert_int_equal(word(kept->bytes, kept->size - 4), kept->size);
	if (word(kept->bytes, 0) == PCAPNG_SECRETS)
		place += 8 + bytes_padded(word(kept->bytes, 12));
	else if (word(kept->bytes, 0) != PCAPNG_NAMES)
		return;
	assert_true(place <= kept->size - BLOCK_TAIL);
	while (place < kept->size - BLOCK_TAIL) {
		const uint32_t head = word(kept->bytes, place);

		place += 4 + bytes_padded(HERE_IS_BIG ? head & 0xffff : head >> 16);
	}
	assert_int_equal(place, kept->size - BLOCK_TAIL);
}

static void copy_cut_block_is_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * BUILDERS; i++) {
		struct blocks blocks = build(block_builders[i / 2], i % 2);
		struct pcapng_copy kept = {0};

		for (; blocks.size >= 12; blocks.size -= 4) {
			take_block(&kept, &blocks);
			check_block(&kept);
		}
		pcapng_copy_cleanup(&kept);
		free(blocks.bytes);
	}
}

static void copy_random_damage_does_no_harm(void **state)
{
	struct seed seed = seed_start();
	struct pcapng_copy kept = {0};

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		const size_t which = seed_below(&seed, BUILDERS);
		struct blocks blocks = build(block_builders[which], seed_below(&seed, 2));

		for (size_t j = seed_below(&seed, 4); j > 0; j--) {
			const size_t at = 8 + seed_below(&seed, blocks.size - 12);

			seed_bytes(&seed, blocks.bytes + at, 1);
		}
		take_block(&kept, &blocks);
		check_block(&kept);
		free(blocks.bytes);
	}
	pcapng_copy_cleanup(&kept);
}

static struct wrong {
	enum pcapng_copy_table table;
	uint16_t code;
	uint16_t size;
	const char *value;
	unsigned losses;
} wrong;

static void put_wrong(struct blocks *blocks)
{
	static const char zeros[64];

	blocks_option(blocks, wrong.code, wrong.value ? wrong.value : zeros, wrong.size);
}

static void copy_invalid_option_is_lost(void **state)
{
	static const struct wrong all[] = {
		{PCAPNG_COPY_OF_PACKET, 2, 3, NULL, LOSS_DAMAGED},
		{PCAPNG_COPY_OF_PACKET, 2, 8, NULL, LOSS_DAMAGED},
		{PCAPNG_COPY_OF_PACKET, 3, 0, NULL, LOSS_DAMAGED},
		{PCAPNG_COPY_OF_PACKET, 4, 4, NULL, LOSS_DAMAGED},
		{PCAPNG_COPY_OF_PACKET, 7, 0, NULL, LOSS_DAMAGED},
		{PCAPNG_COPY_OF_PACKET, 7, 8, "\1\0\0\0\0\0\0\0", LOSS_DAMAGED},
		{PCAPNG_COPY_OF_PACKET, 7, 9, "\3\0\0\0\0\0\0\0", LOSS_DAMAGED},
		{PCAPNG_COPY_OF_PACKET, 8, 4, NULL, LOSS_DAMAGED},
		{PCAPNG_COPY_OF_PACKET, 2988, 3, NULL, LOSS_DAMAGED},
		{PCAPNG_COPY_OF_PACKET, 9, 4, NULL, LOSS_OPTIONS},
		{PCAPNG_COPY_OF_PACKET, 0x8001, 4, NULL, LOSS_OPTIONS},
		{PCAPNG_COPY_OF_PACKET, 19372, 8, NULL, LOSS_CUSTOM},
		{PCAPNG_COPY_OF_PACKET, 19373, 8, NULL, LOSS_CUSTOM},
		{PCAPNG_COPY_OF_PACKET, 1, 0, NULL, 0},
		{PCAPNG_COPY_OF_INTERFACE, 4, 4, NULL, LOSS_DAMAGED},
		{PCAPNG_COPY_OF_INTERFACE, 5, 16, NULL, LOSS_DAMAGED},
		{PCAPNG_COPY_OF_INTERFACE, 8, 4, NULL, LOSS_DAMAGED},
		{PCAPNG_COPY_OF_INTERFACE, 11, 8, "\1\0\0\0\0\0\0", LOSS_DAMAGED},
		{PCAPNG_COPY_OF_INTERFACE, 11, 9, "\2\0\0\0\0\0\0\0", LOSS_DAMAGED},
		{PCAPNG_COPY_OF_INTERFACE, 19, 1, NULL, LOSS_OPTIONS},
		/* idb.h has these */
		{PCAPNG_COPY_OF_INTERFACE, 2, 4, "eth0", 0},
		{PCAPNG_COPY_OF_INTERFACE, 9, 1, NULL, 0},
		{PCAPNG_COPY_OF_INTERFACE, 11, 4, "\0tcp", 0},
		{PCAPNG_COPY_OF_BLOCK, 2, 4, NULL, LOSS_OPTIONS},
		{PCAPNG_COPY_OF_NAMES, 3, 5, NULL, LOSS_DAMAGED},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(all) / sizeof(*all); i++) {
		struct pcapng_copy kept = {0};

		wrong = all[i / 2];
		assert_true(take_options(&kept, put_wrong, wrong.table, i % 2));
		assert_int_equal(kept.losses, wrong.losses);
		assert_int_equal(kept.size, 0);
		pcapng_copy_cleanup(&kept);
	}
}

static void put_cut(struct blocks *blocks)
{
	blocks_option_number(blocks, 2, 1, 4);
	blocks_u16(blocks, 1);
	blocks_u16(blocks, 5);
	blocks_u32(blocks, 0);
}

static void copy_cut_option_is_reported(void **state)
{
	struct pcapng_copy kept = {0};

	(void)state;
	assert_false(take_options(&kept, put_cut, PCAPNG_COPY_OF_PACKET, false));
	assert_false(take_options(&kept, put_cut, PCAPNG_COPY_OF_PACKET, true));
	pcapng_copy_cleanup(&kept);
}

static void put_escapes(struct blocks *blocks)
{
	blocks_text(blocks, 1, "\33]0;x\7\r\n\ty\rz\n\x9b\xc2\x9b");
}

static void copy_text_is_printable(void **state)
{
	static const char clean[] = "\\x1b]0;x\\x07\r\n\ty\\x0dz\n\\x9b\\xc2\\x9b";
	struct pcapng_copy kept = {0};

	(void)state;
	assert_true(take_options(&kept, put_escapes, PCAPNG_COPY_OF_PACKET, true));
	assert_int_equal(kept.losses, 0);
	assert_memory_equal(kept.bytes + 4, clean, sizeof(clean) - 1);
	assert_int_equal(kept.size, 4 + bytes_padded(sizeof(clean) - 1));
	pcapng_copy_cleanup(&kept);
}

static void put_long(struct blocks *blocks)
{
	static char text[UINT16_MAX];

	for (char c = 1; c <= 3; c++) {
		memset(text, c, sizeof(text));
		blocks_option(blocks, 1, text, sizeof(text));
	}
	memset(text, 'x', sizeof(text));
	for (size_t size = UINT16_MAX; size > 0; size /= 3)
		blocks_option(blocks, 1, text, size);
	put_packet_options(blocks);
}

static void copy_long_option_is_limited(void **state)
{
	struct pcapng_copy kept = {0};

	(void)state;
	assert_true(take_options(&kept, put_long, PCAPNG_COPY_OF_PACKET, true));
	assert_int_equal(kept.losses, LOSS_LONG);
	assert_true(kept.size <= PCAPNG_COPY_OPTIONS_MAX);
	assert_true(kept.size > PCAPNG_COPY_OPTIONS_MAX / 2);
	check_options(kept.bytes, kept.size);
	pcapng_copy_cleanup(&kept);
}

/* Secrets that just fit, and names that do not, once they are printable. */
static void copy_large_block_is_limited(void **state)
{
	static unsigned char bytes[UINT16_MAX - 7];
	struct blocks blocks = {.bytes = malloc(BLOCKS_ROOM), .big = true};
	struct pcapng_copy kept = {0};

	(void)state;
	assert_non_null(blocks.bytes);
	blocks_open(&blocks, BLOCKS_SECRETS);
	blocks_u32(&blocks, 1);
	blocks_u32(&blocks, PCAPNG_COPY_BLOCK_MAX - 20);
	while (blocks.size + sizeof(bytes) < PCAPNG_COPY_BLOCK_MAX - 4)
		blocks_bytes(&blocks, bytes, sizeof(bytes));
	blocks_bytes(&blocks, bytes, PCAPNG_COPY_BLOCK_MAX - 4 - blocks.size);
	blocks_close(&blocks);
	take_block(&kept, &blocks);
	assert_int_equal(kept.losses, 0);
	assert_int_equal(kept.size, PCAPNG_COPY_BLOCK_MAX);
	blocks.size = 0;
	blocks_open(&blocks, BLOCKS_NAMES);
	memset(bytes + 4, '\n', sizeof(bytes) - 5);
	for (int i = 0; i < 10; i++)
		blocks_option(&blocks, 1, bytes, i < 5 ? 10000 : sizeof(bytes));
	blocks_end_options(&blocks);
	blocks_close(&blocks);
	take_block(&kept, &blocks);
	assert_int_equal(kept.losses, LOSS_LONG);
	assert_true(kept.size > 5 * 39000);
	assert_true(kept.size <= PCAPNG_COPY_BLOCK_MAX + PCAPNG_COPY_CLOSING);
	check_block(&kept);
	pcapng_copy_cleanup(&kept);
	free(blocks.bytes);
}

/* At such blocks, or wrong options of them, Wireshark would stop to read the output. */
static void copy_leaves_out_what_stops_wireshark(void **state)
{
	static const struct {
		uint32_t type;
		size_t size;
		const char *body; /* little-endian */
		bool is_kept;
	} all[] = {
		{BLOCKS_SECRETS, 16, "KLST\0\0\0\0\1\0\4\0text", true},
		{BLOCKS_SECRETS, 16, "KLST\0\0\0\0\1\0\5\0text", false},
		{BLOCKS_NAMES, 12, "\0\0\0\0\2\0\4\0name", true},
		{BLOCKS_NAMES, 12, "\0\0\0\0\2\0\5\0name", false},
		{BLOCKS_JOURNAL, 4, "a=b\n", false},
		{BLOCKS_JOURNAL, 24, "MESSAGE=there is no time", false},
		{BLOCKS_JOURNAL, 28, "__REALTIME_TIMESTAMP=\0\0\0\0\0\0", false},
		{BLOCKS_JOURNAL, 28, "__REALTIME_TIMESTAMP=1\0\0\0\0\0", false},
		{BLOCKS_JOURNAL, 24, "__REALTIME_TIMESTAMP=1\n", true},
		{BLOCKS_JOURNAL, 28, "__REALTIME_TIMESTAMP=x12345", false},
		{BLOCKS_JOURNAL, 28, "A\0__REALTIME_TIMESTAMP=12345", false},
		{BLOCKS_JOURNAL, 32, "MESSAGE=x\n__REALTIME_TIMESTAMP=", false},
		{BLOCKS_CUSTOM, 4, "\xc5\x2a\0\0", false},
		{BLOCKS_CUSTOM, 8, "\xc5\x2a\0\0\1\0\0\0", true},
		{BLOCKS_CUSTOM, 8, "\xc5\x2a\0\0\2\0\0\0", false},
		{BLOCKS_CUSTOM, 12, "\xc5\x2a\0\0\2\0\0\0\7\0\0\0", true},
		{BLOCKS_CUSTOM, 8, "\xc5\x2a\0\0\3\0\0\0", false},
		{BLOCKS_CUSTOM, 12, "\xc5\x2a\0\0\1\0\0\0\1\0\5\0", false},
		{BLOCKS_CUSTOM, 12, "\xc5\x2a\0\0\1\0\0\0\0\0\0\0", true},
		{BLOCKS_CUSTOM, 12, "\xc5\x2a\0\0\1\0\0\0\0\0\4\0", false},
		{BLOCKS_CUSTOM, 16, "\xc5\x2a\0\0\1\0\0\0\0\0\0\4\0\0\0\0", false},
		{BLOCKS_CUSTOM, 16, "\xc5\x2a\0\0\2\0\0\0\7\0\0\0\0\0\1\0", false},
		{BLOCKS_CUSTOM, 20, "\xc5\x2a\0\0\1\0\0\0\xad\x0b\4\0\xc5\x2a\0\0\0\0\0\0", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct blocks blocks = {.bytes = malloc(BLOCKS_ROOM)};
		struct pcapng_copy kept = {0};

		assert_non_null(blocks.bytes);
		blocks_open(&blocks, all[i].type);
		blocks_bytes(&blocks, all[i].body, all[i].size);
		blocks_close(&blocks);
		take_block(&kept, &blocks);
		assert_int_equal(kept.size > 0, all[i].is_kept);
		assert_int_equal(kept.losses, all[i].is_kept ? 0 : LOSS_DAMAGED);
		pcapng_copy_cleanup(&kept);
		free(blocks.bytes);
	}
}

static uint16_t end_length;

static void put_end(struct blocks *blocks)
{
	blocks_u16(blocks, 0);
	blocks_u16(blocks, end_length);
}

static void put_names_end(struct blocks *blocks)
{
	blocks_open(blocks, BLOCKS_NAMES);
	blocks_option(blocks, 1, "\xc0\0\2\1one", 8);
	put_end(blocks);
	blocks_text(blocks, 2, "nameserver");
	put_end(blocks);
	blocks_close(blocks);
}

static void put_secrets_end(struct blocks *blocks)
{
	blocks_open(blocks, BLOCKS_SECRETS);
	blocks_u32(blocks, 0x544c534b);
	blocks_u32(blocks, 0);
	blocks_text(blocks, 1, "a comment");
	put_end(blocks);
	blocks_close(blocks);
}

static void put_packet_end(struct blocks *blocks)
{
	blocks_option_number(blocks, 2, 1, 4);
	put_end(blocks);
}

/* The ends of options that are written are ours: an end has no length. */
static void copy_end_of_options_has_no_length(void **state)
{
	static builder *const builders[] = {put_names_end, put_secrets_end};
	struct pcapng_copy kept = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct blocks there, here;

		end_length = 4;
		there = build(builders[i / 2], i % 2);
		end_length = 0;
		here = build(builders[i / 2], HERE_IS_BIG);
		take_block(&kept, &there);
		assert_int_equal(kept.size, here.size);
		assert_memory_equal(kept.bytes, here.bytes, here.size);
		end_length = 4;
		assert_true(take_options(&kept, put_packet_end, PCAPNG_COPY_OF_PACKET, i % 2));
		assert_int_equal(kept.size, 8);
		free(there.bytes);
		free(here.bytes);
	}
	assert_int_equal(kept.losses, 0);
	pcapng_copy_cleanup(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_options_get_this_byte_order),
		cmocka_unit_test(copy_blocks_get_this_byte_order),
		cmocka_unit_test(copy_cut_block_is_lost),
		cmocka_unit_test(copy_random_damage_does_no_harm),
		cmocka_unit_test(copy_invalid_option_is_lost),
		cmocka_unit_test(copy_cut_option_is_reported),
		cmocka_unit_test(copy_text_is_printable),
		cmocka_unit_test(copy_long_option_is_limited),
		cmocka_unit_test(copy_large_block_is_limited),
		cmocka_unit_test(copy_leaves_out_what_stops_wireshark),
		cmocka_unit_test(copy_end_of_options_has_no_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
