/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/output.h"
#include "common/error.h"
#include "format/packet.h"

/*
 * Writes the records of a capture file into the output: pcap, or pcapng with an
 * IDB for each interface of each target. Timestamps are in nanoseconds and the
 * snaplen is PACKET_MAX: a pcap has one header, and a target that starts later
 * may send longer packets and finer timestamps. Functions return false when the
 * output has failed, which sets error, or is blocked: then nothing was written.
 */
struct record_writer {
	struct output *output;
	bool pcapng;
	bool has_watermarks; /* pcapng with an interface 0 for them, of link type linktype */
	uint32_t linktype;   /* of a pcap, and so of all packets */
	uint32_t interfaces; /* the number of IDBs written */
};

/* Writes the header, in pcapng with a comment; NULL: without. */
bool record_writer_start(struct record_writer *writer, const char *comment, struct error *error);

/*
 * Returns the link type under which packets of a link type are written, without
 * FCS bits: in pcap that of the file, in pcapng their own.
 */
uint32_t record_writer_linktype(const struct record_writer *writer, uint32_t linktype);

/*
 * Writes an IDB, in pcap nothing. ret_number is its number, for packets and
 * statistics of the interface.
 */
bool record_writer_interface(struct record_writer *writer, const struct interface *interface,
	uint32_t *ret_number, struct error *error);

/* The interface of a packet in the output, in place of packet->interface. */
struct record_source {
	uint32_t number; /* from record_writer_interface() */
	uint32_t linktype;
	const char *comment; /* on this packet, in pcapng; NULL: none */
};

/* Writes a packet. A pcap cannot store its options. */
bool record_writer_packet(struct record_writer *writer, const struct packet *packet,
	struct record_source source, struct error *error);

/* Writes a block as it is, in pcapng; at most PCAPNG_COPY_BLOCK_MAX bytes. */
bool record_writer_block(
	struct record_writer *writer, const unsigned char *bytes, size_t size, struct error *error);

/* Writes counters, in pcapng. */
bool record_writer_statistics(
	struct record_writer *writer, const struct statistics *statistics, struct error *error);

/*
 * Writes, in pcapng, a section that has a comment and nothing else: at the end
 * of a file no other place for a comment exists that readers show.
 */
bool record_writer_comment(struct record_writer *writer, const char *comment, struct error *error);
