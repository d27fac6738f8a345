#pragma once

#include "common/failure.h"
#include "format/sink.h"

#include <stddef.h>

/*
 * A push parser of capture streams, pcap and pcapng: bytes come in as the
 * network cut them, whole packets go out. Holds at most one incomplete record
 * or block.
 */
struct reader;

/* Returns a reader for one stream, for reader_free(); NULL without memory. */
struct reader *reader_new(const struct stream_sink *sink);

void reader_free(struct reader *reader);

/*
 * Takes the next size bytes. Returns false, with failure set, when they are
 * no capture stream or the sink said false; the reader then takes no more.
 */
bool reader_push(struct reader *reader, const void *bytes, size_t size,
	struct failure *failure);

/* Was what came by now the beginning of a capture? */
bool reader_has_begun(const struct reader *reader);

/*
 * The stream is over. Returns false, with failure set, if that was in the
 * middle of a header, record or block, or before a worker's last word: some
 * proxies hide a cut.
 */
bool reader_end(const struct reader *reader, struct failure *failure);
