#pragma once

#include "client/output.h"
#include "common/failure.h"
#include "format/packet.h"

/*
 * The capture file that comes out: pcap, or pcapng with an IDB for each
 * interface of each target. Functions return false when the output has failed,
 * which sets failure, or is blocked: then nothing was taken.
 */
struct writer {
	struct output *output;
	bool pcapng;
	bool nano;	   /* pcapng: always */
	uint32_t linktype; /* of all packets; pcapng: of those that convert */
	uint32_t snaplen;
	uint32_t interfaces; /* pcapng: that have an IDB */
};

/* Writes the header. */
bool writer_start(struct writer *writer, struct failure *failure);

/* The link type that packets of another one are written under. */
uint32_t writer_linktype(const struct writer *writer, uint32_t linktype);

/*
 * Writes an IDB (in pcap nothing) and gives its number, for the interface of
 * packets and statistics.
 */
bool writer_interface(struct writer *writer, const struct interface *interface,
	uint32_t *ret_number, struct failure *failure);

/* Where a packet is from, whatever number it comes with itself. */
struct writer_source {
	uint32_t number; /* that writer_interface() gave */
	uint32_t linktype;
};

/* Writes a packet. comment may be NULL; in pcap there is no place for it. */
bool writer_packet(struct writer *writer, const struct packet *packet,
	struct writer_source source, const char *comment,
	struct failure *failure);

/* Writes counters, in pcapng. */
bool writer_statistics(struct writer *writer,
	const struct statistics *statistics, struct failure *failure);

/*
 * Ends a pcapng with a section that is nothing but a comment: the one place
 * where readers show what was not known at the beginning.
 */
bool writer_remark(
	struct writer *writer, const char *comment, struct failure *failure);
