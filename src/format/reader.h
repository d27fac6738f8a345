#pragma once

#include "common/failure.h"
#include "format/packet.h"
#include "format/pcapfile.h"

/*
 * A push parser of capture streams: bytes come in as the network cut them,
 * whole packets go out. Holds at most one incomplete record.
 */
struct reader;

/* Where the packets of a stream go. Returning false ends the stream. */
struct reader_sink {
	/* The stream's header is complete; comes once, before any packet. */
	bool (*start)(void *context, const struct pcapfile *file,
		struct failure *failure);
	bool (*packet)(void *context, const struct packet *packet,
		struct failure *failure);
	void *context;
};

/* Returns a reader for one stream, for reader_free(); NULL without memory. */
struct reader *reader_new(const struct reader_sink *sink);

void reader_free(struct reader *reader);

/*
 * Takes the next size bytes. Returns false, with failure set, when they are
 * no capture stream or the sink said false; the reader then takes no more.
 */
bool reader_push(struct reader *reader, const void *bytes, size_t size,
	struct failure *failure);

/*
 * The stream is over. Returns false, with failure set, if that was in the
 * middle of a header or record.
 */
bool reader_end(const struct reader *reader, struct failure *failure);
