/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/packet.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One interface of a target. It has one entry, however often new sections or
 * connections describe it. Equal interfaces of one section have several: the
 * second of them is the same as the second one in the next section.
 */
struct interface_entry {
	uint32_t number; /* that packets have in the merge */
	unsigned target;
	uint32_t next; /* number of the target's next one, or INTERFACE_TABLE_NONE */
	struct interface interface;
	bool has_packets;
	uint32_t twin; /* its number among equal ones of a section, from 0 */
	/* in the first of equal ones: */
	uint32_t section; /* the last one that has such an interface */
	uint32_t twins;	  /* the number of them in that section */
	/* Its name in the output: with "#2" for the second one of that name. */
	const char *shown;
	bool is_written; /* the output has its description, under the number: */
	uint32_t written_as;
	bool is_printed; /* the same for -print */
	uint32_t printed_as;
	uint64_t drops_written;	 /* packets, in its last statistics in the output */
	uint64_t counts_written; /* the same, the sum of all counters */
	uint64_t counts_due_ms;	 /* when other counters than drops may be written again */
	struct statistics total; /* the sum of its counters */
};

enum {
	INTERFACE_TABLE_NONE = UINT32_MAX,
	INTERFACE_TABLE_BYTES = 1 << 20, /* of one target's interfaces */
	INTERFACE_TABLE_CLOCK_SIZE = 192,
};

/* One target: its interfaces, and what their descriptions in the output have. */
struct target_interfaces {
	const char *label;
	const char *url;
	char clock[INTERFACE_TABLE_CLOCK_SIZE]; /* its offset; "": unknown */
	char *trouble;				/* why it sends nothing now; NULL: it does */
	bool linktype_warned;			/* that it differs from other targets' */
	uint32_t section;			/* number of the one that is being read */
	uint32_t first;				/* INTERFACE_TABLE_NONE: none yet */
	uint32_t last;
	size_t bytes;
	struct statistics total;
};

struct interface_table {
	struct interface_entry **list;
	uint32_t count;
	uint32_t capacity; /* of list */
	void *tree;	   /* of tsearch(3), by what an entry is */
	void *names;	   /* the same, by target and name that is shown */
	struct target_interfaces *targets;
	unsigned target_count;
};

/* False: out of memory. Either way it is for interface_table_cleanup(). */
bool interface_table_init(struct interface_table *interfaces, unsigned targets);

void interface_table_cleanup(struct interface_table *interfaces);

/*
 * Finds or adds an interface of a target. Its index is 0 at the begin of a new
 * section. Texts are copied, and control characters in them escaped. False, with
 * error set: the interfaces of a target need more than INTERFACE_TABLE_BYTES, or
 * out of memory.
 */
bool interface_table_find(struct interface_table *interfaces, unsigned target,
	const struct interface *interface, uint32_t *ret_number, struct error *error);

/* Adds counters of an interface: the packets since its last statistics. */
void interface_table_add_counts(struct interface_table *interfaces, const struct statistics *more);

/* Keeps a copy of the reason why a target sends nothing now, as far as memory allows; NULL: it
 * does. */
void interface_table_set_trouble(
	struct interface_table *interfaces, unsigned target, const char *reason);

/* Returns the sum of the counters of all interfaces of a target. */
const struct statistics *interface_table_total(
	const struct interface_table *interfaces, unsigned target);
