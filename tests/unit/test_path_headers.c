/* SPDX-License-Identifier: MIT */
/*
 * Headers below layer 4: a packet is the same behind each link header, whole or as its first
 * fragment, and before offload has split it.
 */
#include "client/path_identity.h"

#include "identify.h"
#include "ip_packet.h"

enum { RAW = 101, BIG = 200000 };

static const struct path_hash_key key = {{1, 2}, {3, 4, 5, 6, 7}};

static struct path_identity identify(
	uint32_t linktype, const unsigned char *bytes, size_t caplen, size_t len)
{
	return identify_copy(&key, linktype, bytes, caplen, len);
}

static struct path_identity identify_whole(const struct ip_packet *packet)
{
	return identify(RAW, packet->bytes, packet->size, packet->size);
}

static void assert_same(const struct path_identity *one, const struct path_identity *other)
{
	assert_int_equal(one->kind, other->kind);
	assert_true(one->digest == other->digest);
	assert_memory_equal(&one->flow, &other->flow, sizeof(one->flow));
	assert_true(path_identity_agrees(one, other) && path_identity_agrees(other, one));
}

/* A link header, the packet that follows it, and what is found. */
struct link {
	const char *header;
	size_t size;
	uint32_t linktype;
	unsigned version;
	enum path_kind kind;
	enum path_direction direction;
};

#define SLL_REST "\0\1\0\6\0\0\0\0\0\0\0\0"
#define SLL2_REST "\0\0\0\0\0\2\0\1"
#define MACS "\0\0\0\0\0\1\0\0\0\0\0\2"

static const struct link links[] = {
	{MACS "\x08\0", 14, 1, 4, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{MACS "\x86\xdd", 14, 1, 6, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{MACS "\x81\0\0\7\x08\0", 18, 1, 4, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{MACS "\x88\xa8\0\7\x81\0\0\7\x86\xdd", 22, 1, 6, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	/* five tags, 802.3, ARP, and IP of the other version */
	{MACS "\x81\0\0\7\x81\0\0\7\x81\0\0\7\x81\0\0\7\x81\0\0\7\x08\0", 34, 1, 4, PATH_NOT_IP,
		PATH_DIRECTION_UNKNOWN},
	{MACS "\0\x50", 14, 1, 4, PATH_NOT_IP, PATH_DIRECTION_UNKNOWN},
	{MACS "\x08\6", 14, 1, 4, PATH_NOT_IP, PATH_DIRECTION_UNKNOWN},
	{MACS "\x08\0", 14, 1, 6, PATH_DAMAGED, PATH_DIRECTION_UNKNOWN},
	{MACS "\x86\xdd", 14, 1, 4, PATH_DAMAGED, PATH_DIRECTION_UNKNOWN},
	{"\0\0" SLL_REST "\x08\0", 16, 113, 4, PATH_WHOLE, PATH_INCOMING},
	{"\0\4" SLL_REST "\x86\xdd", 16, 113, 6, PATH_WHOLE, PATH_OUTGOING},
	{"\0\4" SLL_REST "\x08\6", 16, 113, 4, PATH_NOT_IP, PATH_OUTGOING},
	{"\x08\0" SLL2_REST "\0\6\0\0\0\0\0\0\0\0", 20, 276, 4, PATH_WHOLE, PATH_INCOMING},
	{"\x08\0" SLL2_REST "\1\6\0\0\0\0\0\0\0\0", 20, 276, 4, PATH_WHOLE, PATH_INCOMING},
	{"\x08\0" SLL2_REST "\2\6\0\0\0\0\0\0\0\0", 20, 276, 4, PATH_WHOLE, PATH_INCOMING},
	{"\x86\xdd" SLL2_REST "\3\6\0\0\0\0\0\0\0\0", 20, 276, 6, PATH_WHOLE, PATH_INCOMING},
	{"\x86\xdd" SLL2_REST "\4\6\0\0\0\0\0\0\0\0", 20, 276, 6, PATH_WHOLE, PATH_OUTGOING},
	{"\x08\0" SLL2_REST "\7\6\0\0\0\0\0\0\0\0", 20, 276, 4, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	/* a tag that is in the bytes, one that is only reported, two of which one is reported */
	{"\x81\0" SLL2_REST "\0\6\0\0\0\0\0\0\0\0\0\7\x08\0", 24, 276, 4, PATH_WHOLE,
		PATH_INCOMING},
	{"\x81\0" SLL2_REST "\4\6\0\0\0\0\0\0\0\0", 20, 276, 4, PATH_WHOLE, PATH_OUTGOING},
	{"\x86\xdd" SLL2_REST "\0\6\0\0\0\0\0\0\0\0\0\7\x86\xdd", 24, 276, 6, PATH_WHOLE,
		PATH_INCOMING},
	{"\x08\0" SLL2_REST "\0\6\0\0\0\0\0\0\0\0\x45\7\x81\0\0\7\x08\0", 28, 276, 4, PATH_WHOLE,
		PATH_INCOMING},
	{"", 0, RAW, 4, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{"", 0, 12, 6, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{"", 0, 14, 4, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{"", 0, 228, 4, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{"", 0, 229, 6, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{"\x10\0\0\0", 4, RAW, 4, PATH_NOT_IP, PATH_DIRECTION_UNKNOWN},
	/* families in either byte order */
	{"\2\0\0\0", 4, 0, 4, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{"\0\0\0\2", 4, 0, 4, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{"\x0a\0\0\0", 4, 0, 6, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{"\0\0\0\x1e", 4, 108, 6, PATH_WHOLE, PATH_DIRECTION_UNKNOWN},
	{"\7\0\0\0", 4, 0, 4, PATH_NOT_IP, PATH_DIRECTION_UNKNOWN},
	{"", 0, 105, 4, PATH_NOT_IP, PATH_DIRECTION_UNKNOWN}, /* 802.11 */
};

static void test_a_packet_is_the_same_behind_each_link_header(void **state)
{
	struct seed seed = seed_start();
	unsigned char bytes[IP_PACKET_MAX];
	struct ip_packet packet;

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		const struct link *link = &links[i];
		struct path_identity alone;
		struct path_identity identity;
		size_t size;

		ip_packet_make(&packet, &seed, link->version, 17, 90);
		alone = identify_whole(&packet);
		memcpy(bytes, link->header, link->size);
		memcpy(bytes + link->size, packet.bytes, packet.size);
		size = link->size + packet.size;
		identity = identify(link->linktype, bytes, size, size);
		if (identity.kind != link->kind || identity.direction != link->direction)
			fail_msg("link header %zu: kind %d, direction %d", i, (int)identity.kind,
				(int)identity.direction);
		if (link->kind == PATH_WHOLE)
			assert_same(&alone, &identity);
		for (size_t cut = 0; cut < link->size; cut++)
			if (link->kind == PATH_WHOLE)
				assert_int_equal(identify(link->linktype, bytes, cut, size).kind,
					PATH_DAMAGED);
	}
}

static void test_a_first_fragment_is_the_packet_and_later_ones_are_fragments(void **state)
{
	static const unsigned char protocols[] = {17, 1, 132, 50, 47};
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (size_t i = 0; i < sizeof(protocols); i++) {
		struct path_identity whole;
		struct path_identity part;

		ip_packet_make(&packet, &seed, 4, protocols[i], 1400);
		whole = identify_whole(&packet);
		packet.bytes[6] = 0x20;
		put16(packet.bytes + 2, 620);
		part = identify(RAW, packet.bytes, packet.size, packet.size);
		assert_same(&whole, &part);
		assert_true(part.is_first_fragment && !whole.is_first_fragment);
		assert_int_equal(part.checks_valid, 7);
		assert_int_equal(part.size, protocols[i] == 17 ? 1400 : 620 - packet.payload);
		put16(packet.bytes + 2, packet.payload);
		part = identify_whole(&packet);
		assert_same(&whole, &part);
		put16(packet.bytes + 2, 620);
		packet.bytes[packet.payload + 17] ^= 1;
		part = identify(RAW, packet.bytes, packet.size, packet.size);
		assert_false(path_identity_agrees(&whole, &part));
		packet.bytes[7] = 75;
		part = identify_whole(&packet);
		assert_int_equal(part.kind, PATH_FRAGMENT);
		assert_int_equal(part.flow.protocol, protocols[i]);
		assert_int_equal(part.flow.source_port[0] | part.flow.source_port[1], 0);
		assert_int_equal(part.id, whole.id);
	}
}

/* Inserts an extension header of IPv6 after the first one, of so many times 8 bytes. */
static unsigned char *add_extension(struct ip_packet *packet, unsigned type, unsigned units)
{
	unsigned char *extension = packet->bytes + 40;
	const unsigned next = packet->bytes[6];

	ip_packet_insert(packet, 40, (size_t)units * 8);
	packet->bytes[6] = (unsigned char)type;
	extension[0] = (unsigned char)next;
	extension[1] = (unsigned char)(type == 44 ? 0 : units - 1);
	return extension;
}

static void test_extension_headers_are_not_in_the_identity(void **state)
{
	static const unsigned char types[] = {0, 43, 60, 44};
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct path_identity without;
		struct path_identity with;

		ip_packet_make(&packet, &seed, 6, seed_below(&seed, 2) ? 6 : 58, 100);
		without = identify_whole(&packet);
		for (size_t left = seed_below(&seed, 9); left > 0; left--) {
			const unsigned type = types[seed_below(&seed, 4)];

			add_extension(
				&packet, type, type == 44 ? 1 : 1 + (unsigned)seed_below(&seed, 9));
		}
		with = identify_whole(&packet);
		assert_same(&without, &with);
		assert_int_equal(with.size, 100);
		for (size_t cut = 40; cut < packet.payload; cut++)
			assert_int_equal(
				identify(RAW, packet.bytes, cut, packet.size).kind, PATH_DAMAGED);
	}
	for (int i = 0; i < 9; i++)
		add_extension(&packet, 60, 1);
	assert_int_equal(identify_whole(&packet).kind, PATH_DAMAGED);
}

static void test_fragments_of_ipv6_are_those_of_ipv4(void **state)
{
	struct seed seed = seed_start();
	struct path_identity whole;
	struct path_identity part;
	struct ip_packet packet;
	unsigned char *fragment;

	(void)state;
	ip_packet_make(&packet, &seed, 6, 17, 1400);
	whole = identify_whole(&packet);
	fragment = add_extension(&packet, 44, 1);
	fragment[3] = 1;
	put16(packet.bytes + packet.transport + 4, 1408);
	put16(packet.bytes + 4, 416);
	part = identify_whole(&packet);
	assert_same(&whole, &part);
	assert_int_equal(part.size, 1400);
	assert_int_equal(part.checks_valid, 7);
	fragment[3] = 8;
	assert_int_equal(identify_whole(&packet).kind, PATH_FRAGMENT);
}

/* How a segment that is longer than IP's field has its length. */
static void test_the_size_of_big_segments_is_that_on_the_wire(void **state)
{
	struct seed seed = seed_start();
	struct path_identity small;
	struct path_identity big;
	struct ip_packet packet;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		ip_packet_make(&packet, &seed, version, 6, 100);
		small = identify_whole(&packet);
		memset(packet.bytes + (version == 4 ? 2 : 4), 0, 2);
		big = identify(RAW, packet.bytes, packet.size, packet.payload + BIG);
		assert_int_equal(big.kind, PATH_BYTES);
		assert_int_equal(big.size, BIG);
		assert_true(small.digest == big.digest && small.sequence == big.sequence);
	}
	memcpy(add_extension(&packet, 0, 1) + 2, "\xc2\4", 2);
	put32(packet.bytes + 44, (uint32_t)(packet.payload - 40 + BIG));
	put16(packet.bytes + 4, 0);
	/* with padding */
	big = identify(RAW, packet.bytes, packet.size, packet.payload + BIG + 6);
	assert_int_equal(big.size, BIG);
	assert_true(small.digest == big.digest);
	assert_int_equal(identify(RAW, packet.bytes, packet.size, packet.payload + BIG - 1).kind,
		PATH_DAMAGED);
}

static void test_the_jumbo_length_is_found_after_other_options(void **state)
{
	/* one byte of padding, two, router alert, jumbo length 72 */
	static const unsigned char options[] = {0, 1, 0, 5, 2, 0, 0, 0xc2, 4, 0, 0, 0, 72, 0};
	struct seed seed = seed_start();
	struct path_identity identity;
	struct ip_packet packet;

	(void)state;
	ip_packet_make(&packet, &seed, 6, 17, 100);
	memcpy(add_extension(&packet, 0, 2) + 2, options, sizeof(options));
	memset(packet.bytes + 4, 0, 2);
	memset(packet.bytes + packet.transport + 4, 0, 2);
	identity = identify_whole(&packet);
	assert_int_equal(identity.kind, PATH_WHOLE);
	assert_int_equal(identity.size, 72 - 16 - 8);
}

static void test_nothing_after_no_next_header_is_its_payload(void **state)
{
	unsigned char bytes[60] = {0x60, 0, 0, 0, 0, 0, 59};
	const struct path_identity identity = identify(RAW, bytes, 46, 60);

	(void)state;
	assert_int_equal(identity.kind, PATH_WHOLE);
	assert_int_equal(identity.size, 0);
	assert_int_equal(identity.checks_valid, (1 << PATH_CHECKS) - 1);
}

/* Two bytes of a packet that make it wrong. */
static const struct {
	unsigned version;
	unsigned protocol;
	size_t offset;
	uint16_t value;
} wrong[] = {
	{4, 17, 0, 0x4400},  /* a header of 4 words */
	{4, 17, 2, 0x1000},  /* longer than the packet */
	{4, 17, 24, 0x1000}, /* the same in UDP */
	{4, 17, 24, 7},	     /* shorter than UDP's header */
	{4, 6, 32, 0x4010},  /* TCP with 4 words */
	{6, 17, 4, 0x1000},  /* longer than the packet */
	{6, 6, 52, 0x4010},  /* TCP with 4 words */
	{6, 6, 4, 19},	     /* ends in TCP's header */
	{6, 58, 6, 43 << 8}, /* an extension header that is longer than the packet */
};

static void test_wrong_lengths_are_damage(void **state)
{
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ip_packet_make(&packet, &seed, wrong[i].version, wrong[i].protocol, 80);
		packet.bytes[packet.transport + 1] = 255; /* of the extension header */
		assert_true(identify_whole(&packet).kind >= PATH_WHOLE);
		put16(packet.bytes + wrong[i].offset, wrong[i].value);
		if (identify_whole(&packet).kind != PATH_DAMAGED)
			fail_msg("wrong packet %zu is not damaged", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_packet_is_the_same_behind_each_link_header),
		cmocka_unit_test(test_a_first_fragment_is_the_packet_and_later_ones_are_fragments),
		cmocka_unit_test(test_extension_headers_are_not_in_the_identity),
		cmocka_unit_test(test_fragments_of_ipv6_are_those_of_ipv4),
		cmocka_unit_test(test_the_size_of_big_segments_is_that_on_the_wire),
		cmocka_unit_test(test_the_jumbo_length_is_found_after_other_options),
		cmocka_unit_test(test_nothing_after_no_next_header_is_its_payload),
		cmocka_unit_test(test_wrong_lengths_are_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
