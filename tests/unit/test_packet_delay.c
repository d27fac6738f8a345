/* SPDX-License-Identifier: MIT */
/*
 * The delay of -paths: every packet leaves once and in order, whatever the file accepts; all
 * sights of one packet have one id; a comment is on the packet that went missing, or on a
 * later one if that has left; and memory has a limit.
 */
#include "client/packet_delay.h"

#include "common/clock.h"
#include "ip_packet.h"
#include "readback.h"

#include <fcntl.h>
#include <unistd.h>

enum {
	TARGETS = 2,
	RAW_IP = 101, /* LINKTYPE_RAW */
	PACKETS = 600,
	PAYLOAD = 40,
	LARGE = 200000,
	MEMORY = 64 << 20,
	MANY_LARGE = MEMORY / LARGE + 40,
	FILE_BYTES_MAX = 128 << 20,
};

static const uint64_t BEGIN = UINT64_C(1700000000000000000);
static const uint64_t STEP = 10000000; /* between two packets of a flow */
static const uint64_t WAY = 10000;     /* from the first target to the second one */
static const uint64_t WINDOW = UINT64_C(2000000000);

static char path[] = "/tmp/ddump-test-XXXXXX";
static struct back back;

struct world {
	struct options options;
	struct interface_table interfaces;
	struct notices notices;
	struct capture_file file;
	struct packet_delay delay;
	uint32_t numbers[TARGETS]; /* of their interfaces */
	int far;		   /* the reader's end of a pipe, or -1 */
	unsigned char *got;
	size_t size;
};

static void begin(struct world *world, uint64_t delay_ns)
{
	static const char *const labels[TARGETS] = {"a", "b"};
	struct error error = {0};
	const struct interface interface = {.linktype = RAW_IP, .name = "eth0", .filter = ""};
	const struct paths_plan plan = {
		&world->options, &world->interfaces, &world->notices, TARGETS};

	world->options.hold = 100;
	world->options.paths = true;
	assert_true(interface_table_init(&world->interfaces, TARGETS));
	assert_true(notices_init(&world->notices, TARGETS));
	for (unsigned i = 0; i < TARGETS; i++) {
		world->interfaces.targets[i].label = labels[i];
		world->interfaces.targets[i].url = labels[i];
		assert_true(interface_table_find(
			&world->interfaces, i, &interface, &world->numbers[i], &error));
	}
	world->file.options = &world->options;
	world->file.interfaces = &world->interfaces;
	world->file.notices = &world->notices;
	world->file.writer.pcapng = true;
	world->delay = (struct packet_delay){
		.paths = paths_new(&plan),
		.file = &world->file,
		.sink = {capture_file_packet, &world->file, capture_file_block},
		.delay_ns = delay_ns,
	};
	assert_non_null(world->delay.paths);
	paths_on_last_seen(world->delay.paths, packet_delay_last_seen, &world->delay);
	assert_non_null(world->file.writer.output);
	capture_file_start(&world->file, RAW_IP);
	assert_int_equal(world->file.state, CAPTURE_FILE_OPEN);
}

static void set_up_file(struct world *world, uint64_t delay_ns)
{
	struct error error = {0};

	*world = (struct world){.far = -1};
	world->file.writer.output = output_open(path, &error);
	begin(world, delay_ns);
}

static void set_up_pipe(struct world *world, uint64_t delay_ns)
{
	struct error error = {0};
	int ends[2];

	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	*world = (struct world){.far = ends[0]};
	world->file.writer.output = output_open_pipe(ends[1], &error);
	world->got = malloc(FILE_BYTES_MAX);
	assert_non_null(world->got);
	begin(world, delay_ns);
}

static void tear_down(struct world *world)
{
	struct paths *paths = world->delay.paths;

	packet_delay_cleanup(&world->delay);
	paths_free(paths);
	notices_cleanup(&world->notices);
	interface_table_cleanup(&world->interfaces);
	if (world->far >= 0)
		close(world->far);
	free(world->got);
}

/* Reads what is in the pipe. */
static void empty_pipe(struct world *world)
{
	ssize_t got;

	while ((got = read(world->far, world->got + world->size, FILE_BYTES_MAX - world->size)) > 0)
		world->size += (size_t)got;
}

/* Closes the file, and reads it back. */
static void read_file(struct world *world)
{
	struct error error = {0};
	FILE *in;

	assert_true(output_close(world->file.writer.output, &error));
	if (world->far < 0) {
		world->got = malloc(FILE_BYTES_MAX);
		assert_non_null(world->got);
		in = fopen(path, "rb");
		assert_non_null(in);
		world->size = fread(world->got, 1, FILE_BYTES_MAX, in);
		fclose(in);
	} else {
		empty_pipe(world);
	}
	back_read(&back, world->got, world->size);
}

/* Returns the block of a packet. */
static const unsigned char *find_block(size_t number)
{
	for (size_t i = 0; i < back.block_count; i++)
		if (back_u32(back.blocks[i]) == PCAPNG_PACKET && number-- == 0)
			return back.blocks[i];
	fail_msg("the file has no such packet");
	return NULL;
}

/* Returns the id of a packet, which must have one and no other. */
static uint64_t read_id(size_t number)
{
	const unsigned char *block = find_block(number);
	const size_t end = back_u32(block + BLOCK_LENGTH) - 4;
	uint64_t id = 0;
	unsigned count = 0;

	for (size_t at = PCAPNG_PACKET_HEAD + bytes_padded(back_u32(block + 20)); at + 4 < end;) {
		uint16_t head[2];

		memcpy(head, block + at, sizeof(head));
		if (head[0] == PCAPNG_PACKET_ID) {
			assert_int_equal(head[1], sizeof(id));
			memcpy(&id, block + at + 4, sizeof(id));
			count++;
		}
		at += sizeof(head) + bytes_padded(head[1]);
	}
	assert_int_equal(count, 1);
	return id;
}

static void comment_is(size_t number, const char *expected)
{
	char comment[BACK_TEXT];

	back_option(find_block(number), PCAPNG_COMMENT, comment);
	assert_string_equal(comment, expected);
}

/* A datagram of one flow; number is in its payload and its IP header. */
static void make_datagram(unsigned char out[28 + PAYLOAD], uint32_t number, uint8_t ttl)
{
	memset(out, 0, 28 + PAYLOAD);
	out[0] = 0x45;
	put16(out + 2, 28 + PAYLOAD);
	put16(out + 4, number & 0xffff);
	out[8] = ttl;
	out[9] = 17;
	memcpy(out + 12, "\xc0\0\2\xb\xc6\x33\x64\7", 8);
	put16(out + 20, 5000);
	put16(out + 22, 53);
	put16(out + 24, 8 + PAYLOAD);
	put32(out + 28, number);
}

/* Adds a packet, with an id of a file that it came from. False: not now. */
static bool add(
	struct world *world, unsigned target, uint64_t time_ns, const void *data, uint32_t size)
{
	static unsigned char bytes[LARGE + PCAPNG_PACKET_ID_SIZE];
	const struct packet packet = {
		.time = time_ns,
		.caplen = size,
		.len = size,
		.interface = world->numbers[target],
		.options_size = PCAPNG_PACKET_ID_SIZE,
		.data = bytes,
	};

	memcpy(bytes, data, size);
	pcapng_write_packet_id(bytes + bytes_padded(size), 7);
	paths_arrived(world->delay.paths, target, time_ns);
	return packet_delay_packet(&world->delay, target, &packet);
}

/* Does packet number get lost after the first target? */
static bool is_lost(uint32_t number)
{
	return number % 50 == 20;
}

/* Sends a flow from the first target to the second one. Returns the end. */
static uint64_t send_flow(struct world *world)
{
	uint64_t time_ns = BEGIN;

	for (uint32_t i = 0; i < PACKETS; i++, time_ns += STEP) {
		unsigned char data[28 + PAYLOAD];

		make_datagram(data, i, 64);
		assert_true(add(world, 0, time_ns, data, sizeof(data)));
		make_datagram(data, i, 63);
		if (!is_lost(i))
			assert_true(add(world, 1, time_ns + WAY, data, sizeof(data)));
		packet_delay_advance(&world->delay, time_ns + WAY);
	}
	return time_ns;
}

/* The packets of send_flow() are in the file in order, and have one id for each datagram. */
static void check_flow(void)
{
	size_t at = 0;

	for (uint32_t i = 0; i < PACKETS; i++) {
		const uint64_t id = at + 1;

		for (unsigned target = 0; target < (is_lost(i) ? 1 : 2); target++, at++) {
			assert_int_equal(back.packets[at].time, BEGIN + i * STEP + target * WAY);
			assert_int_equal(read_id(at), id);
		}
	}
	assert_int_equal(at, back.packet_count);
}

static void lost_packet_has_its_comment_and_sights_have_one_id(void **state)
{
	struct world world;
	size_t at = 0;

	(void)state;
	set_up_file(&world, WINDOW);
	send_flow(&world);
	assert_true(packet_delay_finish(&world.delay));
	read_file(&world);
	check_flow();
	for (uint32_t i = 0; i < PACKETS; i++) {
		comment_is(at++, is_lost(i) ? "not seen after a:eth0" : "");
		if (!is_lost(i))
			comment_is(at++, "");
	}
	tear_down(&world);
}

static void packet_that_has_left_has_its_comment_on_a_later_one(void **state)
{
	struct world world;
	unsigned commented = 0;

	(void)state;
	set_up_file(&world, 0);
	send_flow(&world);
	/* each has left at once */
	assert_int_equal(world.delay.count, 0);
	assert_true(packet_delay_finish(&world.delay));
	read_file(&world);
	check_flow();
	for (size_t i = 0; i < back.packet_count; i++) {
		char comment[BACK_TEXT];
		uint64_t number;

		back_option(find_block(i), PCAPNG_COMMENT, comment);
		if (!*comment)
			continue;
		assert_int_equal(
			sscanf(comment, "packet %" SCNu64 " was not seen after a:eth0", &number),
			1);
		/* 99 packets for 50 datagrams; number is from 1 */
		assert_int_equal(number % 99, 41);
		assert_true(number < i);
		commented++;
	}
	/* of the last two seconds none can be known in time */
	assert_in_range(commented, (PACKETS - 200) / 50 - 1, PACKETS / 50);
	tear_down(&world);
}

static void packet_leaves_when_its_delay_is_over_and_not_before(void **state)
{
	struct world world;
	unsigned char data[28 + PAYLOAD];

	(void)state;
	set_up_file(&world, WINDOW);
	for (uint32_t i = 0; i < 10; i++) {
		make_datagram(data, i, 64);
		assert_true(add(&world, 0, BEGIN + i * STEP, data, sizeof(data)));
	}
	packet_delay_advance(&world.delay, BEGIN + WINDOW - 1);
	assert_int_equal(world.file.written, 0);
	packet_delay_advance(&world.delay, BEGIN + WINDOW + 4 * STEP);
	assert_int_equal(world.file.written, 5);
	/* without a time: by the latest packet */
	make_datagram(data, 10, 64);
	assert_true(add(&world, 0, BEGIN + WINDOW + 9 * STEP, data, sizeof(data)));
	packet_delay_advance(&world.delay, 0);
	assert_int_equal(world.file.written, 10);
	read_file(&world);
	tear_down(&world);
}

static void clock_that_is_far_ahead_holds_up_no_other_packets(void **state)
{
	const uint64_t now_ns = clock_ns(CLOCK_REALTIME);
	struct world world;
	unsigned char data[28 + PAYLOAD];

	(void)state;
	set_up_file(&world, WINDOW);
	make_datagram(data, 1, 64);
	assert_true(add(&world, 0, now_ns + 3600 * NS_PER_S, data, sizeof(data)));
	assert_true(add(&world, 1, now_ns, data, sizeof(data)));
	packet_delay_advance(&world.delay, now_ns + 60 * NS_PER_S);
	assert_int_equal(world.file.written, 2);
	read_file(&world);
	tear_down(&world);
}

static void full_memory_writes_early_and_warns_once(void **state)
{
	struct world world;
	unsigned char *data = calloc(1, LARGE);

	(void)state;
	assert_non_null(data);
	set_up_file(&world, WINDOW);
	for (unsigned i = 0; i < MANY_LARGE; i++) {
		assert_true(add(&world, 0, BEGIN + i, data, LARGE));
		assert_in_range(world.delay.bytes, LARGE, MEMORY + LARGE + 4096);
		assert_int_equal(world.file.written + world.delay.count, i + 1);
	}
	assert_in_range(world.file.written, 1, 60);
	assert_non_null(strstr(world.notices.general.text, "-w: packets come too fast"));
	assert_null(strchr(world.notices.general.text, '\n'));
	assert_true(packet_delay_finish(&world.delay));
	read_file(&world);
	assert_int_equal(back.packet_count, MANY_LARGE);
	for (unsigned i = 0; i < MANY_LARGE; i++)
		assert_int_equal(back.packets[i].time, BEGIN + i);
	free(data);
	tear_down(&world);
}

/* A host chooses how long the names of its interfaces are. */
static void place_of_a_lost_packet_counts_as_memory(void **state)
{
	struct world world;
	unsigned char data[28 + PAYLOAD];
	size_t bytes;

	(void)state;
	set_up_file(&world, WINDOW);
	make_datagram(data, 1, 64);
	assert_true(add(&world, 0, BEGIN, data, sizeof(data)));
	bytes = world.delay.bytes;
	for (unsigned i = 0; i < 2; i++) {
		packet_delay_last_seen(&world.delay, 1, "a:eth0");
		assert_int_equal(world.delay.bytes, bytes + sizeof("a:eth0"));
	}
	assert_true(packet_delay_finish(&world.delay));
	assert_int_equal(world.delay.bytes, 0);
	read_file(&world);
	comment_is(0, "not seen after a:eth0");
	tear_down(&world);
}

/* Offers packets to a file that accepts some of them from time to time, until all are taken. */
static unsigned offer_all(struct world *world, const unsigned char *data)
{
	unsigned refused = 0;

	for (unsigned i = 0; i < MANY_LARGE;) {
		if (add(world, 0, BEGIN + i, data, LARGE)) {
			i++;
			continue;
		}
		refused++;
		empty_pipe(world);
		capture_file_flush(&world->file);
	}
	return refused;
}

static void file_that_is_blocked_loses_and_doubles_nothing(void **state)
{
	struct world world;
	unsigned char *data = calloc(1, LARGE);
	unsigned rounds = 0;

	(void)state;
	assert_non_null(data);
	set_up_pipe(&world, WINDOW);
	assert_true(offer_all(&world, data) > 0);
	for (; !packet_delay_finish(&world.delay); rounds++) {
		assert_int_equal(world.file.state, CAPTURE_FILE_OPEN);
		empty_pipe(&world);
		capture_file_flush(&world.file);
	}
	assert_true(rounds > 0);
	do {
		empty_pipe(&world);
		capture_file_flush(&world.file);
	} while (output_is_blocked(world.file.writer.output));
	read_file(&world);
	assert_int_equal(back.packet_count, MANY_LARGE);
	for (unsigned i = 0; i < MANY_LARGE; i++) {
		assert_int_equal(back.packets[i].time, BEGIN + i);
		assert_int_equal(read_id(i), i + 1);
	}
	free(data);
	tear_down(&world);
}

static void packets_without_a_file_are_not_kept(void **state)
{
	struct world world;

	(void)state;
	set_up_file(&world, WINDOW);
	world.file.is_discarded = true;
	world.delay.is_discarded = true;
	send_flow(&world);
	assert_int_equal(world.delay.count, 0);
	assert_int_equal(world.delay.bytes, 0);
	assert_int_equal(world.file.written, 2 * PACKETS - PACKETS / 50);
	read_file(&world);
	assert_int_equal(back.packet_count, 0);
	tear_down(&world);
}

static int make_file(void **state)
{
	const int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	return close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_packet_has_its_comment_and_sights_have_one_id),
		cmocka_unit_test(packet_that_has_left_has_its_comment_on_a_later_one),
		cmocka_unit_test(packet_leaves_when_its_delay_is_over_and_not_before),
		cmocka_unit_test(clock_that_is_far_ahead_holds_up_no_other_packets),
		cmocka_unit_test(full_memory_writes_early_and_warns_once),
		cmocka_unit_test(place_of_a_lost_packet_counts_as_memory),
		cmocka_unit_test(file_that_is_blocked_loses_and_doubles_nothing),
		cmocka_unit_test(packets_without_a_file_are_not_kept),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
