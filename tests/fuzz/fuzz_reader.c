/*
 * Any bytes as a capture stream: in one piece and in many they must give the
 * same interfaces, packets and statistics, the same verdict and the same
 * sentence.
 */
#include "format/reader.h"

#include "fuzz.h"

#include <string.h>

enum { LARGEST_PIECE = 64 };

struct outcome {
	uint64_t sum;
	uint32_t interfaces;
	unsigned packets;
	unsigned statistics;
	bool good;
	bool ended;
	struct failure failure;
};

/* The numbers that the sink gives begin here. */
enum { FIRST = 1000 };

static bool take_interface(void *context, const struct interface *interface,
	uint32_t *ret_number, struct failure *failure)
{
	struct outcome *outcome = context;
	const char *const texts[] = {interface->name, interface->filter};

	must(!interface->description && !interface->comment,
		"a reader tells names and filters");
	outcome->sum = mix(outcome->sum, &interface->linktype, 4);
	outcome->sum = mix(outcome->sum, &interface->snaplen, 4);
	outcome->sum =
		mix(outcome->sum, &interface->nano, sizeof(interface->nano));
	for (size_t i = 0; i < 2; i++)
		outcome->sum =
			mix(outcome->sum, texts[i], strlen(texts[i]) + 1);
	*ret_number = FIRST + outcome->interfaces++;
	return interface->snaplen != 0x454e4421 ||
	       failure_set(failure, 2, "the sink has enough");
}

static bool take_packet(
	void *context, const struct packet *packet, struct failure *failure)
{
	struct outcome *outcome = context;

	must(packet->interface - FIRST < outcome->interfaces,
		"a packet is of an interface that the sink has seen");
	must(packet->caplen <= PACKET_MAX, "a packet has its largest size");
	outcome->packets++;
	outcome->sum = mix(outcome->sum, &packet->time, sizeof(packet->time));
	outcome->sum = mix(outcome->sum, &packet->len, sizeof(packet->len));
	outcome->sum = mix(outcome->sum, &packet->interface, 4);
	outcome->sum = mix(outcome->sum, packet->data, packet->caplen);
	/* a sink may have enough: a packet that says so ends the stream */
	return packet->len != 0x454e4421 ||
	       failure_set(failure, 2, "the sink has enough");
}

static bool take_statistics(void *context, const struct statistics *statistics,
	struct failure *failure)
{
	struct outcome *outcome = context;
	const uint64_t numbers[] = {statistics->time, statistics->interface,
		statistics->is_watermark, statistics->told,
		statistics->received, statistics->dropped,
		statistics->interface_dropped};

	must(statistics->interface - FIRST < outcome->interfaces,
		"statistics are of an interface that the sink has seen");
	must(!(statistics->told & ~(unsigned)STATISTICS_ALL),
		"there are no other counters");
	must((statistics->told & STATISTICS_RECEIVED ||
		     !statistics->received) &&
			(statistics->told & STATISTICS_DROPPED ||
				!statistics->dropped) &&
			(statistics->told & STATISTICS_INTERFACE_DROPPED ||
				!statistics->interface_dropped),
		"what is not told is 0");
	outcome->statistics++;
	outcome->sum = mix(outcome->sum, numbers, sizeof(numbers));
	return statistics->received != 0x454e4421 ||
	       failure_set(failure, 2, "the sink has enough");
}

/* Reads all of it, in pieces whose sizes come from the input, or in one. */
static void read_all(
	const uint8_t *bytes, size_t size, bool pieces, struct outcome *outcome)
{
	const struct stream_sink sink = {
		take_interface, take_packet, take_statistics, outcome};
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
	must(one.interfaces == many.interfaces && one.packets == many.packets &&
			one.statistics == many.statistics &&
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
