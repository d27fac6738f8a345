/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/packet_index.h"

#include <sys/types.h>

/*
 * Reads a capture file by an index: first everything but packets, in the order of the
 * file, then the packets in order of time. All zero: for index_reader_cleanup().
 */
struct index_reader {
	struct packet_index index;
	struct stream_handler sink;
	int fd;
	off_t start;  /* of the capture in the file */
	uint64_t end; /* of what the index describes, in the capture */
	struct stream_reader *readers[PACKET_INDEX_SECTIONS_MAX];
	unsigned reader_count;
	bool reads_packets;
	size_t next_place;
	unsigned next_section;
	uint64_t position; /* of what comes next that is not a packet */
	uint64_t time_ns;  /* of the packet that is read */
};

/*
 * Begins to read the file fd, from start on. reader->index is complete; sink receives
 * what is read. False: out of memory.
 */
bool index_reader_begin(
	struct index_reader *reader, int fd, off_t start, const struct stream_handler *sink);

void index_reader_cleanup(struct index_reader *reader);

/*
 * Reads size bytes or a little more, in parts of at most size bytes, for which buffer
 * has space. Returns whether there is more to read; false with error set if the file
 * cannot be read any more.
 */
bool index_reader_read(
	struct index_reader *reader, unsigned char *buffer, size_t size, struct error *error);
