/* SPDX-License-Identifier: MIT */
/*
 * Encodes pcapng blocks (draft-ietf-opsawg-pcapng). In: structs. Out: blocks.
 *
 * A block is its type, its total length, a body, options, and its total length
 * again; all is padded to 32 bits.
 */
#include "format/pcapng_write.h"

#include "format/bytes.h"
#include "format/pcapng_block.h"

#include <string.h>

enum {
	FILTER_IS_TEXT = 0,
	FCS_KNOWN = 0x04000000,
	FCS_SHIFT = 28,
	FCS_WORD = 16,
	LINKTYPE_MASK = 0xffff,
};

static unsigned char *put_u16(unsigned char *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static unsigned char *put_u32(unsigned char *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

/* Timestamps are two halves, the upper one first. */
static unsigned char *put_time(unsigned char *at, uint64_t time)
{
	at = put_u32(at, (uint32_t)(time >> 32));
	return put_u32(at, (uint32_t)time);
}

static unsigned char *put_padding(unsigned char *at, size_t size)
{
	while (size++ % 4)
		*at++ = 0;
	return at;
}

static unsigned char *put_option(unsigned char *at, uint16_t code, const void *value, size_t size)
{
	at = put_u16(at, code);
	at = put_u16(at, (uint16_t)size);
	memcpy(at, value, size);
	return put_padding(at + size, size);
}

static unsigned char *put_bytes(unsigned char *at, const void *bytes, size_t size)
{
	if (size > 0)
		memcpy(at, bytes, size);
	return at + size;
}

static size_t text_size(const char *text)
{
	const size_t size = strlen(text);

	return size < PCAPNG_TEXT_MAX ? size : PCAPNG_TEXT_MAX - 1;
}

static unsigned char *put_text(unsigned char *at, uint16_t code, const char *text)
{
	if (!text || !*text)
		return at;
	return put_option(at, code, text, text_size(text));
}

static unsigned char *put_filter(unsigned char *at, const char *filter)
{
	size_t size = text_size(filter) + 1;

	if (!*filter)
		return at;
	at = put_u16(at, PCAPNG_FILTER);
	at = put_u16(at, (uint16_t)size);
	*at++ = FILTER_IS_TEXT;
	memcpy(at, filter, size - 1);
	return put_padding(at + size - 1, size);
}

static unsigned char *put_count(unsigned char *at, uint16_t code, uint64_t count)
{
	return put_option(at, code, &count, sizeof(count));
}

static unsigned char *put_time_option(unsigned char *at, uint16_t code, uint64_t time)
{
	unsigned char value[8];

	put_time(value, time);
	return put_option(at, code, value, sizeof(value));
}

/* Writes type and lengths around a block's body, which ends at end, and the end of
 * its options if it has some. Returns the size of the block. */
static size_t close_block(unsigned char *out, uint32_t type, unsigned char *end, bool has_options)
{
	uint32_t size;

	if (has_options)
		end = put_u32(end, 0); /* opt_endofopt */
	size = (uint32_t)(end - out) + BLOCK_TAIL;
	put_u32(end, size);
	put_u32(put_u32(out, type), size);
	return size;
}

size_t pcapng_write_section(unsigned char *out, const char *application, const char *comment)
{
	unsigned char *at = put_u32(out + BLOCK_HEAD, BLOCK_ORDER);

	at = put_u16(at, 1); /* version 1.0 */
	at = put_u16(at, 0);
	at = put_u32(at, UINT32_MAX); /* the length is unknown */
	at = put_u32(at, UINT32_MAX);
	at = put_text(at, PCAPNG_COMMENT, comment);
	at = put_text(at, PCAPNG_APPLICATION, application);
	return close_block(out, PCAPNG_SECTION, at, true);
}

/* Returns the size of an option with its padding. */
static size_t option_size(const unsigned char *option)
{
	return 4 + bytes_padded(bytes_u16(option + 2, false));
}

/* Writes a description that an interface came with, and ours before it. */
static unsigned char *put_longer(unsigned char *at, const char *text, const unsigned char *option)
{
	const size_t before = text_size(text);
	const size_t size = bytes_u16(option + 2, false);

	if (before + size > UINT16_MAX)
		return put_bytes(at, option, option_size(option));
	at = put_u16(at, PCAPNG_DESCRIPTION);
	at = put_u16(at, (uint16_t)(before + size));
	at = put_bytes(at, text, before);
	at = put_bytes(at, option + 4, size);
	return put_padding(at, before + size);
}

/* Writes the options that an interface came with; the first description gets ours. */
static unsigned char *put_options(unsigned char *at, const struct interface *interface)
{
	const char *description = interface->description;
	const unsigned char *option;

	for (size_t i = 0; i < interface->options_size; i += option_size(option)) {
		option = interface->options + i;
		if (description && bytes_u16(option, false) == PCAPNG_DESCRIPTION) {
			at = put_longer(at, description, option);
			description = NULL;
		} else {
			at = put_bytes(at, option, option_size(option));
		}
	}
	return at;
}

size_t pcapng_write_interface(unsigned char *out, const struct interface *interface)
{
	const unsigned char resolution = PCAPNG_NANO;
	const unsigned char fcs = (unsigned char)pcapng_fcs_bits(interface->linktype);
	unsigned char *at = out + BLOCK_HEAD;

	at = put_u16(at, interface->linktype & LINKTYPE_MASK);
	at = put_u16(at, 0);
	at = put_u32(at, interface->snaplen);
	at = put_text(at, PCAPNG_NAME, interface->name);
	if (!pcapng_has_option(interface->options, interface->options_size, PCAPNG_DESCRIPTION))
		at = put_text(at, PCAPNG_DESCRIPTION, interface->description);
	at = put_option(at, PCAPNG_TSRESOL, &resolution, sizeof(resolution));
	at = put_filter(at, interface->filter);
	if (fcs)
		at = put_option(at, PCAPNG_FCSLEN, &fcs, sizeof(fcs));
	/* some readers show the first comment alone: the source's own */
	at = put_options(at, interface);
	at = put_text(at, PCAPNG_COMMENT, interface->comment);
	return close_block(out, PCAPNG_INTERFACE, at, true);
}

size_t pcapng_write_statistics(unsigned char *out, const struct statistics *statistics)
{
	unsigned char *body = put_u32(out + BLOCK_HEAD, statistics->interface);
	unsigned char *options = put_time(body, statistics->time);
	unsigned char *at = options;

	if (statistics->valid & STATISTICS_START)
		at = put_time_option(at, PCAPNG_STARTTIME, statistics->start);
	if (statistics->is_end)
		at = put_time_option(at, PCAPNG_ENDTIME, statistics->time);
	else if (statistics->valid & STATISTICS_END)
		at = put_time_option(at, PCAPNG_ENDTIME, statistics->end);
	if (statistics->valid & STATISTICS_INTERFACE_RECEIVED)
		at = put_count(at, PCAPNG_IFRECV, statistics->interface_received);
	if (statistics->valid & STATISTICS_INTERFACE_DROPPED)
		at = put_count(at, PCAPNG_IFDROP, statistics->interface_dropped);
	if (statistics->valid & STATISTICS_RECEIVED)
		at = put_count(at, PCAPNG_FILTERACCEPT, statistics->received);
	if (statistics->valid & STATISTICS_DROPPED)
		at = put_count(at, PCAPNG_OSDROP, statistics->dropped);
	if (statistics->valid & STATISTICS_DELIVERED)
		at = put_count(at, PCAPNG_USRDELIV, statistics->delivered);
	return close_block(out, PCAPNG_STATISTICS, at, at > options);
}

size_t pcapng_write_commented_packet(unsigned char *out, const struct packet *packet,
	const char *comment, const void *options, size_t options_size)
{
	unsigned char *at = put_u32(out + BLOCK_HEAD, packet->interface);
	unsigned char *first;

	at = put_time(at, packet->time);
	at = put_u32(at, packet->caplen);
	at = put_u32(at, packet->len);
	first = put_padding(at + packet->caplen, packet->caplen);
	at = put_text(first, PCAPNG_COMMENT, comment);
	at = put_bytes(at, options, options_size);
	return close_block(out, PCAPNG_PACKET, at, at > first);
}

size_t pcapng_write_packet(
	unsigned char *out, const struct packet *packet, const void *options, size_t options_size)
{
	return pcapng_write_commented_packet(out, packet, NULL, options, options_size);
}

size_t pcapng_comment_size(const char *comment)
{
	return 4 + bytes_padded(text_size(comment));
}

void pcapng_write_comment(unsigned char *out, const char *comment)
{
	put_text(out, PCAPNG_COMMENT, comment);
}

void pcapng_write_packet_id(unsigned char *out, uint64_t id)
{
	const uint16_t head[2] = {PCAPNG_PACKET_ID, sizeof(id)};

	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), &id, sizeof(id));
}

size_t pcapng_copy_without(unsigned char *out, const void *options, size_t size, uint16_t code)
{
	const unsigned char *bytes = options;
	size_t copied = 0;

	for (size_t at = 0; at < size; at += option_size(bytes + at)) {
		if (bytes_u16(bytes + at, false) == code)
			continue;
		memcpy(out + copied, bytes + at, option_size(bytes + at));
		copied += option_size(bytes + at);
	}
	return copied;
}

void pcapng_change_packet_ids(unsigned char *options, size_t size, uint64_t bits)
{
	for (size_t at = 0; at < size; at += option_size(options + at)) {
		uint64_t id;

		if (bytes_u16(options + at, false) != PCAPNG_PACKET_ID ||
			bytes_u16(options + at + 2, false) != sizeof(id))
			continue;
		memcpy(&id, options + at + 4, sizeof(id));
		id ^= bits;
		memcpy(options + at + 4, &id, sizeof(id));
	}
}

bool pcapng_has_option(const void *options, size_t size, uint16_t code)
{
	const unsigned char *bytes = options;

	for (size_t at = 0; at < size;) {
		if (bytes_u16(bytes + at, false) == code)
			return true;
		at += option_size(bytes + at);
	}
	return false;
}

uint32_t pcapng_fcs_bits(uint32_t linktype)
{
	return linktype & FCS_KNOWN ? (linktype >> FCS_SHIFT) * FCS_WORD : 0;
}

uint32_t pcapng_with_fcs(uint32_t linktype, uint32_t bits)
{
	if (bits == 0 || bits % FCS_WORD)
		return linktype;
	return (linktype & LINKTYPE_MASK) | FCS_KNOWN | bits / FCS_WORD << FCS_SHIFT;
}
