/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/packet.h"
#include "format/pcapng_block.h"
#include "format/pcapng_write.h"

enum {
	PCAPNG_IDB_NAME_MAX = 256,
	IDB_HEAD = 16,		/* bytes before its options */
	PCAPNG_IDB_MAX = 16384, /* in one section */
};

/*
 * An Interface Description Block of pcapng, draft-ietf-opsawg-pcapng, section 4.2.
 * Longer texts are cut.
 */
struct pcapng_idb {
	uint32_t linktype; /* with pcap's FCS bits */
	uint32_t snaplen;
	char name[PCAPNG_IDB_NAME_MAX];
	char filter[PCAPNG_TEXT_MAX];
	unsigned char resolution; /* if_tsresol */
	int64_t offset;		  /* if_tsoffset: s to be added */
};

/* Decodes a block. False: it is damaged, error is set. */
bool pcapng_idb_parse(
	const struct pcapng_block *block, struct pcapng_idb *ret_idb, struct error *error);

/* Are its timestamps finer than us? */
bool pcapng_idb_is_nano(const struct pcapng_idb *idb);

/* What the reader keeps of an interface of a section, and the list of these. */
struct pcapng_interface {
	int64_t offset;
	uint32_t number; /* given by the handler */
	uint32_t snaplen;
	uint32_t linktype;
	bool has_pseudo_header; /* at the start of its packets, by link type */
	unsigned char resolution;
	struct pcapng_idb_counts {
		uint64_t received;
		uint64_t dropped;
		uint64_t interface_dropped;
		uint64_t interface_received;
		uint64_t delivered;
	} counts; /* of its last statistics */
};

struct pcapng_idb_list {
	struct pcapng_interface *list;
	size_t count;
	size_t capacity;
};

/* Adds an interface. Returns it, valid until the next one is added; NULL with error set. */
struct pcapng_interface *pcapng_idb_add(
	struct pcapng_idb_list *list, const struct pcapng_idb *idb, struct error *error);

/* Finds the interface of a block. NULL: it does not exist, error is set. */
struct pcapng_interface *pcapng_idb_find(
	const struct pcapng_idb_list *list, uint32_t index, struct error *error);

/*
 * Converts a timestamp of an interface to ns since 1970-01-01 UTC. Returns false if
 * it is out of range: *ret_time is then the nearest limit.
 */
bool pcapng_idb_time(const struct pcapng_interface *known, uint64_t ticks, uint64_t *ret_time);

/* Writes the ticks as they are in the stream, such as "17 x 10^-6 s - 100 s", to out. */
void pcapng_idb_describe_time(
	const struct pcapng_interface *known, uint64_t ticks, char *out, size_t size);
