/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/pcapng_section.h"

enum { EPB_SIMPLE_HEAD = 12 }; /* bytes before a simple packet's own */

/*
 * Passes the packet of an Enhanced Packet Block, or of an obsolete Packet Block, to
 * the handler, draft-ietf-opsawg-pcapng, section 4.3. False: the block is damaged,
 * or the handler returned false.
 */
bool pcapng_epb_parse(struct pcapng_section *section, const struct stream_handler *sink,
	const struct pcapng_block *block, struct error *error);

/*
 * The same for a Simple Packet Block, section 4.4. It has no interface and no
 * timestamp: it gets the first interface and the time of the previous packet.
 */
bool pcapng_epb_parse_simple(struct pcapng_section *section, const struct stream_handler *sink,
	const struct pcapng_block *block, struct error *error);
