/* SPDX-License-Identifier: MIT */
/*
 * The stage of -once: of each connection the packets of one place leave, in their order, and
 * nothing that only others could have seen is left out without a count. Memory is bounded.
 */
#include "client/once.h"

#include "common/clock.h"
#include "ip_packet.h"

#include <string.h>

enum {
	CLIENT, /* interfaces, on the way from the client to the server */
	ROUTER_NEAR,
	ROUTER_FAR,
	SERVER,
	INTERFACES,

	TARGETS = 3, /* client, router, server */
	RAW_IP = 101,
	SLL = 113,
	ETHERNET = 1,
	LOG_MAX = 1 << 18,
	DATA_MAX = 256,
	UDP = 17,
	TCP = 6,
};

static const uint64_t BEGIN = UINT64_C(1700000000000000000);
static const uint64_t HOP = 100000;   /* between two interfaces */
static const uint64_t STEP = 5000000; /* between two packets */

struct record {
	uint32_t interface;
	uint32_t number;
	uint64_t time;
};

static struct interface_table interfaces;
static struct notices notices;
static uint32_t interface_numbers[INTERFACES];
static struct once *once;
static struct record log_of[LOG_MAX];
static size_t logged;
static size_t accepts; /* packets that the sink still accepts */
static uint64_t now_ns;
static uint32_t linktype;

static bool log_packet(void *context, unsigned target, const struct packet *packet)
{
	(void)context;
	(void)target;
	if (accepts == 0)
		return false;
	accepts--;
	assert_true(logged < LOG_MAX);
	log_of[logged++] = (struct record){
		packet->interface,
		bytes_network_u32(packet->data + packet->caplen - 4),
		packet->time,
	};
	return true;
}

static void must_not_fail(void *context, const char *reason)
{
	(void)context;
	fail_msg("%s", reason);
}

static void begin(const char *name, uint32_t of_linktype)
{
	static const char *const labels[TARGETS] = {"client", "r1", "server"};
	static const unsigned targets[INTERFACES] = {0, 1, 1, 2};
	static const char *const names[INTERFACES] = {"eth0", "near", "far", "eth0"};
	const struct once_plan plan = {
		.sink = {.packet = log_packet},
		.fail = must_not_fail,
		.interfaces = &interfaces,
		.notices = &notices,
		.targets = TARGETS,
		.name = name,
	};
	struct error error = {0};

	linktype = of_linktype;
	assert_true(interface_table_init(&interfaces, TARGETS));
	assert_true(notices_init(&notices, TARGETS));
	notices.place = NOTICES_ON_PACKETS;
	for (unsigned i = 0; i < INTERFACES; i++) {
		const struct interface interface = {
			.linktype = linktype, .name = names[i], .filter = ""};

		interfaces.targets[targets[i]].label = labels[targets[i]];
		interfaces.targets[targets[i]].url = labels[targets[i]];
		assert_true(interface_table_find(
			&interfaces, targets[i], &interface, &interface_numbers[i], &error));
	}
	once = once_new(&plan);
	assert_non_null(once);
	logged = 0;
	accepts = SIZE_MAX;
	now_ns = BEGIN;
}

static void end(void)
{
	once_free(once);
	notices_cleanup(&notices);
	interface_table_cleanup(&interfaces);
}

/* Adds a frame at an interface. False: not now. */
static bool add(unsigned interface, const unsigned char *data, uint32_t size, uint32_t caplen)
{
	const struct packet packet = {
		.time = now_ns,
		.caplen = caplen,
		.len = size,
		.interface = interface_numbers[interface],
		.data = data,
	};

	return once_packet(once, interfaces.list[packet.interface]->target, &packet);
}

struct flow {
	uint8_t protocol;
	uint8_t source[4];
	uint8_t destination[4];
	uint16_t source_port;
	uint16_t destination_port;
};

static struct flow flow_of(uint32_t connection, bool is_reply)
{
	struct flow flow = {UDP, {10, 0, 0, 1}, {10, 9, 0, 2}, 0, 53};

	flow.source_port = (uint16_t)connection;
	flow.source[1] = (uint8_t)(connection >> 16);
	if (is_reply) {
		const struct flow given = flow;

		memcpy(flow.source, given.destination, 4);
		memcpy(flow.destination, given.source, 4);
		flow.source_port = given.destination_port;
		flow.destination_port = given.source_port;
	}
	return flow;
}

/* Makes IPv4 with a header of layer 4 and a number. Returns its size. */
static uint32_t make_packet(
	unsigned char out[DATA_MAX], const struct flow *flow, uint16_t fragment, uint32_t number)
{
	const uint32_t size = 20 + 20 + 4;

	memset(out, 0, size);
	out[0] = 0x45;
	put16(out + 2, size);
	put16(out + 4, 4711);
	put16(out + 6, fragment);
	out[8] = 64;
	out[9] = flow->protocol;
	memcpy(out + 12, flow->source, 4);
	memcpy(out + 16, flow->destination, 4);
	if ((fragment & 0x1fff) == 0) {
		put16(out + 20, flow->source_port);
		put16(out + 22, flow->destination_port);
	}
	put32(out + 40, number);
	return size;
}

static void add_flow(unsigned interface, const struct flow *flow, uint32_t number)
{
	unsigned char data[DATA_MAX];
	const uint32_t size = make_packet(data, flow, 0, number);

	assert_true(add(interface, data, size, size));
}

/* A packet of a connection at one interface. */
static void see(unsigned interface, uint32_t connection, bool is_reply, uint32_t number)
{
	const struct flow flow = flow_of(connection, is_reply);

	add_flow(interface, &flow, number);
}

/* A packet that takes the whole way, up to the interface before lost_at. */
static void travel(uint32_t connection, bool is_reply, uint32_t number, unsigned hops)
{
	for (unsigned i = 0; i < hops; i++) {
		see(is_reply ? SERVER - i : CLIENT + i, connection, is_reply, number);
		now_ns += HOP;
	}
}

static void wait_ns(uint64_t ns)
{
	now_ns += ns;
	once_advance(once, now_ns, 0);
}

/* The log has these packets of an interface since start. */
static void must_have(size_t start, unsigned interface, uint32_t first, uint32_t count)
{
	assert_int_equal(logged - start, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(log_of[start + i].interface, interface_numbers[interface]);
		assert_int_equal(log_of[start + i].number, first + i);
	}
}

static void both_directions_are_as_the_first_interface_saw_them(void **state)
{
	(void)state;
	begin(NULL, RAW_IP);
	for (uint32_t i = 0; i < 100; i++) {
		travel(1, i % 3 != 0, i, INTERFACES);
		now_ns += STEP;
	}
	/* nothing waits: the place has seen each direction */
	must_have(0, CLIENT, 0, 100);
	assert_true(once_finish(once));
	assert_int_equal(once_counts(once).left_out, 300);
	assert_int_equal(once_left_out(once, 1), 200);
	assert_int_equal(once_counts(once).split, 0);
	assert_int_equal(once_counts(once).in_doubt, 0);
	end();
}

static void named_interface_is_the_place_if_it_sees_the_connection(void **state)
{
	static const struct {
		const char *name;
		unsigned interface;
	} names[] = {{"server", SERVER}, {"client:eth0", CLIENT}, {"r1:far", ROUTER_FAR},
		{"r1:near", ROUTER_NEAR}, {"r1", ROUTER_NEAR}, {"r", CLIENT}};

	(void)state;
	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
		begin(names[k].name, RAW_IP);
		for (uint32_t i = 0; i < 50; i++) {
			travel(1, i % 2, i, INTERFACES);
			now_ns += STEP;
		}
		assert_true(once_finish(once));
		must_have(0, names[k].interface, 0, 50);
		end();
	}
}

/* A target that gives an interface the name of another target's does not get its place. */
static void interface_with_the_name_of_another_target_is_not_the_named_one(void **state)
{
	const struct interface false_one = {
		.linktype = RAW_IP, .name = "server:eth0", .filter = ""};
	struct error error = {0};

	(void)state;
	begin("server:eth0", RAW_IP);
	assert_true(interface_table_find(
		&interfaces, 0, &false_one, &interface_numbers[CLIENT], &error));
	for (uint32_t i = 0; i < 50; i++) {
		travel(1, i % 2, i, INTERFACES);
		now_ns += STEP;
	}
	assert_true(once_finish(once));
	must_have(0, SERVER, 0, 50);
	end();
}

static void connections_that_the_named_one_does_not_see_are_as_first_seen(void **state)
{
	(void)state;
	begin("server", RAW_IP);
	for (uint32_t i = 0; i < 10; i++) {
		travel(1, false, i, 2); /* the router drops all */
		now_ns += STEP;
	}
	assert_int_equal(logged, 0);
	wait_ns(4 * NS_PER_S);
	must_have(0, CLIENT, 0, 10);
	assert_int_equal(once_counts(once).elsewhere, 1);
	assert_int_equal(once_counts(once).in_doubt, 0);
	end();
}

/* Packets that are lost before the place are not in the output, while it sees others. */
static void losses_before_the_place_stay_losses(void **state)
{
	uint32_t seen = 0;

	(void)state;
	begin(NULL, RAW_IP);
	travel(1, false, 0, INTERFACES);
	for (uint32_t i = 1; i < 100; i++) {
		const bool is_lost = i % 10 == 3;

		travel(1, true, i, is_lost ? 2 : INTERFACES);
		seen += !is_lost;
		now_ns += STEP;
	}
	assert_true(once_finish(once));
	assert_int_equal(logged, 1 + seen);
	for (size_t i = 0; i < logged; i++)
		assert_int_equal(log_of[i].interface, interface_numbers[CLIENT]);
	end();
}

static void lost_answer_is_left_out_if_a_second_one_comes_within_the_wait(void **state)
{
	(void)state;
	begin(NULL, RAW_IP);
	travel(1, false, 0, INTERFACES);
	travel(1, true, 1, 2);
	now_ns += NS_PER_S;
	travel(1, false, 1, INTERFACES);
	travel(1, true, 2, INTERFACES);
	must_have(0, CLIENT, 0, 3);
	end();
}

static void direction_that_takes_another_way_is_as_the_first_there_saw_it(void **state)
{
	(void)state;
	begin(NULL, RAW_IP);
	for (uint32_t i = 0; i < 2000; i++) {
		see(ROUTER_NEAR, 1, false, 2 * i);
		now_ns += HOP;
		see(SERVER, 1, true, 2 * i + 1);
		now_ns += HOP;
		see(CLIENT, 1, true, 2 * i + 1);
		now_ns += STEP;
		once_advance(once, now_ns, 0);
	}
	/* after some seconds nothing waits any more */
	assert_int_equal(logged, 4000);
	for (uint32_t i = 0; i < 4000; i++) {
		assert_int_equal(log_of[i].number, i);
		assert_int_equal(
			log_of[i].interface, interface_numbers[i % 2 ? SERVER : ROUTER_NEAR]);
	}
	assert_int_equal(once_counts(once).split, 1);
	assert_int_equal(once_counts(once).in_doubt, 0);
	end();
}

/* Sends from the client for some time, seen from an interface on. Returns the next number. */
static uint32_t stream(unsigned from, uint32_t number, uint64_t ns)
{
	for (uint64_t until = now_ns + ns; now_ns < until; now_ns += STEP, number++)
		for (unsigned i = from; i < INTERFACES; i++)
			see(i, 1, false, number);
	return number;
}

static void lost_place_is_replaced_and_returns(void **state)
{
	uint32_t lost;
	uint32_t next;
	uint32_t last = 0;
	uint64_t missing = 0;
	unsigned changes = 0;

	(void)state;
	begin(NULL, RAW_IP);
	lost = stream(CLIENT, 0, NS_PER_S);
	next = stream(ROUTER_NEAR, lost, 10 * NS_PER_S);
	next = stream(CLIENT, next, 5 * NS_PER_S);
	assert_true(once_finish(once));
	for (size_t i = 1; i < logged; i++) {
		/* when the place returns, what others saw just before is written */
		assert_true(log_of[i].number > last || i == 1);
		missing += log_of[i].number - last - 1;
		last = log_of[i].number;
		changes += log_of[i].interface != log_of[i - 1].interface;
	}
	assert_int_equal(last, next - 1);
	assert_int_equal(changes, 2);
	assert_true(missing > 0 && missing <= once_counts(once).in_doubt);
	assert_true(missing <= NS_PER_S / 2 / STEP + 1);
	end();
}

/* The place misses less than packets wait for: they are left out, and counted. */
static void short_outage_of_the_place_is_counted(void **state)
{
	uint32_t lost;
	uint32_t next;

	(void)state;
	begin(NULL, RAW_IP);
	lost = stream(CLIENT, 0, NS_PER_S);
	next = stream(ROUTER_NEAR, lost, 2 * NS_PER_S);
	assert_int_equal(once_counts(once).in_doubt, 0);
	stream(CLIENT, next, NS_PER_S);
	assert_true(once_finish(once));
	assert_int_equal(once_counts(once).split, 0);
	/* but for half a second before and after it, in which others see copies */
	assert_true(once_counts(once).in_doubt + NS_PER_S / STEP <= next - lost + 2);
	assert_true(once_counts(once).in_doubt + NS_PER_S / STEP + 2 >= next - lost);
	end();
}

/* Others are before the place: what is under way when it returns, they have seen, too. */
static void return_of_the_place_writes_few_packets_twice(void **state)
{
	static bool is_written[4000];
	uint32_t number = 0;
	unsigned twice = 0;

	(void)state;
	memset(is_written, 0, sizeof(is_written));
	begin(NULL, RAW_IP);
	travel(1, false, 0, INTERFACES);
	for (uint64_t until = now_ns + 5 * NS_PER_S; now_ns < until; number++) {
		const bool is_lost = now_ns > BEGIN + NS_PER_S / 2 &&
				     now_ns < BEGIN + NS_PER_S / 2 + 4 * NS_PER_S;

		travel(1, true, number, is_lost ? INTERFACES - 1 : INTERFACES);
		now_ns += STEP;
	}
	assert_true(once_finish(once));
	for (size_t i = 1; i < logged; i++) {
		twice += is_written[log_of[i].number];
		is_written[log_of[i].number] = true;
	}
	assert_true(is_written[number - 1]);
	assert_int_equal(twice, 1); /* it was under way */
	assert_int_equal(once_counts(once).split, 1);
	/* but for half a second, all that the others saw is written */
	assert_true(logged + NS_PER_S / 2 / STEP >= number);
	end();
}

/* It was lost for long, and returned: then a packet lost before it is a loss again. */
static void place_that_returned_is_waited_for_again(void **state)
{
	uint32_t number = 1;

	(void)state;
	begin(NULL, RAW_IP);
	travel(1, false, 0, INTERFACES);
	for (; now_ns < BEGIN + 10 * NS_PER_S; number++, now_ns += STEP)
		travel(1, true, number, INTERFACES - 1);
	travel(1, true, number++, INTERFACES);
	now_ns += NS_PER_S;
	travel(1, true, 999999, INTERFACES - 1);
	now_ns += NS_PER_S;
	travel(1, true, number, INTERFACES);
	assert_int_equal(log_of[logged - 1].number, number);
	assert_int_equal(log_of[logged - 2].number, number - 1);
	assert_int_equal(log_of[logged - 2].interface, interface_numbers[CLIENT]);
	end();
}

static void other_interface_of_the_same_target_comes_before_others(void **state)
{
	(void)state;
	begin(NULL, RAW_IP);
	for (uint32_t i = 0; i < 100; i++) {
		see(ROUTER_NEAR, 1, false, i);
		now_ns += HOP;
		see(SERVER, 1, true, i);
		now_ns += HOP;
		see(ROUTER_FAR, 1, true, i);
		now_ns += STEP;
	}
	assert_true(once_finish(once));
	assert_int_equal(logged, 200);
	for (size_t i = 0; i < logged; i++)
		assert_int_equal(interfaces.list[log_of[i].interface]->target, 1);
	end();
}

/* What waits in a pause is decided by the place, however long the pause was. */
static void pause_does_not_change_the_place(void **state)
{
	(void)state;
	begin(NULL, RAW_IP);
	for (uint32_t i = 0; i < 20; i++) {
		travel(1, i % 2, i, INTERFACES);
		wait_ns(i * NS_PER_S);
	}
	must_have(0, CLIENT, 0, 20);
	end();
}

static void fragments_go_with_the_first_one(void **state)
{
	unsigned char data[DATA_MAX];
	uint32_t size;

	(void)state;
	begin(NULL, RAW_IP);
	/* the connection began at the client; a fragment alone would be as the server saw it */
	travel(1, false, 0, INTERFACES);
	for (unsigned i = 0; i < INTERFACES; i++)
		for (uint16_t part = 0; part < 3; part++) {
			const struct flow flow = flow_of(1, true);
			const uint16_t more = part < 2 ? 0x2000 : 0;

			size = make_packet(
				data, &flow, (uint16_t)(more | part * 3), (uint32_t)(1 + part));
			assert_true(add(SERVER - i, data, size, size));
			now_ns += HOP;
		}
	must_have(0, CLIENT, 0, 4);
	assert_int_equal(once_counts(once).connections, 1);
	end();
}

static void packets_of_no_connection_are_all_kept(void **state)
{
	static const struct flow flows[] = {
		{UDP, {169, 254, 0, 1}, {169, 254, 0, 2}, 1, 2},
		{UDP, {10, 0, 0, 1}, {224, 0, 0, 251}, 5353, 5353},
		{UDP, {0, 0, 0, 0}, {255, 255, 255, 255}, 68, 67},
	};
	unsigned char other[DATA_MAX] = {0x10};
	uint32_t count = 0;

	(void)state;
	begin(NULL, RAW_IP);
	for (unsigned i = 0; i < INTERFACES; i++) {
		for (size_t k = 0; k < sizeof(flows) / sizeof(*flows); k++, count++)
			add_flow(i, &flows[k], 0);
		assert_true(add(i, other, 60, 60)); /* not IP */
		make_packet(other, &flows[0], 0, 0);
		memcpy(other + 12, "\12\0\0\1\12\0\0\2", 8);
		assert_true(add(i, other, 44, 22)); /* without its ports */
		other[0] = 0x10;
		count += 2;
	}
	assert_int_equal(logged, count);
	assert_int_equal(once_counts(once).unconnected, count);
	end();
}

static void loopback_of_each_host_is_another_one(void **state)
{
	const struct flow flow = {TCP, {127, 0, 0, 1}, {127, 0, 0, 1}, 4000, 5432};

	(void)state;
	begin(NULL, RAW_IP);
	for (uint32_t i = 0; i < 10; i++)
		for (unsigned k = 0; k < INTERFACES; k++)
			add_flow(k, &flow, i);
	assert_int_equal(logged, 10 * INTERFACES);
	end();
}

/* A router with one interface: each packet comes and leaves there, by direction or tag. */
static void second_sight_at_one_interface_is_left_out(void **state)
{
	static const struct {
		uint32_t linktype;
		const char *come;
		const char *leave;
		uint32_t size;
	} links[] = {
		{SLL, "\0\0\0\1\0\6\0\0\0\0\0\0\0\0\x08\0", "\0\4\0\1\0\6\0\0\0\0\0\0\0\0\x08\0",
			16},
		{ETHERNET, "\0\0\0\0\0\1\0\0\0\0\0\2\x81\0\0\7\x08\0",
			"\0\0\0\0\0\1\0\0\0\0\0\2\x81\0\0\x8\x08\0", 18},
	};

	(void)state;
	for (size_t k = 0; k < sizeof(links) / sizeof(*links); k++) {
		begin(NULL, links[k].linktype);
		for (uint32_t i = 0; i < 20; i++) {
			const struct flow flow = flow_of(1, i % 2);
			unsigned char data[32 + DATA_MAX];
			const uint32_t size =
				links[k].size + make_packet(data + links[k].size, &flow, 0, i);

			memcpy(data, links[k].come, links[k].size);
			assert_true(add(CLIENT, data, size, size));
			memcpy(data, links[k].leave, links[k].size);
			now_ns += HOP;
			assert_true(add(CLIENT, data, size, size));
			now_ns += STEP;
		}
		must_have(0, CLIENT, 0, 20);
		end();
	}
}

static void order_is_kept_and_nothing_lost_while_the_sink_refuses(void **state)
{
	struct seed seed = seed_start();
	uint64_t before = 0;

	(void)state;
	begin(NULL, RAW_IP);
	for (uint32_t i = 0; i < 2000; i++) {
		for (unsigned k = 0; k < INTERFACES; k++) {
			const struct flow flow = flow_of(1 + i % 7, i % 2);
			unsigned char data[DATA_MAX];
			const uint32_t size = make_packet(data, &flow, 0, i);

			while (!add(i % 2 ? SERVER - k : CLIENT + k, data, size, size))
				accepts = seed_below(&seed, 5);
			now_ns += HOP;
		}
		accepts = seed_below(&seed, 3);
	}
	/* what is refused is not taken: that is back-pressure */
	accepts = SIZE_MAX;
	once_advance(once, now_ns, 0);
	accepts = 0;
	see(CLIENT, 1, false, 2000);
	assert_false(add(CLIENT, (const unsigned char *)"", 0, 0));
	while (!once_finish(once))
		accepts = 1;
	/* each connection goes one way in this world, so its first place has it */
	assert_int_equal(logged, 2001);
	for (size_t i = 0; i < logged; i++) {
		assert_int_equal(log_of[i].number, i);
		assert_true(log_of[i].time > before);
		before = log_of[i].time;
	}
	end();
}

static void more_connections_than_memory_are_kept_and_counted(void **state)
{
	const uint32_t many = (1 << 16) + 1000;

	(void)state;
	begin(NULL, RAW_IP);
	for (uint32_t i = 0; i < many; i++) {
		see(CLIENT, i, false, i);
		see(SERVER, i, false, i);
	}
	assert_true(once_finish(once));
	assert_int_equal(logged, many + 1000);
	assert_int_equal(once_counts(once).unchecked, 2000);
	assert_non_null(strstr(notes_text(&notices.general), "-once: more than 65536 connections"));
	/* idle ones make space */
	wait_ns(5 * NS_PER_S);
	see(CLIENT, many, false, 0);
	see(SERVER, many, false, 0);
	assert_int_equal(once_counts(once).unchecked, 2000);
	end();
}

static void connections_whose_packets_have_waited_make_space(void **state)
{
	(void)state;
	begin("server", RAW_IP);
	for (uint32_t i = 0; i < 1 << 16; i++)
		see(CLIENT, i, false, i);
	wait_ns(3 * NS_PER_S);
	assert_int_equal(logged, 1 << 16);
	wait_ns(5 * NS_PER_S);
	see(CLIENT, 1 << 16, false, 0);
	assert_int_equal(once_counts(once).unchecked, 0);
	end();
}

/* Packets wait for 64 MiB at the most; those that leave early are all written. */
static void waiting_packets_are_bounded(void **state)
{
	enum { LARGE = 60000, COUNT = 1500 };
	unsigned char *data = calloc(1, LARGE);

	(void)state;
	assert_non_null(data);
	begin("server", RAW_IP);
	for (uint32_t i = 0; i < COUNT; i++) {
		const struct flow flow = flow_of(1, false);

		make_packet(data, &flow, 0, 0);
		put16(data + 2, LARGE);
		put32(data + LARGE - 4, i);
		assert_true(add(CLIENT, data, LARGE, LARGE));
	}
	assert_true((COUNT - logged) * LARGE <= 65 << 20);
	assert_true(logged > 0);
	assert_non_null(strstr(notes_text(&notices.general), "-once: packets come too fast"));
	assert_true(once_finish(once));
	must_have(0, CLIENT, 0, COUNT);
	free(data);
	end();
}

/* Without a watermark packets wait by the clock, from when they were first looked at. */
static void waiting_ends_by_the_clock_if_the_merge_promises_nothing(void **state)
{
	(void)state;
	begin("server", RAW_IP);
	see(CLIENT, 1, false, 0);
	assert_true(once_promise(once, now_ns + NS_PER_S) < now_ns);
	once_advance(once, 0, 100000);
	assert_int_equal(once_due_ms(once), 103000);
	once_advance(once, 0, 102999);
	assert_int_equal(logged, 0);
	assert_int_equal(once_waiting(once, 0), 1);
	once_advance(once, 0, 103000);
	assert_int_equal(logged, 1);
	assert_int_equal(once_waiting(once, 0), 0);
	assert_true(once_due_ms(once) == CLOCK_NEVER);
	assert_true(once_promise(once, now_ns) == now_ns);
	end();
}

/* A host whose clock is wrong ends no waiting of others but for some seconds. */
static void clock_of_one_host_that_is_years_ahead_moves_no_connection(void **state)
{
	const uint64_t year_ns = 365 * 86400 * NS_PER_S;

	(void)state;
	begin(NULL, RAW_IP);
	now_ns = clock_ns(CLOCK_REALTIME);
	for (uint32_t i = 0; i < 1000; i++) {
		travel(1, i % 2, i, INTERFACES);
		now_ns += year_ns;
		see(SERVER, 2, false, 1000000);
		now_ns -= year_ns - STEP;
	}
	assert_true(once_finish(once));
	for (size_t i = 0, next = 0; i < logged; i++)
		if (log_of[i].number < 1000000) {
			assert_int_equal(log_of[i].number, next++);
			assert_int_equal(log_of[i].interface, interface_numbers[CLIENT]);
		}
	assert_int_equal(logged, 2000);
	end();
}

static void drops_of_a_place_are_reported_once(void **state)
{
	struct statistics drops = {
		.interface = 0, .valid = STATISTICS_DROPPED, .dropped = 5, .time = 1};
	const char *text;

	(void)state;
	begin(NULL, RAW_IP);
	travel(1, false, 0, INTERFACES);
	drops.interface = interface_numbers[SERVER];
	interface_table_add_counts(&interfaces, &drops);
	once_check_drops(once);
	assert_null(notes_text(&notices.general)); /* it is the place of no connection */
	drops.interface = interface_numbers[CLIENT];
	interface_table_add_counts(&interfaces, &drops);
	once_check_drops(once);
	once_check_drops(once);
	text = notes_text(&notices.general);
	assert_non_null(text);
	assert_non_null(strstr(text, "-once: client dropped packets"));
	assert_null(strstr(strstr(text, "-once") + 1, "-once"));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_are_as_the_first_interface_saw_them),
		cmocka_unit_test(named_interface_is_the_place_if_it_sees_the_connection),
		cmocka_unit_test(interface_with_the_name_of_another_target_is_not_the_named_one),
		cmocka_unit_test(connections_that_the_named_one_does_not_see_are_as_first_seen),
		cmocka_unit_test(losses_before_the_place_stay_losses),
		cmocka_unit_test(lost_answer_is_left_out_if_a_second_one_comes_within_the_wait),
		cmocka_unit_test(direction_that_takes_another_way_is_as_the_first_there_saw_it),
		cmocka_unit_test(lost_place_is_replaced_and_returns),
		cmocka_unit_test(short_outage_of_the_place_is_counted),
		cmocka_unit_test(return_of_the_place_writes_few_packets_twice),
		cmocka_unit_test(place_that_returned_is_waited_for_again),
		cmocka_unit_test(other_interface_of_the_same_target_comes_before_others),
		cmocka_unit_test(pause_does_not_change_the_place),
		cmocka_unit_test(fragments_go_with_the_first_one),
		cmocka_unit_test(packets_of_no_connection_are_all_kept),
		cmocka_unit_test(loopback_of_each_host_is_another_one),
		cmocka_unit_test(second_sight_at_one_interface_is_left_out),
		cmocka_unit_test(order_is_kept_and_nothing_lost_while_the_sink_refuses),
		cmocka_unit_test(more_connections_than_memory_are_kept_and_counted),
		cmocka_unit_test(connections_whose_packets_have_waited_make_space),
		cmocka_unit_test(waiting_packets_are_bounded),
		cmocka_unit_test(waiting_ends_by_the_clock_if_the_merge_promises_nothing),
		cmocka_unit_test(clock_of_one_host_that_is_years_ahead_moves_no_connection),
		cmocka_unit_test(drops_of_a_place_are_reported_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
