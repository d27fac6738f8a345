/* SPDX-License-Identifier: MIT */
/*
 * The encoder of pcapng: whatever it writes, the reader reads back; sizes are
 * multiples of four and within what is promised; long texts are cut.
 */
#include "format/pcapng_write.h"

#include "format/linktype.h"
#include "format/pcapng_idb.h"
#include "format/stream_reader.h"
#include "unit.h"

#include <string.h>

enum {
	ROUNDS = 300,
	INTERFACES = 5,
	CAPLEN_MAX = 300,
	LONG_TEXT = 3 * PCAPNG_TEXT_MAX,
	PACKET_BLOCK_MAX = PCAPNG_BLOCK_MAX + CAPLEN_MAX,
	STREAM_MAX = 1 << 22,
	GUARD = 64,
};

struct seen_interface {
	uint32_t linktype;
	uint32_t snaplen;
	bool nano;
	char *name;
	char *filter;
};

/* What was written, or what came back. */
struct seen {
	struct seen_interface interfaces[INTERFACES];
	struct packet packets[64];
	unsigned char data[64][CAPLEN_MAX];
	struct statistics statistics[64];
	uint32_t interface_count;
	size_t packet_count;
	size_t statistics_count;
};

static char *cut(const char *text, size_t most)
{
	char *out = strndup(text, most);

	assert_non_null(out);
	return out;
}

static bool see_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct seen *seen = context;

	(void)error;
	assert_true(seen->interface_count < INTERFACES);
	seen->interfaces[seen->interface_count] = (struct seen_interface){
		.linktype = interface->linktype,
		.snaplen = interface->snaplen,
		.nano = interface->nano,
		.name = cut(interface->name, PCAPNG_IDB_NAME_MAX - 1),
		.filter = cut(interface->filter, PCAPNG_TEXT_MAX - 1),
	};
	*ret_number = seen->interface_count++;
	return true;
}

static bool see_packet(void *context, const struct packet *packet, struct error *error)
{
	struct seen *seen = context;

	(void)error;
	assert_true(seen->packet_count < 64);
	assert_true(packet->caplen <= CAPLEN_MAX);
	memcpy(seen->data[seen->packet_count], packet->data, packet->caplen);
	seen->packets[seen->packet_count++] = *packet;
	return true;
}

static bool see_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	struct seen *seen = context;

	(void)error;
	assert_true(seen->statistics_count < 64);
	seen->statistics[seen->statistics_count++] = *statistics;
	return true;
}

static void seen_reset(struct seen *seen)
{
	for (uint32_t i = 0; i < seen->interface_count; i++) {
		free(seen->interfaces[i].name);
		free(seen->interfaces[i].filter);
	}
	*seen = (struct seen){0};
}

static void assert_same(const struct seen *seen, const struct seen *expected)
{
	assert_int_equal(seen->interface_count, expected->interface_count);
	assert_int_equal(seen->packet_count, expected->packet_count);
	assert_int_equal(seen->statistics_count, expected->statistics_count);
	for (uint32_t i = 0; i < seen->interface_count; i++) {
		const struct seen_interface *one = &seen->interfaces[i];
		const struct seen_interface *other = &expected->interfaces[i];

		assert_int_equal(one->linktype, other->linktype);
		assert_int_equal(one->snaplen, other->snaplen);
		assert_int_equal(one->nano, other->nano);
		assert_string_equal(one->name, other->name);
		assert_string_equal(one->filter, other->filter);
	}
	for (size_t i = 0; i < seen->packet_count; i++) {
		const struct packet *one = &seen->packets[i];
		const struct packet *other = &expected->packets[i];

		assert_int_equal(one->time, other->time);
		assert_int_equal(one->caplen, other->caplen);
		assert_int_equal(one->len, other->len);
		assert_int_equal(one->interface, other->interface);
		assert_memory_equal(seen->data[i], expected->data[i], one->caplen);
	}
	for (size_t i = 0; i < seen->statistics_count; i++) {
		const struct statistics *one = &seen->statistics[i];
		const struct statistics *other = &expected->statistics[i];

		assert_int_equal(one->time, other->time);
		assert_int_equal(one->interface, other->interface);
		assert_int_equal(one->is_watermark, other->is_watermark);
		assert_int_equal(one->valid, other->valid);
		assert_int_equal(one->received, other->received);
		assert_int_equal(one->dropped, other->dropped);
		assert_int_equal(one->interface_dropped, other->interface_dropped);
	}
}

/* Returns whether its end is one, by the reader. */
static bool read_back(const unsigned char *bytes, size_t size, struct seen *ret_seen)
{
	const struct stream_handler sink = {
		.interface = see_interface,
		.packet = see_packet,
		.statistics = see_statistics,
		.context = ret_seen,
	};
	struct stream_reader *reader = stream_reader_new(&sink);
	struct error error = {0};
	bool whole;

	assert_non_null(reader);
	if (!stream_reader_push(reader, bytes, size, &error))
		fail_msg("%s", error.text);
	whole = stream_reader_end(reader, &error);
	assert_int_equal(error.status != 0, !whole);
	stream_reader_free(reader);
	return whole;
}

/* A stream under way, and what a reader should find in it. */
struct world {
	struct seed seed;
	unsigned char *bytes;
	size_t size;
	bool is_worker;
	bool has_ended;
	struct seen expected;
	struct statistics last[INTERFACES]; /* that was written */
	char *texts[3];
};

/*
 * A block was put at the end: its size is right and it wrote nothing behind
 * itself. Whatever stands there was put by prepare().
 */
static void take_block(struct world *world, size_t size, size_t most)
{
	const unsigned char *behind = world->bytes + world->size + size;
	uint32_t told[2];

	assert_int_equal(size % 4, 0);
	assert_true(size <= most);
	memcpy(told, world->bytes + world->size + 4, 4);
	memcpy(told + 1, behind - 4, 4);
	assert_int_equal(told[0], size);
	assert_int_equal(told[1], size);
	for (int i = 0; i < GUARD; i++)
		assert_int_equal(behind[i], 0xdd);
	world->size += size;
}

static unsigned char *prepare(struct world *world)
{
	assert_true(world->size < STREAM_MAX - PACKET_BLOCK_MAX - GUARD);
	memset(world->bytes + world->size, 0xdd, PACKET_BLOCK_MAX + GUARD);
	return world->bytes + world->size;
}

/* A text of no zeros; most are short, some longer than there is room for. */
static char *random_text(struct world *world, int place)
{
	static const size_t most[] = {1, 4, 20, 20, 20, 300, PCAPNG_TEXT_MAX + 8, LONG_TEXT};
	size_t size = seed_below(
		&world->seed, most[seed_below(&world->seed, sizeof(most) / sizeof(*most))]);
	char *text = world->texts[place];

	for (size_t i = 0; i < size; i++)
		text[i] = (char)(1 + seed_below(&world->seed, 255));
	text[size] = '\0';
	return text;
}

static const char *random_comment(struct world *world)
{
	return seed_below(&world->seed, 2) ? random_text(world, 2) : NULL;
}

static void put_section(struct world *world)
{
	static const char *const names[] = {"ddump-worker 0.2.0", "ddump-worker ", "ddump-worker",
		"ddump-workerX 1", "Ddump-worker 1", ""};
	const size_t which = seed_below(&world->seed, 6);
	const char *comment = random_comment(world);

	world->is_worker = which < 2;
	world->has_ended = false;
	take_block(world, pcapng_write_section(prepare(world), names[which], comment),
		PCAPNG_BLOCK_MAX);
}

/* Any but those whose packets must have a header that is not from the wire. */
static uint16_t some_linktype(struct seed *seed)
{
	uint16_t linktype;

	do
		linktype = (uint16_t)seed_u32(seed);
	while (linktype_has_pseudo_header(linktype));
	return linktype;
}

static void put_interface(struct world *world)
{
	const uint32_t fcs = (uint32_t)seed_below(&world->seed, 16) * 16;
	struct interface interface = {
		.linktype = pcapng_with_fcs(some_linktype(&world->seed), fcs),
		.snaplen = seed_u32(&world->seed),
		.nano = true,
		.name = random_text(world, 0),
		.filter = random_text(world, 1),
		.description = seed_below(&world->seed, 2) ? world->texts[2] : NULL,
		.comment = seed_below(&world->seed, 2) ? world->texts[2] : NULL,
	};
	uint32_t number;

	random_text(world, 2);
	assert_int_equal(pcapng_fcs_bits(interface.linktype), fcs);
	see_interface(&world->expected, &interface, &number, NULL);
	take_block(world, pcapng_write_interface(prepare(world), &interface), PCAPNG_BLOCK_MAX);
}

static uint64_t random_u64(struct world *world)
{
	return (uint64_t)seed_u32(&world->seed) << 32 | seed_u32(&world->seed);
}

/* Writes a packet with a comment, unless that is NULL or empty, and more options. */
static size_t write_packet_with(unsigned char *out, const struct packet *packet,
	const char *comment, const void *more, size_t more_size)
{
	static unsigned char options[PCAPNG_BLOCK_MAX];
	size_t size = 0;

	if (comment && *comment) {
		pcapng_write_comment(options, comment);
		size = pcapng_comment_size(comment);
	}
	if (more_size > 0)
		memcpy(options + size, more, more_size);
	return pcapng_write_packet(out, packet, options, size + more_size);
}

static size_t write_packet(unsigned char *out, const struct packet *packet, const char *comment)
{
	return write_packet_with(out, packet, comment, NULL, 0);
}

static void put_packet(struct world *world)
{
	const char *comment = random_comment(world);
	unsigned char *out = prepare(world);
	const struct packet packet = {
		.time = random_u64(world),
		.caplen = (uint32_t)seed_below(&world->seed, CAPLEN_MAX + 1),
		.len = seed_u32(&world->seed),
		.interface = (uint32_t)seed_below(&world->seed, world->expected.interface_count),
		.data = out + PCAPNG_PACKET_HEAD,
	};

	seed_bytes(&world->seed, out + PCAPNG_PACKET_HEAD, packet.caplen);
	see_packet(&world->expected, &packet, NULL);
	take_block(world, write_packet(out, &packet, comment), PCAPNG_BLOCK_MAX + packet.caplen);
}

/* What a reader makes of a counter: below the last it began at 0 again. */
static uint64_t increment(uint64_t *last, uint64_t now)
{
	const uint64_t before = *last;

	*last = now;
	return now >= before ? now - before : now;
}

static void put_statistics(struct world *world)
{
	struct statistics statistics = {
		.time = random_u64(world),
		.interface = (uint32_t)seed_below(&world->seed, world->expected.interface_count),
		.is_end = seed_below(&world->seed, 4) == 0,
		.valid = (unsigned)seed_below(&world->seed, STATISTICS_ALL + 1),
	};
	struct statistics *last = &world->last[statistics.interface];
	struct statistics read = statistics;

	read.is_watermark = world->is_worker && statistics.interface == 0;
	if (statistics.is_end && read.is_watermark)
		world->has_ended = true;
	if (statistics.is_end && !world->is_worker) {
		read.valid |= STATISTICS_END;
		read.end = statistics.time;
	}
	if (statistics.valid & STATISTICS_RECEIVED) {
		statistics.received = random_u64(world);
		read.received = increment(&last->received, statistics.received);
	}
	if (statistics.valid & STATISTICS_DROPPED) {
		statistics.dropped = random_u64(world);
		read.dropped = increment(&last->dropped, statistics.dropped);
	}
	if (statistics.valid & STATISTICS_INTERFACE_DROPPED) {
		statistics.interface_dropped = random_u64(world);
		read.interface_dropped =
			increment(&last->interface_dropped, statistics.interface_dropped);
	}
	see_statistics(&world->expected, &read, NULL);
	take_block(world, pcapng_write_statistics(prepare(world), &statistics), PCAPNG_BLOCK_MAX);
}

static struct world new_world(void)
{
	struct world world = {.seed = seed_start(), .bytes = malloc(STREAM_MAX)};

	assert_non_null(world.bytes);
	for (int i = 0; i < 3; i++) {
		world.texts[i] = malloc(LONG_TEXT + 1);
		assert_non_null(world.texts[i]);
	}
	return world;
}

static void free_world(struct world *world)
{
	for (int i = 0; i < 3; i++)
		free(world->texts[i]);
	seen_reset(&world->expected);
	free(world->bytes);
}

static void pcapng_write_blocks_are_read_back(void **state)
{
	struct world world = new_world();
	struct seen *seen = calloc(1, sizeof(*seen));

	(void)state;
	assert_non_null(seen);
	for (int i = 0; i < ROUNDS; i++) {
		seen_reset(&world.expected);
		memset(world.last, 0, sizeof(world.last));
		world.size = 0;
		put_section(&world);
		put_interface(&world);
		for (size_t j = seed_below(&world.seed, 50); j > 0; j--) {
			const size_t what = seed_below(&world.seed, 9);

			if (what == 0 && world.expected.interface_count < INTERFACES)
				put_interface(&world);
			else if (what < 3)
				put_statistics(&world);
			else
				put_packet(&world);
		}
		assert_int_equal(read_back(world.bytes, world.size, seen),
			!world.is_worker || world.has_ended);
		assert_same(seen, &world.expected);
		seen_reset(seen);
	}
	free(seen);
	free_world(&world);
}

static void pcapng_write_blocks_keep_the_limit(void **state)
{
	struct world world = new_world();
	struct interface interface = {.linktype = pcapng_with_fcs(1, 240)};
	struct statistics statistics = {.is_end = true, .valid = STATISTICS_ALL};
	const struct packet packet = {.len = 1};
	struct seen *seen = calloc(1, sizeof(*seen));
	char *text = world.texts[0];

	(void)state;
	assert_non_null(seen);
	memset(text, 'x', LONG_TEXT);
	text[LONG_TEXT] = '\0';
	interface.name = interface.filter = text;
	interface.description = interface.comment = text;
	take_block(&world, pcapng_write_section(prepare(&world), text, text), PCAPNG_BLOCK_MAX);
	take_block(&world, pcapng_write_interface(prepare(&world), &interface), PCAPNG_BLOCK_MAX);
	take_block(&world, pcapng_write_statistics(prepare(&world), &statistics), PCAPNG_BLOCK_MAX);
	take_block(&world, write_packet(prepare(&world), &packet, text), PCAPNG_BLOCK_MAX);
	assert_true(read_back(world.bytes, world.size, seen));
	assert_int_equal(seen->interface_count, 1);
	assert_int_equal(strlen(seen->interfaces[0].name), PCAPNG_IDB_NAME_MAX - 1);
	assert_int_equal(strlen(seen->interfaces[0].filter), PCAPNG_TEXT_MAX - 1);
	assert_int_equal(seen->packet_count, 1);
	assert_int_equal(seen->statistics_count, 1);
	seen_reset(seen);
	free(seen);
	free_world(&world);
}

/* A text is cut by none of its bytes as long as there is room for it. */
static void pcapng_write_long_text_is_cut(void **state)
{
	unsigned char *out = malloc(PCAPNG_BLOCK_MAX);
	char *text = malloc(LONG_TEXT + 1);

	(void)state;
	assert_non_null(out);
	assert_non_null(text);
	for (size_t size = PCAPNG_TEXT_MAX - 5; size < PCAPNG_TEXT_MAX + 5; size++) {
		uint16_t option[2];

		memset(text, 'x', size);
		text[size] = '\0';
		pcapng_write_section(out, text, NULL);
		memcpy(option, out + 24, sizeof(option));
		assert_int_equal(option[0], PCAPNG_APPLICATION);
		if (size < PCAPNG_TEXT_MAX)
			assert_int_equal(option[1], size);
		assert_uint_in_range(option[1], PCAPNG_TEXT_MAX - 5, PCAPNG_TEXT_MAX);
	}
	free(text);
	free(out);
}

static size_t text_option(unsigned char *out, uint16_t code, const char *text)
{
	const uint16_t head[] = {code, (uint16_t)strlen(text)};

	memset(out, 0, 4 + bytes_padded(strlen(text)));
	memcpy(out, head, sizeof(head));
	memcpy(out + 4, text, strlen(text));
	return 4 + bytes_padded(strlen(text));
}

/* Readers show one description: it has both, and nothing else is changed. */
static void pcapng_write_description_goes_before_that_of_the_source(void **state)
{
	static unsigned char options[256];
	static unsigned char expected[256];
	static unsigned char out[PCAPNG_BLOCK_MAX];
	struct interface interface = {
		.filter = "", .description = "web1:eth0, ", .options = options};
	size_t size = 0;

	(void)state;
	interface.options_size = text_option(options, 15, "a card");
	interface.options_size +=
		text_option(options + interface.options_size, PCAPNG_DESCRIPTION, "the uplink");
	interface.options_size +=
		text_option(options + interface.options_size, PCAPNG_DESCRIPTION, "twice");
	size = text_option(expected, 15, "a card");
	size += text_option(expected + size, PCAPNG_DESCRIPTION, "web1:eth0, the uplink");
	size += text_option(expected + size, PCAPNG_DESCRIPTION, "twice");
	/* behind the head and the resolution of timestamps */
	assert_int_equal(pcapng_write_interface(out, &interface), 16 + 8 + size + 4 + 4);
	assert_memory_equal(out + 16 + 8, expected, size);
}

/* One that would get too long stays as it is. */
static void pcapng_write_longest_description_of_the_source_stays(void **state)
{
	const size_t size = 4 + bytes_padded(UINT16_MAX);
	unsigned char *options = calloc(1, size);
	unsigned char *out = malloc(size + PCAPNG_BLOCK_MAX);
	const uint16_t head[] = {PCAPNG_DESCRIPTION, UINT16_MAX};
	const struct interface interface = {
		.filter = "", .description = "w", .options = options, .options_size = size};

	(void)state;
	assert_non_null(options);
	assert_non_null(out);
	memset(options, 'x', size - 1);
	memcpy(options, head, sizeof(head));
	pcapng_write_interface(out, &interface);
	assert_memory_equal(out + 16 + 8, options, size);
	free(options);
	free(out);
}

/* Of this machine's byte order, by the draft's own figures. */
static void pcapng_write_blocks_have_the_bytes_of_the_draft(void **state)
{
	static const uint32_t section[] = {0x0a0d0d0a, 32, 0x1a2b3c4d, 0, /* versions */
		UINT32_MAX, UINT32_MAX, 0, 32};
	static const uint32_t packet_block[] = {
		6, 40, 3, 0x01234567, 0x89abcdef, 5, 1500, 0, 0, 40};
	static const uint32_t statistics_block[] = {5, 24, 2, 0x01234567, 0x89abcdef, 24};
	/* isb_endtime, and the end of the options */
	static const uint32_t end_block[] = {
		5, 40, 2, 0x01234567, 0x89abcdef, 0, 0x01234567, 0x89abcdef, 0, 40};
	static const uint16_t end_option[] = {3, 8};
	const struct packet packet = {
		.time = 0x0123456789abcdef, .caplen = 5, .len = 1500, .interface = 3};
	struct statistics statistics = {.time = 0x0123456789abcdef, .interface = 2};
	const uint16_t versions[] = {1, 0};
	unsigned char expected[64];
	unsigned char out[64];

	(void)state;
	memcpy(expected, section, sizeof(section));
	memcpy(expected + 12, versions, sizeof(versions));
	assert_int_equal(pcapng_write_section(out, NULL, ""), sizeof(section));
	assert_memory_equal(out, expected, sizeof(section));

	memcpy(expected, packet_block, sizeof(packet_block));
	memcpy(expected + 28, "hello", 5);
	memset(out, 0xdd, sizeof(out));
	memcpy(out + PCAPNG_PACKET_HEAD, "hello", 5);
	assert_int_equal(pcapng_write_packet(out, &packet, NULL, 0), sizeof(packet_block));
	assert_memory_equal(out, expected, sizeof(packet_block));

	assert_int_equal(pcapng_write_statistics(out, &statistics), sizeof(statistics_block));
	assert_memory_equal(out, statistics_block, sizeof(statistics_block));

	memcpy(expected, end_block, sizeof(end_block));
	memcpy(expected + 20, end_option, sizeof(end_option));
	statistics.is_end = true;
	assert_int_equal(pcapng_write_statistics(out, &statistics), sizeof(end_block));
	assert_memory_equal(out, expected, sizeof(end_block));
}

static void pcapng_write_fcs_bits_fit_a_link_type(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits < 256; bits++) {
		const bool fits = bits % 16 == 0;
		const uint32_t with = pcapng_with_fcs(1, bits);

		assert_int_equal(with & 0xffff, 1);
		assert_int_equal(pcapng_fcs_bits(with), fits ? bits : 0);
	}
	assert_int_equal(pcapng_with_fcs(1, 32), 0x24000001);
	assert_int_equal(pcapng_fcs_bits(0x20000001), 0); /* not said */
}

static void pcapng_write_options_are_appended(void **state)
{
	static const uint16_t options[] = {2, 4, 1, 0};
	unsigned char *out = malloc(PCAPNG_BLOCK_MAX);
	const struct packet packet = {.caplen = 3, .len = 3};
	const struct interface interface = {
		.name = "eth0",
		.filter = "",
		.options = (const unsigned char *)options,
		.options_size = sizeof(options),
	};

	(void)state;
	assert_non_null(out);
	for (unsigned i = 0; i < 2; i++) {
		const size_t before = write_packet(out, &packet, i ? "a comment" : "");
		const size_t size = write_packet_with(
			out, &packet, i ? "a comment" : "", options, sizeof(options));

		/* the end of options comes with the first of them */
		assert_int_equal(size, before + sizeof(options) + (i ? 0 : 4));
		assert_memory_equal(out + size - 8 - sizeof(options), options, sizeof(options));
		assert_memory_equal(out + size - 8, "\0\0\0\0", 4);
		assert_memory_equal(out + size - 4, out + 4, 4);
	}
	assert_int_equal(pcapng_write_interface(out, &interface), 20 + 8 + 8 + sizeof(options) + 4);
	assert_true(pcapng_has_option(options, sizeof(options), 2));
	assert_false(pcapng_has_option(options, sizeof(options), 1));
	assert_false(pcapng_has_option(NULL, 0, 2));
	free(out);
}

enum { OPTIONS_MAX = 8, OPTION_MAX = 4 + 20 };

/* One option of a packet, in the form of packet_options(). */
struct some_option {
	uint16_t code;
	uint16_t length;
	unsigned char bytes[OPTION_MAX];
	size_t size; /* with its padding */
};

/* Codes of a comment, flags, an id and a queue. Most ids have 8 bytes. */
static struct some_option some_option(struct seed *seed)
{
	static const uint16_t codes[] = {PCAPNG_COMMENT, 2, PCAPNG_PACKET_ID, 6};
	struct some_option option = {
		.code = codes[seed_below(seed, 4)], .length = (uint16_t)seed_below(seed, 17)};

	if (option.code == PCAPNG_PACKET_ID && seed_below(seed, 4) > 0)
		option.length = 8;
	memcpy(option.bytes, &option.code, 2);
	memcpy(option.bytes + 2, &option.length, 2);
	seed_bytes(seed, option.bytes + 4, option.length);
	option.size = 4 + bytes_padded(option.length);
	return option;
}

/* Writes the options but those with a code, as they are after a change of ids. */
static size_t join(unsigned char *out, const struct some_option *options, size_t count,
	uint16_t without, uint64_t bits)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		const bool is_id = options[i].code == PCAPNG_PACKET_ID && options[i].length == 8;
		uint64_t id;

		if (options[i].code == without)
			continue;
		memcpy(out + size, options[i].bytes, options[i].size);
		memcpy(&id, out + size + 4, sizeof(id));
		id ^= bits;
		if (is_id)
			memcpy(out + size + 4, &id, sizeof(id));
		size += options[i].size;
	}
	return size;
}

static void packet_ids_are_left_out_or_changed_and_nothing_else(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < 10 * ROUNDS; round++) {
		struct some_option options[OPTIONS_MAX];
		unsigned char given[OPTIONS_MAX * OPTION_MAX + GUARD] = {0};
		unsigned char expected[sizeof(given)] = {0};
		unsigned char out[sizeof(given)] = {0};
		const size_t count = seed_below(&seed, OPTIONS_MAX + 1);
		const uint64_t bits = (uint64_t)seed_u32(&seed) << 48;
		size_t size;
		size_t left;

		for (size_t i = 0; i < count; i++)
			options[i] = some_option(&seed);
		size = join(given, options, count, UINT16_MAX, 0);
		left = join(expected, options, count, PCAPNG_PACKET_ID, 0);
		assert_int_equal(pcapng_copy_without(out, given, size, PCAPNG_PACKET_ID), left);
		assert_memory_equal(out, expected, left);
		for (size_t i = left; i < sizeof(out); i++)
			assert_int_equal(out[i], 0);
		assert_false(pcapng_has_option(out, left, PCAPNG_PACKET_ID));

		join(expected, options, count, UINT16_MAX, bits);
		pcapng_change_packet_ids(given, size, bits);
		assert_memory_equal(given, expected, size);
	}
}

static void packet_id_has_the_bytes_of_the_draft(void **state)
{
	static const uint16_t head[] = {5, 8};
	const uint64_t id = 0x0123456789abcdef;
	unsigned char out[PCAPNG_PACKET_ID_SIZE + 1] = {0};

	(void)state;
	out[PCAPNG_PACKET_ID_SIZE] = 0xdd;
	pcapng_write_packet_id(out, id);
	assert_memory_equal(out, head, sizeof(head));
	assert_memory_equal(out + sizeof(head), &id, sizeof(id));
	assert_int_equal(out[PCAPNG_PACKET_ID_SIZE], 0xdd);
	assert_int_equal(pcapng_copy_without(out, out, PCAPNG_PACKET_ID_SIZE, PCAPNG_PACKET_ID), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcapng_write_options_are_appended),
		cmocka_unit_test(pcapng_write_blocks_are_read_back),
		cmocka_unit_test(pcapng_write_blocks_keep_the_limit),
		cmocka_unit_test(pcapng_write_long_text_is_cut),
		cmocka_unit_test(pcapng_write_description_goes_before_that_of_the_source),
		cmocka_unit_test(pcapng_write_longest_description_of_the_source_stays),
		cmocka_unit_test(pcapng_write_blocks_have_the_bytes_of_the_draft),
		cmocka_unit_test(pcapng_write_fcs_bits_fit_a_link_type),
		cmocka_unit_test(packet_ids_are_left_out_or_changed_and_nothing_else),
		cmocka_unit_test(packet_id_has_the_bytes_of_the_draft),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
