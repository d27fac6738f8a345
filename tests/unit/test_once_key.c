/* SPDX-License-Identifier: MIT */
/*
 * The connection of a packet: equal for both directions and for all fragments, another one for
 * other addresses, protocols and ports.
 */
#include "client/once_key.h"

#include "ip_packet.h"

#include <string.h>

enum { RAW = 101, ROUNDS = 20000, FRAGMENT_SIZE = 8 };

static struct once_keys keys;

static bool read_key(
	const struct ip_packet *packet, uint32_t interface, struct once_packet_key *ret_key)
{
	unsigned char *own = malloc(packet->size);
	bool is_read;

	assert_non_null(own);
	memcpy(own, packet->bytes, packet->size);
	is_read = once_keys_read(&keys, RAW, interface, own, (uint32_t)packet->size,
		(uint32_t)packet->size, ret_key);
	free(own);
	return is_read;
}

static bool are_equal(const struct once_packet_key *one, const struct once_packet_key *other)
{
	return one->digest == other->digest &&
	       memcmp(&one->key, &other->key, sizeof(one->key)) == 0;
}

static void swap(unsigned char *one, unsigned char *other, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const unsigned char byte = one[i];

		one[i] = other[i];
		other[i] = byte;
	}
}

static size_t address_of(const struct ip_packet *packet)
{
	return packet->version == 4 ? 12 : 8;
}

static size_t address_size(const struct ip_packet *packet)
{
	return packet->version == 4 ? 4 : 16;
}

static bool has_ports(unsigned protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 132;
}

/* An ordinary host, in both versions. */
static void set_source(struct ip_packet *packet)
{
	packet->bytes[address_of(packet)] = packet->version == 4 ? 10 : 0x20;
}

static void reverse(struct ip_packet *packet)
{
	unsigned char *addresses = packet->bytes + address_of(packet);
	const size_t size = address_size(packet);

	swap(addresses, addresses + size, size);
	if (has_ports(packet->protocol))
		swap(packet->bytes + packet->transport, packet->bytes + packet->transport + 2, 2);
}

static void both_directions_are_one_connection(void **state)
{
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct once_packet_key one;
		struct once_packet_key other;

		ip_packet_make_random(&packet, &seed);
		set_source(&packet);
		assert_true(read_key(&packet, 1, &one));
		if (packet.protocol == 1 || packet.protocol == 58)
			continue; /* the type of an answer is another one */
		reverse(&packet);
		assert_true(read_key(&packet, 2, &other));
		assert_true(are_equal(&one, &other));
		assert_int_equal(one.direction + other.direction, 1);
		packet.bytes[address_of(&packet) + 3] ^= 1;
		assert_true(read_key(&packet, 1, &other));
		assert_false(are_equal(&one, &other));
		packet.bytes[address_of(&packet) + 3] ^= 1;
		packet.bytes[packet.transport + 1] ^= 1;
		assert_true(read_key(&packet, 1, &other));
		assert_int_equal(are_equal(&one, &other), !has_ports(packet.protocol));
	}
}

static void request_and_reply_of_a_ping_are_one_connection(void **state)
{
	static const unsigned char types[2][2] = {{8, 0}, {128, 129}};
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct once_packet_key one;
		struct once_packet_key other;

		ip_packet_make(&packet, &seed, i == 0 ? 4 : 6, i == 0 ? 1 : 58, 56);
		set_source(&packet);
		packet.bytes[packet.transport] = types[i][0];
		assert_true(read_key(&packet, 1, &one));
		reverse(&packet);
		packet.bytes[packet.transport] = types[i][1];
		assert_true(read_key(&packet, 1, &other));
		assert_true(are_equal(&one, &other) && one.direction != other.direction);
		packet.bytes[packet.transport + 4] ^= 1; /* another identifier */
		assert_true(read_key(&packet, 1, &other));
		assert_false(are_equal(&one, &other));
	}
}

/* Makes a fragment that begins at so many units of 8 bytes. */
static void make_fragment(struct ip_packet *packet, uint16_t offset, uint32_t id)
{
	if (packet->version == 4) {
		put16(packet->bytes + 4, id & 0xffff);
		put16(packet->bytes + 6, (size_t)(0x2000 | offset));
		return;
	}
	ip_packet_insert(packet, packet->transport, FRAGMENT_SIZE);
	packet->bytes[packet->transport - FRAGMENT_SIZE] = packet->bytes[6];
	packet->bytes[6] = 44;
	put16(packet->bytes + packet->transport - FRAGMENT_SIZE + 2, (size_t)offset << 3 | 1);
	put32(packet->bytes + packet->transport - FRAGMENT_SIZE + 4, id);
}

static void fragments_have_the_ports_of_the_first_one(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const uint32_t id = seed_u32(&seed);
		struct once_packet_key keys_of[4];
		struct ip_packet first;
		struct ip_packet later;
		struct ip_packet other;

		ip_packet_make(&first, &seed, seed_below(&seed, 2) ? 4 : 6, 17, 400);
		set_source(&first);
		later = first;
		other = first;
		assert_true(read_key(&first, 1, &keys_of[0]));
		make_fragment(&first, 0, id);
		assert_true(read_key(&first, 1, &keys_of[1]));
		make_fragment(&later, 100, id);
		seed_bytes(&seed, later.bytes + later.transport, 8);
		assert_true(read_key(&later, 2, &keys_of[2]));
		make_fragment(&other, 100, id ^ 1);
		assert_true(read_key(&other, 1, &keys_of[3]));
		assert_true(are_equal(&keys_of[0], &keys_of[1]));
		assert_true(are_equal(&keys_of[0], &keys_of[2]));
		assert_false(are_equal(&keys_of[0], &keys_of[3]));
	}
}

static void addresses_of_one_link_have_no_connection(void **state)
{
	static const struct {
		unsigned version;
		const char *address;
		size_t size;
		bool is_of_link;
	} addresses[] = {
		{4, "\xa9\xfe", 2, true},
		{4, "\xe0\0\0", 3, true},
		{4, "\xff\xff\xff\xff", 4, true},
		{4, "\xe0\0\1", 3, false},
		{4, "\xef\1", 2, false},
		{4, "\xa9\xfd", 2, false},
		{6, "\xfe\x80", 2, true},
		{6, "\xfe\xbf", 2, true},
		{6, "\xff\2", 2, true},
		{6, "\xff\x32", 2, true},
		{6, "\xff\1", 2, true},
		{6, "\xfe\xc0", 2, false},
		{6, "\xff\5", 2, false},
		{6, "\xfd\x80", 2, false},
	};
	struct seed seed = seed_start();
	struct once_packet_key key;
	struct ip_packet packet;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		ip_packet_make(&packet, &seed, addresses[i].version, 17, 100);
		set_source(&packet);
		memcpy(packet.bytes + address_of(&packet) + address_size(&packet),
			addresses[i].address, addresses[i].size);
		if (read_key(&packet, 1, &key) == addresses[i].is_of_link)
			fail_msg("address %zu", i);
		reverse(&packet);
		assert_int_equal(read_key(&packet, 1, &key), !addresses[i].is_of_link);
	}
}

static void loopback_is_another_one_at_each_interface(void **state)
{
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		struct once_packet_key one;
		struct once_packet_key other;

		ip_packet_make(&packet, &seed, version, 6, 100);
		memset(packet.bytes + address_of(&packet), 0, 2 * address_size(&packet));
		for (int i = 0; i < 2; i++) {
			const size_t at = address_of(&packet) + i * address_size(&packet);

			packet.bytes[at] = version == 4 ? 127 : 0;
			packet.bytes[at + address_size(&packet) - 1] = 1;
		}
		assert_true(read_key(&packet, 7, &one));
		assert_true(read_key(&packet, 8, &other));
		assert_false(are_equal(&one, &other));
		assert_true(read_key(&packet, 7, &other));
		assert_true(are_equal(&one, &other));
	}
}

static int set_up(void **state)
{
	(void)state;
	return once_keys_init(&keys) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_are_one_connection),
		cmocka_unit_test(request_and_reply_of_a_ping_are_one_connection),
		cmocka_unit_test(fragments_have_the_ports_of_the_first_one),
		cmocka_unit_test(addresses_of_one_link_have_no_connection),
		cmocka_unit_test(loopback_is_another_one_at_each_interface),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
