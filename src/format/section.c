/*
 * The blocks of pcapng, draft-ietf-opsawg-pcapng. In: bytes of a stream. Out:
 * its interfaces, packets and statistics, through a sink.
 *
 * A block that matters is looked at when it is whole, and is refused if it
 * is larger than such a block can be. One that does not matter is not kept,
 * only counted. Either way its length must stand behind it once more.
 */
#include "format/section.h"

#include "format/bytes.h"
#include "format/idb.h"

#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_MAX = PACKET_MAX + (1 << 20), /* of those that matter */

	ORDER_SIZE = 4,
	SECTION_HEAD = 24, /* sizes in front of data or options */
	STATISTICS_HEAD = 20,
	SIMPLE_HEAD = 12,
};

const unsigned char section_start[4] = {0x0a, 0x0d, 0x0d, 0x0a};

/* Whose statistics are watermarks: our own promise, nobody else's. */
static const char worker[] = "ddump-worker "; /* and its version */

struct section {
	bool swapped;
	bool has_watermarks;
	bool has_ended; /* a worker's last word */
	struct idb_list interfaces;
	uint64_t last; /* ns: the time of packets that have none */
	size_t skip;   /* bytes of a block that does not matter */
	uint32_t tail; /* its length, which comes once more behind; 0: none */
};

struct section *section_new(void)
{
	return calloc(1, sizeof(struct section));
}

void section_free(struct section *section)
{
	if (!section)
		return;
	free(section->interfaces.list);
	free(section);
}

bool section_is_inside(const struct section *section)
{
	return section->skip > 0 || section->tail > 0;
}

bool section_lacks_end(const struct section *section)
{
	return section->has_watermarks && !section->has_ended;
}

static bool parse_section(struct section *section, const struct block *block,
	struct failure *failure)
{
	const uint16_t major = block_u16(block, 12);
	const uint16_t minor = block_u16(block, 14);
	size_t place = SECTION_HEAD;
	struct block_option option;
	int more;

	if (major != 1 || (minor != 0 && minor != 2))
		return failure_set(failure, 1,
			"the answer is pcapng of version %u.%u, which is not "
			"known here",
			major, minor);
	section->swapped = block->swapped;
	section->interfaces.count = 0;
	section->has_watermarks = false;
	section->has_ended = false;
	while ((more = block_option(block, &place, &option, failure)) > 0)
		if (option.code == PCAPNG_APPLICATION &&
			option.size >= strlen(worker) &&
			memcmp(option.value, worker, strlen(worker)) == 0)
			section->has_watermarks = true;
	return more == 0;
}

static bool parse_interface(struct section *section,
	const struct stream_sink *sink, const struct block *block,
	struct failure *failure)
{
	struct interface interface = {0};
	struct idb_known *known;
	struct idb idb;

	if (!idb_parse(block, &idb, failure))
		return false;
	known = idb_add(&section->interfaces, &idb, failure);
	if (!known)
		return false;
	interface.linktype = idb.linktype;
	interface.snaplen = idb.snaplen;
	interface.nano = idb_is_nano(&idb);
	interface.name = idb.name;
	interface.filter = idb.filter;
	return sink->interface(
		sink->context, &interface, &known->number, failure);
}

/* Checks options of which none matters. */
static bool pass_options(
	const struct block *block, size_t place, struct failure *failure)
{
	struct block_option option;
	int more;

	do
		more = block_option(block, &place, &option, failure);
	while (more > 0);
	return more == 0;
}

/* Hands on a packet whose bytes are at data, after all checks. */
static bool hand_on(const struct stream_sink *sink, const struct block *block,
	size_t data, struct packet *packet, struct failure *failure)
{
	const size_t room = block->size - BLOCK_TAIL - data;
	const size_t padded = ((size_t)packet->caplen + 3) & ~(size_t)3;

	if (packet->caplen > PACKET_MAX || padded > room)
		return block_damaged(
			failure, "a packet is longer than its block");
	if (!pass_options(block, data + padded, failure))
		return false;
	packet->data = block->bytes + data;
	return sink->packet(sink->context, packet, failure);
}

/* An Enhanced Packet Block, or a Packet Block of former times. */
static bool parse_packet(struct section *section,
	const struct stream_sink *sink, const struct block *block,
	struct failure *failure)
{
	const uint32_t index = block->type == PCAPNG_PACKET
				       ? block_u32(block, 8)
				       : block_u16(block, 8);
	const struct idb_known *known =
		idb_find(&section->interfaces, index, failure);
	struct packet packet;

	if (!known)
		return false;
	packet = (struct packet){
		.caplen = block_u32(block, 20),
		.len = block_u32(block, 24),
		.interface = known->number,
	};
	if (!idb_time(known, block_ticks(block, 12), &packet.time, failure))
		return false;
	section->last = packet.time;
	return hand_on(sink, block, PCAPNG_PACKET_HEAD, &packet, failure);
}

/*
 * A Simple Packet Block has neither interface nor stamp: it is the first
 * interface's, and it comes right behind the packet in front of it.
 */
static bool parse_simple_packet(struct section *section,
	const struct stream_sink *sink, const struct block *block,
	struct failure *failure)
{
	const struct idb_known *known =
		idb_find(&section->interfaces, 0, failure);
	struct packet packet;

	if (!known)
		return false;
	packet = (struct packet){
		.time = section->last,
		.caplen = block_u32(block, 8),
		.len = block_u32(block, 8),
		.interface = known->number,
	};
	if (known->snaplen > 0 && packet.caplen > known->snaplen)
		packet.caplen = known->snaplen;
	return hand_on(sink, block, SIMPLE_HEAD, &packet, failure);
}

/* Takes a counter; what it tells is how much was added since the last time. */
static bool take_count(const struct block *block,
	const struct block_option *option, struct idb_counts *last,
	struct statistics *statistics, struct failure *failure)
{
	uint64_t *before;
	uint64_t *more;
	uint64_t now;

	switch (option->code) {
	case PCAPNG_FILTERACCEPT:
		statistics->told |= STATISTICS_RECEIVED;
		before = &last->received;
		more = &statistics->received;
		break;
	case PCAPNG_OSDROP:
		statistics->told |= STATISTICS_DROPPED;
		before = &last->dropped;
		more = &statistics->dropped;
		break;
	case PCAPNG_IFDROP:
		statistics->told |= STATISTICS_INTERFACE_DROPPED;
		before = &last->interface_dropped;
		more = &statistics->interface_dropped;
		break;
	default:
		return true;
	}
	if (option->size != sizeof(now))
		return block_damaged(failure, "a counter is not of 64 bits");
	now = bytes_u64(option->value, block->swapped);
	*more += now < *before ? now : now - *before;
	*before = now;
	return true;
}

static bool parse_statistics(struct section *section,
	const struct stream_sink *sink, const struct block *block,
	struct failure *failure)
{
	const uint32_t index = block_u32(block, 8);
	struct idb_known *known =
		idb_find(&section->interfaces, index, failure);
	struct statistics statistics = {0};
	size_t place = STATISTICS_HEAD;
	struct block_option option;
	int more;

	if (!known || !idb_time(known, block_ticks(block, 12), &statistics.time,
			      failure))
		return false;
	statistics.interface = known->number;
	statistics.is_watermark = section->has_watermarks && index == 0;
	while ((more = block_option(block, &place, &option, failure)) > 0) {
		if (option.code == PCAPNG_ENDTIME && statistics.is_watermark)
			section->has_ended = true;
		if (!take_count(block, &option, &known->counts, &statistics,
			    failure))
			return false;
	}
	return more == 0 &&
	       sink->statistics(sink->context, &statistics, failure);
}

/* The least size of a block that matters, 0 of one that does not. */
static uint32_t least_size(uint32_t type)
{
	switch (type) {
	case PCAPNG_SECTION:
		return SECTION_HEAD + BLOCK_TAIL;
	case PCAPNG_INTERFACE:
		return IDB_HEAD + BLOCK_TAIL;
	case PCAPNG_STATISTICS:
		return STATISTICS_HEAD + BLOCK_TAIL;
	case PCAPNG_SIMPLE_PACKET:
		return SIMPLE_HEAD + BLOCK_TAIL;
	case PCAPNG_PACKET:
	case PCAPNG_OLD_PACKET:
		return PCAPNG_PACKET_HEAD + BLOCK_TAIL;
	default:
		return 0;
	}
}

static bool parse_block(struct section *section, const struct stream_sink *sink,
	const struct block *block, struct failure *failure)
{
	if (block_u32(block, block->size - BLOCK_TAIL) != block->size)
		return block_damaged(
			failure, "the two lengths of a block are not the same");
	switch (block->type) {
	case PCAPNG_SECTION:
		return parse_section(section, block, failure);
	case PCAPNG_INTERFACE:
		return parse_interface(section, sink, block, failure);
	case PCAPNG_STATISTICS:
		return parse_statistics(section, sink, block, failure);
	case PCAPNG_SIMPLE_PACKET:
		return parse_simple_packet(section, sink, block, failure);
	default:
		return parse_packet(section, sink, block, failure);
	}
}

/* The next part of a block that does not matter. */
static size_t pass_over(struct section *section, const unsigned char *bytes,
	size_t size, struct failure *failure)
{
	size_t part = size < section->skip ? size : section->skip;

	if (part > 0) {
		section->skip -= part;
		return part;
	}
	if (size < BLOCK_TAIL)
		return BLOCK_TAIL;
	if (bytes_u32(bytes, section->swapped) != section->tail) {
		block_damaged(
			failure, "the two lengths of a block are not the same");
		return 0;
	}
	section->tail = 0;
	return BLOCK_TAIL;
}

/* A section's head tells its byte order, and so how to read its length. */
static bool find_order(
	const unsigned char *bytes, bool *ret_swapped, struct failure *failure)
{
	*ret_swapped = bytes_u32(bytes + BLOCK_HEAD, true) == BLOCK_ORDER;
	return *ret_swapped ||
	       bytes_u32(bytes + BLOCK_HEAD, false) == BLOCK_ORDER ||
	       block_damaged(failure, "a section has no byte order");
}

size_t section_parse(struct section *section, const struct stream_sink *sink,
	const unsigned char *bytes, size_t size, struct failure *failure)
{
	struct block block = {.bytes = bytes, .swapped = section->swapped};
	uint32_t least;

	if (section_is_inside(section))
		return pass_over(section, bytes, size, failure);
	if (size < BLOCK_HEAD)
		return BLOCK_HEAD;
	if (memcmp(bytes, section_start, sizeof(section_start)) == 0) {
		if (size < BLOCK_HEAD + ORDER_SIZE)
			return BLOCK_HEAD + ORDER_SIZE;
		if (!find_order(bytes, &block.swapped, failure))
			return 0;
	}
	block.type = block_u32(&block, 0);
	block.size = block_u32(&block, 4);
	least = least_size(block.type);
	if (block.size % 4 || block.size < BLOCK_HEAD + BLOCK_TAIL ||
		block.size < least || (least && block.size > BLOCK_MAX)) {
		failure_set(failure, 1,
			"the capture stream is damaged: a block of type %u "
			"can't have %u bytes",
			block.type, block.size);
		return 0;
	}
	if (least == 0) {
		section->skip = block.size - BLOCK_HEAD - BLOCK_TAIL;
		section->tail = block.size;
		return BLOCK_HEAD;
	}
	if (size < block.size)
		return block.size;
	return parse_block(section, sink, &block, failure) ? block.size : 0;
}
