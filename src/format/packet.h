/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes of a packet that are captured: libpcap's limit. */
enum { PACKET_MAX = 262144 };

/*
 * The last timestamp, in 2554. Wrong later ones in a stream become this one, which
 * is not evidence of the progress of a source.
 */
#define PACKET_TIME_MAX UINT64_MAX

/* One captured packet. */
struct packet {
	uint64_t time;		   /* ns since 1970-01-01 UTC */
	uint32_t caplen;	   /* bytes at data, at most PACKET_MAX */
	uint32_t len;		   /* its length on the wire */
	uint32_t interface;	   /* its number, given by the handler */
	uint32_t options_size;	   /* bytes at packet_options(), 0: none */
	const unsigned char *data; /* owned by the caller, valid during the call */
};

/*
 * Options of pcapng that a packet came with, in this machine's byte order and
 * padded. They follow its data, from the next multiple of four on.
 */
static inline const unsigned char *packet_options(const struct packet *packet)
{
	return packet->data + bytes_padded(packet->caplen);
}

/* Returns how many bytes a packet's data and options have together. */
static inline size_t packet_bytes(const struct packet *packet)
{
	if (packet->options_size == 0)
		return packet->caplen;
	return bytes_padded(packet->caplen) + packet->options_size;
}

/*
 * The interface of packets: one of a pcapng section, or that of a pcap file. Texts
 * are owned by the caller; "" is unknown.
 */
struct interface {
	uint32_t linktype; /* with pcap's FCS bits, where a writer set them */
	uint32_t snaplen;  /* 0: no limit */
	bool nano;	   /* timestamps are finer than us */
	bool is_only;	   /* of pcap: its stream has no other one */
	uint32_t index;	   /* read: its index in its section, from 0 */
	const char *name;
	const char *filter; /* pcap-filter(7) */
	/* NULL when read; if the options have a description, it goes before that one */
	const char *description;
	const char *comment; /* NULL when read */
	/* more options of pcapng, in this machine's byte order and padded */
	const unsigned char *options;
	size_t options_size; /* of all of them, in bytes */
};

/* Which counters are present. */
enum {
	STATISTICS_RECEIVED = 1,
	STATISTICS_DROPPED = 2,
	STATISTICS_INTERFACE_DROPPED = 4,
	STATISTICS_ALL = 7, /* those of a worker */
	/* only in streams of other programs: */
	STATISTICS_INTERFACE_RECEIVED = 8,
	STATISTICS_DELIVERED = 16,
	STATISTICS_START = 32,
	STATISTICS_END = 64,
};

/* Counters and times of a capturing host. */
struct statistics {
	uint64_t time;	    /* ns since 1970-01-01 UTC */
	uint32_t interface; /* its number, given by the handler */
	bool is_watermark;  /* all packets up to and including time were sent */
	bool is_of_merge;   /* read: the watermark is of a ddump, not of a worker */
	bool is_end;	    /* written, never read: the stream is complete */
	unsigned valid;	    /* the counters present, STATISTICS_...; others are 0 */
	/*
	 * Written: since the start of the capture. Read: since the previous block
	 * of the same interface.
	 */
	uint64_t received;	    /* by the filter, in the kernel */
	uint64_t dropped;	    /* by the kernel: its ring was full */
	uint64_t interface_dropped; /* by the interface or its driver */
	uint64_t interface_received;
	uint64_t delivered; /* to the user */
	uint64_t start;	    /* ns: of the interface's capture */
	uint64_t end;
};

/* Returns the packets that were lost before the capture. */
static inline uint64_t statistics_drops(const struct statistics *statistics)
{
	return statistics->dropped + statistics->interface_dropped;
}
