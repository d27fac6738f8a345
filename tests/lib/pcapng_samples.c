/* SPDX-License-Identifier: MIT */
#include "pcapng_samples.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

void sample_interface(struct blocks *blocks, const char *name)
{
	blocks_open_interface(blocks, ETHERNET, 0);
	blocks_text(blocks, NAME, name);
	blocks_end_options(blocks);
	blocks_close(blocks);
}

void sample_packet(struct blocks *blocks, uint32_t number, uint32_t us)
{
	blocks_open_packet(
		blocks, number, sample_time * MICRO + us, blocks_arp, sizeof(blocks_arp));
	blocks_close(blocks);
}

void sample_start(struct blocks *blocks)
{
	blocks_section(blocks);
	sample_interface(blocks, "eth0");
}

/* The four options that any list of options may have, and comments. */
static void common_options(struct blocks *blocks)
{
	static const uint16_t custom[] = {2988, 2989, 19372, 19373};

	blocks_text(blocks, COMMENT, "a comment");
	blocks_text(blocks, COMMENT, "and another\r\nof two lines \xc3\xa9");
	for (size_t i = 0; i < 4; i++) {
		blocks_u16(blocks, custom[i]);
		blocks_u16(blocks, 4 + 7);
		blocks_u32(blocks, PEN);
		blocks_padded(blocks, "example", 7);
	}
	blocks_text(blocks, 0x8001, "an option for local use");
	blocks_text(blocks, 999, "an option of later times");
	blocks_option(blocks, 1000, "", 0);
}

/* Sections */

void sample_section_alone(struct blocks *blocks)
{
	blocks_section(blocks);
}

void sample_section_options(struct blocks *blocks)
{
	blocks_open_section(blocks, 1, 0, UINT64_MAX);
	blocks_text(blocks, 2, "a machine");
	blocks_text(blocks, 3, "an operating system");
	blocks_text(blocks, 4, "an application");
	common_options(blocks);
	blocks_end_options(blocks);
	blocks_close(blocks);
	sample_interface(blocks, "eth0");
	sample_packet(blocks, 0, 1);
}

void sample_section_of_known_length(struct blocks *blocks)
{
	struct blocks rest = {.bytes = malloc(BLOCKS_ROOM), .big = blocks->big};

	if (!rest.bytes)
		err(1, "blocks");
	sample_interface(&rest, "eth0");
	sample_packet(&rest, 0, 1);
	blocks_open_section(blocks, 1, 0, rest.size);
	blocks_close(blocks);
	blocks_bytes(blocks, rest.bytes, rest.size);
	free(rest.bytes);
	sample_start(blocks); /* another one */
	sample_packet(blocks, 0, 2);
}

void sample_options_without_end(struct blocks *blocks)
{
	blocks_open_section(blocks, 1, 0, UINT64_MAX);
	blocks_text(blocks, COMMENT, "nothing comes behind this");
	blocks_close(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
	blocks_text(blocks, NAME, "eth0");
	blocks_close(blocks);
	blocks_open_packet(blocks, 0, sample_time * MICRO, blocks_arp, sizeof(blocks_arp));
	blocks_option_number(blocks, 2, 1, 4);
	blocks_close(blocks);
	blocks_open_statistics(blocks, 0, sample_time * MICRO);
	blocks_option_number(blocks, 4, 1, 8);
	blocks_close(blocks);
}

void sample_options_behind_end(struct blocks *blocks)
{
	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
	blocks_text(blocks, NAME, "eth0");
	blocks_end_options(blocks);
	blocks_text(blocks, NAME, "none");
	blocks_u32(blocks, UINT32_MAX);
	blocks_close(blocks);
	sample_packet(blocks, 0, 1);
}

void sample_sections_of_both_orders(struct blocks *blocks)
{
	static const char *const names[] = {"first", "second", "third"};
	const bool big = blocks->big;

	for (unsigned i = 0; i < 3; i++) {
		blocks->big = big ^ (i % 2);
		blocks_section(blocks);
		sample_interface(blocks, names[i]);
		sample_packet(blocks, 0, i);
		sample_interface(blocks, "one more");
		sample_packet(blocks, 1, i + 10);
	}
	blocks->big = big;
}

/*
 * The beginning of a worker's stream: a section with the interfaces "all" and
 * "lo".
 */
static void worker_start(struct blocks *blocks, const char *application)
{
	blocks_open_section(blocks, 1, 0, UINT64_MAX);
	blocks_text(blocks, 4, application);
	blocks_end_options(blocks);
	blocks_close(blocks);
	sample_interface(blocks, "all");
	sample_interface(blocks, "lo");
}

/* isb_endtime, by which a worker marks the end of a complete stream. */
static void end_word(struct blocks *blocks, uint32_t number, uint32_t us)
{
	blocks_open_statistics(blocks, number, sample_time * MICRO + us);
	blocks_u16(blocks, 3);
	blocks_u16(blocks, 8);
	blocks_ticks(blocks, sample_time * MICRO + us);
	blocks_end_options(blocks);
	blocks_close(blocks);
}

void sample_watermarks_without_end(struct blocks *blocks)
{
	worker_start(blocks, "ddump-worker 0.2.0");
	sample_packet(blocks, 1, 1);
	blocks_open_statistics(blocks, 0, sample_time * MICRO + 5);
	blocks_close(blocks);
	blocks_open_statistics(blocks, 1, sample_time * MICRO + 6);
	blocks_close(blocks);
	sample_packet(blocks, 0, 7);
}

void sample_watermarks(struct blocks *blocks)
{
	sample_watermarks_without_end(blocks);
	end_word(blocks, 0, 8);
}

void sample_worker_alone(struct blocks *blocks)
{
	worker_start(blocks, "ddump-worker 0.2.0");
}

void sample_worker_sections(struct blocks *blocks)
{
	sample_watermarks(blocks);
	sample_watermarks(blocks);
}

void sample_worker_sections_without_last_end(struct blocks *blocks)
{
	sample_watermarks(blocks);
	sample_watermarks_without_end(blocks);
}

void sample_end_of_another(struct blocks *blocks)
{
	worker_start(blocks, "ddump 0.2.0");
	sample_packet(blocks, 0, 1);
	end_word(blocks, 0, 2);
	sample_packet(blocks, 1, 3);
}

void sample_end_of_another_section(struct blocks *blocks)
{
	sample_end_of_another(blocks);
	sample_watermarks_without_end(blocks);
}

void sample_end_of_another_behind(struct blocks *blocks)
{
	sample_watermarks(blocks);
	worker_start(blocks, "ddump 0.2.0");
	sample_packet(blocks, 0, 9);
}

void sample_end_of_second_interface(struct blocks *blocks)
{
	sample_watermarks_without_end(blocks);
	end_word(blocks, 1, 8);
}

void sample_packets_behind_end(struct blocks *blocks)
{
	sample_watermarks(blocks);
	sample_packet(blocks, 1, 9);
	blocks_open_statistics(blocks, 0, sample_time * MICRO + 10);
	blocks_close(blocks);
	sample_packet(blocks, 0, 11);
}

/* Interfaces */

void sample_interface_options(struct blocks *blocks)
{
	static const unsigned char ipv6[17] = {0x20, 1, 0xd, 0xb8, [15] = 1, 64};

	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 65535);
	blocks_text(blocks, NAME, "eth0");
	blocks_text(blocks, 3, "the first interface");
	blocks_option(blocks, 4, "\xc0\0\2\1\xff\xff\xff\0", 8);
	blocks_option(blocks, 4, "\xc0\0\2\2\xff\xff\xff\0", 8);
	blocks_option(blocks, 5, ipv6, sizeof(ipv6));
	blocks_option(blocks, 6, "\2\0\0\0\0\1", 6);
	blocks_option(blocks, 7, "\2\0\0\xff\xfe\0\0\1", 8);
	blocks_option_number(blocks, 8, 1000000000, 8);
	blocks_option_byte(blocks, TSRESOL, 9);
	blocks_option_number(blocks, 10, 3600, 4);
	blocks_option(blocks, FILTER, "\0tcp port 23", 12);
	blocks_text(blocks, 12, "an operating system");
	blocks_option_byte(blocks, FCSLEN, 32);
	blocks_option_number(blocks, TSOFFSET, 0, 8);
	blocks_text(blocks, 15, "a network card");
	blocks_option_number(blocks, 16, 1024000, 8);
	blocks_option_number(blocks, 17, 8192000, 8);
	blocks_text(blocks, 18, "Europe/Berlin");
	common_options(blocks);
	blocks_end_options(blocks);
	blocks_close(blocks);
	blocks_open_packet(
		blocks, 0, sample_time * 1000000000 + 123456789, blocks_arp, sizeof(blocks_arp));
	blocks_close(blocks);
}

void sample_filter_of_bytecode(struct blocks *blocks)
{
	static const uint16_t code[][3] = {
		{0x28, 0, 12}, {0x15, 1, 0x800}, {6, 0, 0}, {6, 0, 0xffff}};

	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
	blocks_text(blocks, NAME, "eth0");
	blocks_u16(blocks, FILTER);
	blocks_u16(blocks, 1 + sizeof(code) / 3 * 4);
	blocks_bytes(blocks, "\1", 1);
	for (size_t i = 0; i < 4; i++) {
		blocks_u16(blocks, code[i][0]);
		blocks_bytes(blocks, code[i][1] ? "\0\1" : "\0\0", 2);
		blocks_u32(blocks, code[i][2]);
	}
	blocks_bytes(blocks, "\0\0\0", 3);
	blocks_end_options(blocks);
	blocks_close(blocks);
	sample_packet(blocks, 0, 1);
}

void sample_texts_with_zeros(struct blocks *blocks)
{
	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
	blocks_option(blocks, NAME, "eth0\0not", 8);
	blocks_option(blocks, FILTER, "\0udp\0not", 8);
	blocks_end_options(blocks);
	blocks_close(blocks);
	sample_packet(blocks, 0, 1);
}

void sample_empty_texts(struct blocks *blocks)
{
	blocks_open_section(blocks, 1, 0, UINT64_MAX);
	blocks_text(blocks, 4, "");
	blocks_text(blocks, COMMENT, "");
	blocks_end_options(blocks);
	blocks_close(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
	blocks_text(blocks, NAME, "eth0");
	blocks_text(blocks, 3, "");
	blocks_option(blocks, FILTER, "", 1);
	blocks_text(blocks, COMMENT, "");
	blocks_end_options(blocks);
	blocks_close(blocks);
	sample_packet(blocks, 0, 1);
}

void sample_interface_without_options(struct blocks *blocks)
{
	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
	blocks_close(blocks);
	sample_packet(blocks, 0, 1);
}

void sample_interfaces_between_packets(struct blocks *blocks)
{
	static const char *const names[] = {"eth0", "eth1", "eth2"};

	blocks_section(blocks);
	for (uint32_t i = 0; i < 3; i++) {
		sample_interface(blocks, names[i]);
		for (uint32_t j = 0; j <= i; j++)
			sample_packet(blocks, j, 10 * i + j);
	}
}

void sample_many_interfaces(struct blocks *blocks)
{
	char name[16];

	blocks_section(blocks);
	for (int i = 0; i < 35; i++) {
		snprintf(name, sizeof(name), "veth%d", i);
		sample_interface(blocks, name);
	}
	sample_packet(blocks, 0, 1);
	sample_packet(blocks, 34, 2);
	sample_packet(blocks, 17, 3);
}

void sample_twins(struct blocks *blocks)
{
	static const char *const described[] = {"front", "back"};

	blocks_section(blocks);
	for (int i = 0; i < 4; i++) {
		blocks_open_interface(blocks, ETHERNET, 0);
		if (i >= 2) {
			blocks_text(blocks, NAME, "eth0");
			blocks_text(blocks, 3, described[i - 2]);
		}
		blocks_close(blocks);
	}
	for (uint32_t i = 0; i < 4; i++)
		sample_packet(blocks, i, i);
}

void sample_link_types(struct blocks *blocks)
{
	static const uint16_t types[] = {1, 101, 113, 127, 228, 276};
	static const char *const names[] = {"eth0", "tun0", "any", "mon0", "tun1", "all"};

	blocks_section(blocks);
	for (size_t i = 0; i < 6; i++) {
		blocks_open_interface(blocks, types[i], 0);
		blocks_text(blocks, NAME, names[i]);
		blocks_end_options(blocks);
		blocks_close(blocks);
	}
	for (uint32_t i = 0; i < 6; i++)
		sample_packet(blocks, i, i);
}

void sample_check_sequences(struct blocks *blocks)
{
	static const unsigned char bits[] = {0, 16, 32, 4, 255};
	static const char *const names[] = {"none", "ppp0", "eth0", "nibble", "odd"};

	blocks_section(blocks);
	for (uint32_t i = 0; i < sizeof(bits); i++) {
		blocks_open_interface(blocks, ETHERNET, 0);
		blocks_text(blocks, NAME, names[i]);
		blocks_option_byte(blocks, FCSLEN, bits[i]);
		blocks_end_options(blocks);
		blocks_close(blocks);
		sample_packet(blocks, i, i);
	}
}

/* Timestamps */

const struct sample_clock sample_clocks[SAMPLE_CLOCKS] = {
	{"good-tsresol-0", 0, 0, 1700000000},
	{"good-tsresol-3", 3, 0, 1700000000123},
	{"good-tsresol-6", 6, 0, 1700000000123456},
	{"good-tsresol-9", 9, 0, 1700000000123456789},
	{"good-tsresol-12", 12, 0, 17000000999999999999U},
	{"good-tsresol-19", 19, 0, 12345678901234567890U},
	{"good-tsresol-127", 127, 0, UINT64_MAX},
	{"good-tsresol-binary-0", 0x80, 0, 1700000000},
	{"good-tsresol-binary-10", 0x8a, 0, UINT64_C(1700000000) << 10 | 1023},
	{"good-tsresol-binary-20", 0x94, 0, UINT64_C(1700000000) << 20 | 1},
	{"good-tsresol-binary-32", 0xa0, 0, UINT64_C(1700000000) << 32 | 0xffffffff},
	{"good-tsresol-binary-63", 0xbf, 0, UINT64_C(3) << 62},
	{"good-tsresol-binary-127", 0xff, 0, UINT64_MAX},
	{"good-tsoffset-positive", 9, 1700000000, 123456789},
	{"good-tsoffset-negative", 6, -3600, 1700003600000007},
	{"good-tsoffset-exact", 6, -1700000000, 1700000000000000},
	{"good-stamp-first", -1, 0, 0},
	{"good-stamp-last", 9, 0, UINT64_MAX},
	/* out of range: ns since 1970 in 64 bits */
	{"good-stamp-before-1970", 6, -1700000001, 1700000000999999},
	{"good-stamp-lowest", 0, INT64_MIN, 0},
	{"good-stamp-highest", 0, INT64_MAX, UINT64_MAX},
	{"good-stamp-by-1-too-high", 9, 1, UINT64_MAX - 999999999},
	{"good-stamp-of-seconds-too-high", 0, 0, 18446744074},
};

void sample_clock_file(struct blocks *blocks, const struct sample_clock *clock)
{
	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
	blocks_text(blocks, NAME, "eth0");
	if (clock->resolution >= 0)
		blocks_option_byte(blocks, TSRESOL, (unsigned char)clock->resolution);
	if (clock->offset != 0)
		blocks_option_number(blocks, TSOFFSET, (uint64_t)clock->offset, 8);
	blocks_end_options(blocks);
	blocks_close(blocks);
	blocks_open_packet(blocks, 0, clock->ticks, blocks_arp, sizeof(blocks_arp));
	blocks_close(blocks);
}

void sample_stamps_of_two_clocks(struct blocks *blocks)
{
	sample_clock_file(blocks, &(struct sample_clock){"", 9, 0, UINT64_C(1700000000000000001)});
	sample_interface(blocks, "eth1");
	sample_packet(blocks, 1, 2);
	blocks_open_statistics(blocks, 1, sample_time * MICRO + 3);
	blocks_close(blocks);
	blocks_open_statistics(blocks, 0, sample_time * 1000000000 + 4);
	blocks_close(blocks);
}

/* Packets */

void sample_options_of_a_packet(struct blocks *blocks)
{
	sample_start(blocks);
	blocks_open_packet(blocks, 0, sample_time * MICRO, blocks_arp, sizeof(blocks_arp));
	blocks_option_number(blocks, 2, 0x81000025, 4);
	blocks_option(blocks, 3, "\2\xec\x1d\x87\x97", 5);
	blocks_option(blocks, 3, "\3EnB\x17|\x10\x1e<.\x99n\xc2\x9a=P\x8e", 17);
	blocks_option_number(blocks, 4, 12345, 8);
	blocks_option_number(blocks, 5, 1, 8);
	blocks_option_number(blocks, 6, 3, 4);
	blocks_option(blocks, 7, "\2\0\0\0\0\0\0\0\2", 9);
	blocks_option(blocks, 7, "\1\0\0\0\0\0\0\0\2", 9);
	blocks_option(blocks, 7, "\0drop", 5);
	blocks_u16(blocks, 8);
	blocks_u16(blocks, 8);
	blocks_u32(blocks, 1234);
	blocks_u32(blocks, 0);
	common_options(blocks);
	blocks_end_options(blocks);
	blocks_close(blocks);
	sample_packet(blocks, 0, 1);
}

void sample_packet_sizes(struct blocks *blocks)
{
	sample_start(blocks);
	for (uint32_t size = 0; size < 10; size++) {
		blocks_open_packet(blocks, 0, sample_time * MICRO + size, blocks_arp, size);
		if (size % 2) {
			blocks_text(blocks, COMMENT, "behind the padding");
			blocks_end_options(blocks);
		}
		blocks_close(blocks);
		blocks_set(blocks, 24, size + 1400);
	}
}

void sample_old_packets(struct blocks *blocks)
{
	sample_start(blocks);
	sample_interface(blocks, "eth1");
	for (uint16_t i = 0; i < 2; i++) {
		blocks_open_packet(
			blocks, 0, sample_time * MICRO + i, blocks_arp, sizeof(blocks_arp) - i);
		blocks_set(blocks, 0, BLOCKS_OLD_PACKET);
		blocks->size = blocks->open + 8;
		blocks_u16(blocks, i);
		blocks_u16(blocks, i ? UINT16_MAX : 3); /* drops */
		blocks->size = blocks->open + 28 + 44;
		if (i > 0) {
			blocks_option_number(blocks, 2, 1, 4);
			blocks_option(blocks, 3, "\2\xec\x1d\x87\x97", 5);
			common_options(blocks);
			blocks_end_options(blocks);
		}
		blocks_close(blocks);
	}
}

void sample_simple_packet(struct blocks *blocks, uint32_t caplen, uint32_t len)
{
	blocks_open(blocks, BLOCKS_SIMPLE_PACKET);
	blocks_u32(blocks, len);
	blocks_padded(blocks, blocks_arp, caplen);
	blocks_close(blocks);
}

void sample_simple_packets(struct blocks *blocks)
{
	sample_start(blocks);
	sample_simple_packet(blocks, 42, 42);
	sample_packet(blocks, 0, 5);
	sample_simple_packet(blocks, 41, 41);
	sample_simple_packet(blocks, 0, 0);
}

void sample_simple_packets_with_snaplen(struct blocks *blocks)
{
	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 21);
	blocks_text(blocks, NAME, "eth0");
	blocks_end_options(blocks);
	blocks_close(blocks);
	sample_interface(blocks, "eth1");
	sample_packet(blocks, 1, 5);
	sample_simple_packet(blocks, 21, 1500);
	sample_simple_packet(blocks, 21, 21);
	sample_simple_packet(blocks, 20, 20);
}

void sample_pseudo_headers(struct blocks *blocks)
{
	static const struct {
		uint16_t linktype;
		uint16_t size;
		unsigned char bytes[36];
	} all[] = {
		{123, 4, "\2"},
		{139, 4, "\1"},
		{144, 16, {[1] = 4, [15] = 0x17}},
		{177, 16, {[1] = 4, [15] = 0x30}},
		{196, 5, "\1"},
		{197, 16, {[8] = 1}},
		{197, 20, {[8] = 5}},
		{197, 34, {[8] = 0x82, [16] = 0x80}},
		{201, 4, {[3] = 1}},
		{204, 1, "\1"},
		{209, 5, "\1"},
		{245, 2, "\1"},
		{254, 4, "\1"},
	};

	blocks_section(blocks);
	for (uint32_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		blocks_open_interface(blocks, all[i].linktype, 0);
		blocks_close(blocks);
		blocks_open_packet(blocks, i, sample_time * MICRO + i, all[i].bytes, all[i].size);
		blocks_close(blocks);
	}
}

/* Blocks that the reader ignores, or nearly */

void sample_names(struct blocks *blocks)
{
	static const unsigned char ipv6[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};

	sample_start(blocks);
	blocks_open(blocks, BLOCKS_NAMES);
	blocks_option(blocks, 1, "\xc0\0\2\1one\0other", 14);
	blocks_u16(blocks, 2);
	blocks_u16(blocks, 16 + 4);
	blocks_bytes(blocks, ipv6, sizeof(ipv6));
	blocks_bytes(blocks, "six", 4);
	blocks_option(blocks, 3, "\2\0\0\0\0\1teapot", 13);
	blocks_option(blocks, 4, "\2\0\0\xff\xfe\0\0\1pot", 12);
	blocks_end_options(blocks); /* of records */
	blocks_text(blocks, 2, "nameserver");
	blocks_option(blocks, 3, "\xc0\0\2\x35", 4);
	blocks_option(blocks, 4, ipv6, sizeof(ipv6));
	common_options(blocks);
	blocks_end_options(blocks);
	blocks_close(blocks);
	sample_packet(blocks, 0, 1);
	blocks_open(blocks, BLOCKS_NAMES);
	blocks_end_options(blocks);
	blocks_close(blocks);
	sample_packet(blocks, 0, 2);
}

void sample_statistics(struct blocks *blocks)
{
	sample_start(blocks);
	sample_packet(blocks, 0, 1);
	blocks_open_statistics(blocks, 0, sample_time * MICRO + 2);
	blocks_close(blocks);
	sample_packet(blocks, 0, 3);
	blocks_open_statistics(blocks, 0, sample_time * MICRO + 4);
	blocks_u16(blocks, 2); /* the beginning */
	blocks_u16(blocks, 8);
	blocks_ticks(blocks, sample_time * MICRO);
	blocks_u16(blocks, 3); /* the end */
	blocks_u16(blocks, 8);
	blocks_ticks(blocks, sample_time * MICRO + 4);
	for (uint16_t code = 4; code <= 8; code++)
		blocks_option_number(blocks, code, UINT64_C(0x100000000) * code + 9, 8);
	common_options(blocks);
	blocks_end_options(blocks);
	blocks_close(blocks);
	sample_packet(blocks, 0, 5);
}

void sample_journal(struct blocks *blocks)
{
	static const char entry[] = "__REALTIME_TIMESTAMP=1700000000000002\n"
				    "MESSAGE=hello\n";

	sample_start(blocks);
	sample_packet(blocks, 0, 1);
	blocks_open(blocks, BLOCKS_JOURNAL);
	blocks_padded(blocks, entry, sizeof(entry) - 1);
	blocks_close(blocks);
	sample_packet(blocks, 0, 3);
}

void sample_secrets(struct blocks *blocks)
{
	static const struct {
		uint32_t type;
		uint32_t size;
		const char *text;
	} all[] = {
		{0x544c534b, 6, "TLS 1\n"},
		{0x5353484b, 5, "SSH\r\n"},
		{0x57474b4c, 22, "LOCAL_STATIC_PRIVATE=\r\n"},
		{0x55414b4c, 17, "client_iv_1_1: 0\n"},
		{0x5a4e574b, 18, "0123456789abcdef\1\2"},
		{0x5a415053, 22, "0123456789abcdef\1\2\3\4\5\6"},
		{0x45535053, 6, "\"Any\"\n"},
		{0x80000000, 3, "new"},
	};

	sample_start(blocks);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		blocks_open(blocks, BLOCKS_SECRETS);
		blocks_u32(blocks, all[i].type);
		blocks_u32(blocks, all[i].size);
		blocks_padded(blocks, all[i].text, all[i].size);
		if (i % 2) {
			common_options(blocks);
			blocks_end_options(blocks);
		}
		blocks_close(blocks);
	}
	sample_packet(blocks, 0, 1);
}

void sample_custom_blocks(struct blocks *blocks)
{
	blocks_section(blocks);
	for (int i = 0; i < 2; i++) {
		blocks_open(blocks, i ? BLOCKS_CUSTOM_STAYS : BLOCKS_CUSTOM);
		blocks_u32(blocks, PEN);
		blocks_padded(blocks, "any bytes \n\r\r\n", 14);
		common_options(blocks);
		blocks_end_options(blocks);
		blocks_close(blocks);
		sample_interface(blocks, "eth0");
		sample_packet(blocks, 0, 1);
	}
}

void sample_unknown_blocks(struct blocks *blocks)
{
	static const uint32_t types[] = {7, 8, 0x101, 0x102, 0x201, 0x202, 0x203, 0x205, 0x206,
		0x207, 0x209, 0x210, 0x211, 0x212, 0x213, 11, 0x7fffffff, 0x80000001, 0xffffffff};

	sample_start(blocks);
	for (uint32_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		blocks_open(blocks, types[i]);
		blocks_bytes(blocks, blocks_arp, i % 3 * 20);
		blocks_close(blocks);
		sample_packet(blocks, 0, i);
	}
}

void sample_section_in_a_block(struct blocks *blocks)
{
	const struct blocks before = *blocks;
	size_t size;

	sample_start(blocks);
	sample_packet(blocks, 0, 1);
	size = blocks->size - before.size;
	blocks_open(blocks, 0x80000002);
	blocks_bytes(blocks, blocks->bytes + before.size, size);
	blocks_close(blocks);
	sample_packet(blocks, 0, 2);
}
