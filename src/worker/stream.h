#pragma once

#include "format/packet.h"
#include "worker/connection.h"

#include <stdint.h>

/* The answer to a capture: packets in, HTTP body out, in batches. */
struct stream;

struct stream_options {
	bool chunked;
	bool nano;
	uint32_t linktype; /* LINKTYPE_SLL or LINKTYPE_SLL2 */
	uint32_t snaplen;
};

struct stream_counts {
	uint64_t packets;
	uint64_t bytes; /* of the body, without chunk framing */
};

/* Returns a stream for stream_free(), NULL without memory. */
struct stream *stream_new(
	struct connection *connection, const struct stream_options *options);

void stream_free(struct stream *stream);

/*
 * Sends the head and the capture's header at once. Returns false, here and
 * below, when the peer is gone.
 */
bool stream_start(struct stream *stream, const char *head);

/* Adds a packet that begins with an SLL2 header; a full batch leaves. */
bool stream_packet(struct stream *stream, const struct packet *packet);

/* Sends what is batched. */
bool stream_flush(struct stream *stream);

/* Ends the body: the capture is complete. */
bool stream_finish(struct stream *stream);

struct stream_counts stream_count(const struct stream *stream);
