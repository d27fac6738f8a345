#pragma once

#include "format/packet.h"
#include "worker/body.h"

/* The capture that a client gets: packets in, pcap or pcapng out. */
struct stream;

struct stream_options {
	bool pcapng;
	bool nano;	   /* pcapng: always */
	uint32_t linktype; /* LINKTYPE_SLL or LINKTYPE_SLL2 */
	uint32_t snaplen;
	const char *filter; /* "": everything; outlives the stream */
};

/* Returns a stream for stream_free(), NULL without memory. */
struct stream *stream_new(
	struct body *body, const struct stream_options *options);

void stream_free(struct stream *stream);

/*
 * Sends the capture's header at once. Returns false, here and below, when the
 * peer is gone.
 */
bool stream_start(struct stream *stream);

/* Adds a packet that begins with an SLL2 header. */
bool stream_packet(struct stream *stream, const struct packet *packet);

/* Adds counters or a watermark, which pcap has no place for. */
bool stream_statistics(
	struct stream *stream, const struct statistics *statistics);
