/* SPDX-License-Identifier: MIT */
/*
 * Decodes a packet layer by layer: each layer is read from a string of bytes by a
 * reader that remembers how far the headers go, and names the layer after it.
 */
#include "header_map.h"

#include <stdint.h>
#include <string.h>

/* Layers are their ethertypes; those after IP are their numbers + AFTER_IP. */
enum {
	AFTER_IP = 0x10000,
	EXTENSION = 0x20000, /* these are extension headers only after IPv6 */
	END = -1,
	VERSION = -2,
	TAGS = 2,
	EXTENSIONS = 6,
};

struct reader {
	const unsigned char *bytes;
	size_t position; /* of the current layer */
	size_t end;	 /* bytes that exist */
	size_t headers;
	int tags;
	int extensions;
	bool trusts_lengths;
	bool is_cut;
};

/* A byte of the current layer; -1: it does not exist. */
static int byte_at(const struct reader *reader, size_t offset)
{
	return reader->position + offset < reader->end ? reader->bytes[reader->position + offset]
						       : -1;
}

static long word_at(const struct reader *reader, size_t offset)
{
	const int high = byte_at(reader, offset);
	const int low = byte_at(reader, offset + 1);

	return low < 0 ? -1 : high * 256L + low;
}

/* The current layer is a header of size bytes; is there a next one? */
static bool finish(struct reader *reader, size_t size)
{
	reader->position += size;
	reader->headers = reader->position < reader->end ? reader->position : reader->end;
	return reader->position <= reader->end;
}

static void shorten(struct reader *reader, size_t end)
{
	if (reader->trusts_lengths && end < reader->end)
		reader->end = end > reader->headers ? end : reader->headers;
}

static long read_tag(struct reader *reader)
{
	const long next = word_at(reader, 2);

	if (reader->tags++ == TAGS)
		return END;
	reader->is_cut = next < 0;
	return finish(reader, 4) ? next : END;
}

static long read_version(struct reader *reader)
{
	switch (byte_at(reader, 0) >> 4) {
	case 4:
		return 0x0800;
	case 6:
		return 0x86dd;
	default:
		reader->is_cut = byte_at(reader, 0) < 0;
		return END;
	}
}

static long read_arp(struct reader *reader)
{
	const int hardware = byte_at(reader, 4);
	const int protocol = byte_at(reader, 5);

	finish(reader, protocol < 0 ? 8 : (size_t)(8 + hardware + protocol + hardware + protocol));
	return END;
}

static long read_ipv4(struct reader *reader)
{
	const size_t start = reader->position;
	const int first = byte_at(reader, 0);
	const long length = word_at(reader, 2);
	const long fragment = word_at(reader, 6);
	const int protocol = byte_at(reader, 9);

	reader->is_cut = byte_at(reader, 19) < 0;
	if (first < 0x45 || first > 0x4f)
		return END;
	if (!finish(reader, 20))
		return END;
	if (length > 0)
		shorten(reader, start + (size_t)length);
	if (!finish(reader, (size_t)(first - 0x40) * 4 - 20))
		return END;
	return fragment % 0x2000 == 0 ? AFTER_IP + protocol : END;
}

/* Returns the layer of a next-header field of IPv6. */
static long after_ipv6(int next)
{
	return (next == 0 || next == 43 || next == 44 || next == 60 ? EXTENSION : AFTER_IP) + next;
}

static long read_ipv6(struct reader *reader)
{
	const int first = byte_at(reader, 0);
	const long length = word_at(reader, 4);
	const int next = byte_at(reader, 6);

	reader->is_cut = byte_at(reader, 39) < 0;
	if (first < 0x60 || first > 0x6f || !finish(reader, 40))
		return END;
	if (length > 0)
		shorten(reader, reader->position + (size_t)length);
	return after_ipv6(next);
}

static long read_extension(struct reader *reader, bool is_fragment)
{
	const int next = byte_at(reader, 0);
	const int units = is_fragment ? 0 : byte_at(reader, 1);
	const long fragment = is_fragment ? word_at(reader, 2) / 8 : 0;

	if (reader->extensions++ == EXTENSIONS)
		return END;
	if (byte_at(reader, 7) < 0) {
		reader->is_cut = true;
		finish(reader, 8);
		return END;
	}
	return finish(reader, 8 + 8 * (size_t)units) && fragment == 0 ? after_ipv6(next) : END;
}

static long read_tcp(struct reader *reader)
{
	const int offset = byte_at(reader, 12) < 0 ? 0 : byte_at(reader, 12) / 16 * 4;

	finish(reader, offset < 20 ? 20 : (size_t)offset);
	return END;
}

static long read_fixed(struct reader *reader, size_t size)
{
	finish(reader, size);
	return END;
}

static long read_layer(struct reader *reader, long layer)
{
	switch (layer) {
	case VERSION:
		return read_version(reader);
	case 0x0800:
		return read_ipv4(reader);
	case 0x0806:
		return read_arp(reader);
	case 0x86dd:
		return read_ipv6(reader);
	case 0x8100:
	case 0x88a8:
	case 0x9100:
		return read_tag(reader);
	case EXTENSION + 0:
	case EXTENSION + 43:
	case EXTENSION + 60:
		return read_extension(reader, false);
	case EXTENSION + 44:
		return read_extension(reader, true);
	case AFTER_IP + 6:
		return read_tcp(reader);
	case AFTER_IP + 1:  /* ICMP */
	case AFTER_IP + 17: /* UDP */
	case AFTER_IP + 50: /* ESP */
	case AFTER_IP + 51: /* AH */
	case AFTER_IP + 58: /* ICMPv6 */
		return read_fixed(reader, 8);
	case AFTER_IP + 132: /* SCTP */
		return read_fixed(reader, 12);
	default:
		return END;
	}
}

static bool is_tag(long layer)
{
	return layer == 0x8100 || layer == 0x88a8 || layer == 0x9100;
}

/* Is the first IP version of the layer there? */
static bool has_version(const struct reader *reader, long layer)
{
	const int version = byte_at(reader, 0) >> 4;

	return (layer == 0x0800 && version == 4) || (layer == 0x86dd && version == 6);
}

/* Returns the first layer of a packet with that ethertype: it, or tags before it. */
static long find_first(const struct reader *reader, long layer)
{
	const long first = word_at(reader, 2);
	const long second = word_at(reader, 6);

	if (layer <= 0 || is_tag(layer) || has_version(reader, layer))
		return layer;
	if (is_tag(first))
		return second == layer || is_tag(second) ? 0x8100 : layer;
	return first == layer ? 0x8100 : layer;
}

static struct header_map map_layers(struct reader *reader, long layer)
{
	while (layer != END)
		layer = read_layer(reader, layer);
	return (struct header_map){.end = reader->headers, .is_cut = reader->is_cut};
}

struct header_map header_map_of(
	enum header_link link, const unsigned char *bytes, size_t size, bool trusts_lengths)
{
	struct reader reader = {.bytes = bytes, .end = size, .trusts_lengths = trusts_lengths};
	const bool is_cooked = link == HEADER_SLL2 || link == HEADER_SLL2_REPORTED;
	long layer = word_at(&reader, is_cooked ? 0 : 12);

	if (link == HEADER_RAW_IP)
		return map_layers(&reader, read_version(&reader));
	/* of a cooked packet that leaves, the tag is not among its bytes */
	if (is_cooked && byte_at(&reader, 10) == 4 && is_tag(layer))
		layer = VERSION;
	if (!finish(&reader, is_cooked ? 20 : 14))
		layer = END;
	if (link == HEADER_SLL2_REPORTED)
		layer = find_first(&reader, layer);
	return map_layers(&reader, layer);
}
