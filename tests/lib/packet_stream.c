/* SPDX-License-Identifier: MIT */
#include "packet_stream.h"

#include <byteswap.h>
#include <stdlib.h>
#include <string.h>

void packet_stream_put(unsigned char *out, uint32_t value, const struct recipe *recipe)
{
	if (recipe->swap)
		value = bswap_32(value);
	memcpy(out, &value, sizeof(value));
}

static void packet_stream_put16(unsigned char *out, uint16_t value, const struct recipe *recipe)
{
	if (recipe->swap)
		value = bswap_16(value);
	memcpy(out, &value, sizeof(value));
}

struct packet_stream *packet_stream_new(const char *query)
{
	struct packet_stream *stream = calloc(1, sizeof(*stream));
	const struct recipe *recipe;

	if (!stream)
		return NULL;
	stream->recipe = recipe_parse(query);
	stream->middle = param_is(query, "end", "middle");
	stream->fixed = (uint32_t)param_number(query, "pieces", 0);
	if (stream->fixed > PIECE_MAX)
		stream->fixed = PIECE_MAX;
	recipe = &stream->recipe;
	stream->chance = recipe_number(recipe, 0, 7);
	packet_stream_put(stream->bytes, recipe->nano ? 0xa1b23c4d : 0xa1b2c3d4, recipe);
	packet_stream_put16(stream->bytes + 4, 2, recipe);
	packet_stream_put16(stream->bytes + 6, 4, recipe);
	packet_stream_put(
		stream->bytes + 16, (uint32_t)param_number(query, "snaplen", PACKETS_MAX), recipe);
	packet_stream_put(stream->bytes + 20, recipe->linktype, recipe);
	stream->size = PCAP_HEADER;
	return stream;
}

/* Encodes the next packet. */
static void packet_stream_next(struct packet_stream *stream)
{
	const struct recipe *recipe = &stream->recipe;
	const struct made_packet *packet = &stream->packet;
	uint32_t fraction;

	recipe_make(recipe, recipe_at(recipe, stream->place), recipe->linktype, &stream->packet);
	fraction = (uint32_t)(packet->time % 1000000000);
	packet_stream_put(stream->bytes, (uint32_t)(packet->time / 1000000000), recipe);
	packet_stream_put(stream->bytes + 4, recipe->nano ? fraction : fraction / 1000, recipe);
	packet_stream_put(stream->bytes + 8, packet->caplen, recipe);
	packet_stream_put(stream->bytes + 12, packet->len, recipe);
	memcpy(stream->bytes + PCAP_RECORD, packet->data, packet->caplen);
	stream->size = PCAP_RECORD + packet->caplen;
	stream->done = 0;
	if (stream->place == recipe->packets)
		stream->size = PCAP_RECORD + packet->caplen / 2;
	stream->place++;
}

/* The number of packets to encode, the half one included. */
static uint32_t packet_stream_packets(const struct packet_stream *stream)
{
	return stream->recipe.packets + stream->middle;
}

bool packet_stream_over(const struct packet_stream *stream)
{
	return stream->done == stream->size && stream->place >= packet_stream_packets(stream);
}

size_t packet_stream_take(
	struct packet_stream *stream, unsigned char *out, size_t want, uint32_t allowed)
{
	size_t taken = 0;

	while (taken < want) {
		size_t some = stream->size - stream->done;

		if (some == 0) {
			if (stream->place >= allowed ||
				stream->place >= packet_stream_packets(stream))
				break;
			packet_stream_next(stream);
			continue;
		}
		if (some > want - taken)
			some = want - taken;
		memcpy(out + taken, stream->bytes + stream->done, some);
		stream->done += some;
		taken += some;
	}
	return taken;
}

size_t packet_stream_piece(struct packet_stream *stream)
{
	if (stream->fixed > 0)
		return stream->fixed;
	stream->chance = packets_mix(stream->chance);
	return 1 + (size_t)(stream->chance >> 8) % ((size_t)1 << stream->chance % 17);
}
