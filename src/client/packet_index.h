/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/stream_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACKET_INDEX_MAX = 4 << 20,	 /* packets: 96 MiB */
	PACKET_INDEX_SECTIONS_MAX = 256, /* of pcapng */
};

/* Where a packet is in a capture file. */
struct packet_place {
	uint64_t time_ns;
	uint64_t offset;
	uint32_t size; /* of its record or block, and of unknown blocks after it */
	uint32_t section;
};

/*
 * The packets of a capture file. Its bytes are pushed in their order. Without places it
 * only finds out whether the packets are in order of time.
 */
struct packet_index {
	struct stream_reader *reader;
	bool keeps_places;
	bool is_ordered;
	uint64_t newest_ns;
	struct packet_place *places;
	size_t count;
	size_t capacity;
	bool place_is_open;			      /* the last one has no size yet */
	uint64_t sections[PACKET_INDEX_SECTIONS_MAX]; /* their offsets */
	size_t section_count;
};

/* False: out of memory. In both cases packet_index_cleanup() follows. */
bool packet_index_init(struct packet_index *index, bool keeps_places);

/* Accepts an index that is all zero. */
void packet_index_cleanup(struct packet_index *index);

/*
 * Handles the next bytes. False, with error set: they are damaged, or there are more
 * packets or sections than an index can have. Without places also false, and error is
 * not set: a packet is not in order.
 */
bool packet_index_push(
	struct packet_index *index, const void *bytes, size_t size, struct error *error);

/*
 * Ends the file, or the part of it that is not damaged. Returns its size in bytes. With
 * places they are still in the order of the file.
 */
uint64_t packet_index_end(struct packet_index *index);

/* Sorts the places by time, and those of the same time by their order in the file. */
void packet_index_sort(struct packet_index *index);
