/* SPDX-License-Identifier: MIT */
/*
 * The valid files of tests/data/pcapng: every block and every option of
 * draft-ietf-opsawg-pcapng. pcapng_corpus.c damages some of them, and writes all.
 */
#pragma once

#include "pcapng_blocks.h"

enum {
	ETHERNET = 1,
	MICRO = 1000000,
	COMMENT = 1,
	NAME = 2,
	TSRESOL = 9,
	FILTER = 11,
	FCSLEN = 13,
	TSOFFSET = 14,
	PEN = 32473, /* for examples, RFC 5612 */
	SAMPLE_CLOCKS = 23,
};

/* s: 2023-11-14 22:13:20 UTC */
static const uint64_t sample_time = 1700000000;

/* A file with one packet of an interface with if_tsresol and if_tsoffset. */
struct sample_clock {
	const char *name; /* of the file */
	int resolution;	  /* if_tsresol; below 0: no such option */
	int64_t offset;	  /* s, 0: no such option */
	uint64_t ticks;	  /* the packet's timestamp */
};

extern const struct sample_clock sample_clocks[SAMPLE_CLOCKS];

void sample_interface(struct blocks *blocks, const char *name);

/* A packet with a stamp that is so many us behind now. */
void sample_packet(struct blocks *blocks, uint32_t number, uint32_t us);

/* What most files begin with: a section with an interface "eth0". */
void sample_start(struct blocks *blocks);

void sample_section_alone(struct blocks *blocks);

void sample_section_options(struct blocks *blocks);

void sample_section_of_known_length(struct blocks *blocks);

void sample_options_without_end(struct blocks *blocks);

void sample_options_behind_end(struct blocks *blocks);

void sample_sections_of_both_orders(struct blocks *blocks);

void sample_watermarks_without_end(struct blocks *blocks);

void sample_watermarks(struct blocks *blocks);

void sample_worker_alone(struct blocks *blocks);

void sample_worker_sections(struct blocks *blocks);

void sample_worker_sections_without_last_end(struct blocks *blocks);

/* Other applications may write it while a capture continues, or not at all. */
void sample_end_of_another(struct blocks *blocks);

void sample_end_of_another_section(struct blocks *blocks);

void sample_end_of_another_behind(struct blocks *blocks);

/* Only statistics of the first interface are a worker's word. */
void sample_end_of_second_interface(struct blocks *blocks);

void sample_packets_behind_end(struct blocks *blocks);

void sample_interface_options(struct blocks *blocks);

/* "ip" for Ethernet */
void sample_filter_of_bytecode(struct blocks *blocks);

void sample_texts_with_zeros(struct blocks *blocks);

void sample_empty_texts(struct blocks *blocks);

void sample_interface_without_options(struct blocks *blocks);

void sample_interfaces_between_packets(struct blocks *blocks);

void sample_many_interfaces(struct blocks *blocks);

/* Two without names, and two of one name, each with a packet. */
void sample_twins(struct blocks *blocks);

/* Ethernet, raw IP, SLL, radiotap, IPv4, SLL2 */
void sample_link_types(struct blocks *blocks);

void sample_check_sequences(struct blocks *blocks);

void sample_clock_file(struct blocks *blocks, const struct sample_clock *clock);

void sample_stamps_of_two_clocks(struct blocks *blocks);

void sample_options_of_a_packet(struct blocks *blocks);

void sample_packet_sizes(struct blocks *blocks);

void sample_old_packets(struct blocks *blocks);

void sample_simple_packet(struct blocks *blocks, uint32_t caplen, uint32_t len);

void sample_simple_packets(struct blocks *blocks);

void sample_simple_packets_with_snaplen(struct blocks *blocks);

/* Link types whose packets have a header for the reader alone. */
void sample_pseudo_headers(struct blocks *blocks);

void sample_names(struct blocks *blocks);

void sample_statistics(struct blocks *blocks);

void sample_journal(struct blocks *blocks);

void sample_secrets(struct blocks *blocks);

void sample_custom_blocks(struct blocks *blocks);

/* Whatever else has a number, and whatever has none, with and without body */
void sample_unknown_blocks(struct blocks *blocks);

/* A section's bytes in a block that is none. */
void sample_section_in_a_block(struct blocks *blocks);
