/*
 * Any bytes as a capture stream: in one piece and in many they must give the
 * same packets, the same verdict and the same sentence.
 */
#include "format/reader.h"

#include "fuzz.h"

#include <string.h>

enum { LARGEST_PIECE = 64 };

struct outcome {
	uint64_t sum;
	unsigned starts;
	unsigned packets;
	bool good;
	bool ended;
	struct failure failure;
};

static bool take_start(
	void *context, const struct pcapfile *file, struct failure *failure)
{
	struct outcome *outcome = context;

	(void)failure;
	must(outcome->starts == 0 && outcome->packets == 0,
		"the header comes once, and first");
	outcome->starts++;
	outcome->sum = mix(outcome->sum, &file->linktype, 4);
	outcome->sum = mix(outcome->sum, &file->snaplen, 4);
	outcome->sum = mix(outcome->sum, &file->nano, sizeof(file->nano));
	return true;
}

static bool take_packet(
	void *context, const struct packet *packet, struct failure *failure)
{
	struct outcome *outcome = context;

	must(outcome->starts == 1, "packets come behind the header");
	must(packet->caplen <= PACKET_MAX, "a packet has its largest size");
	outcome->packets++;
	outcome->sum = mix(outcome->sum, &packet->time, sizeof(packet->time));
	outcome->sum = mix(outcome->sum, &packet->len, sizeof(packet->len));
	outcome->sum = mix(outcome->sum, packet->data, packet->caplen);
	/* a sink may have enough: a packet that says so ends the stream */
	return packet->len != 0x454e4421 ||
	       failure_set(failure, 2, "the sink has enough");
}

/* Reads all of it, in pieces whose sizes come from the input, or in one. */
static void read_all(
	const uint8_t *bytes, size_t size, bool pieces, struct outcome *outcome)
{
	const struct reader_sink sink = {take_start, take_packet, outcome};
	struct reader *reader = reader_new(&sink);
	uint64_t random = mix(size, bytes, size);
	size_t at = 0;

	must(reader, "there is memory");
	outcome->good = true;
	while (at < size && outcome->good) {
		size_t left = size - at;
		size_t piece =
			pieces ? 1 + (random >> 32) % LARGEST_PIECE : left;
		uint8_t *own;

		piece = piece < left ? piece : left;
		own = copy(bytes + at, piece);
		outcome->good =
			reader_push(reader, own, piece, &outcome->failure);
		free(own);
		random = mix(random, &at, sizeof(at));
		at += piece;
	}
	if (outcome->good)
		outcome->ended = reader_end(reader, &outcome->failure);
	else
		must(!reader_push(reader, bytes, size, &(struct failure){0}),
			"a broken stream stays broken");
	reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct outcome one = {0};
	struct outcome many = {0};

	read_all(bytes, size, false, &one);
	read_all(bytes, size, true, &many);
	must(one.starts == many.starts && one.packets == many.packets &&
			one.sum == many.sum,
		"a split changes no packet");
	must(one.good == many.good && one.ended == many.ended,
		"a split changes no verdict");
	must(one.failure.status == many.failure.status &&
			strcmp(one.failure.text, many.failure.text) == 0,
		"a split changes no sentence");
	must((one.failure.status == 0) == one.ended,
		"a failure has its sentence");
	return 0;
}
