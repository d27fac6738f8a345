#pragma once

#include "format/packet.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The pcap capture file format, draft-ietf-opsawg-pcap. Written in this
 * machine's byte order, read in both.
 */
enum { PCAPFILE_HEADER = 24, PCAPFILE_RECORD = 16 };

/* What a file header says. */
struct pcapfile {
	uint32_t linktype; /* with the FCS bits, where a writer set them */
	uint32_t snaplen;
	bool nano;    /* the stamps' fraction counts ns, not us */
	bool swapped; /* the numbers are in the other byte order */
};

/* Encodes a file header of this machine's byte order. */
void pcapfile_put_header(
	unsigned char out[PCAPFILE_HEADER], const struct pcapfile *file);

/* Decodes a file header. Returns false if it is none of version 2. */
bool pcapfile_get_header(
	const unsigned char in[PCAPFILE_HEADER], struct pcapfile *ret_file);

/*
 * Encodes a record header of this machine's byte order. A time that the format
 * does not reach, from 2106 on, becomes its last one.
 */
void pcapfile_put_record(unsigned char out[PCAPFILE_RECORD],
	const struct packet *packet, bool nano);

/*
 * Decodes a record header into all of packet but its data. Returns false if
 * its numbers can't be: more than PACKET_MAX bytes, or a fraction of a second
 * that is a second or more.
 */
bool pcapfile_get_record(const unsigned char in[PCAPFILE_RECORD],
	const struct pcapfile *file, struct packet *ret_packet);
