/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/stream_handler.h"

#include <stddef.h>

/*
 * A push parser of capture streams, pcap and pcapng: it receives bytes in chunks of
 * any size and passes on whole packets. It keeps at most one incomplete record or
 * block.
 */
struct stream_reader;

/* Returns a reader for one stream, for stream_reader_free(); NULL: out of memory. */
struct stream_reader *stream_reader_new(const struct stream_handler *sink);

void stream_reader_free(struct stream_reader *reader);

/*
 * Parses the next size bytes. Returns false, with error set, if they are not a
 * capture stream or the handler returned false; further calls fail, too.
 */
bool stream_reader_push(
	struct stream_reader *reader, const void *bytes, size_t size, struct error *error);

/* Have the bytes so far been the beginning of a capture? */
bool stream_reader_has_begun(const struct stream_reader *reader);

/*
 * Returns where in the stream the header, record or block begins that is being parsed,
 * or else the one that comes next.
 */
uint64_t stream_reader_position(const struct stream_reader *reader);

/*
 * Ends the stream. Returns false, with error set, if it was cut within a header,
 * record or block, or before the end mark of a worker: some proxies hide a cut.
 */
bool stream_reader_end(const struct stream_reader *reader, struct error *error);
