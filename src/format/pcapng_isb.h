/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/pcapng_section.h"

enum { ISB_HEAD = 20 }; /* bytes before its options */

/*
 * Passes the counters and times of an Interface Statistics Block to the handler,
 * draft-ietf-opsawg-pcapng, section 4.6. False: it is damaged, or the handler
 * returned false.
 */
bool pcapng_isb_parse(struct pcapng_section *section, const struct stream_handler *sink,
	const struct pcapng_block *block, struct error *error);
