/* SPDX-License-Identifier: MIT */
/*
 * Link layers: every field of an SLL2 or Ethernet header stands where an SLL
 * header has it, only these steps between link types are taken, and a packet
 * that takes one keeps all the rest.
 */
#include "format/linktype.h"

#include "unit.h"

#include <string.h>

static void sll2_to_sll_moves_every_field(void **state)
{
	static const unsigned char sll2[SLL2_SIZE] = {
		0x86, 0xdd,		/* protocol */
		0xee, 0xee,		/* reserved */
		0xff, 0xff, 0xff, 0xff, /* interface */
		0x03, 0x01,		/* ARPHRD */
		0x04,			/* packet type */
		0x06,			/* address length */
		1, 2, 3, 4, 5, 6, 7, 8, /* address */
	};
	static const unsigned char expected[SLL_SIZE] = {
		0x00, 0x04,		/* packet type */
		0x03, 0x01,		/* ARPHRD */
		0x00, 0x06,		/* address length */
		1, 2, 3, 4, 5, 6, 7, 8, /* address */
		0x86, 0xdd,		/* protocol */
	};
	unsigned char sll[SLL_SIZE];

	(void)state;
	memset(sll, 0xaa, sizeof(sll));
	linktype_sll2_to_sll(sll2, sll);
	assert_memory_equal(sll, expected, sizeof(sll));
}

static void sll2_to_sll_ignores_interface_and_reserved(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		unsigned char one[SLL2_SIZE];
		unsigned char two[SLL2_SIZE];
		unsigned char sll[2][SLL_SIZE];

		seed_bytes(&seed, one, sizeof(one));
		memcpy(two, one, sizeof(two));
		seed_bytes(&seed, two + 2, 6);
		linktype_sll2_to_sll(one, sll[0]);
		linktype_sll2_to_sll(two, sll[1]);
		assert_memory_equal(sll[0], sll[1], SLL_SIZE);
		/* and every other byte does */
		two[8 + seed_below(&seed, 12)] ^= 1;
		linktype_sll2_to_sll(two, sll[1]);
		assert_memory_not_equal(sll[0], sll[1], SLL_SIZE);
	}
}

/* A frame's beginning, and what differs in the SLL header of each. */
static const struct frame {
	const char *name;
	unsigned char destination[6];
	unsigned char rest[4]; /* type or length, and what follows */
	unsigned char packet_type;
	unsigned char protocol[2];
} frames[] = {
	{"to one host", {0x02, 0, 0, 0, 0, 1}, {0x08, 0x00, 0x45, 0}, 3, {0x08, 0x00}},
	{"to all", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x08, 0x06, 0, 1}, 1, {0x08, 0x06}},
	{"to a group", {0x01, 0, 0x5e, 0, 0, 1}, {0x08, 0x00, 0x46, 0}, 2, {0x08, 0x00}},
	{"almost to all", {0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}, {0x86, 0xdd, 0x60, 0}, 2,
		{0x86, 0xdd}},
	{"even first byte", {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x86, 0xdd, 0x60, 0}, 3,
		{0x86, 0xdd}},
	{"loopback", {0}, {0x08, 0x00, 0x45, 0}, 3, {0x08, 0x00}},
	{"VLAN 42", {0x02, 0, 0, 0, 0, 1}, {0x81, 0x00, 0x00, 0x2a}, 3, {0x81, 0x00}},
	{"QinQ", {0x02, 0, 0, 0, 0, 1}, {0x88, 0xa8, 0x00, 0x2a}, 3, {0x88, 0xa8}},
	{"the least ethertype", {0x02, 0, 0, 0, 0, 1}, {0x06, 0x00, 0xff, 0xff}, 3, {0x06, 0x00}},
	{"the largest length", {0x02, 0, 0, 0, 0, 1}, {0x05, 0xff, 0xaa, 0xaa}, 3, {0, 4}},
	{"spanning tree", {0x01, 0x80, 0xc2, 0, 0, 0}, {0, 38, 0x42, 0x42}, 2, {0, 4}},
	{"length 0", {0x02, 0, 0, 0, 0, 1}, {0, 0, 0, 0}, 3, {0, 4}},
	{"Novell", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0, 96, 0xff, 0xff}, 1, {0, 1}},
	{"almost Novell", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0, 96, 0xff, 0xfe}, 1, {0, 4}},
};

static void make_frame(const struct frame *frame, unsigned char out[16])
{
	static const unsigned char source[6] = {0x02, 1, 2, 3, 4, 5};

	memcpy(out, frame->destination, 6);
	memcpy(out + 6, source, 6);
	memcpy(out + 12, frame->rest, 4);
}

static void ethernet_to_sll_table(void **state)
{
	unsigned char bytes[16];
	unsigned char sll[SLL_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		const struct frame *frame = &frames[i];
		const unsigned char expected[SLL_SIZE] = {
			0,
			frame->packet_type, /* never from or to this host */
			0,
			1, /* ARPHRD of Ethernet */
			0,
			6, /* address length */
			0x02,
			1,
			2,
			3,
			4,
			5,
			0,
			0, /* the sender */
			frame->protocol[0],
			frame->protocol[1],
		};

		print_message("%s\n", frame->name);
		make_frame(frame, bytes);
		memset(sll, 0xaa, sizeof(sll));
		linktype_ethernet_to_sll(bytes, sizeof(bytes), sll);
		assert_memory_equal(sll, expected, sizeof(sll));
	}
}

/* Without the bytes that show it, a frame with a length is one of 802.2. */
static void ethernet_to_sll_reads_no_further_than_the_frame(void **state)
{
	const struct frame novell = {.rest = {0, 96, 0xff, 0xff}};
	unsigned char bytes[16];
	unsigned char sll[SLL_SIZE];

	(void)state;
	make_frame(&novell, bytes);
	for (uint32_t size = ETHERNET_SIZE; size <= 16; size++) {
		unsigned char *frame = malloc(size);

		assert_non_null(frame);
		memcpy(frame, bytes, size);
		linktype_ethernet_to_sll(frame, size, sll);
		assert_int_equal(sll[15], size < 16 ? 4 : 1);
		free(frame);
	}
}

static void linktype_converts_only_to_sll(void **state)
{
	static const uint32_t all[] = {LINKTYPE_ETHERNET, LINKTYPE_SLL, LINKTYPE_SLL2, 101, 0, 9};

	(void)state;
	for (size_t i = 0; i < 6; i++)
		for (size_t k = 0; k < 6; k++)
			assert_int_equal(linktype_converts(all[i], all[k]),
				i == k || (all[k] == LINKTYPE_SLL && i < 3));
	/* four bytes of a frame check sequence make no other link type */
	assert_true(linktype_converts(0x24000001, 1));
	assert_true(linktype_converts(1, 0x24000001));
	assert_true(linktype_converts(0x24000001, LINKTYPE_SLL));
	assert_int_equal(linktype_bare(0x24000001), 1);
}

/* The least link type that holds both; 0: none. */
static const struct {
	uint32_t one;
	uint32_t other;
	uint32_t both;
} widened[] = {
	{LINKTYPE_ETHERNET, LINKTYPE_ETHERNET, LINKTYPE_ETHERNET},
	{LINKTYPE_ETHERNET, LINKTYPE_SLL, LINKTYPE_SLL},
	{LINKTYPE_ETHERNET, LINKTYPE_SLL2, LINKTYPE_SLL},
	{LINKTYPE_SLL, LINKTYPE_SLL, LINKTYPE_SLL},
	{LINKTYPE_SLL, LINKTYPE_SLL2, LINKTYPE_SLL},
	{LINKTYPE_SLL2, LINKTYPE_SLL2, LINKTYPE_SLL2},
	{101, 101, 101},
	{101, LINKTYPE_ETHERNET, 0},
	{101, LINKTYPE_SLL, 0},
	{101, LINKTYPE_SLL2, 0},
	{101, 9, 0},
};

static void linktype_widen_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(widened) / sizeof(*widened); i++) {
		const uint32_t both = widened[i / 2].both;
		const uint32_t one = i % 2 ? widened[i / 2].other : widened[i / 2].one;
		const uint32_t other = i % 2 ? widened[i / 2].one : widened[i / 2].other;
		uint32_t linktype = one;

		assert_int_equal(linktype_widen(&linktype, other), both != 0);
		assert_int_equal(linktype, both ? both : one);
	}
}

/* Copies caplen random bytes, from and to memory of just the right size. */
static void check_copy(struct seed *seed, uint32_t to, uint32_t caplen)
{
	const bool turns = to == LINKTYPE_SLL;
	const bool cut = turns && caplen < SLL2_SIZE;
	const uint32_t copied = cut ? 0 : caplen - (turns ? 4 : 0);
	unsigned char *data = malloc(caplen ? caplen : 1);
	unsigned char *out = malloc(copied ? copied : 1);
	struct packet packet = {.time = 5, .caplen = caplen, .len = 1500};
	unsigned char sll[SLL_SIZE];

	assert_non_null(data);
	assert_non_null(out);
	seed_bytes(seed, data, caplen);
	packet.data = data;
	linktype_copy(out, &packet, LINKTYPE_SLL2, to);
	assert_int_equal(packet.time, 5);
	assert_int_equal(packet.caplen, copied);
	assert_int_equal(packet.len, turns ? 1496 : 1500);
	if (turns && !cut) {
		linktype_sll2_to_sll(data, sll);
		assert_memory_equal(out, sll, SLL_SIZE);
		assert_memory_equal(out + SLL_SIZE, data + SLL2_SIZE, copied - SLL_SIZE);
	} else {
		assert_memory_equal(out, data, copied);
	}
	free(out);
	free(data);
}

static void linktype_copy_keeps_the_whole_packet(void **state)
{
	struct seed seed = seed_start();
	struct packet tiny = {.len = 3};

	(void)state;
	for (uint32_t caplen = 0; caplen < 200; caplen++) {
		check_copy(&seed, LINKTYPE_SLL, caplen);
		check_copy(&seed, LINKTYPE_SLL2, caplen);
	}
	/* a length that can't be does not wrap */
	linktype_copy(NULL, &tiny, LINKTYPE_SLL2, LINKTYPE_SLL);
	assert_int_equal(tiny.len, 0);
}

/* The same for a frame of Ethernet, which grows. */
static void check_growth(struct seed *seed, uint32_t caplen, uint32_t len)
{
	const uint32_t grown = caplen + 2 < PACKET_MAX ? caplen + 2 : PACKET_MAX;
	const uint32_t copied = caplen < ETHERNET_SIZE ? 0 : grown;
	unsigned char *data = malloc(caplen ? caplen : 1);
	unsigned char *out = malloc(copied ? copied : 1);
	struct packet packet = {.time = 5, .caplen = caplen, .len = len};
	unsigned char sll[SLL_SIZE];

	assert_non_null(data);
	assert_non_null(out);
	seed_bytes(seed, data, caplen);
	packet.data = data;
	linktype_copy(out, &packet, LINKTYPE_ETHERNET, LINKTYPE_SLL);
	assert_int_equal(packet.time, 5);
	assert_int_equal(packet.caplen, copied);
	assert_int_equal(packet.len, len < UINT32_MAX - 2 ? len + 2 : UINT32_MAX);
	if (copied > 0) {
		linktype_ethernet_to_sll(data, caplen, sll);
		assert_memory_equal(out, sll, SLL_SIZE);
		assert_memory_equal(out + SLL_SIZE, data + ETHERNET_SIZE, copied - SLL_SIZE);
	}
	free(out);
	free(data);
}

static void linktype_copy_of_ethernet_adds_two_bytes(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (uint32_t caplen = 0; caplen < 200; caplen++)
		check_growth(&seed, caplen, 1514);
	for (uint32_t caplen = PACKET_MAX - 4; caplen <= PACKET_MAX; caplen++)
		check_growth(&seed, caplen, caplen);
	/* a length that can't be does not wrap */
	for (uint32_t least = 0; least < 4; least++)
		check_growth(&seed, 60, UINT32_MAX - least);
}

/* The least bytes that are whole, with the rest of what is looked at there. */
static const struct pseudo_header {
	uint32_t linktype;
	uint32_t size;
	unsigned char bytes[40];
} pseudo_headers[] = {
	{123, 4, {0}},
	{139, 4, {0}},
	{144, 16, {[15] = 0x17}},
	{177, 16, {[15] = 0x30}},
	{196, 5, {0}},
	{197, 16, {0}},
	{197, 16, {[8] = 1}},
	{197, 18, {[8] = 2}},
	{197, 20, {[8] = 5}},
	{197, 20, {[8] = 9}},
	{197, 18, {[8] = 11}},
	{197, 20, {[8] = 12}},
	{197, 18, {[8] = 16}},
	{197, 20, {[8] = 18}},
	{197, 18, {[8] = 20}},
	{197, 16, {[8] = 0x7f}},
	{197, 26, {[8] = 0x82}},
	{197, 34, {[8] = 0x82, [16] = 0x80}},
	{201, 4, {0}},
	{204, 1, {0}},
	{209, 5, {0}},
	{245, 2, {0}},
	{254, 4, {0}},
	{0x24000000 | 204, 1, {0}},
};

static bool is_whole(
	uint32_t linktype, const unsigned char *bytes, uint32_t size, struct error *error)
{
	unsigned char *copy = malloc(size ? size : 1);
	const struct packet packet = {.caplen = size, .len = 1500, .data = copy};
	bool whole;

	assert_non_null(copy);
	if (size > 0)
		memcpy(copy, bytes, size);
	*error = (struct error){0};
	whole = linktype_check_pseudo_header(linktype, &packet, error);
	assert_int_equal(error->status, !whole);
	free(copy);
	return whole;
}

static void pseudo_header_must_be_complete(void **state)
{
	const size_t count = sizeof(pseudo_headers) / sizeof(*pseudo_headers);
	struct error error;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct pseudo_header *at = &pseudo_headers[i];

		assert_true(linktype_has_pseudo_header(at->linktype));
		for (uint32_t size = 0; size <= sizeof(at->bytes); size++)
			if (is_whole(at->linktype, at->bytes, size, &error) != (size >= at->size))
				fail_msg("%u: %u bytes", at->linktype, size);
	}
	is_whole(123, (const unsigned char *)"\1\2", 2, &error);
	assert_non_null(strstr(error.text, "2 bytes lacks the header of its link type "
					   "123 (4 bytes)"));
}

/* Their protocol field shows that they have a pseudo header. */
static void pseudo_header_of_cooked_packets_needs_a_protocol(void **state)
{
	const unsigned char none[16] = {[15] = 0x18};
	struct error error;

	(void)state;
	assert_false(is_whole(144, none, 16, &error));
	assert_false(is_whole(177, none, 16, &error));
}

static void pseudo_header_is_missing_in_most_link_types(void **state)
{
	static const uint32_t linktypes[] = {
		0, 1, 12, 101, 105, 113, 119, 127, 147, 189, 228, 276, 65535 - 1, 0x24000001};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(linktypes) / sizeof(*linktypes); i++) {
		assert_false(linktype_has_pseudo_header(linktypes[i]));
		assert_true(is_whole(linktypes[i], NULL, 0, &error));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sll2_to_sll_moves_every_field),
		cmocka_unit_test(sll2_to_sll_ignores_interface_and_reserved),
		cmocka_unit_test(ethernet_to_sll_table),
		cmocka_unit_test(ethernet_to_sll_reads_no_further_than_the_frame),
		cmocka_unit_test(linktype_converts_only_to_sll),
		cmocka_unit_test(linktype_widen_table),
		cmocka_unit_test(linktype_copy_keeps_the_whole_packet),
		cmocka_unit_test(linktype_copy_of_ethernet_adds_two_bytes),
		cmocka_unit_test(pseudo_header_must_be_complete),
		cmocka_unit_test(pseudo_header_of_cooked_packets_needs_a_protocol),
		cmocka_unit_test(pseudo_header_is_missing_in_most_link_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
