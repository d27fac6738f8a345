/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/pcapng_copy_options.h"
#include "format/pcapng_idb.h"
#include "format/stream_handler.h"

/* The state of a section while its blocks are parsed, one by one. */
struct pcapng_section {
	bool has_watermarks;
	bool is_worker; /* and it marks the end; otherwise they are of a merge */
	bool has_ended; /* the worker has marked the end */
	struct pcapng_idb_list interfaces;
	uint64_t last;		 /* ns: the time of packets that have none */
	struct pcapng_copy kept; /* what the output keeps of the current block */
};

/*
 * Converts a timestamp to ns since 1970. Returns false if it is out of range:
 * *ret_time is then the nearest limit, and odd_time of the handler was called.
 */
bool pcapng_section_time(const struct stream_handler *sink, const struct pcapng_interface *known,
	uint64_t ticks, uint64_t *ret_time);

/* Passes a text that describes the section itself to the handler. */
void pcapng_section_note(struct pcapng_section *section, const struct stream_handler *sink,
	const char *what, const struct pcapng_option *option);
