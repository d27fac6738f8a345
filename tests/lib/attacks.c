/* SPDX-License-Identifier: MIT */
#include "attacks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct attack_row {
	const char *name;
	void (*make)(struct attack *attack);
	/* no capture begins: that takes a timeout, and is not listed */
	bool waits;
};

static void attack_text(struct attack *attack, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void attack_text(struct attack *attack, const char *format, ...)
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

static void attack_fill(struct attack *attack, char byte, size_t count)
{
	while (count-- > 0)
		blocks_bytes(&attack->out, &byte, 1);
}

static void attack_head(struct attack *attack, const char *lines)
{
	attack_text(attack,
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: application/x-pcapng\r\n%s\r\n",
		lines);
}

/* The bytes that follow are repeated without end. */
static void attack_again(struct attack *attack)
{
	attack->again = attack->out.size;
}

static void attack_for_ever(struct attack *attack, char byte)
{
	attack_again(attack);
	attack_fill(attack, byte, 65536);
}

static void attack_pcap(struct attack *attack)
{
	attack_head(attack, "");
	blocks_u32(&attack->out, 0xa1b2c3d4);
	blocks_u16(&attack->out, 2);
	blocks_u16(&attack->out, 4);
	blocks_u64(&attack->out, 0);
	blocks_u32(&attack->out, 262144);
	blocks_u32(&attack->out, ATTACK_SLL);
}

/* A record with the sizes caplen and len, and size bytes. */
static void attack_record(
	struct attack *attack, uint32_t seconds, uint32_t caplen, uint32_t len, size_t size)
{
	blocks_u32(&attack->out, seconds);
	blocks_u32(&attack->out, 0);
	blocks_u32(&attack->out, caplen);
	blocks_u32(&attack->out, len);
	attack_fill(attack, 0x55, size);
}

static void attack_stamp(struct attack *attack, uint32_t seconds)
{
	attack_record(attack, seconds, ATTACK_SIZE, ATTACK_SIZE, ATTACK_SIZE);
}

/* A section like a worker's, whose statistics are watermarks. */
static void attack_section(struct attack *attack)
{
	blocks_open_section(&attack->out, 1, 0, UINT64_MAX);
	blocks_text(&attack->out, 4, "ddump-worker 0.1.0");
	blocks_end_options(&attack->out);
	blocks_close(&attack->out);
}

static void attack_interface(struct attack *attack, const char *name)
{
	blocks_open_interface(&attack->out, ATTACK_SLL, 262144);
	blocks_text(&attack->out, 2, name);
	blocks_option_byte(&attack->out, 9, 9);
	blocks_end_options(&attack->out);
	blocks_close(&attack->out);
}

/* The beginning of a worker's stream, with one interface. */
static void attack_pcapng(struct attack *attack)
{
	attack_head(attack, "");
	attack_section(attack);
	attack_interface(attack, "any");
}

static void attack_packet(struct attack *attack, uint64_t ticks)
{
	static const unsigned char data[ATTACK_SIZE];

	blocks_open_packet(&attack->out, 0, ticks, data, sizeof(data));
	blocks_close(&attack->out);
}

static void attack_watermark(struct attack *attack, uint64_t ticks)
{
	blocks_open_statistics(&attack->out, 0, ticks);
	blocks_close(&attack->out);
}

/*
 * Names with control characters: C0, C1, and Unicode that changes the
 * direction.
 */
#define ATTACK_ESCAPES                                                                             \
	"\x1b]0;owned\x07\x1b[2J\r\n\x9b"                                                          \
	"31m\xc2\x9b"                                                                              \
	"1m\xe2\x80\xae\xf0\x9f\x92\xa3\x7f\b"

/* Wrong lengths. */

static void attack_record_of_4_gib(struct attack *attack)
{
	attack_pcap(attack);
	attack_record(attack, 1, UINT32_MAX - 15, 60, 60);
}

static void attack_record_unsent(struct attack *attack)
{
	attack_pcap(attack);
	attack_record(attack, 1, 262144, 262144, 10);
}

static void attack_len_below_caplen(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	attack_record(attack, 1, ATTACK_SIZE, 0, ATTACK_SIZE);
}

static void attack_empty_packets(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_record(attack, 1, 0, 0, 0);
}

static void attack_empty_packets_later(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_record(attack, UINT32_MAX, 0, UINT32_MAX, 0);
}

static void attack_block_of_0(struct attack *attack)
{
	attack_pcapng(attack);
	attack_packet(attack, 1);
	blocks_set(&attack->out, 4, 0);
}

static void attack_packet_of_4_gib(struct attack *attack)
{
	attack_pcapng(attack);
	attack_packet(attack, 1);
	blocks_set(&attack->out, 4, UINT32_MAX - 3);
}

static void attack_caplen_of_4_gib(struct attack *attack)
{
	attack_pcapng(attack);
	attack_packet(attack, 1);
	blocks_set(&attack->out, 20, UINT32_MAX);
}

/* The largest size that is accepted, without its bytes. */
static void attack_packet_unsent(struct attack *attack)
{
	attack_pcapng(attack);
	attack_packet(attack, 1);
	blocks_set(&attack->out, 4, 262144 + (1 << 20));
}

static void attack_option_too_long(struct attack *attack)
{
	attack_pcapng(attack);
	blocks_open_statistics(&attack->out, 0, 1);
	blocks_u16(&attack->out, 1);
	blocks_u16(&attack->out, UINT16_MAX);
	blocks_close(&attack->out);
}

static void attack_interface_of_none(struct attack *attack)
{
	attack_pcapng(attack);
	attack_packet(attack, 1);
	blocks_set(&attack->out, 8, UINT32_MAX);
}

/* Timestamps. */

static void attack_stamps_1970(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_stamp(attack, 0);
}

static void attack_stamps_2106(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_stamp(attack, UINT32_MAX);
}

static void attack_stamps_by_turns(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_stamp(attack, i & 1 ? 0 : UINT32_MAX);
}

/* Each timestamp is before all others. */
static void attack_stamps_backwards(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_VERY_MANY; i++)
		attack_stamp(attack, UINT32_MAX - i);
}

/*
 * Always one that is earlier, and one that is a bit later than its predecessor.
 */
static void attack_stamps_that_creep(struct attack *attack)
{
	attack_pcap(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_VERY_MANY; i++) {
		attack_stamp(attack, 1);
		memcpy(attack->out.bytes + attack->out.size - ATTACK_SIZE - 12, &i, sizeof(i));
	}
	attack->step = 16 + ATTACK_SIZE;
}

static void attack_stamps_2554(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	for (uint32_t i = 0; i < ATTACK_MANY; i++)
		attack_packet(attack, UINT64_MAX);
}

/* A clock of 2^-127 s, and one with the largest offset. */
static void attack_clocks(struct attack *attack)
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

/* Floods of blocks other than packets. */

static void attack_interfaces(struct attack *attack)
{
	char name[16];

	attack_head(attack, "");
	attack_section(attack);
	for (unsigned i = 0; i < 70000; i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		attack_interface(attack, name);
	}
}

static void attack_interface_again(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	attack_interface(attack, "eth0");
}

/*
 * Names of all lengths, which also differ after the place where they are cut.
 */
static void attack_long_names(struct attack *attack)
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

static void attack_filters(struct attack *attack)
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

static void attack_sections(struct attack *attack)
{
	attack_head(attack, "");
	attack_again(attack);
	attack_section(attack);
	for (unsigned i = 0; i < ATTACK_MANY; i++)
		attack_interface(attack, "eth0");
}

static void attack_watermarks(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	for (uint64_t i = 0; i < ATTACK_VERY_MANY; i++)
		attack_watermark(attack, i);
}

/* The last watermark there can be, and then packets. */
static void attack_watermark_of_2554(struct attack *attack)
{
	attack_pcapng(attack);
	attack_watermark(attack, UINT64_MAX);
	attack_again(attack);
	attack_packet(attack, 1);
}

/* Each reports more dropped packets than there are. */
static void attack_drops(struct attack *attack)
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

/* Gigabytes of unknown blocks. */
static void attack_unknown_blocks(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	for (unsigned i = 0; i < ATTACK_MANY; i++) {
		blocks_open(&attack->out, 0x7fffffff);
		blocks_close(&attack->out);
	}
}

static void attack_unknown_block_of_4_gib(struct attack *attack)
{
	attack_pcapng(attack);
	attack_again(attack);
	blocks_open(&attack->out, 0x7fffffff);
	attack_fill(attack, 0, 1 << 20);
	blocks_set(&attack->out, 4, UINT32_MAX - 3);
}

static void attack_names_and_secrets(struct attack *attack)
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

/* The longest block that is allowed, with options that have no meaning. */
static void attack_padding(struct attack *attack)
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

/* A section of the other byte order, and one that is invalid. */
static void attack_section_in_the_middle(struct attack *attack)
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

static void attack_pcap_in_the_middle(struct attack *attack)
{
	attack_pcapng(attack);
	attack_pcap(attack);
	attack_again(attack);
	attack_stamp(attack, 1);
}

/* Texts. */

static void attack_names_that_escape(struct attack *attack)
{
	attack_pcapng(attack);
	attack_interface(attack, ATTACK_ESCAPES);
	blocks_open_interface(&attack->out, 147, 1);
	blocks_text(&attack->out, 2, "x" ATTACK_ESCAPES);
	blocks_option(&attack->out, 11, "\0" ATTACK_ESCAPES, sizeof("\0" ATTACK_ESCAPES) - 1);
	blocks_close(&attack->out);
	attack_packet(attack, 1);
	attack->ends = true;
}

static void attack_sentence_that_escapes(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 500 " ATTACK_ESCAPES "\r\n"
			    "Content-Type: text/" ATTACK_ESCAPES "\r\n\r\n"
			    "\xe2\x80\xae" ATTACK_ESCAPES ATTACK_ESCAPES);
	attack->ends = true;
}

static void attack_page_that_escapes(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 404 \r\n\r\n<html><title>\x9b"
			    "2J\xc2\x9b" ATTACK_ESCAPES "</title>");
	attack->ends = true;
}

static void attack_text_that_escapes(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 200 OK\r\nContent-Type: text/\x1b[2J\xc2\x9b"
			    "1m\r\n\r\n\x1b[2J\x9b\xe2\x80\xae");
	attack->ends = true;
}

static void attack_capture_that_escapes(struct attack *attack)
{
	attack_head(attack, "");
	attack_text(attack, "\x1b[2J\x9b\xe2\x80\xae" ATTACK_ESCAPES ATTACK_ESCAPES);
}

static void attack_sentence_without_end(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 503 No\r\n\r\n");
	attack_again(attack);
	attack_text(attack, "and so on\t" ATTACK_ESCAPES);
}

/* HTTP. */

static void attack_status_without_end(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 200 ");
	attack_for_ever(attack, 'O');
}

static void attack_header_without_end(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 200 OK\r\nX: ");
	attack_for_ever(attack, 'x');
}

static void attack_headers(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 200 OK\r\n");
	attack_again(attack);
	attack_text(attack, "X: y\r\n");
}

static void attack_continue(struct attack *attack)
{
	attack_again(attack);
	attack_text(attack, "HTTP/1.1 100 Continue\r\n\r\n");
	/* the first byte is at offset 0, which would mean never */
	attack->again = attack->out.size;
	attack_text(attack, "HTTP/1.1 102 Processing\r\n\r\n");
}

static void attack_cookies(struct attack *attack)
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

static void attack_redirect(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
			    "Content-Length: 0\r\n\r\n");
}

static void attack_refresh(struct attack *attack)
{
	attack_head(attack, "Location: http://localhost/\r\n"
			    "Refresh: 0; url=http://localhost/\r\n"
			    "Alt-Svc: h2=\"localhost:1\"\r\nUpgrade: h2c\r\n");
	attack->ends = true;
}

/* A page of zeros, a gigabyte when decompressed. */
static const char attack_gzip[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03"
				  "\x01\x04\0\xfb\xff\0\0\0\0";

static void attack_packed_content(struct attack *attack)
{
	attack_head(attack, "Content-Encoding: gzip, gzip, br, zstd\r\n");
	blocks_bytes(&attack->out, attack_gzip, sizeof(attack_gzip) - 1);
	attack_for_ever(attack, 0);
}

static void attack_packed_transfer(struct attack *attack)
{
	attack_head(attack, "Transfer-Encoding:\r\n gzip,\r\n\tgzip, chunked\r\n");
	attack_again(attack);
	attack_text(attack, "a\r\n0123456789\r\n");
}

static void attack_chunked_twice(struct attack *attack)
{
	attack_head(attack, "Transfer-Encoding: chunked\r\n"
			    "Transfer-Encoding: deflate\r\n");
	attack_again(attack);
	attack_text(attack, "a\r\n0123456789\r\n");
}

static void attack_lengths(struct attack *attack)
{
	attack_head(attack, "Content-Length: 18446744073709551616\r\n"
			    "Content-Length: -1\r\n");
	attack_for_ever(attack, 0);
}

static void attack_length_and_chunks(struct attack *attack)
{
	attack_head(attack, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
	attack_again(attack);
	attack_text(attack, "1\r\nx\r\n");
}

/* Chunks, after the beginning of a capture. */

static void attack_chunks(struct attack *attack)
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

static void attack_chunk_of_all(struct attack *attack)
{
	attack_chunks(attack);
	attack_text(attack, "ffffffffffffffff\r\n");
	attack_for_ever(attack, 0);
}

static void attack_chunk_size_without_end(struct attack *attack)
{
	attack_chunks(attack);
	attack_for_ever(attack, '0');
}

static void attack_chunk_extension_without_end(struct attack *attack)
{
	attack_chunks(attack);
	attack_text(attack, "1;");
	attack_for_ever(attack, 'x');
}

static void attack_trailers(struct attack *attack)
{
	attack_chunks(attack);
	attack_text(attack, "0\r\n");
	attack_again(attack);
	for (unsigned i = 0; i < ATTACK_MANY; i++)
		attack_text(attack, "Ddump-Clock: %u %u\r\n", i, i);
}

static void attack_trailer_without_end(struct attack *attack)
{
	attack_chunks(attack);
	attack_text(attack, "0\r\nX: ");
	attack_for_ever(attack, 'x');
}

/* Watermarks in chunks of one byte. */
static void attack_chunks_of_1(struct attack *attack)
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

static void attack_bytes_one_by_one(struct attack *attack)
{
	attack_chunks_of_1(attack);
	attack->slow = true;
}

/* Clocks: with -align they correct the timestamps. */

static void attack_clock(struct attack *attack, const char *value)
{
	attack_text(attack, "HTTP/1.1 200 OK\r\nDdump-Clock: %s\r\n\r\n", value);
	attack_section(attack);
	attack_interface(attack, "any");
	attack_again(attack);
	attack_packet(attack, UINT64_C(1700000000000000000));
	attack_packet(attack, 0);
	attack_packet(attack, UINT64_MAX);
}

static void attack_clock_of_0(struct attack *attack)
{
	attack_clock(attack, "0 0");
}

static void attack_clock_of_2262(struct attack *attack)
{
	attack_clock(attack, "9223372036854775807 9223372036854775807");
}

static void attack_clock_of_all(struct attack *attack)
{
	attack_clock(attack, "0 9223372036854775807");
}

static void attack_clock_too_large(struct attack *attack)
{
	attack_clock(attack, "18446744073709551616 -1 \x1b[2J");
}

/* Responses that never begin a capture, and never end. */

static void attack_slow_headers(struct attack *attack)
{
	attack_text(attack, "HTTP/1.1 200 OK\r\n");
	attack_again(attack);
	attack_text(attack, "X: y\r\n");
	attack->step = 1;
}

static void attack_half_a_section(struct attack *attack)
{
	attack_head(attack, "");
	blocks_u32(&attack->out, BLOCKS_SECTION);
}

static void attack_section_alone(struct attack *attack)
{
	attack_head(attack, "");
	attack_section(attack);
	attack_again(attack);
	blocks_open(&attack->out, BLOCKS_CUSTOM);
	blocks_close(&attack->out);
	attack->step = 12;
}

static void attack_chunk_extension_alone(struct attack *attack)
{
	attack_head(attack, "Transfer-Encoding: chunked\r\n");
	attack_text(attack, "1;");
	attack_again(attack);
	attack_fill(attack, 'x', 1000);
	attack->step = 100;
}

#define ATTACK(which) #which, attack_##which, false
#define ATTACK_THAT_WAITS(which) #which, attack_##which, true

static const struct attack_row attack_rows[] = {
	{ATTACK(record_of_4_gib)},
	{ATTACK(record_unsent)},
	{ATTACK(len_below_caplen)},
	{ATTACK(empty_packets)},
	{ATTACK(empty_packets_later)},
	{ATTACK(block_of_0)},
	{ATTACK(packet_of_4_gib)},
	{ATTACK(caplen_of_4_gib)},
	{ATTACK(packet_unsent)},
	{ATTACK(option_too_long)},
	{ATTACK(interface_of_none)},
	{ATTACK(stamps_1970)},
	{ATTACK(stamps_2106)},
	{ATTACK(stamps_by_turns)},
	{ATTACK(stamps_backwards)},
	{ATTACK(stamps_that_creep)},
	{ATTACK(stamps_2554)},
	{ATTACK(clocks)},
	{ATTACK(interfaces)},
	{ATTACK(interface_again)},
	{ATTACK(long_names)},
	{ATTACK(filters)},
	{ATTACK(sections)},
	{ATTACK(watermarks)},
	{ATTACK(watermark_of_2554)},
	{ATTACK(drops)},
	{ATTACK(unknown_blocks)},
	{ATTACK(unknown_block_of_4_gib)},
	{ATTACK(names_and_secrets)},
	{ATTACK(padding)},
	{ATTACK(section_in_the_middle)},
	{ATTACK(pcap_in_the_middle)},
	{ATTACK(names_that_escape)},
	{ATTACK(sentence_that_escapes)},
	{ATTACK(page_that_escapes)},
	{ATTACK(text_that_escapes)},
	{ATTACK(capture_that_escapes)},
	{ATTACK(sentence_without_end)},
	{ATTACK(status_without_end)},
	{ATTACK(header_without_end)},
	{ATTACK(headers)},
	{ATTACK(continue)},
	{ATTACK(cookies)},
	{ATTACK(redirect)},
	{ATTACK(refresh)},
	{ATTACK(packed_content)},
	{ATTACK(packed_transfer)},
	{ATTACK(chunked_twice)},
	{ATTACK(lengths)},
	{ATTACK(length_and_chunks)},
	{ATTACK(chunk_of_all)},
	{ATTACK(chunk_size_without_end)},
	{ATTACK(chunk_extension_without_end)},
	{ATTACK(trailers)},
	{ATTACK(trailer_without_end)},
	{ATTACK(chunks_of_1)},
	{ATTACK(bytes_one_by_one)},
	{ATTACK(clock_of_0)},
	{ATTACK(clock_of_2262)},
	{ATTACK(clock_of_all)},
	{ATTACK(clock_too_large)},
	{ATTACK_THAT_WAITS(slow_headers)},
	{ATTACK_THAT_WAITS(half_a_section)},
	{ATTACK_THAT_WAITS(section_alone)},
	{ATTACK_THAT_WAITS(chunk_extension_alone)},
};

enum { ATTACKS = sizeof(attack_rows) / sizeof(*attack_rows) };

void attack_list(void)
{
	for (size_t i = 0; i < ATTACKS; i++)
		if (!attack_rows[i].waits)
			puts(attack_rows[i].name);
}

void attack_free(struct attack *attack)
{
	if (attack)
		free(attack->out.bytes);
	free(attack);
}

struct attack *attack_of_file(FILE *file)
{
	struct attack *attack = calloc(1, sizeof(*attack));
	unsigned char *bytes = malloc(BLOCKS_ROOM);
	size_t size;

	if (!attack || !bytes)
		abort();
	size = fread(bytes, 1, BLOCKS_ROOM, file);
	fclose(file);
	attack->out.bytes = malloc(BLOCKS_ROOM);
	if (!attack->out.bytes || size > BLOCKS_ROOM - FILE_HEAD)
		abort();
	attack_text(attack,
		"HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n"
		"Connection: close\r\n\r\n",
		size);
	blocks_bytes(&attack->out, bytes, size);
	free(bytes);
	attack->ends = true;
	return attack;
}

struct attack *attack_new(const char *name)
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
