/* SPDX-License-Identifier: MIT */
/*
 * Writes the corpus of pcapng files, tests/data/pcapng, into a folder.
 *
 *     pcapng_corpus FOLDER
 *
 * In: the files of pcapng_samples.c, some of which are damaged here. Out: for
 * each row of the table below, and of that of clocks, two files, one in either
 * byte order. Their names begin with what a reader must find at their end:
 * "good", "bad" (invalid), or "cut". Together they have every block and every
 * option of draft-ietf-opsawg-pcapng, and every way in which a length can be
 * wrong.
 */
#include "../lib/pcapng_samples.h"

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Files whose last block is damaged afterwards */

static void one_packet(struct blocks *blocks)
{
	sample_start(blocks);
	sample_packet(blocks, 0, 1);
}

static void two_packets(struct blocks *blocks)
{
	one_packet(blocks);
	sample_packet(blocks, 0, 2);
}

static void one_old_packet(struct blocks *blocks)
{
	one_packet(blocks);
	blocks_set(blocks, 0, BLOCKS_OLD_PACKET);
}

static void one_simple_packet(struct blocks *blocks)
{
	sample_start(blocks);
	sample_simple_packet(blocks, 42, 42);
}

static void one_statistics(struct blocks *blocks)
{
	sample_start(blocks);
	blocks_open_statistics(blocks, 0, sample_time * MICRO);
	blocks_close(blocks);
}

static void one_statistics_of_second(struct blocks *blocks)
{
	sample_clock_file(blocks, &(struct sample_clock){"", 9, 2, 0});
	blocks_open_statistics(blocks, 0, UINT64_MAX);
	blocks_close(blocks);
}

static void one_unknown(struct blocks *blocks)
{
	one_packet(blocks);
	blocks_open(blocks, 0x80000003);
	blocks_bytes(blocks, blocks_arp, 40);
	blocks_close(blocks);
}

static void one_unknown_without_body(struct blocks *blocks)
{
	sample_start(blocks);
	blocks_open(blocks, 0x80000003);
	blocks_close(blocks);
}

/* Both sizes are wrong, and equal. */
static void resize(struct blocks *blocks, uint32_t size)
{
	uint32_t tail = (uint32_t)(blocks->size - blocks->open) - 4;

	blocks_set(blocks, tail, size);
	blocks_set(blocks, 4, size);
	sample_packet(blocks, 0, 9);
}

/* The second size differs by this number. */
static void change_tail(struct blocks *blocks, uint32_t difference)
{
	uint32_t size = (uint32_t)(blocks->size - blocks->open);

	blocks_set(blocks, size - 4, size + difference);
	sample_packet(blocks, 0, 9);
}

/*
 * The first word after type and size: order, interface, or a simple packet's
 * len
 */
static void change_first(struct blocks *blocks, uint32_t value)
{
	blocks_set(blocks, 8, value);
	sample_packet(blocks, 0, 9);
}

static void change_version(struct blocks *blocks, uint32_t version)
{
	const uint16_t major = (uint16_t)(version >> 16);
	const uint16_t minor = (uint16_t)version;

	blocks_set(blocks, 12, blocks->big ? version : (uint32_t)minor << 16 | major);
	sample_interface(blocks, "eth0");
	sample_packet(blocks, 0, 1);
}

static void change_caplen(struct blocks *blocks, uint32_t caplen)
{
	blocks_set(blocks, 20, caplen);
	sample_packet(blocks, 0, 9);
}

static void change_len(struct blocks *blocks, uint32_t len)
{
	blocks_set(blocks, 24, len);
}

static void cut(struct blocks *blocks, uint32_t size)
{
	blocks->size -= size;
}

/* An interface or statistics with an option of size bytes. */
static void put_sized(struct blocks *blocks, uint16_t code, uint32_t size)
{
	blocks_option(blocks, code, "\6\0\0\0\0\0\0\0\0\0\0\0", size);
	blocks_end_options(blocks);
	blocks_close(blocks);
}

static void open_interface(struct blocks *blocks)
{
	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
}

static void open_statistics(struct blocks *blocks)
{
	sample_start(blocks);
	blocks_open_statistics(blocks, 0, sample_time * MICRO);
}

static void put_tsresol(struct blocks *blocks, uint32_t size)
{
	put_sized(blocks, TSRESOL, size);
}

static void put_fcslen(struct blocks *blocks, uint32_t size)
{
	put_sized(blocks, FCSLEN, size);
}

static void put_tsoffset(struct blocks *blocks, uint32_t size)
{
	put_sized(blocks, TSOFFSET, size);
}

static void put_ifdrop(struct blocks *blocks, uint32_t size)
{
	put_sized(blocks, 5, size);
}

static void put_filteraccept(struct blocks *blocks, uint32_t size)
{
	put_sized(blocks, 6, size);
}

static void put_osdrop(struct blocks *blocks, uint32_t size)
{
	put_sized(blocks, 7, size);
}

static void section_order_later(struct blocks *blocks)
{
	sample_start(blocks);
	sample_packet(blocks, 0, 1);
	blocks_section(blocks);
	blocks_set(blocks, 8, 0);
}

static void other_order(struct blocks *blocks)
{
	blocks_section(blocks);
	blocks->big ^= true;
	sample_interface(blocks, "eth0");
	blocks->big ^= true;
}

static void simple_packet_alone(struct blocks *blocks)
{
	blocks_section(blocks);
	sample_simple_packet(blocks, 42, 42);
}

/* Blocks without padding, and with the size for that. */
static void odd_unknown(struct blocks *blocks)
{
	sample_start(blocks);
	blocks_open(blocks, 0x80000003);
	blocks_bytes(blocks, blocks_arp, 42);
	blocks_close(blocks);
	sample_packet(blocks, 0, 9);
}

static void odd_packet(struct blocks *blocks)
{
	one_packet(blocks);
	blocks->size -= 6; /* padding and tail */
	blocks_close(blocks);
	sample_packet(blocks, 0, 9);
}

/* An option that is one word longer than its block. */
static void option_too_long(struct blocks *blocks)
{
	blocks_u16(blocks, COMMENT);
	blocks_u16(blocks, 5);
	blocks_u32(blocks, 0);
	blocks_close(blocks);
	sample_packet(blocks, 0, 9);
}

static void section_option(struct blocks *blocks)
{
	blocks_open_section(blocks, 1, 0, UINT64_MAX);
	option_too_long(blocks);
}

static void interface_option(struct blocks *blocks)
{
	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
	option_too_long(blocks);
}

static void packet_option(struct blocks *blocks)
{
	sample_start(blocks);
	blocks_open_packet(blocks, 0, sample_time * MICRO, blocks_arp, sizeof(blocks_arp));
	option_too_long(blocks);
}

static void old_packet_option(struct blocks *blocks)
{
	sample_start(blocks);
	blocks_open_packet(blocks, 0, sample_time * MICRO, blocks_arp, sizeof(blocks_arp));
	blocks_set(blocks, 0, BLOCKS_OLD_PACKET);
	option_too_long(blocks);
}

static void statistics_option(struct blocks *blocks)
{
	sample_start(blocks);
	blocks_open_statistics(blocks, 0, sample_time * MICRO);
	option_too_long(blocks);
}

static void option_of_65535(struct blocks *blocks)
{
	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
	blocks_u16(blocks, NAME);
	blocks_u16(blocks, UINT16_MAX);
	blocks_close(blocks);
}

/* Interfaces that do not exist */

static void packet_before_interface(struct blocks *blocks)
{
	blocks_section(blocks);
	sample_packet(blocks, 0, 1);
	sample_interface(blocks, "eth0");
}

static void interface_of_last_section(struct blocks *blocks)
{
	sample_start(blocks);
	sample_packet(blocks, 0, 1);
	blocks_section(blocks);
	sample_packet(blocks, 0, 2);
}

/* Packets without the header that their link type has for the reader */

static void pseudo_header(struct blocks *blocks, uint32_t linktype)
{
	blocks_section(blocks);
	blocks_open_interface(blocks, ETHERNET, 0);
	blocks_close(blocks);
	sample_packet(blocks, 0, 1);
	blocks_open_interface(blocks, (uint16_t)linktype, 0);
	blocks_close(blocks);
}

static void put_short(struct blocks *blocks, uint32_t linktype)
{
	pseudo_header(blocks, linktype);
	blocks_open_packet(
		blocks, 1, sample_time * MICRO + 2, "\1\0\0\0\0\0\0\0\x82\0\0\0\0\0\0\0\x80", 17);
	blocks_close(blocks);
	sample_packet(blocks, 0, 3);
}

static void put_short_simple(struct blocks *blocks, uint32_t linktype)
{
	blocks_section(blocks);
	blocks_open_interface(blocks, (uint16_t)linktype, 0);
	blocks_close(blocks);
	sample_simple_packet(blocks, 3, 3);
}

static void nothing(struct blocks *blocks)
{
	(void)blocks;
}

/* Other data in place of a block */

static void text_behind(struct blocks *blocks)
{
	sample_start(blocks);
	sample_packet(blocks, 0, 1);
	blocks_bytes(blocks, "<html><head><title>502 Bad Gateway", 34);
}

static void pcap_behind(struct blocks *blocks)
{
	sample_start(blocks);
	sample_packet(blocks, 0, 1);
	blocks->big ^= true;
	blocks_u32(blocks, 0xa1b2c3d4);
	blocks_u16(blocks, 2);
	blocks_u16(blocks, 4);
	blocks->big ^= true;
	blocks_bytes(blocks, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void cut_lying_packet(struct blocks *blocks)
{
	sample_start(blocks);
	sample_packet(blocks, 0, 1);
	sample_packet(blocks, 0, 2);
	blocks_set(blocks, 4, 300000);
	blocks_set(blocks, 20, 262144);
}

static void cut_lying_unknown(struct blocks *blocks)
{
	sample_start(blocks);
	sample_packet(blocks, 0, 1);
	blocks_u32(blocks, 0x80000003);
	blocks_u32(blocks, 0xfffffffc);
	sample_packet(blocks, 0, 2);
}

static const struct {
	const char *name;
	void (*make)(struct blocks *blocks);
	void (*harm)(struct blocks *blocks, uint32_t argument);
	uint32_t argument;
} files[] = {
	{"good-section-alone", sample_section_alone, NULL, 0},
	{"good-section-options", sample_section_options, NULL, 0},
	{"good-section-of-known-length", sample_section_of_known_length, NULL, 0},
	{"good-section-minor-2", sample_section_alone, change_version, 0x10002},
	{"good-sections-of-both-orders", sample_sections_of_both_orders, NULL, 0},
	{"good-section-in-a-block", sample_section_in_a_block, NULL, 0},
	{"good-options-without-end", sample_options_without_end, NULL, 0},
	{"good-options-behind-end", sample_options_behind_end, NULL, 0},
	{"good-interface-alone", sample_start, NULL, 0},
	{"good-interface-options", sample_interface_options, NULL, 0},
	{"good-interface-without-options", sample_interface_without_options, NULL, 0},
	{"good-interfaces-between-packets", sample_interfaces_between_packets, NULL, 0},
	{"good-twins", sample_twins, NULL, 0},
	{"good-interfaces-many", sample_many_interfaces, NULL, 0},
	{"good-filter-of-bytecode", sample_filter_of_bytecode, NULL, 0},
	{"good-texts-with-zeros", sample_texts_with_zeros, NULL, 0},
	{"good-texts-empty", sample_empty_texts, NULL, 0},
	{"good-link-types", sample_link_types, NULL, 0},
	{"good-fcslen", sample_check_sequences, NULL, 0},
	{"good-stamps-of-two-clocks", sample_stamps_of_two_clocks, NULL, 0},
	{"good-packet-options", sample_options_of_a_packet, NULL, 0},
	{"good-packet-sizes", sample_packet_sizes, NULL, 0},
	{"good-packet-len-below-caplen", one_packet, change_len, 20},
	{"good-packet-len-largest", one_packet, change_len, UINT32_MAX},
	{"good-old-packets", sample_old_packets, NULL, 0},
	{"good-simple-packets", sample_simple_packets, NULL, 0},
	{"good-simple-packets-with-snaplen", sample_simple_packets_with_snaplen, NULL, 0},
	{"good-names", sample_names, NULL, 0},
	{"good-statistics", sample_statistics, NULL, 0},
	{"good-watermarks", sample_watermarks, NULL, 0},
	{"good-worker-sections", sample_worker_sections, NULL, 0},
	{"good-worker-end-of-another", sample_end_of_another, NULL, 0},
	{"good-worker-end-of-another-behind", sample_end_of_another_behind, NULL, 0},
	{"good-worker-packets-behind-end", sample_packets_behind_end, NULL, 0},
	{"good-journal", sample_journal, NULL, 0},
	{"good-secrets", sample_secrets, NULL, 0},
	{"good-custom-blocks", sample_custom_blocks, NULL, 0},
	{"good-unknown-blocks", sample_unknown_blocks, NULL, 0},
	{"bad-section-size-0", sample_section_alone, resize, 0},
	{"bad-section-size-24", sample_section_alone, resize, 24},
	{"bad-section-size-odd", sample_section_alone, resize, 29},
	{"bad-section-size-huge", sample_section_alone, resize, 0x7ffffffc},
	{"bad-section-tail", sample_section_alone, change_tail, 4},
	{"bad-section-order", sample_section_alone, change_first, 0x1a2b3c4e},
	{"bad-section-order-later", section_order_later, NULL, 0},
	{"bad-section-option", section_option, NULL, 0},
	{"bad-version-2-0", sample_section_alone, change_version, 0x20000},
	{"bad-version-1-1", sample_section_alone, change_version, 0x10001},
	{"bad-version-0-0", sample_section_alone, change_version, 0},
	{"bad-interface-size-16", sample_start, resize, 16},
	{"bad-interface-size-odd", sample_start, resize, 33},
	{"bad-interface-tail", sample_start, change_tail, 4},
	{"bad-interface-option", interface_option, NULL, 0},
	{"bad-interface-option-of-65535", option_of_65535, NULL, 0},
	{"bad-interface-1-of-1", one_packet, change_first, 1},
	{"bad-interface-all-ones", one_packet, change_first, UINT32_MAX},
	{"bad-interface-later", packet_before_interface, NULL, 0},
	{"bad-interface-of-last-section", interface_of_last_section, NULL, 0},
	{"bad-packet-size-28", one_packet, resize, 28},
	{"bad-packet-size-odd", one_packet, resize, 74},
	{"bad-packet-not-padded", odd_packet, NULL, 0},
	{"bad-packet-size-huge", one_packet, resize, 0xfffffffc},
	{"bad-packet-tail", one_packet, change_tail, 4},
	{"bad-packet-tail-below", one_packet, change_tail, 0xfffffffc},
	{"bad-packet-option", packet_option, NULL, 0},
	{"bad-caplen-of-the-tail", one_packet, change_caplen, 45},
	{"bad-caplen-of-the-next", one_packet, change_caplen, 100},
	{"bad-caplen-all-ones", one_packet, change_caplen, UINT32_MAX},
	{"bad-caplen-nearly-all-ones", one_packet, change_caplen, 0xfffffffc},
	{"bad-old-packet-size-28", one_old_packet, resize, 28},
	{"bad-old-packet-tail", one_old_packet, change_tail, 4},
	{"bad-old-packet-caplen", one_old_packet, change_caplen, 45},
	{"bad-old-packet-option", old_packet_option, NULL, 0},
	{"bad-old-packet-of-none", one_old_packet, change_first, UINT32_MAX},
	{"good-pseudo-headers", sample_pseudo_headers, NULL, 0},
	{"bad-pseudo-header-erf", nothing, put_short, 197},
	{"bad-pseudo-header-irda", nothing, put_short, 144},
	{"bad-pseudo-header-simple", nothing, put_short_simple, 123},
	{"bad-simple-packet-size-12", one_simple_packet, resize, 12},
	{"bad-simple-packet-tail", one_simple_packet, change_tail, 4},
	{"bad-simple-packet-len", one_simple_packet, change_first, 45},
	{"bad-simple-packet-len-huge", one_simple_packet, change_first, UINT32_MAX},
	{"bad-simple-packet-alone", simple_packet_alone, NULL, 0},
	{"bad-statistics-size-20", one_statistics, resize, 20},
	{"bad-statistics-tail", one_statistics, change_tail, 4},
	{"bad-statistics-option", statistics_option, NULL, 0},
	{"bad-statistics-of-none", one_statistics, change_first, 1},
	{"good-statistics-stamp-too-high", one_statistics_of_second, NULL, 0},
	{"bad-ifdrop-of-4-bytes", open_statistics, put_ifdrop, 4},
	{"bad-filteraccept-of-no-bytes", open_statistics, put_filteraccept, 0},
	{"bad-osdrop-of-12-bytes", open_statistics, put_osdrop, 12},
	{"bad-unknown-size-8", one_unknown_without_body, resize, 8},
	{"bad-unknown-not-padded", odd_unknown, NULL, 0},
	{"bad-unknown-size-odd", one_unknown, resize, 14},
	{"bad-unknown-tail", one_unknown, change_tail, 4},
	{"bad-unknown-tail-without-body", one_unknown_without_body, change_tail, 4},
	{"bad-tsresol-of-no-bytes", open_interface, put_tsresol, 0},
	{"bad-tsresol-of-4-bytes", open_interface, put_tsresol, 4},
	{"bad-fcslen-of-2-bytes", open_interface, put_fcslen, 2},
	{"bad-tsoffset-of-4-bytes", open_interface, put_tsoffset, 4},
	{"bad-tsoffset-of-9-bytes", open_interface, put_tsoffset, 9},
	{"cut-text-behind", text_behind, NULL, 0},
	{"cut-pcap-behind", pcap_behind, NULL, 0},
	{"cut-other-order", other_order, NULL, 0},
	{"cut-in-type", sample_section_alone, cut, 25},
	{"cut-in-section", sample_section_alone, cut, 17},
	{"cut-in-section-tail", sample_section_alone, cut, 1},
	{"cut-in-interface", sample_start, cut, 9},
	{"cut-in-packet", two_packets, cut, 30},
	{"cut-in-head", two_packets, cut, 70},
	{"cut-in-unknown-head", one_unknown, cut, 44},
	{"cut-in-unknown", one_unknown, cut, 14},
	{"cut-in-unknown-tail", one_unknown, cut, 4},
	{"cut-watermarks-without-end", sample_watermarks_without_end, NULL, 0},
	{"cut-worker-alone", sample_worker_alone, NULL, 0},
	{"cut-worker-sections", sample_worker_sections_without_last_end, NULL, 0},
	{"cut-worker-end-of-another", sample_end_of_another_section, NULL, 0},
	{"cut-worker-end-of-second", sample_end_of_second_interface, NULL, 0},
	{"cut-worker-in-end", sample_watermarks, cut, 4},
	{"cut-lying-packet", cut_lying_packet, NULL, 0},
	{"cut-lying-unknown", cut_lying_unknown, NULL, 0},
};

enum {
	FILES = sizeof(files) / sizeof(*files),
};

static void write_file(const char *folder, const char *name, const struct blocks *blocks)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%s", folder, name, blocks->big ? "big" : "little");
	file = fopen(path, "we");
	if (!file)
		err(1, "%s", path);
	if (fwrite(blocks->bytes, 1, blocks->size, file) != blocks->size || fclose(file) != 0)
		err(1, "%s", path);
}

static void write_all(const char *folder, struct blocks *blocks)
{
	for (size_t i = 0; i < FILES; i++) {
		blocks->size = 0;
		files[i].make(blocks);
		if (files[i].harm)
			files[i].harm(blocks, files[i].argument);
		write_file(folder, files[i].name, blocks);
	}
	for (size_t i = 0; i < SAMPLE_CLOCKS; i++) {
		blocks->size = 0;
		sample_clock_file(blocks, &sample_clocks[i]);
		write_file(folder, sample_clocks[i].name, blocks);
	}
}

int main(int argc, char **argv)
{
	struct blocks blocks = {.bytes = malloc(BLOCKS_ROOM)};

	if (!blocks.bytes)
		err(1, "malloc");
	if (argc != 2)
		errx(1, "usage: pcapng_corpus FOLDER");
	write_all(argv[1], &blocks);
	blocks.big = true;
	write_all(argv[1], &blocks);
	free(blocks.bytes);
	return 0;
}
