/*
 * One stream of the streams tool as bytes. In: the query of a request. Out:
 * the bytes of its capture file, as many at a time as are asked for.
 *
 * Encodes by itself, so that the project's encoder and decoder are tested
 * against something else than each other.
 */
#pragma once

#include "packets.h"

#include <byteswap.h>

enum { SOURCE_HEADER = 24, SOURCE_RECORD = 16, PIECE_MAX = 65536 };

struct source {
	struct recipe recipe;
	uint32_t place; /* packets that are encoded */
	bool middle;	/* ends with half of one packet too many */
	uint32_t fixed; /* bytes of a piece, 0: by chance */
	uint64_t chance;
	size_t size; /* of bytes, of which done are taken */
	size_t done;
	unsigned char bytes[SOURCE_RECORD + PACKETS_ROOM];
	struct made_packet packet;
};

static inline void source_put(
	unsigned char *out, uint32_t value, const struct recipe *recipe)
{
	if (recipe->swap)
		value = bswap_32(value);
	memcpy(out, &value, sizeof(value));
}

static inline void source_put16(
	unsigned char *out, uint16_t value, const struct recipe *recipe)
{
	if (recipe->swap)
		value = bswap_16(value);
	memcpy(out, &value, sizeof(value));
}

/* Returns a stream that stands at its file header, for free(). */
static inline struct source *source_new(const char *query)
{
	struct source *source = calloc(1, sizeof(*source));
	const struct recipe *recipe;

	if (!source)
		return NULL;
	source->recipe = recipe_parse(query);
	source->middle = param_is(query, "end", "middle");
	source->fixed = (uint32_t)param_number(query, "pieces", 0);
	if (source->fixed > PIECE_MAX)
		source->fixed = PIECE_MAX;
	recipe = &source->recipe;
	source->chance = recipe_number(recipe, 0, 7);
	source_put(
		source->bytes, recipe->nano ? 0xa1b23c4d : 0xa1b2c3d4, recipe);
	source_put16(source->bytes + 4, 2, recipe);
	source_put16(source->bytes + 6, 4, recipe);
	source_put(source->bytes + 16, PACKETS_MAX, recipe);
	source_put(source->bytes + 20, recipe->linktype, recipe);
	source->size = SOURCE_HEADER;
	return source;
}

/* Encodes the packet at the next place. */
static inline void source_next(struct source *source)
{
	const struct recipe *recipe = &source->recipe;
	const struct made_packet *packet = &source->packet;
	uint32_t fraction;

	recipe_make(recipe, recipe_at(recipe, source->place), recipe->linktype,
		&source->packet);
	fraction = (uint32_t)(packet->time % 1000000000);
	source_put(
		source->bytes, (uint32_t)(packet->time / 1000000000), recipe);
	source_put(source->bytes + 4, recipe->nano ? fraction : fraction / 1000,
		recipe);
	source_put(source->bytes + 8, packet->caplen, recipe);
	source_put(source->bytes + 12, packet->len, recipe);
	memcpy(source->bytes + SOURCE_RECORD, packet->data, packet->caplen);
	source->size = SOURCE_RECORD + packet->caplen;
	source->done = 0;
	if (source->place == recipe->packets)
		source->size = SOURCE_RECORD + packet->caplen / 2;
	source->place++;
}

/* How many packets there are to encode, the half one included. */
static inline uint32_t source_packets(const struct source *source)
{
	return source->recipe.packets + source->middle;
}

/* Tells whether every byte has been taken. */
static inline bool source_over(const struct source *source)
{
	return source->done == source->size &&
	       source->place >= source_packets(source);
}

/*
 * Takes up to want bytes, of no more than the first allowed packets. Returns
 * how many there were.
 */
static inline size_t source_take(struct source *source, unsigned char *out,
	size_t want, uint32_t allowed)
{
	size_t taken = 0;

	while (taken < want) {
		size_t some = source->size - source->done;

		if (some == 0) {
			if (source->place >= allowed ||
				source->place >= source_packets(source))
				break;
			source_next(source);
			continue;
		}
		if (some > want - taken)
			some = want - taken;
		memcpy(out + taken, source->bytes + source->done, some);
		source->done += some;
		taken += some;
	}
	return taken;
}

/* The size of the next piece: every order of magnitude is equally likely. */
static inline size_t source_piece(struct source *source)
{
	if (source->fixed > 0)
		return source->fixed;
	source->chance = packets_mix(source->chance);
	return 1 + (size_t)(source->chance >> 8) %
			   ((size_t)1 << source->chance % 17);
}
