#pragma once

#include "format/block.h"
#include "format/packet.h"
#include "format/pcapng.h"

enum {
	IDB_NAME_MAX = 256,
	IDB_HEAD = 16,	 /* bytes in front of its options */
	IDB_MAX = 16384, /* in one section */
};

/*
 * An Interface Description Block of pcapng, draft-ietf-opsawg-pcapng, section
 * 4.2. Texts that are longer than there is room for are cut.
 */
struct idb {
	uint32_t linktype; /* with pcap's FCS bits */
	uint32_t snaplen;
	char name[IDB_NAME_MAX];
	char filter[PCAPNG_TEXT_MAX];
	unsigned char resolution; /* if_tsresol */
	int64_t offset;		  /* if_tsoffset: s to be added */
};

/* Decodes a block. False: failure says what is damaged in it. */
bool idb_parse(const struct block *block, struct idb *ret_idb,
	struct failure *failure);

/* Can its stamps tell more than us? */
bool idb_is_nano(const struct idb *idb);

/* What is kept of each interface of a section, and the list of them. */
struct idb_known {
	int64_t offset;
	uint32_t number; /* that the sink gave */
	uint32_t snaplen;
	unsigned char resolution;
	struct idb_counts {
		uint64_t received;
		uint64_t dropped;
		uint64_t interface_dropped;
	} counts; /* of its last statistics */
};

struct idb_list {
	struct idb_known *list;
	size_t count;
	size_t room;
};

/* Adds one. Returns its place, until the next one; NULL with failure set. */
struct idb_known *idb_add(
	struct idb_list *list, const struct idb *idb, struct failure *failure);

/* Finds the one that a block names. NULL: there is none, failure says so. */
struct idb_known *idb_find(
	const struct idb_list *list, uint32_t index, struct failure *failure);

/*
 * Turns a stamp of an interface into ns since 1970-01-01 UTC. Returns false,
 * with failure set, if there is no such time.
 */
bool idb_time(const struct idb_known *known, uint64_t ticks, uint64_t *ret_time,
	struct failure *failure);
