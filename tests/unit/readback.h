/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/pcapng_write.h"
#include "format/stream_reader.h"

#include "unit.h"

#include <stdbool.h>
#include <string.h>

/*
 * What a capture file holds: through the reader, and of pcapng the blocks
 * themselves, for what the reader passes over.
 */
enum {
	BACK_MAX = 4096,
	BACK_TEXT = 64,
	BLOCK_LENGTH = 4, /* where a block's length is */
	SECTION_OPTIONS = 24,
	INTERFACE_OPTIONS = 16,
	STATISTICS_OPTIONS = 20,
};

struct back_interface {
	struct interface interface; /* its texts are the two below, cut */
	char name[BACK_TEXT];
	char filter[BACK_TEXT];
};

struct back {
	struct back_interface interfaces[BACK_MAX];
	struct packet packets[BACK_MAX]; /* data is in the file's bytes */
	struct statistics statistics[BACK_MAX];
	const unsigned char *blocks[4 * BACK_MAX];
	uint32_t interface_count;
	size_t packet_count;
	size_t statistics_count;
	size_t block_count;
};

static inline bool back_on_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct back *back = context;
	struct back_interface *at = &back->interfaces[back->interface_count];

	(void)error;
	assert_true(back->interface_count < BACK_MAX);
	at->interface = *interface;
	snprintf(at->name, sizeof(at->name), "%s", interface->name);
	snprintf(at->filter, sizeof(at->filter), "%s", interface->filter);
	*ret_number = back->interface_count++;
	return true;
}

static inline bool back_on_packet(void *context, const struct packet *packet, struct error *error)
{
	struct back *back = context;

	(void)error;
	assert_true(back->packet_count < BACK_MAX);
	back->packets[back->packet_count++] = *packet;
	return true;
}

static inline bool back_on_statistics(
	void *context, const struct statistics *statistics, struct error *error)
{
	struct back *back = context;

	(void)error;
	assert_true(back->statistics_count < BACK_MAX);
	back->statistics[back->statistics_count++] = *statistics;
	return true;
}

static inline uint32_t back_u32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Returns what the reader says of the end; bytes must outlive back. */
static inline bool back_parse(
	struct back *back, const unsigned char *bytes, size_t size, struct error *error)
{
	const struct stream_handler sink = {
		.interface = back_on_interface,
		.packet = back_on_packet,
		.statistics = back_on_statistics,
		.context = back,
	};
	struct stream_reader *reader = stream_reader_new(&sink);
	bool whole;

	*back = (struct back){0};
	assert_non_null(reader);
	if (!stream_reader_push(reader, bytes, size, error))
		fail_msg("%s", error->text);
	whole = stream_reader_end(reader, error);
	stream_reader_free(reader);
	if (back_u32(bytes) != PCAPNG_SECTION)
		return whole;
	for (size_t at = 0, packets = 0; at < size;) {
		assert_true(back->block_count < 4 * BACK_MAX);
		back->blocks[back->block_count++] = bytes + at;
		/* those with options were a copy of the reader's */
		if (back_u32(bytes + at) == PCAPNG_PACKET)
			back->packets[packets++].data = bytes + at + PCAPNG_PACKET_HEAD;
		at += back_u32(bytes + at + BLOCK_LENGTH);
	}
	return whole;
}

/* Reads a whole file that was written here. */
static inline void back_read(struct back *back, const unsigned char *bytes, size_t size)
{
	struct error error = {0};

	if (!back_parse(back, bytes, size, &error))
		fail_msg("%s", error.text);
}

/* Reads what a worker has sent so far, without the word that ends it. */
static inline void back_read_unfinished(struct back *back, const unsigned char *bytes, size_t size)
{
	struct error error = {0};

	assert_false(back_parse(back, bytes, size, &error));
	assert_non_null(strstr(error.text, "before its end mark"));
}

/* Copies an option of a block into out, as text; "" is none. */
static inline void back_option(const unsigned char *block, uint16_t code, char out[BACK_TEXT])
{
	const uint32_t type = back_u32(block);
	const size_t end = back_u32(block + BLOCK_LENGTH) - 4;
	size_t at = SECTION_OPTIONS;

	if (type == PCAPNG_INTERFACE)
		at = INTERFACE_OPTIONS;
	if (type == PCAPNG_STATISTICS)
		at = STATISTICS_OPTIONS;
	if (type == PCAPNG_PACKET)
		at = PCAPNG_PACKET_HEAD + (back_u32(block + 20) + 3) / 4 * 4;
	out[0] = '\0';
	while (at < end) {
		uint16_t head[2]; /* code and size */

		memcpy(head, block + at, sizeof(head));
		if (head[0] == code) {
			snprintf(out, BACK_TEXT, "%.*s", (int)head[1],
				(const char *)block + at + sizeof(head));
			return;
		}
		at += sizeof(head) + (head[1] + 3) / 4 * 4;
	}
	assert_int_equal(at, end);
}
