/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/interface_table.h"
#include "client/notices.h"
#include "common/host_address.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	HOST_NAMES_MAX = 65536,	     /* addresses of all targets */
	HOST_NAMES_TARGET_MAX = 256, /* addresses of one */
	HOST_NAMES_BLOCK_MAX = 32768,
};

struct host_name;

/*
 * The addresses of each target's host, which get its label as name. An address that two
 * targets have names none of them: each Docker host has 172.17.0.1, and a virtual
 * address changes its host. If it was written before the second one came, another
 * record follows, under which readers show the address again.
 */
struct host_names {
	const struct interface_table *interfaces; /* for labels */
	struct notices *notices;
	void *tree;		 /* of tsearch(3), by address */
	struct host_name **list; /* in the order in which they came */
	size_t count;
	size_t capacity;
	unsigned *target_counts;
	bool is_full;		     /* more than HOST_NAMES_MAX came, which was reported */
	struct host_name *first_due; /* records that the present file lacks */
	struct host_name *last_due;
};

/* False: out of memory. Either way it is for host_names_cleanup(). */
bool host_names_init(struct host_names *names, const struct interface_table *interfaces,
	struct notices *notices);

/* Accepts a struct that is all zero. */
void host_names_cleanup(struct host_names *names);

/*
 * Adds an address of a target's host. It has no effect if the address cannot be of one
 * host alone, or if the target's label is an address itself, which would be a wrong name
 * for the host's other ones. Too many of a target, or of all, are reported once.
 */
void host_names_add(struct host_names *names, unsigned target, const struct host_address *address);

/* A new file begins: it lacks all records. */
void host_names_begin_file(struct host_names *names);

/*
 * Writes the next records to out, as a block of pcapng of at most space bytes. Returns
 * its size; 0: the file lacks none, or the space is too small.
 */
size_t host_names_write(struct host_names *names, unsigned char *out, size_t space);
