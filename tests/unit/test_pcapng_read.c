/* SPDX-License-Identifier: MIT */
/*
 * pcapng through the push parser: blocks made at random come back as they went
 * in, what does not matter is passed over, and what has a limit keeps to it.
 */
#include "section_world.h"

#include "format/linktype.h"
#include "format/pcapng_idb.h"

enum { ROUNDS = 300, COUNTERS = 3 };

static const uint64_t NS_PER_S = 1000000000;

/* Random streams: the test knows what it writes. */
struct world {
	struct seed seed;
	struct blocks blocks;
	struct seen *expected;
	uint32_t section; /* number of the section's first interface */
	uint32_t in_section;
	unsigned char resolutions[64];
	int64_t offsets[64];
	uint64_t counters[64][COUNTERS]; /* that were told last */
	bool has_watermarks;
	bool has_ended;
};

static void put_random_options(struct world *world)
{
	static const uint16_t codes[] = {1, 2988, 2989, 19372, 19373, 0x8000, 0xffff, 100, 1000};
	unsigned char value[40];

	for (size_t i = seed_below(&world->seed, 4); i > 0; i--) {
		seed_bytes(&world->seed, value, sizeof(value));
		blocks_option(&world->blocks, codes[seed_below(&world->seed, 9)], value,
			4 + seed_below(&world->seed, 36));
	}
	if (seed_below(&world->seed, 2))
		blocks_end_options(&world->blocks);
}

/* Whose statistics promise nothing. */
static const char *const others[] = {"", "ddump", "ddump-worke and others", "ddump-worker",
	"ddump-workerX", "ddump-workerX 1", "ddump-worker-2 1", "ddump-worker\t1", "ddump-worker/1",
	"Ddump-worker 1", " ddump-worker 1", "a ddump-worker 1"};

static void put_random_section(struct world *world)
{
	struct blocks *blocks = &world->blocks;

	blocks->big = seed_below(&world->seed, 2);
	world->section = FIRST_NUMBER + world->expected->count;
	world->in_section = 0;
	world->has_watermarks = seed_below(&world->seed, 2);
	world->has_ended = false;
	blocks_open_section(blocks, 1, seed_below(&world->seed, 2) ? 2 : 0, UINT64_MAX);
	if (world->has_watermarks)
		blocks_text(blocks, 4, "ddump-worker 0.0");
	else if (seed_below(&world->seed, 8))
		blocks_text(blocks, 4,
			others[seed_below(&world->seed, sizeof(others) / sizeof(*others))]);
	put_random_options(world);
	blocks_close(blocks);
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

static void put_random_interface(struct world *world)
{
	static const unsigned char resolutions[] = {
		0, 3, 5, 6, 7, 9, 10, 12, 0x80, 0x8a, 0x93, 0x94, 0xa0, 0xbf};
	static const char *const filters[] = {"", "ip", "udp port 53"};
	const unsigned char resolution = resolutions[seed_below(&world->seed, sizeof(resolutions))];
	const char *filter = filters[seed_below(&world->seed, 3)];
	struct interface interface = {
		.linktype = some_linktype(&world->seed),
		.snaplen = seed_u32(&world->seed),
		.nano = resolution & 0x80 ? resolution >= 0x94 : resolution > 6,
		.filter = filter,
	};
	int64_t offset = (int64_t)seed_below(&world->seed, 1 << 30);
	char text[32] = "";
	uint32_t number;

	if (world->in_section == 64)
		return;
	snprintf(text, sizeof(text), "eth%u", world->expected->count);
	interface.name = text;
	see_interface(world->expected, &interface, &number, NULL);
	world->resolutions[world->in_section] = resolution;
	memset(world->counters[world->in_section], 0, sizeof(world->counters[0]));
	world->offsets[world->in_section++] = offset;
	blocks_open_interface(&world->blocks, (uint16_t)interface.linktype, interface.snaplen);
	blocks_text(&world->blocks, 2, text);
	blocks_option_byte(&world->blocks, 9, resolution);
	blocks_option_number(&world->blocks, 14, (uint64_t)offset, 8);
	if (*filter) {
		memmove(text + 1, filter, strlen(filter) + 1);
		text[0] = 0;
		blocks_option(&world->blocks, 11, text, 1 + strlen(filter));
	}
	put_random_options(world);
	blocks_close(&world->blocks);
}

/* How many ticks of that resolution a second has. */
static uint64_t per_second(unsigned char resolution)
{
	uint64_t second = 1;

	if (resolution & 0x80)
		return second << (resolution & 0x7f);
	for (unsigned i = 0; i < resolution; i++)
		second *= 10;
	return second;
}

/*
 * What ticks of that resolution are in ns, seconds and fraction apart: the
 * fraction by long multiplication and division, bit by bit. No second has more
 * than 2^63 ticks, so that twice what remains fits.
 */
static uint64_t in_ns(unsigned char resolution, uint64_t ticks)
{
	const uint64_t second = per_second(resolution);
	const uint64_t fraction = ticks % second;
	uint64_t rest = 0;
	uint64_t ns = 0;

	for (int bit = 29; bit >= 0; bit--) {
		ns = 2 * ns + (2 * rest >= second);
		rest = 2 * rest % second;
		if (!(NS_PER_S >> bit & 1))
			continue;
		rest += fraction;
		ns += rest >= second;
		rest %= second;
	}
	return ticks / second * NS_PER_S + ns;
}

/* Ticks that are less than 2^32 s. */
static uint64_t random_ticks(struct world *world, unsigned char resolution)
{
	const uint64_t ticks = (uint64_t)seed_u32(&world->seed) << 32 | seed_u32(&world->seed);
	const uint64_t second = per_second(resolution);

	return second > UINT32_MAX ? ticks : ticks % (second << 32);
}

static void put_random_packet(struct world *world)
{
	const uint32_t index = (uint32_t)seed_below(&world->seed, world->in_section);
	const unsigned char resolution = world->resolutions[index];
	const uint64_t ticks = random_ticks(world, resolution);
	unsigned char data[120];
	struct packet packet = {
		.time = in_ns(resolution, ticks) + (uint64_t)world->offsets[index] * NS_PER_S,
		.caplen = (uint32_t)seed_below(&world->seed, sizeof(data)),
		.len = seed_u32(&world->seed),
		.interface = world->section + index,
		.data = data,
	};

	seed_bytes(&world->seed, data, packet.caplen);
	see_packet(world->expected, &packet, NULL);
	blocks_open_packet(&world->blocks, index, ticks, data, packet.caplen);
	blocks_set(&world->blocks, 24, packet.len);
	put_random_options(world);
	blocks_close(&world->blocks);
}

/* Anybody may tell when a capture ended; a worker has to, of its first. */
static void put_end(struct blocks *blocks, uint64_t ticks)
{
	blocks_u16(blocks, 3);
	blocks_u16(blocks, 8);
	blocks_ticks(blocks, ticks);
}

/* Counters grow, fall, stay, or are left out. */
static void put_random_counters(struct world *world, uint32_t index, struct statistics *statistics)
{
	static const uint16_t codes[COUNTERS] = {5, 6, 7};
	static const unsigned bits[COUNTERS] = {
		STATISTICS_INTERFACE_DROPPED, STATISTICS_RECEIVED, STATISTICS_DROPPED};
	uint64_t *const increments[COUNTERS] = {
		&statistics->interface_dropped, &statistics->received, &statistics->dropped};

	for (int i = 0; i < COUNTERS; i++) {
		uint64_t *last = &world->counters[index][i];
		uint64_t more = seed_u32(&world->seed);

		if (seed_below(&world->seed, 3) == 0)
			continue;
		more <<= seed_below(&world->seed, 25);
		if (seed_below(&world->seed, 4) == 0)
			more = 0;
		if (seed_below(&world->seed, 8) == 0) {
			/* it began at 0 again, and came less far */
			more = *last ? more % *last : 0;
			*last = 0;
		}
		*last += more;
		*increments[i] = more;
		statistics->valid |= bits[i];
		blocks_option_number(&world->blocks, codes[i], *last, 8);
	}
}

static void put_random_statistics(struct world *world)
{
	const uint32_t index = (uint32_t)seed_below(&world->seed, world->in_section);
	const unsigned char resolution = world->resolutions[index];
	const uint64_t ticks = random_ticks(world, resolution);
	struct statistics statistics = {
		.time = in_ns(resolution, ticks) + (uint64_t)world->offsets[index] * NS_PER_S,
		.interface = world->section + index,
		.is_watermark = world->has_watermarks && index == 0,
	};

	blocks_open_statistics(&world->blocks, index, ticks);
	if (seed_below(&world->seed, 2)) {
		put_end(&world->blocks, ticks);
		world->has_ended |= statistics.is_watermark;
	}
	if (seed_below(&world->seed, 2))
		put_random_counters(world, index, &statistics);
	see_statistics(world->expected, &statistics, NULL);
	put_random_options(world);
	blocks_close(&world->blocks);
}

static void put_random_noise(struct world *world)
{
	static const uint32_t types[] = {0, 4, 9, 10, 0xbad, 0x40000bad, 0x80000000, 7};
	unsigned char body[400];

	seed_bytes(&world->seed, body, sizeof(body));
	blocks_open(&world->blocks, types[seed_below(&world->seed, 8)]);
	blocks_bytes(&world->blocks, body, 4 * seed_below(&world->seed, 100));
	blocks_close(&world->blocks);
}

static void make_world(struct world *world)
{
	world->blocks.size = 0;
	world->expected = seen_new();
	put_random_section(world);
	for (size_t i = seed_below(&world->seed, 60); i > 0; i--) {
		const size_t what = seed_below(&world->seed, 12);

		if (what == 0)
			put_random_section(world);
		else if (what == 1 || world->in_section == 0)
			put_random_interface(world);
		else if (what == 2)
			put_random_statistics(world);
		else if (what < 5)
			put_random_noise(world);
		else
			put_random_packet(world);
	}
}

static enum ending ending_of(const struct world *world)
{
	return world->has_watermarks && !world->has_ended ? CUT : GOOD;
}

static void pcapng_read_random_blocks_come_back(void **state)
{
	struct world world = {.seed = seed_start(), .blocks = new_blocks()};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct result result;

		make_world(&world);
		result = read_pieces(world.blocks.bytes, world.blocks.size,
			seed_below(&world.seed, world.blocks.size), seed_below(&world.seed, 100));
		if (result.ending != ending_of(&world))
			fail_msg("ending %d: %s", result.ending, result.error.text);
		for (int j = 0; j < KINDS; j++)
			assert_string_equal(lines_of(result.seen, j), lines_of(world.expected, j));
		seen_free(result.seen);
		seen_free(world.expected);
	}
	free(world.blocks.bytes);
}

/* Begins anew: a section of an application, with two interfaces. */
static void put_section_of(struct blocks *blocks, const char *name, bool big)
{
	blocks->size = 0;
	blocks->big = big;
	blocks_open_section(blocks, 1, 0, UINT64_MAX);
	blocks_text(blocks, 4, name);
	blocks_close(blocks);
	for (uint32_t i = 0; i < 2; i++) {
		blocks_open_interface(blocks, 1, 0);
		blocks_close(blocks);
	}
}

/* Only our worker promises anything by its statistics, and for IDB 0. */
static void pcapng_read_only_a_worker_has_watermarks(void **state)
{
	struct blocks blocks = new_blocks();

	(void)state;
	for (size_t i = 0; i <= sizeof(others) / sizeof(*others); i++) {
		const char *name = i ? others[i - 1] : "ddump-worker ";
		struct result result;

		put_section_of(&blocks, name, i % 2);
		for (uint32_t j = 0; j < 2; j++) {
			blocks_open_statistics(&blocks, j, 7);
			blocks_close(&blocks);
		}
		result = read_whole(&blocks);
		assert_int_equal(result.ending, i ? GOOD : CUT);
		if (strcmp(lines_of(result.seen, STATISTICS),
			    i ? "? 7000\n? 7000\n" : "? 7000 watermark\n? 7000\n") != 0)
			fail_msg("\"%s\"", name);
		seen_free(result.seen);
	}
	free(blocks.bytes);
}

/* A watermark out of range would settle all that is to come: it is none. */
static void pcapng_read_invalid_time_is_no_watermark(void **state)
{
	struct blocks blocks = new_blocks();
	struct result result;

	(void)state;
	blocks_open_section(&blocks, 1, 0, UINT64_MAX);
	blocks_text(&blocks, 4, "ddump-worker 1");
	blocks_close(&blocks);
	blocks_open_interface(&blocks, 1, 0);
	blocks_option_byte(&blocks, 9, 0);
	blocks_close(&blocks);
	blocks_open_statistics(&blocks, 0, 7);
	blocks_close(&blocks);
	blocks_open_statistics(&blocks, 0, UINT64_MAX);
	put_end(&blocks, 7);
	blocks_close(&blocks);
	result = read_whole(&blocks);
	assert_int_equal(result.ending, GOOD);
	assert_string_equal(lines_of(result.seen, STATISTICS),
		"? 7000000000 watermark\n? 18446744073709551615\n");
	seen_free(result.seen);
	free(blocks.bytes);
}

/* Its end is one with the first interface's end word, another's always. */
static void pcapng_read_only_a_worker_needs_an_end_mark(void **state)
{
	struct blocks blocks = new_blocks();

	(void)state;
	for (size_t i = 0; i <= sizeof(others) / sizeof(*others); i++)
		for (uint32_t of = 0; of < 2; of++) {
			const char *name = i ? others[i - 1] : "ddump-worker ";
			struct result result;

			put_section_of(&blocks, name, i % 2);
			blocks_open_statistics(&blocks, of, 7);
			put_end(&blocks, 7);
			blocks_close(&blocks);
			result = read_whole(&blocks);
			if (result.ending != (i == 0 && of == 1 ? CUT : GOOD))
				fail_msg("\"%s\" %u", name, of);
			seen_free(result.seen);
		}
	free(blocks.bytes);
}

static void put_start(struct blocks *blocks)
{
	blocks->size = 0;
	blocks_section(blocks);
	blocks_open_interface(blocks, 1, 0);
	blocks_text(blocks, 2, "eth0");
	blocks_close(blocks);
}

static void put_zeros(struct blocks *blocks, size_t size)
{
	assert_true(size < BLOCKS_ROOM - blocks->size);
	memset(blocks->bytes + blocks->size, 0, size);
	blocks->size += size;
}

static void pcapng_read_unknown_block_of_3_mib_is_skipped(void **state)
{
	static const size_t most[] = {0, 1, 1448, 65536};
	struct blocks blocks = new_blocks();

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct result result;

		blocks.big = i % 2;
		put_start(&blocks);
		blocks_open(&blocks, 0x80000001);
		put_zeros(&blocks, 3 << 20);
		blocks_close(&blocks);
		blocks_open_packet(&blocks, 0, 7, blocks_arp, 42);
		blocks_close(&blocks);
		result = read_pieces(blocks.bytes, blocks.size, 100, most[i / 2]);
		assert_int_equal(result.ending, GOOD);
		assert_string_equal(lines_of(result.seen, PACKETS), "eth0 7000 42/42\n");
		seen_free(result.seen);
	}
	free(blocks.bytes);
}

/* A packet of so many bytes, with comments of so many behind it. */
static enum ending try_packet(uint32_t caplen, size_t comments)
{
	struct blocks blocks = new_blocks();
	enum ending ending;
	struct result result;

	put_start(&blocks);
	blocks_open_packet(&blocks, 0, 7, NULL, 0);
	put_zeros(&blocks, ((size_t)caplen + 3) & ~(size_t)3);
	blocks_set(&blocks, 20, caplen);
	while (comments > 0) {
		size_t size = comments < 65528 ? comments : 65528;

		blocks_u16(&blocks, 1);
		blocks_u16(&blocks, (uint16_t)(size - 4));
		put_zeros(&blocks, size - 4);
		comments -= size;
	}
	blocks_close(&blocks);
	result = read_pieces(blocks.bytes, blocks.size, 5, 1448);
	ending = result.ending;
	seen_free(result.seen);
	free(blocks.bytes);
	return ending;
}

static void pcapng_read_packet_size_is_limited(void **state)
{
	(void)state;
	assert_int_equal(try_packet(PACKET_MAX, 0), GOOD);
	assert_int_equal(try_packet(PACKET_MAX + 1, 0), BAD);
	assert_int_equal(try_packet(PACKET_MAX, 1 << 19), GOOD);
	assert_int_equal(try_packet(PACKET_MAX, 1 << 21), BAD);
}

static void pcapng_read_interface_count_is_limited(void **state)
{
	struct blocks blocks = new_blocks();
	struct result result;

	(void)state;
	blocks_section(&blocks);
	for (int i = 0; i < PCAPNG_IDB_MAX; i++) {
		blocks_open_interface(&blocks, 1, 0);
		blocks_close(&blocks);
	}
	blocks_open_packet(&blocks, PCAPNG_IDB_MAX - 1, 7, blocks_arp, 42);
	blocks_close(&blocks);
	result = read_whole(&blocks);
	assert_int_equal(result.ending, GOOD);
	assert_string_equal(lines_of(result.seen, PACKETS), "? 7000 42/42\n");
	seen_free(result.seen);
	blocks_open_interface(&blocks, 1, 0);
	blocks_close(&blocks);
	result = read_whole(&blocks);
	assert_int_equal(result.ending, BAD);
	assert_non_null(strstr(result.error.text, "interfaces"));
	seen_free(result.seen);
	free(blocks.bytes);
}

/* Texts as long as an option can be are cut, and the rest is still read. */
static void pcapng_read_long_text_is_cut(void **state)
{
	struct blocks blocks = new_blocks();
	char *text = malloc(65536);
	const char *name;
	struct result result;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 65536);
	text[0] = 0;
	blocks_section(&blocks);
	blocks_open_interface(&blocks, 1, 0);
	blocks_option(&blocks, 2, text + 1, 65535);
	blocks_option(&blocks, 11, text, 65535);
	blocks_option_byte(&blocks, 9, 9);
	blocks_close(&blocks);
	result = read_whole(&blocks);
	assert_int_equal(result.ending, GOOD);
	name = lines_of(result.seen, INTERFACES);
	assert_int_equal(strspn(name, "x"), PCAPNG_IDB_NAME_MAX - 1);
	assert_int_equal(strspn(strchr(name, '\'') + 1, "x"), PCAPNG_TEXT_MAX - 1);
	assert_non_null(strstr(name, " ns "));
	seen_free(result.seen);
	free(text);
	free(blocks.bytes);
}

static void pcapng_read_handler_ends_the_stream(void **state)
{
	struct blocks blocks = new_blocks();

	(void)state;
	load(&blocks, "good-watermarks-big");
	for (unsigned at = 1; at <= 7; at++)
		for (size_t most = 1; most < 90; most += 11) {
			struct error error = {0};
			struct seen *seen = seen_new();
			struct stream_reader *reader = new_reader(seen);
			bool good = true;

			seen->refused = at;
			for (size_t i = 0; i < blocks.size && good; i += most)
				good = push_copy(reader, blocks.bytes + i,
					most < blocks.size - i ? most : blocks.size - i, &error);
			assert_false(good);
			assert_int_equal(error.status, 2);
			assert_false(stream_reader_push(reader, blocks.bytes, 60, &error));
			assert_int_equal(seen->calls, at);
			stream_reader_free(reader);
			seen_free(seen);
		}
	free(blocks.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcapng_read_random_blocks_come_back),
		cmocka_unit_test(pcapng_read_only_a_worker_has_watermarks),
		cmocka_unit_test(pcapng_read_invalid_time_is_no_watermark),
		cmocka_unit_test(pcapng_read_only_a_worker_needs_an_end_mark),
		cmocka_unit_test(pcapng_read_unknown_block_of_3_mib_is_skipped),
		cmocka_unit_test(pcapng_read_packet_size_is_limited),
		cmocka_unit_test(pcapng_read_interface_count_is_limited),
		cmocka_unit_test(pcapng_read_long_text_is_cut),
		cmocka_unit_test(pcapng_read_handler_ends_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
