/* SPDX-License-Identifier: MIT */
/*
 * Translations of addresses: found from a few packets that come to a router and leave it with
 * another flow, and from nothing less.
 */
#include "client/path_translations.h"

#include "identify.h"
#include "ip_packet.h"

enum { RAW = 101, TTL = 60, ROUTER = 3, PACKETS = 40, SIZE = 100 };

#define MS UINT64_C(1000000)

static const struct path_hash_key key = {{1, 2}, {3, 4, 5, 6, 7}};

struct lab {
	struct seed seed;
	struct path_translations *translations;
	uint64_t now_ns;
};

static void see(struct lab *lab, const struct ip_packet *packet, enum path_direction direction);
static void make(struct lab *lab, struct ip_packet *packet, unsigned protocol, unsigned client);

/* A router that has forwarded a packet: before that, what comes is not looked at. */
static struct lab open_lab(void)
{
	struct ip_packet packet;
	struct lab lab = {.seed = seed_start(),
		.translations = path_translations_new(&key, ROUTER + 1),
		.now_ns = 1000 * MS};

	assert_non_null(lab.translations);
	make(&lab, &packet, 6, 200);
	see(&lab, &packet, PATH_OUTGOING);
	return lab;
}

/* A packet of a client, which is a host and a port. */
static void make(struct lab *lab, struct ip_packet *packet, unsigned protocol, unsigned client)
{
	ip_packet_make(packet, &lab->seed, 4, protocol, SIZE);
	memcpy(packet->bytes + 12, "\xc0\0\2\0\xc6\x33\x64\7", 8);
	packet->bytes[15] = (unsigned char)client;
	packet->bytes[8] = TTL;
	if (protocol == 1) {
		packet->bytes[packet->transport] = 8;
		put16(packet->bytes + packet->transport + 4, client);
		return;
	}
	put16(packet->bytes + packet->transport, 1000 + client);
	put16(packet->bytes + packet->transport + 2, 443);
}

/* What the router makes of a packet: its own address and another port. */
static struct ip_packet translate(const struct ip_packet *packet, unsigned client)
{
	struct ip_packet out = *packet;

	memcpy(out.bytes + 12, "\xcb\0\x71\1", 4);
	out.bytes[8]--;
	put16(out.bytes + out.transport + (packet->protocol == 1 ? 4 : 0), 60000 + client);
	return out;
}

/* The opposite of a packet's addresses and ports. */
static void turn(struct ip_packet *packet)
{
	unsigned char bytes[4];

	memcpy(bytes, packet->bytes + 12, 4);
	memcpy(packet->bytes + 12, packet->bytes + 16, 4);
	memcpy(packet->bytes + 16, bytes, 4);
	if (packet->protocol == 1)
		return;
	memcpy(bytes, packet->bytes + packet->transport, 2);
	memcpy(packet->bytes + packet->transport, packet->bytes + packet->transport + 2, 2);
	memcpy(packet->bytes + packet->transport + 2, bytes, 2);
}

static void see(struct lab *lab, const struct ip_packet *packet, enum path_direction direction)
{
	struct path_identity identity =
		identify_copy(&key, RAW, packet->bytes, packet->size, packet->size);
	const struct path_translation_packet seen = {.target = ROUTER,
		.time_ns = lab->now_ns,
		.data = packet->bytes,
		.linktype = RAW,
		.caplen = (uint32_t)packet->size,
		.len = (uint32_t)packet->size};

	identity.direction = direction;
	path_translations_add(lab->translations, &seen, &identity);
	lab->now_ns += MS / 10;
}

static size_t count(const struct lab *lab)
{
	size_t found;

	path_translations_list(lab->translations, &found);
	return found;
}

/* A packet passes the router, which translates it. */
static void pass(struct lab *lab, unsigned protocol, unsigned client)
{
	struct ip_packet packet;
	struct ip_packet out;

	make(lab, &packet, protocol, client);
	out = translate(&packet, client);
	see(lab, &packet, PATH_INCOMING);
	see(lab, &out, PATH_OUTGOING);
}

static struct path_flow_key flow_of(const struct ip_packet *packet)
{
	return identify_copy(&key, RAW, packet->bytes, packet->size, packet->size).flow;
}

static void found_from_two_packets_of_tcp_and_three_of_others(void **state)
{
	static const unsigned protocols[] = {6, 17, 1, 132};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct lab lab = open_lab();
		struct path_flow_key flow;
		struct path_flow_key other;
		struct ip_packet packet;
		struct ip_packet out;

		for (unsigned packets = 1; packets <= 5; packets++) {
			pass(&lab, protocols[i], 1);
			assert_int_equal(count(&lab), packets >= (protocols[i] == 6 ? 2 : 3));
		}
		make(&lab, &packet, protocols[i], 1);
		out = translate(&packet, 1);
		flow = flow_of(&packet);
		assert_true(path_translations_find(lab.translations, ROUTER, &flow, &other));
		flow = flow_of(&out);
		assert_memory_equal(&flow, &other, sizeof(flow));
		assert_false(path_translations_find(lab.translations, ROUTER, &flow, &other));
		assert_false(path_translations_find(lab.translations, ROUTER + 1, &flow, &other));
		path_translations_free(lab.translations);
	}
}

static void answers_make_it_one_of_both_ways(void **state)
{
	struct lab lab = open_lab();
	struct path_flow_key flow;
	struct path_flow_key other;
	struct ip_packet packet;
	struct ip_packet out;
	size_t found;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		pass(&lab, 6, 1);
	assert_false(path_translations_list(lab.translations, &found)->is_both_ways);
	for (unsigned i = 0; i < 5; i++) {
		make(&lab, &out, 6, 1);
		packet = translate(&out, 1);
		turn(&out);
		turn(&packet);
		packet.bytes[8] = TTL;
		out.bytes[8] = TTL - 1;
		see(&lab, &packet, PATH_INCOMING);
		see(&lab, &out, PATH_OUTGOING);
	}
	assert_true(path_translations_list(lab.translations, &found)->is_both_ways);
	assert_int_equal(found, 1);
	flow = flow_of(&packet);
	assert_true(path_translations_find(lab.translations, ROUTER, &flow, &other));
	flow = flow_of(&out);
	assert_memory_equal(&flow, &other, sizeof(flow));
	path_translations_free(lab.translations);
}

/* Returns how many translations are found if something is always not as it should be. */
static size_t count_of_wrong(void change(struct lab *, struct ip_packet *, struct ip_packet *))
{
	struct lab lab = open_lab();
	size_t found;

	for (unsigned i = 0; i < PACKETS; i++) {
		struct ip_packet packet;
		struct ip_packet out;

		make(&lab, &packet, 17, 1);
		out = translate(&packet, 1);
		change(&lab, &packet, &out);
		see(&lab, &packet, PATH_INCOMING);
		lab.now_ns -= MS / 10;
		change(&lab, NULL, NULL);
		see(&lab, &out, PATH_OUTGOING);
	}
	found = count(&lab);
	path_translations_free(lab.translations);
	return found;
}

static void change_nothing(struct lab *lab, struct ip_packet *packet, struct ip_packet *out)
{
	(void)lab, (void)packet, (void)out;
}

static void change_payload(struct lab *lab, struct ip_packet *packet, struct ip_packet *out)
{
	(void)packet;
	if (out)
		out->bytes[out->payload + seed_below(&lab->seed, SIZE)] ^= 1;
}

static void change_id(struct lab *lab, struct ip_packet *packet, struct ip_packet *out)
{
	(void)lab, (void)packet;
	if (out)
		out->bytes[5] ^= 1;
}

static void keep_ttl(struct lab *lab, struct ip_packet *packet, struct ip_packet *out)
{
	(void)lab, (void)packet;
	if (out)
		out->bytes[8] = TTL;
}

static void wait_long(struct lab *lab, struct ip_packet *packet, struct ip_packet *out)
{
	(void)out;
	if (!packet)
		lab->now_ns += 1001 * MS;
}

static void send_before_it_comes(struct lab *lab, struct ip_packet *packet, struct ip_packet *out)
{
	(void)out;
	if (!packet)
		lab->now_ns -= MS;
}

/* Another host sends the same at the same time. */
static void send_twice(struct lab *lab, struct ip_packet *packet, struct ip_packet *out)
{
	struct ip_packet other;

	(void)out;
	if (!packet)
		return;
	other = *packet;
	other.bytes[15] = 99;
	see(lab, &other, PATH_INCOMING);
}

/* The flow also leaves as it came, as at a router that copies it. */
static void forward_too(struct lab *lab, struct ip_packet *packet, struct ip_packet *out)
{
	(void)out;
	if (packet)
		see(lab, packet, PATH_OUTGOING);
}

/* After every second packet that leaves another one does, which came from nowhere. */
static void add_others(struct lab *lab, struct ip_packet *packet, struct ip_packet *out)
{
	static unsigned turns;
	struct ip_packet other;

	if (!packet || ++turns % 2 != 0)
		return;
	make(lab, &other, 17, 1);
	other = translate(&other, 1);
	(void)out;
	see(lab, &other, PATH_OUTGOING);
}

static void not_found_from_less(void **state)
{
	(void)state;
	assert_int_equal(count_of_wrong(change_nothing), 1);
	assert_int_equal(count_of_wrong(change_payload), 0);
	assert_int_equal(count_of_wrong(change_id), 0);
	assert_int_equal(count_of_wrong(keep_ttl), 0);
	assert_int_equal(count_of_wrong(wait_long), 0);
	assert_int_equal(count_of_wrong(send_before_it_comes), 0);
	assert_int_equal(count_of_wrong(send_twice), 0);
	assert_int_equal(count_of_wrong(forward_too), 0);
}

static void packets_from_nowhere_begin_anew(void **state)
{
	(void)state;
	/* two in sequence are not enough */
	assert_int_equal(count_of_wrong(add_others), 0);
}

static void what_a_router_forwards_as_it_is_is_no_translation(void **state)
{
	struct lab lab = open_lab();

	(void)state;
	for (unsigned i = 0; i < 50 * PACKETS; i++) {
		struct ip_packet packet;

		make(&lab, &packet, i % 2 ? 6 : 17, i % 50);
		see(&lab, &packet, PATH_INCOMING);
		packet.bytes[8]--;
		see(&lab, &packet, PATH_OUTGOING);
	}
	assert_int_equal(count(&lab), 0);
	path_translations_free(lab.translations);
}

static void more_than_fit_are_counted(void **state)
{
	struct lab lab = open_lab();
	uint64_t all;

	(void)state;
	for (unsigned client = 0; client < PATH_TRANSLATIONS_MAX + 100; client++)
		for (unsigned i = 0; i < 3; i++) {
			struct ip_packet packet;
			struct ip_packet out;

			make(&lab, &packet, 6, 1);
			put16(packet.bytes + packet.transport, 1000 + client);
			out = translate(&packet, client);
			see(&lab, &packet, PATH_INCOMING);
			see(&lab, &out, PATH_OUTGOING);
		}
	assert_int_equal(count(&lab), PATH_TRANSLATIONS_MAX);
	all = count(&lab) + path_translations_others(lab.translations);
	/* a flow that shares its entry with another one at that time is not found */
	assert_true(all <= PATH_TRANSLATIONS_MAX + 100 && all >= PATH_TRANSLATIONS_MAX + 90);
	path_translations_free(lab.translations);
}

/* A target whose clock is years ahead fills the table, and another one's flows still have space. */
static void clock_that_is_ahead_takes_no_space_of_others(void **state)
{
	struct lab lab = open_lab();
	const uint64_t now_ns = lab.now_ns;

	(void)state;
	lab.now_ns += UINT64_C(1) << 61;
	for (unsigned i = 0; i < 200000; i++) {
		struct ip_packet packet;

		make(&lab, &packet, 6, 1);
		put16(packet.bytes + 14, i >> 8);
		put16(packet.bytes + packet.transport, i);
		see(&lab, &packet, PATH_INCOMING);
	}
	lab.now_ns = now_ns;
	for (unsigned i = 0; i < 5; i++)
		pass(&lab, 6, 1);
	assert_int_equal(count(&lab), 1);
	path_translations_free(lab.translations);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_from_two_packets_of_tcp_and_three_of_others),
		cmocka_unit_test(answers_make_it_one_of_both_ways),
		cmocka_unit_test(not_found_from_less),
		cmocka_unit_test(packets_from_nowhere_begin_anew),
		cmocka_unit_test(what_a_router_forwards_as_it_is_is_no_translation),
		cmocka_unit_test(more_than_fit_are_counted),
		cmocka_unit_test(clock_that_is_ahead_takes_no_space_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
