/* SPDX-License-Identifier: MIT */
/*
 * Parses the three kinds of pcapng packet blocks. In: a block. Out: the packet, with
 * its options, to a handler.
 */
#include "format/pcapng_epb.h"

#include "format/bytes.h"
#include "format/linktype.h"

#include <inttypes.h>

enum { DROPS_UNKNOWN = UINT16_MAX };

/*
 * Copies a packet, padded, and appends its options: those from offset on, and the
 * drops in the header of a Packet Block.
 */
static bool keep_options(struct pcapng_section *section, const struct pcapng_block *block,
	size_t offset, uint16_t drops, struct packet *packet, struct error *error)
{
	const size_t size = bytes_padded(packet->caplen);
	struct pcapng_copy *kept = &section->kept;

	if (!pcapng_copy_begin(kept, size + pcapng_copy_options_limit(block, offset), error))
		return false;
	pcapng_copy_put(kept, packet->data, size);
	if (drops > 0)
		pcapng_copy_put_number(kept, PCAPNG_DROPCOUNT, drops);
	if (!pcapng_copy_put_options(kept, block, offset, PCAPNG_COPY_OF_PACKET, error))
		return false;
	packet->options_size = (uint32_t)(kept->size - size);
	packet->data = kept->bytes;
	return true;
}

/* Returns the drops before the packet of a Packet Block. */
static uint16_t read_drops(const struct pcapng_block *block)
{
	const uint16_t drops = pcapng_block_u16(block, 10);

	return drops == DROPS_UNKNOWN ? 0 : drops;
}

/* Checks an interface's packet, whose bytes are at data, and passes it on. */
static bool pass_packet(struct pcapng_section *section, const struct stream_handler *sink,
	const struct pcapng_block *block, const struct pcapng_interface *known, size_t data,
	struct packet *packet, struct error *error)
{
	const size_t space = block->size - BLOCK_TAIL - data;
	const size_t padded = bytes_padded(packet->caplen);
	const uint16_t drops = block->type == PCAPNG_OLD_PACKET ? read_drops(block) : 0;

	if (packet->caplen > PACKET_MAX || padded > space)
		return pcapng_block_damaged(error,
			"a packet of %" PRIu32 " bytes is longer than its block, or than %d",
			packet->caplen, PACKET_MAX);
	packet->data = block->bytes + data;
	if ((padded < space || drops > 0) &&
		!keep_options(section, block, data + padded, drops, packet, error))
		return false;
	if (known->has_pseudo_header &&
		!linktype_check_pseudo_header(known->linktype, packet, error))
		return false;
	return sink->packet(sink->context, packet, error);
}

bool pcapng_epb_parse(struct pcapng_section *section, const struct stream_handler *sink,
	const struct pcapng_block *block, struct error *error)
{
	const uint32_t index = block->type == PCAPNG_PACKET ? pcapng_block_u32(block, 8)
							    : pcapng_block_u16(block, 8);
	const struct pcapng_interface *known = pcapng_idb_find(&section->interfaces, index, error);
	struct packet packet;

	if (!known)
		return false;
	packet = (struct packet){
		.caplen = pcapng_block_u32(block, 20),
		.len = pcapng_block_u32(block, 24),
		.interface = known->number,
	};
	if (pcapng_section_time(sink, known, pcapng_block_ticks(block, 12), &packet.time))
		section->last = packet.time;
	return pass_packet(section, sink, block, known, PCAPNG_PACKET_HEAD, &packet, error);
}

bool pcapng_epb_parse_simple(struct pcapng_section *section, const struct stream_handler *sink,
	const struct pcapng_block *block, struct error *error)
{
	const struct pcapng_interface *known = pcapng_idb_find(&section->interfaces, 0, error);
	struct packet packet;

	if (!known)
		return false;
	packet = (struct packet){
		.time = section->last,
		.caplen = pcapng_block_u32(block, 8),
		.len = pcapng_block_u32(block, 8),
		.interface = known->number,
	};
	if (known->snaplen > 0 && packet.caplen > known->snaplen)
		packet.caplen = known->snaplen;
	return pass_packet(section, sink, block, known, EPB_SIMPLE_HEAD, &packet, error);
}
