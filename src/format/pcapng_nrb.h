/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/host_address.h"
#include "format/pcapng_block.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Name Resolution Blocks: the names of addresses, draft-ietf-opsawg-pcapng, section 4.5.
 * pcapng_copy_block.h copies those of other programs.
 */
enum {
	PCAPNG_NRB_NAME_MAX = 256, /* bytes of a name and a 0; the rest is cut off */
	PCAPNG_NRB_RECORD_MAX = 4 + HOST_ADDRESS_IPV6 + PCAPNG_NRB_NAME_MAX,
};

/* A block that is being written. */
struct pcapng_nrb {
	unsigned char *out;
	size_t size;
};

struct pcapng_nrb pcapng_nrb_begin(unsigned char *out);

/* Adds a record, at most PCAPNG_NRB_RECORD_MAX bytes. */
void pcapng_nrb_add(struct pcapng_nrb *block, const struct host_address *address, const char *name);

/*
 * Ends the block, with a comment of less than PCAPNG_NRB_NAME_MAX bytes (NULL: none).
 * Returns its size; PCAPNG_NRB_RECORD_MAX bytes are enough for what this adds.
 */
size_t pcapng_nrb_end(struct pcapng_nrb *block, const char *comment);

/*
 * Passes each IPv4 and IPv6 address of a block to a function, without the names. Returns
 * false at a record that is damaged.
 */
bool pcapng_nrb_parse(const struct pcapng_block *block,
	void (*address)(void *context, const struct host_address *address), void *context);
