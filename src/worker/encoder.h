/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/packet.h"
#include "worker/bpf_header_walk.h"
#include "worker/host_addresses.h"
#include "worker/http_response.h"

/* Encodes packets as pcap or pcapng. */
struct encoder;

struct encoder_options {
	bool pcapng;
	bool nano;	    /* timestamps; pcapng always has ns */
	uint32_t linktype;  /* LINKTYPE_SLL, LINKTYPE_SLL2, or that of the device */
	const char *device; /* name of the one interface; NULL: packets have SLL2 headers */
	uint32_t snaplen;
	const struct bpf_header_link *link; /* of the packets that the capture receives */
	bool limits_payload;		    /* only so many bytes after the headers are written: */
	uint32_t payload;
	const char *comment; /* of each interface; NULL: none. Must outlive the encoder */
	const char *filter;  /* "": everything; must outlive the encoder */
	const struct host_addresses *addresses; /* NULL: none; only for encoder_start() */
	int socket;				/* for interfaces_name(); must stay open */
};

/* Returns an encoder that writes into body, for encoder_free(); NULL: out of memory. */
struct encoder *encoder_new(struct http_body *body, const struct encoder_options *options);

void encoder_free(struct encoder *encoder);

/*
 * Sends the header of the stream at once. This and the functions below return
 * false when the client has left.
 */
bool encoder_start(struct encoder *encoder);

/* Writes a packet that begins with an SLL2 header, or with that of the device. */
bool encoder_write_packet(struct encoder *encoder, const struct packet *packet);

/* Writes counters or a watermark; nothing in pcap, which has no block for them. */
bool encoder_write_statistics(struct encoder *encoder, const struct statistics *statistics);
