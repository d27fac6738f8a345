/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/packet.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The pcap capture file format, draft-ietf-opsawg-pcap. Written in this
 * machine's byte order, read in both.
 */
enum {
	PCAP_FILE_HEADER = 24,
	PCAP_FILE_RECORD = 16,
	PCAP_FILE_RECORD_MODIFIED = 24,
};

/* The last timestamp of the format, in ns: 2106-02-07 06:28:15.999999999. */
#define PCAP_FILE_TIME_MAX (UINT32_MAX * UINT64_C(1000000000) + 999999999)

/* A file header. */
struct pcap_file {
	uint32_t linktype; /* with the FCS bits, where a writer set them */
	uint32_t snaplen;
	bool nano;    /* timestamps have ns, not us */
	bool swapped; /* the numbers are in the other byte order */
	/*
	 * Read, never written: a format of the time of Linux 2.0, which home
	 * routers still send. Each record header also has an interface index, a
	 * protocol and a packet type, which are not used.
	 */
	bool modified;
};

/* Encodes a file header of this machine's byte order. */
void pcap_file_put_header(unsigned char out[PCAP_FILE_HEADER], const struct pcap_file *file);

/* Decodes a file header. Returns false if it is not pcap of version 2. */
bool pcap_file_get_header(const unsigned char in[PCAP_FILE_HEADER], struct pcap_file *ret_file);

/* Returns the size of the record headers of a file that is read. */
size_t pcap_file_record_size(const struct pcap_file *file);

/*
 * Encodes a record header of this machine's byte order. A time after the last one of
 * the format, in 2106, becomes that one.
 */
void pcap_file_put_record(
	unsigned char out[PCAP_FILE_RECORD], const struct packet *packet, bool nano);

/*
 * Decodes the first PCAP_FILE_RECORD bytes of a record header into packet, without
 * its data. A fraction of a second or more is added to the seconds. Returns false if
 * the packet has more than PACKET_MAX bytes.
 */
bool pcap_file_get_record(const unsigned char in[PCAP_FILE_RECORD], const struct pcap_file *file,
	struct packet *ret_packet);
