/* SPDX-License-Identifier: MIT */
/*
 * Parses pcapng (draft-ietf-opsawg-pcapng) block by block. In: bytes of a stream.
 * Out: its interfaces, packets and statistics, to a handler.
 *
 * A known block is parsed when it is complete, and rejected if it is larger than
 * such a block can be. A block that is copied as a whole is parsed when it is
 * complete, unless it is too large. All others are skipped. The second length of
 * each block must equal the first.
 */
#include "format/pcapng_read.h"

#include "format/bytes.h"
#include "format/pcapng_copy_block.h"
#include "format/pcapng_epb.h"
#include "format/pcapng_isb.h"
#include "format/pcapng_nrb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_MAX = PACKET_MAX + (1 << 20), /* of known blocks */

	ORDER_SIZE = 4,
	SECTION_HEAD = 24, /* bytes before data or options */
};

const unsigned char section_start[4] = {0x0a, 0x0d, 0x0d, 0x0a};

/* The applications whose statistics are watermarks, before their versions. */
static const char worker[] = "ddump-worker ";
static const char merge[] = PCAPNG_MERGE_APPLICATION;

struct pcapng_read {
	bool swapped;
	struct pcapng_section section;
	size_t skip;   /* bytes of a block that is skipped */
	uint32_t tail; /* its length, which is repeated after it; 0: none */
};

struct pcapng_read *pcapng_read_new(void)
{
	return calloc(1, sizeof(struct pcapng_read));
}

void pcapng_read_free(struct pcapng_read *reader)
{
	if (!reader)
		return;
	free(reader->section.interfaces.list);
	pcapng_copy_cleanup(&reader->section.kept);
	free(reader);
}

bool pcapng_read_is_inside(const struct pcapng_read *reader)
{
	return reader->skip > 0 || reader->tail > 0;
}

bool pcapng_read_lacks_end(const struct pcapng_read *reader)
{
	return reader->section.is_worker && !reader->section.has_ended;
}

/* Passes on the texts of a valid section header. */
static void note_section(struct pcapng_read *reader, const struct stream_handler *sink,
	const struct pcapng_block *block)
{
	static const char *const names[] = {
		[PCAPNG_COMMENT] = "comment",
		[PCAPNG_HARDWARE] = "hardware",
		[PCAPNG_SYSTEM] = "system",
		[PCAPNG_APPLICATION] = "application",
	};
	size_t offset = SECTION_HEAD;
	struct pcapng_option option;
	struct error unused;

	while (pcapng_option(block, &offset, &option, &unused) > 0)
		if (option.code <= PCAPNG_APPLICATION)
			pcapng_section_note(&reader->section, sink, names[option.code], &option);
		else
			pcapng_copy_lose_option(&reader->section.kept, option.code);
}

static bool begins_with(const struct pcapng_option *option, const char *text)
{
	return option->size >= strlen(text) && memcmp(option->value, text, strlen(text)) == 0;
}

/* The application of a section tells whether it has watermarks. */
static void note_application(struct pcapng_section *section, const struct pcapng_option *option)
{
	section->is_worker = section->is_worker || begins_with(option, worker);
	section->has_watermarks =
		section->is_worker || section->has_watermarks || begins_with(option, merge);
}

static bool parse_section(struct pcapng_read *reader, const struct stream_handler *sink,
	const struct pcapng_block *block, struct error *error)
{
	const uint16_t major = pcapng_block_u16(block, 12);
	const uint16_t minor = pcapng_block_u16(block, 14);
	size_t offset = SECTION_HEAD;
	struct pcapng_option option;
	int more;

	if (major != 1 || (minor != 0 && minor != 2))
		return error_set(error, 1, "unsupported pcapng version %u.%u", major, minor);
	reader->swapped = block->swapped;
	reader->section.interfaces.count = 0;
	reader->section.has_watermarks = false;
	reader->section.is_worker = false;
	reader->section.has_ended = false;
	if (sink->section)
		sink->section(sink->context);
	while ((more = pcapng_option(block, &offset, &option, error)) > 0)
		if (option.code == PCAPNG_APPLICATION)
			note_application(&reader->section, &option);
	if (more == 0 && !reader->section.is_worker && sink->note)
		note_section(reader, sink, block);
	return more == 0;
}

static bool parse_interface(struct pcapng_read *reader, const struct stream_handler *sink,
	const struct pcapng_block *block, struct error *error)
{
	struct pcapng_copy *kept = &reader->section.kept;
	struct interface interface = {0};
	struct pcapng_interface *known;
	struct pcapng_idb idb;

	if (!pcapng_idb_parse(block, &idb, error))
		return false;
	known = pcapng_idb_add(&reader->section.interfaces, &idb, error);
	if (!known)
		return false;
	interface.linktype = idb.linktype;
	interface.snaplen = idb.snaplen;
	interface.nano = pcapng_idb_is_nano(&idb);
	interface.index = (uint32_t)reader->section.interfaces.count - 1;
	interface.name = idb.name;
	interface.filter = idb.filter;
	if (!pcapng_copy_begin(kept, pcapng_copy_options_limit(block, IDB_HEAD), error) ||
		!pcapng_copy_put_options(kept, block, IDB_HEAD, PCAPNG_COPY_OF_INTERFACE, error))
		return false;
	interface.options = kept->bytes;
	interface.options_size = kept->size;
	return sink->interface(sink->context, &interface, &known->number, error);
}

/* Copies and passes on a whole block, as far as possible. */
static bool parse_copied(struct pcapng_read *reader, const struct stream_handler *sink,
	const struct pcapng_block *block, struct error *error)
{
	struct pcapng_copy *kept = &reader->section.kept;

	if (!pcapng_copy_put_block(kept, block, error))
		return false;
	return kept->size == 0 || sink->block(sink->context, kept->bytes, kept->size, error);
}

/* Passes on the addresses of a worker's host. Whatever names it sends are not used. */
static bool parse_addresses(struct pcapng_read *reader, const struct stream_handler *sink,
	const struct pcapng_block *block)
{
	if (!pcapng_nrb_parse(block, sink->address, sink->context))
		reader->section.kept.losses |= LOSS_DAMAGED;
	return true;
}

/* Returns the least size of a known block, 0 of an unknown one. */
static uint32_t least_size(uint32_t type)
{
	switch (type) {
	case PCAPNG_SECTION:
		return SECTION_HEAD + BLOCK_TAIL;
	case PCAPNG_INTERFACE:
		return IDB_HEAD + BLOCK_TAIL;
	case PCAPNG_STATISTICS:
		return ISB_HEAD + BLOCK_TAIL;
	case PCAPNG_SIMPLE_PACKET:
		return EPB_SIMPLE_HEAD + BLOCK_TAIL;
	case PCAPNG_PACKET:
	case PCAPNG_OLD_PACKET:
		return PCAPNG_PACKET_HEAD + BLOCK_TAIL;
	default:
		return 0;
	}
}

static bool lengths_differ(uint32_t one, uint32_t two, struct error *error)
{
	return pcapng_block_damaged(
		error, "the two lengths of a block are %" PRIu32 " and %" PRIu32, one, two);
}

static bool parse_block(struct pcapng_read *reader, const struct stream_handler *sink,
	const struct pcapng_block *block, struct error *error)
{
	const uint32_t tail = pcapng_block_u32(block, block->size - BLOCK_TAIL);

	if (tail != block->size)
		return lengths_differ(block->size, tail, error);
	switch (block->type) {
	case PCAPNG_SECTION:
		return parse_section(reader, sink, block, error);
	case PCAPNG_INTERFACE:
		return parse_interface(reader, sink, block, error);
	case PCAPNG_STATISTICS:
		return pcapng_isb_parse(&reader->section, sink, block, error);
	case PCAPNG_SIMPLE_PACKET:
		return pcapng_epb_parse_simple(&reader->section, sink, block, error);
	case PCAPNG_PACKET:
	case PCAPNG_OLD_PACKET:
		return pcapng_epb_parse(&reader->section, sink, block, error);
	case PCAPNG_NAMES:
		if (reader->section.is_worker && sink->address)
			return parse_addresses(reader, sink, block);
		return parse_copied(reader, sink, block, error);
	default:
		return parse_copied(reader, sink, block, error);
	}
}

/* Skips the next part of a block. */
static size_t skip_block(
	struct pcapng_read *reader, const unsigned char *bytes, size_t size, struct error *error)
{
	size_t part = size < reader->skip ? size : reader->skip;
	uint32_t tail;

	if (part > 0) {
		reader->skip -= part;
		return part;
	}
	if (size < BLOCK_TAIL)
		return BLOCK_TAIL;
	tail = bytes_u32(bytes, reader->swapped);
	if (tail != reader->tail) {
		lengths_differ(reader->tail, tail, error);
		return 0;
	}
	reader->tail = 0;
	return BLOCK_TAIL;
}

/* Finds the byte order of a section, which its length has, too. */
static bool find_order(const unsigned char *bytes, bool *ret_swapped, struct error *error)
{
	*ret_swapped = bytes_u32(bytes + BLOCK_HEAD, true) == BLOCK_ORDER;
	return *ret_swapped || bytes_u32(bytes + BLOCK_HEAD, false) == BLOCK_ORDER ||
	       pcapng_block_damaged(error, "a section has the unknown byte order 0x%08" PRIx32,
		       bytes_u32(bytes + BLOCK_HEAD, false));
}

/* Notes the loss of a block that is skipped. */
static void note_lost_block(struct pcapng_read *reader, uint32_t type)
{
	unsigned *losses = &reader->section.kept.losses;

	if (type == PCAPNG_CUSTOM_STAYS)
		*losses |= LOSS_CUSTOM;
	else
		*losses |= pcapng_copy_block_has_type(type) ? LOSS_LONG : LOSS_BLOCKS;
}

static void report_losses(struct pcapng_read *reader, const struct stream_handler *sink)
{
	if (sink->lose)
		sink->lose(sink->context, reader->section.kept.losses);
	reader->section.kept.losses = 0;
}

size_t pcapng_read_block(struct pcapng_read *reader, const struct stream_handler *sink,
	const unsigned char *bytes, size_t size, struct error *error)
{
	struct pcapng_block block = {.bytes = bytes, .swapped = reader->swapped};
	uint32_t least;

	if (pcapng_read_is_inside(reader))
		return skip_block(reader, bytes, size, error);
	if (size < BLOCK_HEAD)
		return BLOCK_HEAD;
	if (memcmp(bytes, section_start, sizeof(section_start)) == 0) {
		if (size < BLOCK_HEAD + ORDER_SIZE)
			return BLOCK_HEAD + ORDER_SIZE;
		if (!find_order(bytes, &block.swapped, error))
			return 0;
	}
	block.type = pcapng_block_u32(&block, 0);
	block.size = pcapng_block_u32(&block, 4);
	least = least_size(block.type);
	if (block.size % 4 || block.size < BLOCK_HEAD + BLOCK_TAIL || block.size < least ||
		(least && block.size > BLOCK_MAX)) {
		error_set(error, 1,
			"the capture stream is damaged: a block of type %u has an invalid length "
			"of %u bytes",
			block.type, block.size);
		return 0;
	}
	if (least == 0 && sink->block && pcapng_copy_block_has_type(block.type) &&
		block.size <= PCAPNG_COPY_BLOCK_MAX)
		least = block.size;
	if (least == 0) {
		note_lost_block(reader, block.type);
		report_losses(reader, sink);
		reader->skip = block.size - BLOCK_HEAD - BLOCK_TAIL;
		reader->tail = block.size;
		return BLOCK_HEAD;
	}
	if (size < block.size)
		return block.size;
	if (!parse_block(reader, sink, &block, error))
		return 0;
	if (reader->section.kept.losses)
		report_losses(reader, sink);
	return block.size;
}
