/*
 * What a server in the wrong hands may answer. In: a name of the table at the
 * end. Out: bytes, and where they go on when all are sent, for ever.
 *
 * Each is next to a target that is well in client_attacks.bats.
 */
#pragma once

#include "blocks.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	ATTACK_NEVER = 0, /* stays open, and silent */
	ATTACK_MANY = 1000,
	ATTACK_VERY_MANY = 20000,
	/* of pcap */
	ATTACK_SLL = 113,
	ATTACK_SIZE = 64, /* bytes of most packets */
};

struct attack {
	struct blocks out;
	size_t again; /* from here on, when all is sent; or ATTACK_NEVER */
	bool ends;    /* then the connection does */
	bool slow;    /* a byte a packet */
	size_t step;  /* bytes every few ms; 0: as many as are taken */
};

struct attack_row {
	const char *name;
	void (*make)(struct attack *attack);
	/* no capture begins: that takes its time, and is not listed */
	bool waits;
};

static inline void attack_text(struct attack *attack, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline void attack_text(struct attack *attack, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int size;

	va_start(args, format);
	size = vasprintf(&text, format, args);
	va_end(args);
	if (size < 0)
		abort();
	blocks_bytes(&attack->out, text, (size_t)size);
	free(text);
}

static inline void attack_fill(struct attack *attack, char byte, size_t count)
{
	while (count-- > 0)
		blocks_bytes(&attack->out, &byte, 1);
}

static inline void attack_head(struct attack *attack, const char *lines)
{
	attack_text(attack,
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: application/x-pcapng\r\n%s\r\n",
		lines);
}

/* What follows comes again and again. */
static inline void attack_again(struct attack *attack)
{
	attack->again = attack->out.size;
}

static inline void attack_for_ever(struct attack *attack, char byte)
{
	attack_again(attack);
	attack_fill(attack, byte, 65536);
}

static inline void attack_pcap(struct attack *attack)
{
	attack_head(attack, "");
	blocks_u32(&attack->out, 0xa1b2c3d4);
	blocks_u16(&attack->out, 2);
	blocks_u16(&attack->out, 4);
	blocks_u64(&attack->out, 0);
	blocks_u32(&attack->out, 262144);
	blocks_u32(&attack->out, ATTACK_SLL);
}

/* A record whose packet says that it is caplen bytes of len, and has size. */
static inline void attack_record(struct attack *attack, uint32_t seconds,
	uint32_t caplen, uint32_t len, size_t size)
{
	blocks_u32(&attack->out, seconds);
	blocks_u32(&attack->out, 0);
	blocks_u32(&attack->out, caplen);
	blocks_u32(&attack->out, len);
	attack_fill(attack, 0x55, size);
}

static inline void attack_stamp(struct attack *attack, uint32_t seconds)
{
	attack_record(attack, seconds, ATTACK_SIZE, ATTACK_SIZE, ATTACK_SIZE);
}

/* A section as a worker's, whose statistics are watermarks. */
static inline void attack_section(struct attack *attack)
{
	blocks_open_section(&attack->out, 1, 0, UINT64_MAX);
	blocks_text(&attack->out, 4, "ddump-worker 0.1.0");
	blocks_end_options(&attack->out);
	blocks_close(&attack->out);
}

static inline void attack_interface(struct attack *attack, const char *name)
{
	blocks_open_interface(&attack->out, ATTACK_SLL, 262144);
	blocks_text(&attack->out, 2, name);
	blocks_option_byte(&attack->out, 9, 9);
	blocks_end_options(&attack->out);
	blocks_close(&attack->out);
}

/* The beginning of a worker's stream, with one interface. */
static inline void attack_pcapng(struct attack *attack)
{
	attack_head(attack, "");
	attack_section(attack);
	attack_interface(attack, "any");
}

static inline void attack_packet(struct attack *attack, uint64_t ticks)
{
	static const unsigned char data[ATTACK_SIZE];

	blocks_open_packet(&attack->out, 0, ticks, data, sizeof(data));
	blocks_close(&attack->out);
}

static inline void attack_watermark(struct attack *attack, uint64_t ticks)
{
	blocks_open_statistics(&attack->out, 0, ticks);
	blocks_close(&attack->out);
}

/* Names as they would write to a terminal: C0, C1, and Unicode that turns. */
#define ATTACK_ESCAPES                                                         \
	"\x1b]0;owned\x07\x1b[2J\r\n\x9b"                                      \
	"31m\xc2\x9b"                                                          \
	"1m\xe2\x80\xae\xf0\x9f\x92\xa3\x7f\b"

/* Lengths that lie. */

static inline void attack_record_of_4_gib(struct attack *attack)
{
	attack_pcap(attack);
	attack_record(attack, 1, UINT32_MAX - 15, 60, 60);
}

static inline void attack_record_unsent(struct attack *attack)
{
	attack_pcap(attack);
	attack_record(attack, 1, 262144, 262144, 10);
}

static inline void attack_len_below_caplen(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	attack_record(attack, 1, ATTACK_SIZE, 0, ATTACK_SIZE);
}

static inline void attack_empty_packets(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_record(attack, 1, 0, 0, 0);
}

static inline void attack_empty_packets_later(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_record(attack, UINT32_MAX, 0, UINT32_MAX, 0);
}

static inline void attack_block_of_0(struct attack *attack)
{
	attack_pcapng(attack);
	attack_packet(attack, 1);
	blocks_set(&attack->out, 4, 0);
}

static inline void attack_packet_of_4_gib(struct attack *attack)
{
	attack_pcapng(attack);
	attack_packet(attack, 1);
	blocks_set(&attack->out, 4, UINT32_MAX - 3);
}

static inline void attack_caplen_of_4_gib(struct attack *attack)
{
	attack_pcapng(attack);
	attack_packet(attack, 1);
	blocks_set(&attack->out, 20, UINT32_MAX);
}

/* The largest that is taken, and then it does not come. */
static inline void attack_packet_unsent(struct attack *attack)
{
	attack_pcapng(attack);
	attack_packet(attack, 1);
	blocks_set(&attack->out, 4, 262144 + (1 << 20));
}

static inline void attack_option_too_long(struct attack *attack)
{
	attack_pcapng(attack);
	blocks_open_statistics(&attack->out, 0, 1);
	blocks_u16(&attack->out, 1);
	blocks_u16(&attack->out, UINT16_MAX);
	blocks_close(&attack->out);
}

static inline void attack_interface_of_none(struct attack *attack)
{
	attack_pcapng(attack);
	attack_packet(attack, 1);
	blocks_set(&attack->out, 8, UINT32_MAX);
}

/* Stamps. */

static inline void attack_stamps_1970(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_stamp(attack, 0);
}

static inline void attack_stamps_2106(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_stamp(attack, UINT32_MAX);
}

static inline void attack_stamps_by_turns(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_stamp(attack, i & 1 ? 0 : UINT32_MAX);
}

/* Each belongs in front of all others. */
static inline void attack_stamps_backwards(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_VERY_MANY; i++)
		attack_stamp(attack, UINT32_MAX - i);
}

/* Always one that is earlier, and a bit later than the one before. */
static inline void attack_stamps_that_creep(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_VERY_MANY; i++) {
		attack_stamp(attack, 1);
		memcpy(attack->out.bytes + attack->out.size - ATTACK_SIZE - 12,
			&i, sizeof(i));
	}
	attack->step = 16 + ATTACK_SIZE;
}

static inline void attack_stamps_2554(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_packet(attack, UINT64_MAX);
}

/* A clock of 2^-127 s, and one that is off by all there is. */
static inline void attack_clocks(struct attack *attack)
{
	attack_head(attack, "");
	attack_section(attack);
	blocks_open_interface(&attack->out, ATTACK_SLL, 262144);
	blocks_option_byte(&attack->out, 9, 0xff);
	blocks_option_number(&attack->out, 14, UINT64_MAX / 2, 8);
	blocks_close(&attack->out);
	attack_again(attack);
	attack_packet(attack, UINT64_MAX);
}

/* Floods of what is no packet. */

static inline void attack_interfaces(struct attack *attack)
{
	char name[16];

	attack_head(attack, "");
	attack_section(attack);
	for (unsigned i = 0; i < 70000; i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		attack_interface(attack, name);
	}
}

static inline void attack_interface_again(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	attack_interface(attack, "eth0");
}

/* Names of all lengths, which differ where they are cut, too. */
static inline void attack_long_names(struct attack *attack)
{
	char name[60001];

	attack_head(attack, "");
	attack_section(attack);
	for (size_t i = 0; i < 60; i++) {
		memset(name, 0x1b, sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		name[0] = (char)('0' + i);
		name[i * 1000 + 100] = '\0';
		attack_interface(attack, name);
	}
}

static inline void attack_filters(struct attack *attack)
{
	char filter[60000];

	attack_head(attack, "");
	attack_section(attack);
	memset(filter, 0x9b, sizeof(filter));
	filter[0] = 0;
	for (uint16_t i = 0; i < 66; i++) {
		memcpy(filter + 1, &i, sizeof(i));
		blocks_open_interface(&attack->out, ATTACK_SLL, 262144);
		blocks_option(&attack->out, 11, filter, sizeof(filter));
		blocks_close(&attack->out);
	}
}

static inline void attack_sections(struct attack *attack)
{
	attack_head(attack, "");
	attack_again(attack);
	attack_section(attack);
	for (unsigned i = 0; i < ATTACK_MANY; i++)
		attack_interface(attack, "eth0");
}

static inline void attack_watermarks(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	for (uint64_t i = 0; i < ATTACK_VERY_MANY; i++)
		attack_watermark(attack, i);
}

/* The last word there is, and packets for all that. */
static inline void attack_watermark_of_2554(struct attack *attack)
{
	attack_pcapng(attack);
	attack_watermark(attack, UINT64_MAX);
	attack_again(attack);
	attack_packet(attack, 1);
}

/* Each tells of more packets that were dropped than there are. */
static inline void attack_drops(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	for (uint64_t i = 1; i < ATTACK_MANY; i++) {
		blocks_open_statistics(&attack->out, 0, i);
		blocks_option_number(&attack->out, 4, i << 54, 8);
		blocks_option_number(&attack->out, 5, UINT64_MAX / i, 8);
		blocks_option_number(&attack->out, 7, i << 54, 8);
		blocks_close(&attack->out);
	}
}

/* Gigabytes of blocks that nobody knows. */
static inline void attack_unknown_blocks(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	for (unsigned i = 0; i < ATTACK_MANY; i++) {
		blocks_open(&attack->out, 0x7fffffff);
		blocks_close(&attack->out);
	}
}

static inline void attack_unknown_block_of_4_gib(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	blocks_open(&attack->out, 0x7fffffff);
	attack_fill(attack, 0, 1 << 20);
	blocks_set(&attack->out, 4, UINT32_MAX - 3);
}

static inline void attack_names_and_secrets(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	blocks_open(&attack->out, BLOCKS_NAMES);
	attack_fill(attack, 'n', 1 << 20);
	blocks_close(&attack->out);
	blocks_open(&attack->out, BLOCKS_SECRETS);
	attack_fill(attack, 's', 1 << 20);
	blocks_close(&attack->out);
}

/* As long as a block may be, with options that say nothing. */
static inline void attack_padding(struct attack *attack)
{
	char comment[60000] = "";

	attack_pcapng(attack);
	attack_again(attack);
	blocks_open_statistics(&attack->out, 0, 1);
	for (unsigned i = 0; i < 20; i++)
		blocks_option(&attack->out, 1, comment, sizeof(comment));
	blocks_close(&attack->out);
	attack_packet(attack, 1);
	attack->out.size -= 4;
	for (unsigned i = 0; i < ATTACK_VERY_MANY; i++)
		blocks_option(&attack->out, 1, "", 0);
	blocks_close(&attack->out);
}

/* A section of the other order, and what is none. */
static inline void attack_section_in_the_middle(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	for (unsigned i = 0; i < ATTACK_MANY; i++) {
		attack_packet(attack, i);
		attack->out.big = !attack->out.big;
		attack_section(attack);
		attack_interface(attack, "any");
	}
	blocks_section(&attack->out);
	blocks_set(&attack->out, 8, 0x12345678);
}

static inline void attack_pcap_in_the_middle(struct attack *attack)
{
	attack_pcapng(attack);
	attack_pcap(attack);
	attack_again(attack);
	attack_stamp(attack, 1);
}

/* Words. */

static inline void attack_names_that_escape(struct attack *attack)
{
	attack_pcapng(attack);
	attack_interface(attack, ATTACK_ESCAPES);
	blocks_open_interface(&attack->out, 147, 1);
	blocks_text(&attack->out, 2, "x" ATTACK_ESCAPES);
	blocks_option(&attack->out, 11, "\0" ATTACK_ESCAPES,
		sizeof("\0" ATTACK_ESCAPES) - 1);
	blocks_close(&attack->out);
	attack_packet(attack, 1);
	attack->ends = true;
}

static inline void attack_sentence_that_escapes(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 500 " ATTACK_ESCAPES "\r\n"
			    "Content-Type: text/" ATTACK_ESCAPES "\r\n\r\n"
			    "\xe2\x80\xae" ATTACK_ESCAPES ATTACK_ESCAPES);
	attack->ends = true;
}

static inline void attack_page_that_escapes(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 404 \r\n\r\n<html><title>\x9b"
			    "2J\xc2\x9b" ATTACK_ESCAPES "</title>");
	attack->ends = true;
}

static inline void attack_text_that_escapes(struct attack *attack)
{
	attack_text(attack,
		"HTTP/1.1 200 OK\r\nContent-Type: text/\x1b[2J\xc2\x9b"
		"1m\r\n\r\n\x1b[2J\x9b\xe2\x80\xae");
	attack->ends = true;
}

static inline void attack_capture_that_escapes(struct attack *attack)
{
	attack_head(attack, "");
	attack_text(attack,
		"\x1b[2J\x9b\xe2\x80\xae" ATTACK_ESCAPES ATTACK_ESCAPES);
}

static inline void attack_sentence_without_end(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 503 No\r\n\r\n");
	attack_again(attack);
	attack_text(attack, "and so on\t" ATTACK_ESCAPES);
}

/* HTTP. */

static inline void attack_status_without_end(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 200 ");
	attack_for_ever(attack, 'O');
}

static inline void attack_header_without_end(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 200 OK\r\nX: ");
	attack_for_ever(attack, 'x');
}

static inline void attack_headers(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 200 OK\r\n");
	attack_again(attack);
	attack_text(attack, "X: y\r\n");
}

static inline void attack_continue(struct attack *attack)
{
	attack_again(attack);
	attack_text(attack, "HTTP/1.1 100 Continue\r\n\r\n");
	/* the first byte is at 0, which would be never */
	attack->again = attack->out.size;
	attack_text(attack, "HTTP/1.1 102 Processing\r\n\r\n");
}

static inline void attack_cookies(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 401 No\r\n");
	for (unsigned i = 0; i < ATTACK_MANY; i++)
		attack_text(attack,
			"WWW-Authenticate: Digest realm=\"%u\", nonce=\"x\"\r\n"
			"Set-Cookie: c%u=x\r\n",
			i, i);
	attack_text(attack, "\r\n");
	attack->ends = true;
}

static inline void attack_redirect(struct attack *attack)
{
	attack_text(attack,
		"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
		"Content-Length: 0\r\n\r\n");
}

static inline void attack_refresh(struct attack *attack)
{
	attack_head(attack, "Location: http://localhost/\r\n"
			    "Refresh: 0; url=http://localhost/\r\n"
			    "Alt-Svc: h2=\"localhost:1\"\r\nUpgrade: h2c\r\n");
	attack->ends = true;
}

/* A page of zeros that is a gigabyte when it is unpacked. */
static const char attack_gzip[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03"
				  "\x01\x04\0\xfb\xff\0\0\0\0";

static inline void attack_packed_content(struct attack *attack)
{
	attack_head(attack, "Content-Encoding: gzip, gzip, br, zstd\r\n");
	blocks_bytes(&attack->out, attack_gzip, sizeof(attack_gzip) - 1);
	attack_for_ever(attack, 0);
}

static inline void attack_packed_transfer(struct attack *attack)
{
	attack_head(
		attack, "Transfer-Encoding:\r\n gzip,\r\n\tgzip, chunked\r\n");
	attack_again(attack);
	attack_text(attack, "a\r\n0123456789\r\n");
}

static inline void attack_chunked_twice(struct attack *attack)
{
	attack_head(attack, "Transfer-Encoding: chunked\r\n"
			    "Transfer-Encoding: deflate\r\n");
	attack_again(attack);
	attack_text(attack, "a\r\n0123456789\r\n");
}

static inline void attack_lengths(struct attack *attack)
{
	attack_head(attack, "Content-Length: 18446744073709551616\r\n"
			    "Content-Length: -1\r\n");
	attack_for_ever(attack, 0);
}

static inline void attack_length_and_chunks(struct attack *attack)
{
	attack_head(
		attack, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
	attack_again(attack);
	attack_text(attack, "1\r\nx\r\n");
}

/* Chunks, behind the beginning of a capture. */

static inline void attack_chunks(struct attack *attack)
{
	struct attack begin = {.out.bytes = malloc(BLOCKS_ROOM)};

	if (!begin.out.bytes)
		abort();
	attack_section(&begin);
	attack_interface(&begin, "any");
	attack_head(attack, "Transfer-Encoding: chunked\r\n");
	attack_text(attack, "%zx\r\n", begin.out.size);
	blocks_bytes(&attack->out, begin.out.bytes, begin.out.size);
	attack_text(attack, "\r\n");
	free(begin.out.bytes);
}

static inline void attack_chunk_of_all(struct attack *attack)
{
	attack_chunks(attack);
	attack_text(attack, "ffffffffffffffff\r\n");
	attack_for_ever(attack, 0);
}

static inline void attack_chunk_size_without_end(struct attack *attack)
{
	attack_chunks(attack);
	attack_for_ever(attack, '0');
}

static inline void attack_chunk_extension_without_end(struct attack *attack)
{
	attack_chunks(attack);
	attack_text(attack, "1;");
	attack_for_ever(attack, 'x');
}

static inline void attack_trailers(struct attack *attack)
{
	attack_chunks(attack);
	attack_text(attack, "0\r\n");
	attack_again(attack);
	for (unsigned i = 0; i < ATTACK_MANY; i++)
		attack_text(attack, "Ddump-Clock: %u %u\r\n", i, i);
}

static inline void attack_trailer_without_end(struct attack *attack)
{
	attack_chunks(attack);
	attack_text(attack, "0\r\nX: ");
	attack_for_ever(attack, 'x');
}

/* Watermarks, cut into chunks of a byte. */
static inline void attack_chunks_of_1(struct attack *attack)
{
	struct attack mark = {.out.bytes = malloc(BLOCKS_ROOM)};

	if (!mark.out.bytes)
		abort();
	attack_watermark(&mark, 1);
	attack_chunks(attack);
	attack_again(attack);
	for (size_t i = 0; i < mark.out.size; i++) {
		attack_text(attack, "1\r\n");
		blocks_bytes(&attack->out, mark.out.bytes + i, 1);
		attack_text(attack, "\r\n");
	}
	free(mark.out.bytes);
}

static inline void attack_bytes_one_by_one(struct attack *attack)
{
	attack_chunks_of_1(attack);
	attack->slow = true;
}

/* Clocks: with -align stamps are corrected by what is claimed. */

static inline void attack_clock(struct attack *attack, const char *value)
{
	attack_text(
		attack, "HTTP/1.1 200 OK\r\nDdump-Clock: %s\r\n\r\n", value);
	attack_section(attack);
	attack_interface(attack, "any");
	attack_again(attack);
	attack_packet(attack, UINT64_C(1700000000000000000));
	attack_packet(attack, 0);
	attack_packet(attack, UINT64_MAX);
}

static inline void attack_clock_of_0(struct attack *attack)
{
	attack_clock(attack, "0 0");
}

static inline void attack_clock_of_2262(struct attack *attack)
{
	attack_clock(attack, "9223372036854775807 9223372036854775807");
}

static inline void attack_clock_of_all(struct attack *attack)
{
	attack_clock(attack, "0 9223372036854775807");
}

static inline void attack_clock_too_large(struct attack *attack)
{
	attack_clock(attack, "18446744073709551616 -1 \x1b[2J");
}

/* What never gets as far as a capture, and never ends. */

static inline void attack_slow_headers(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 200 OK\r\n");
	attack_again(attack);
	attack_text(attack, "X: y\r\n");
	attack->step = 1;
}

static inline void attack_half_a_section(struct attack *attack)
{
	attack_head(attack, "");
	blocks_u32(&attack->out, BLOCKS_SECTION);
}

static inline void attack_section_alone(struct attack *attack)
{
	attack_head(attack, "");
	attack_section(attack);
	attack_again(attack);
	blocks_open(&attack->out, BLOCKS_CUSTOM);
	blocks_close(&attack->out);
	attack->step = 12;
}

static inline void attack_chunk_extension_alone(struct attack *attack)
{
	attack_head(attack, "Transfer-Encoding: chunked\r\n");
	attack_text(attack, "1;");
	attack_again(attack);
	attack_fill(attack, 'x', 1000);
	attack->step = 100;
}

#define ATTACK(which)                                                          \
	{                                                                      \
		.name = #which, .make = attack_##which                         \
	}
#define ATTACK_THAT_WAITS(which)                                               \
	{                                                                      \
		.name = #which, .make = attack_##which, .waits = true          \
	}

static const struct attack_row attack_rows[] = {
	ATTACK(record_of_4_gib),
	ATTACK(record_unsent),
	ATTACK(len_below_caplen),
	ATTACK(empty_packets),
	ATTACK(empty_packets_later),
	ATTACK(block_of_0),
	ATTACK(packet_of_4_gib),
	ATTACK(caplen_of_4_gib),
	ATTACK(packet_unsent),
	ATTACK(option_too_long),
	ATTACK(interface_of_none),
	ATTACK(stamps_1970),
	ATTACK(stamps_2106),
	ATTACK(stamps_by_turns),
	ATTACK(stamps_backwards),
	ATTACK(stamps_that_creep),
	ATTACK(stamps_2554),
	ATTACK(clocks),
	ATTACK(interfaces),
	ATTACK(interface_again),
	ATTACK(long_names),
	ATTACK(filters),
	ATTACK(sections),
	ATTACK(watermarks),
	ATTACK(watermark_of_2554),
	ATTACK(drops),
	ATTACK(unknown_blocks),
	ATTACK(unknown_block_of_4_gib),
	ATTACK(names_and_secrets),
	ATTACK(padding),
	ATTACK(section_in_the_middle),
	ATTACK(pcap_in_the_middle),
	ATTACK(names_that_escape),
	ATTACK(sentence_that_escapes),
	ATTACK(page_that_escapes),
	ATTACK(text_that_escapes),
	ATTACK(capture_that_escapes),
	ATTACK(sentence_without_end),
	ATTACK(status_without_end),
	ATTACK(header_without_end),
	ATTACK(headers),
	ATTACK(continue),
	ATTACK(cookies),
	ATTACK(redirect),
	ATTACK(refresh),
	ATTACK(packed_content),
	ATTACK(packed_transfer),
	ATTACK(chunked_twice),
	ATTACK(lengths),
	ATTACK(length_and_chunks),
	ATTACK(chunk_of_all),
	ATTACK(chunk_size_without_end),
	ATTACK(chunk_extension_without_end),
	ATTACK(trailers),
	ATTACK(trailer_without_end),
	ATTACK(chunks_of_1),
	ATTACK(bytes_one_by_one),
	ATTACK(clock_of_0),
	ATTACK(clock_of_2262),
	ATTACK(clock_of_all),
	ATTACK(clock_too_large),
	ATTACK_THAT_WAITS(slow_headers),
	ATTACK_THAT_WAITS(half_a_section),
	ATTACK_THAT_WAITS(section_alone),
	ATTACK_THAT_WAITS(chunk_extension_alone),
};

enum { ATTACKS = sizeof(attack_rows) / sizeof(*attack_rows) };

static inline void attack_list(void)
{
	for (size_t i = 0; i < ATTACKS; i++)
		if (!attack_rows[i].waits)
			puts(attack_rows[i].name);
}

static inline void attack_free(struct attack *attack)
{
	if (attack)
		free(attack->out.bytes);
	free(attack);
}

/* Returns the attack of that name, for attack_free(); NULL: there is none. */
static inline struct attack *attack_new(const char *name)
{
	struct attack *attack = calloc(1, sizeof(*attack));

	for (size_t i = 0; attack && i < ATTACKS; i++) {
		const char *known = attack_rows[i].name;

		if (strncmp(known, name, strlen(known)) != 0 ||
			(name[strlen(known)] && name[strlen(known)] != '?'))
			continue;
		attack->out.bytes = malloc(BLOCKS_ROOM);
		if (!attack->out.bytes)
			abort();
		attack_rows[i].make(attack);
		return attack;
	}
	attack_free(attack);
	return NULL;
}
