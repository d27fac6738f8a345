/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a capture stream: in one chunk and in many they must give the
 * same interfaces, packets, and statistics, the same decision, and the same
 * message.
 */
#include "format/capture_magic.h"
#include "format/pcapng_copy_options.h"
#include "format/pcapng_write.h"
#include "format/stream_reader.h"

#include "fuzz.h"

#include <string.h>

enum { LARGEST_PIECE = 64 };

struct reader_result {
	uint64_t sum;
	uint32_t interfaces;
	unsigned packets;
	unsigned statistics;
	bool good;
	bool ended;
	struct error error;
};

/* The handler's interface numbers begin here. */
enum { FIRST = 1000 };

/* Options that are copied are valid, and texts among them printable. */
static void check_options(const unsigned char *options, size_t size)
{
	const uint32_t whole = (uint32_t)(size + BLOCK_TAIL);
	const struct pcapng_block block = {.bytes = options, .size = whole};
	struct pcapng_option option;
	struct error error;
	size_t place = 0;
	int more;

	must(size <= PCAPNG_COPY_OPTIONS_MAX, "options are limited");
	while ((more = pcapng_option(&block, &place, &option, &error)) > 0)
		must(option.code != PCAPNG_COMMENT || !memchr(option.value, '\033', option.size),
			"a comment does nothing to a terminal");
	must(more == 0 && place == size, "options are sound to their end");
}

static bool take_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct reader_result *outcome = context;
	const char *const texts[] = {interface->name, interface->filter};

	must(!interface->description && !interface->comment,
		"a reader hands on names, filters, and options");
	outcome->sum = mix(outcome->sum, &interface->linktype, 4);
	outcome->sum = mix(outcome->sum, &interface->snaplen, 4);
	outcome->sum = mix(outcome->sum, &interface->nano, sizeof(interface->nano));
	for (size_t i = 0; i < 2; i++)
		outcome->sum = mix(outcome->sum, texts[i], strlen(texts[i]) + 1);
	check_options(interface->options, interface->options_size);
	outcome->sum = mix(outcome->sum, interface->options, interface->options_size);
	*ret_number = FIRST + outcome->interfaces++;
	return interface->snaplen != 0x454e4421 || error_set(error, 2, "the sink has enough");
}

static bool take_packet(void *context, const struct packet *packet, struct error *error)
{
	struct reader_result *outcome = context;

	must(packet->interface - FIRST < outcome->interfaces,
		"a packet is of an interface that the sink has seen");
	must(packet->caplen <= PACKET_MAX, "a packet has its largest size");
	outcome->packets++;
	outcome->sum = mix(outcome->sum, &packet->time, sizeof(packet->time));
	outcome->sum = mix(outcome->sum, &packet->len, sizeof(packet->len));
	outcome->sum = mix(outcome->sum, &packet->interface, 4);
	outcome->sum = mix(outcome->sum, packet->data, packet->caplen);
	if (packet->options_size > 0) {
		check_options(packet_options(packet), packet->options_size);
		outcome->sum = mix(outcome->sum, packet_options(packet), packet->options_size);
	}
	/* a handler may stop: a packet for which it does ends the stream */
	return packet->len != 0x454e4421 || error_set(error, 2, "the sink has enough");
}

static bool take_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	struct reader_result *outcome = context;
	const uint64_t numbers[] = {statistics->time, statistics->interface,
		statistics->is_watermark, statistics->valid, statistics->received,
		statistics->dropped, statistics->interface_dropped, statistics->interface_received,
		statistics->delivered, statistics->start, statistics->end};

	must(statistics->interface - FIRST < outcome->interfaces,
		"statistics are of an interface that the sink has seen");
	must(statistics->valid < STATISTICS_END * 2, "there are no other counters");
	must((statistics->valid & STATISTICS_RECEIVED || !statistics->received) &&
			(statistics->valid & STATISTICS_DROPPED || !statistics->dropped) &&
			(statistics->valid & STATISTICS_INTERFACE_DROPPED ||
				!statistics->interface_dropped),
		"an unknown counter is 0");
	outcome->statistics++;
	outcome->sum = mix(outcome->sum, numbers, sizeof(numbers));
	return statistics->received != 0x454e4421 || error_set(error, 2, "the sink has enough");
}

static void take_odd_time(void *context, const char *said, uint64_t time)
{
	struct reader_result *outcome = context;

	must(time == 0 || time == PACKET_TIME_MAX, "the nearest time is the first or the last");
	outcome->sum = mix(outcome->sum, said, strlen(said));
	outcome->sum = mix(outcome->sum, &time, sizeof(time));
}

static bool take_block(void *context, const unsigned char *bytes, size_t size, struct error *error)
{
	struct reader_result *outcome = context;
	struct pcapng_block block = {.bytes = bytes, .size = (uint32_t)size};
	size_t place = BLOCK_HEAD;
	struct pcapng_option option;
	int more;

	(void)error;
	must(size % 4 == 0 && size >= 16 && size <= PCAPNG_COPY_BLOCK_MAX + PCAPNG_COPY_CLOSING,
		"a block has a sound size");
	must(pcapng_block_u32(&block, 4) == size && pcapng_block_u32(&block, size - 4) == size,
		"a block has its size at both ends");
	if (pcapng_block_u32(&block, 0) == PCAPNG_NAMES)
		while ((more = pcapng_option(&block, &place, &option, error)) != 0)
			must(more > 0 && option.value[option.size - 1] == '\0', "names are sound");
	if (pcapng_block_u32(&block, 0) == PCAPNG_SECRETS)
		must(pcapng_block_u32(&block, 12) <= size - 20, "secrets are sound");
	outcome->sum = mix(outcome->sum, bytes, size);
	return true;
}

static void take_address(void *context, const struct host_address *address)
{
	struct reader_result *outcome = context;

	must(address->size == HOST_ADDRESS_IPV4 || address->size == HOST_ADDRESS_IPV6,
		"an address is one of two kinds");
	outcome->sum = mix(outcome->sum, address->bytes, address->size);
}

static void take_note(void *context, const char *what, const char *text)
{
	struct reader_result *outcome = context;

	must(!strchr(text, '\033'), "a note does nothing to a terminal");
	outcome->sum = mix(outcome->sum, what, strlen(what));
	outcome->sum = mix(outcome->sum, text, strlen(text));
}

static void take_losses(void *context, unsigned losses)
{
	struct reader_result *outcome = context;

	must(losses && losses < LOSS_SECTION, "a loss is one of the reader's");
	outcome->sum = mix(outcome->sum, &losses, sizeof(losses));
}

/*
 * Reads all of it, in one chunk, or in chunks whose sizes come from the input.
 */
static void read_all(const uint8_t *bytes, size_t size, bool pieces, struct reader_result *outcome)
{
	const struct stream_handler sink = {
		.interface = take_interface,
		.packet = take_packet,
		.statistics = take_statistics,
		.odd_time = take_odd_time,
		.block = take_block,
		.address = take_address,
		.note = take_note,
		.lose = take_losses,
		.context = outcome,
	};
	struct stream_reader *reader = stream_reader_new(&sink);
	uint64_t random = mix(size, bytes, size);
	size_t at = 0;

	must(reader, "there is memory");
	outcome->good = true;
	while (at < size && outcome->good) {
		size_t left = size - at;
		size_t piece = pieces ? 1 + (random >> 32) % LARGEST_PIECE : left;
		uint8_t *own;

		piece = piece < left ? piece : left;
		own = copy(bytes + at, piece);
		outcome->good = stream_reader_push(reader, own, piece, &outcome->error);
		free(own);
		random = mix(random, &at, sizeof(at));
		at += piece;
	}
	if (outcome->good)
		outcome->ended = stream_reader_end(reader, &outcome->error);
	else
		must(!stream_reader_push(reader, bytes, size, &(struct error){0}),
			"a broken stream stays broken");
	stream_reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct reader_result one = {0};
	struct reader_result many = {0};

	read_all(bytes, size, false, &one);
	read_all(bytes, size, true, &many);
	must(one.interfaces == many.interfaces && one.packets == many.packets &&
			one.statistics == many.statistics && one.sum == many.sum,
		"a split changes no packet");
	must(one.good == many.good && one.ended == many.ended, "a split changes no verdict");
	must(one.error.status == many.error.status && strcmp(one.error.text, many.error.text) == 0,
		"a split changes no sentence");
	must(one.interfaces == 0 || size < CAPTURE_MAGIC_SIZE || capture_magic_is_known(bytes),
		"a stream begins as a capture");
	must((one.error.status == 0) == one.ended, "a failure has its sentence");
	return 0;
}
