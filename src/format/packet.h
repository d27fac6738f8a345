#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The most bytes of a packet that anybody captures: libpcap's own limit. */
enum { PACKET_MAX = 262144 };

/* One captured packet, between a reader and whoever takes it. */
struct packet {
	uint64_t time;		   /* ns since 1970-01-01 UTC */
	uint32_t caplen;	   /* bytes at data, at most PACKET_MAX */
	uint32_t len;		   /* bytes that it had on the wire */
	uint32_t interface;	   /* the number that its taker gave that */
	const unsigned char *data; /* belongs to the giver, until it returns */
};

/*
 * Where packets of a stream were captured: an interface of a pcapng section,
 * or all of a pcap file. Texts belong to the giver. "" is what is not told.
 */
struct interface {
	uint32_t linktype; /* with pcap's FCS bits, where a writer set them */
	uint32_t snaplen;  /* 0: no limit */
	bool nano;	   /* the stamps are finer than us */
	const char *name;
	const char *filter;	 /* pcap-filter(7) */
	const char *description; /* NULL where it was read */
	const char *comment;	 /* NULL where it was read */
};

/* Which counters are told. */
enum {
	STATISTICS_RECEIVED = 1,
	STATISTICS_DROPPED = 2,
	STATISTICS_INTERFACE_DROPPED = 4,
	STATISTICS_ALL = 7,
};

/* What a capturing host tells of its counters and of its time. */
struct statistics {
	uint64_t time;	    /* ns since 1970-01-01 UTC */
	uint32_t interface; /* the number that its taker gave that */
	bool is_watermark;  /* all packets up to and including time were sent */
	bool is_end;	    /* written, never read: it ends as it should */
	unsigned told;	    /* the counters, STATISTICS_...; others are 0 */
	/*
	 * Written: since the beginning of the capture. Read: since the block
	 * before it of the same interface.
	 */
	uint64_t received;	    /* by the filter, in the kernel */
	uint64_t dropped;	    /* by the kernel: its ring was full */
	uint64_t interface_dropped; /* by the interface or its driver */
};

/* What was lost before it came to the capture. */
static inline uint64_t statistics_drops(const struct statistics *statistics)
{
	return statistics->dropped + statistics->interface_dropped;
}
