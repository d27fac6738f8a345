/* SPDX-License-Identifier: MIT */
/*
 * Packets in tunnels: each is the inner packet, whatever tunnel it is in; what only resembles
 * a tunnel stays what it is.
 */
#include "client/path_identity.h"

#include "identify.h"
#include "ip_packet.h"

enum { RAW = 101, WRAPPED_MAX = IP_PACKET_MAX + 200, TTL = 50 };

static const struct path_hash_key key = {{1, 2}, {3, 4, 5, 6, 7}};

/* A packet with tunnels around it; IP of the outermost one is at the begin. */
struct wrapped {
	unsigned char bytes[WRAPPED_MAX];
	size_t size;
};

static struct path_identity identify(const struct wrapped *wrapped, size_t caplen)
{
	return identify_copy(&key, RAW, wrapped->bytes, caplen, wrapped->size);
}

static void insert(struct wrapped *wrapped, const char *bytes, size_t size)
{
	assert_true(wrapped->size + size <= WRAPPED_MAX);
	memmove(wrapped->bytes + size, wrapped->bytes, wrapped->size);
	memcpy(wrapped->bytes, bytes, size);
	wrapped->size += size;
}

#define MACS "\2\0\0\0\0\1\2\0\0\0\0\2"

/* Headers of tunnels. */
static const struct tunnel {
	const char *name;
	const char *header;
	size_t size;
	unsigned protocol;
	uint16_t port;	/* of UDP */
	bool has_type;	/* it ends with an ethertype, which is that of the inner packet */
	size_t type_at; /* where the ethertype is, if not at the end */
} tunnels[] = {
	{"VXLAN", "\x08\0\0\0\0\0\x2a\0" MACS "\0\0", 22, 17, 4789, true, 0},
	{"VXLAN of Linux", "\x08\0\0\0\0\0\x2a\0" MACS "\0\0", 22, 17, 8472, true, 0},
	{"VXLAN with group", "\x88\x40\1\2\0\0\x2a\0" MACS "\0\0", 22, 17, 4789, true, 0},
	{"VXLAN with a tag", "\x08\0\0\0\0\0\x2a\0" MACS "\x81\0\0\7\0\0", 26, 17, 4789, true, 0},
	{"Geneve, Ethernet", "\0\0\x65\x58\0\0\x2a\0" MACS "\0\0", 22, 17, 6081, true, 0},
	{"Geneve, options", "\2\x40\0\0\0\0\x2a\0\1\2\3\4\5\6\7\x08", 16, 17, 6081, true, 2},
	{"GRE", "\0\0\0\0", 4, 47, 0, true, 0},
	{"GRE, checksum, key, sequence", "\xb0\0\0\0\1\2\3\4\5\6\7\x08\x09\1\2\3", 16, 47, 0, true,
		2},
	{"GRE, Ethernet", "\x20\0\x65\x58\0\0\0\1" MACS "\0\0", 22, 47, 0, true, 0},
	{"IP in IP", "", 0, 4, 0, false, 0},
};

enum { TUNNELS = sizeof(tunnels) / sizeof(*tunnels) };

static void add_ip(struct wrapped *wrapped, unsigned version, unsigned protocol)
{
	unsigned char ip[40] = {0};

	if (version == 4) {
		memcpy(ip, "\x45\0\0\0\7\7\0\0", 8);
		ip[8] = TTL;
		ip[9] = (unsigned char)protocol;
		memcpy(ip + 12, "\xc0\0\2\1\xc0\0\2\2", 8);
		put16(ip + 2, wrapped->size + 20);
	} else {
		ip[0] = 0x60;
		put16(ip + 4, wrapped->size);
		ip[6] = (unsigned char)protocol;
		ip[7] = TTL;
		ip[8] = ip[24] = 0x20;
	}
	insert(wrapped, (const char *)ip, version == 4 ? 20 : 40);
}

static void add_udp(struct wrapped *wrapped, uint16_t port)
{
	unsigned char udp[8] = {0xc0, 1};

	put16(udp + 2, port);
	put16(udp + 4, wrapped->size + 8);
	insert(wrapped, (const char *)udp, 8);
}

/* Puts a packet of an IP version into a tunnel, whose IP has the outer version. */
static void wrap(
	struct wrapped *wrapped, const struct tunnel *tunnel, unsigned inner, unsigned outer)
{
	unsigned protocol = tunnel->protocol;
	const size_t type_at = tunnel->type_at ? tunnel->type_at : tunnel->size - 2;

	if (protocol == 4 && inner == 6)
		protocol = 41;
	insert(wrapped, tunnel->header, tunnel->size);
	if (tunnel->has_type)
		put16(wrapped->bytes + type_at, inner == 4 ? 0x0800 : 0x86dd);
	if (tunnel->port)
		add_udp(wrapped, tunnel->port);
	add_ip(wrapped, outer, protocol);
}

/* Makes a packet, and returns its identity outside of tunnels. */
static struct path_identity make(struct wrapped *ret_wrapped, struct seed *seed, unsigned version)
{
	static const unsigned protocols[] = {6, 17, 1, 132};
	struct ip_packet packet;

	ip_packet_make(
		&packet, seed, version, protocols[seed_below(seed, 4)], seed_below(seed, 600));
	memcpy(ret_wrapped->bytes, packet.bytes, packet.size);
	ret_wrapped->size = packet.size;
	return identify(ret_wrapped, packet.size);
}

static void assert_inner(const struct path_identity *inner, const struct path_identity *found,
	const struct tunnel *tunnel)
{
	if (found->kind != inner->kind || found->digest != inner->digest ||
		memcmp(&found->flow, &inner->flow, sizeof(inner->flow)) != 0)
		fail_msg("%s: not the inner packet (kind %d)", tunnel->name, (int)found->kind);
	assert_true(path_identity_agrees(inner, found));
	assert_int_equal(found->size, inner->size);
	assert_int_equal(found->ttl, inner->ttl);
	assert_int_equal(found->outer_ttl[0], TTL);
	assert_int_not_equal(found->tunnel, 0);
}

static void a_packet_in_each_tunnel_is_the_inner_packet(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (unsigned i = 0; i < TUNNELS * 4 * 20; i++) {
		const struct tunnel *tunnel = &tunnels[i % TUNNELS];
		const unsigned version = i / TUNNELS % 2 ? 4 : 6;
		struct wrapped wrapped;
		const struct path_identity inner = make(&wrapped, &seed, version);
		struct path_identity found;

		wrap(&wrapped, tunnel, version, i / TUNNELS / 2 % 2 ? 4 : 6);
		found = identify(&wrapped, wrapped.size);
		assert_inner(&inner, &found, tunnel);
		assert_int_equal(found.tunnels, 1);
		assert_int_equal(inner.tunnels, 0);
		assert_false(found.is_outer_fragment || found.may_be_any);
	}
}

static void a_capture_that_ends_in_a_tunnel_may_be_any_packet(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (unsigned i = 0; i < TUNNELS; i++) {
		struct wrapped wrapped;
		const size_t payload = 20 + (tunnels[i].port ? 8 : 0);
		struct path_identity found;
		size_t inner_size;

		make(&wrapped, &seed, 4);
		inner_size = wrapped.size;
		wrap(&wrapped, &tunnels[i], 4, 4);
		/* without payload the outer packet is all that there is */
		found = identify(&wrapped, payload);
		assert_int_equal(found.kind, PATH_WHOLE);
		assert_int_equal(found.tunnels, 0);
		for (size_t cut = payload + 1; cut < wrapped.size - inner_size + 20; cut++) {
			found = identify(&wrapped, cut);
			if (found.kind != PATH_DAMAGED || !found.may_be_any)
				fail_msg("%s: %zu bytes are no damage", tunnels[i].name, cut);
		}
	}
}

static void two_tunnels_are_taken_off_and_a_third_one_is_not(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (unsigned i = 0; i < TUNNELS * TUNNELS; i++) {
		const struct tunnel *first = &tunnels[i % TUNNELS];
		struct wrapped wrapped;
		const struct path_identity inner = make(&wrapped, &seed, 4);
		struct path_identity found;
		struct path_identity one;

		wrap(&wrapped, first, 4, 6);
		one = identify(&wrapped, wrapped.size);
		wrap(&wrapped, &tunnels[i / TUNNELS], 6, 4);
		found = identify(&wrapped, wrapped.size);
		assert_inner(&inner, &found, first);
		assert_int_equal(found.tunnels, 2);
		assert_int_equal(found.outer_ttl[1], TTL);
		assert_int_not_equal(found.tunnel, one.tunnel);
		wrap(&wrapped, &tunnels[i % 7], 4, 4);
		found = identify(&wrapped, wrapped.size);
		assert_int_equal(found.tunnels, 2);
		assert_int_not_equal(found.digest, inner.digest);
	}
}

/* A byte of the tunnel's header, or later, that makes it none. */
static const struct {
	unsigned tunnel;
	size_t at; /* from the begin of the tunnel's header */
	unsigned char value;
} others[] = {
	{0, 0, 0x00},  /* VXLAN without its flag */
	{0, 0, 0x0c},  /* and with another one: VXLAN-GPE */
	{0, 2, 1},     /* reserved */
	{0, 7, 1},     /* reserved */
	{0, 21, 6},    /* ARP */
	{0, 22, 0x65}, /* another version than the ethertype's */
	{0, 22, 0x44}, /* a header of 4 words */
	{0, 24, 0xf0}, /* longer than the packet */
	{4, 0, 0x40},  /* a later version of Geneve */
	{4, 1, 0x80},  /* a control packet */
	{4, 2, 0x88},  /* of no known protocol */
	{6, 0, 0x40},  /* GRE with a route */
	{6, 1, 1},     /* PPTP */
	{6, 2, 0x88},  /* ERSPAN and others */
	{9, 0, 0x65},  /* IP in IP, of another version */
};

static void what_only_resembles_a_tunnel_stays_what_it_is(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const struct tunnel *tunnel = &tunnels[others[i].tunnel];
		const size_t payload = 20 + (tunnel->port ? 8 : 0);
		struct path_identity found;
		struct wrapped wrapped;

		make(&wrapped, &seed, 4);
		wrap(&wrapped, tunnel, 4, 4);
		wrapped.bytes[payload + others[i].at] = others[i].value;
		found = identify(&wrapped, wrapped.size);
		if (found.kind != PATH_WHOLE || found.tunnels != 0 || found.may_be_any)
			fail_msg("%s: byte %zu", tunnel->name, others[i].at);
		assert_int_equal(found.flow.protocol, tunnel->protocol);
		assert_int_equal(found.ttl, TTL);
	}
}

static void a_short_datagram_to_a_tunnels_port_stays_what_it_is(void **state)
{
	(void)state;
	for (size_t size = 0; size < 22; size++) {
		struct wrapped wrapped = {.size = 0};
		struct path_identity found;

		insert(&wrapped, tunnels[0].header, size);
		add_udp(&wrapped, 4789);
		add_ip(&wrapped, 4, 17);
		found = identify(&wrapped, wrapped.size);
		assert_int_equal(found.kind, PATH_WHOLE);
		assert_int_equal(found.size, size);
	}
}

/* Cuts off what another fragment of the outer packet has. */
static void make_fragment(struct wrapped *wrapped)
{
	put16(wrapped->bytes + 2, 160);
	wrapped->bytes[6] = 0x20; /* more fragments */
	wrapped->size = 160;
}

static void the_first_outer_fragment_is_the_inner_packet_cut(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (unsigned i = 0; i < TUNNELS; i++) {
		struct wrapped wrapped;
		struct path_identity inner;
		struct path_identity found;

		do
			inner = make(&wrapped, &seed, 4);
		while (inner.size < 300 || inner.flow.protocol == 17);
		wrap(&wrapped, &tunnels[i], 4, 4);
		make_fragment(&wrapped);
		found = identify(&wrapped, wrapped.size);
		assert_inner(&inner, &found, &tunnels[i]);
		assert_true(found.is_outer_fragment && !found.is_first_fragment);
		wrapped.bytes[6] = 0;
		wrapped.bytes[7] = 20;
		found = identify(&wrapped, wrapped.size);
		assert_int_equal(found.kind, PATH_FRAGMENT);
	}
}

static void a_datagram_in_outer_fragments_may_be_any_packet(void **state)
{
	struct seed seed = seed_start();
	struct path_identity found;
	struct wrapped wrapped;

	(void)state;
	do
		found = make(&wrapped, &seed, 6);
	while (found.size < 300 || found.flow.protocol != 17);
	wrap(&wrapped, &tunnels[0], 6, 4);
	make_fragment(&wrapped);
	found = identify(&wrapped, wrapped.size);
	assert_int_equal(found.kind, PATH_FRAGMENT);
	assert_true(found.may_be_any);
}

static void a_tunnel_to_a_group_may_be_any_packet(void **state)
{
	struct seed seed = seed_start();
	struct path_identity found;
	struct wrapped wrapped;

	(void)state;
	make(&wrapped, &seed, 4);
	wrap(&wrapped, &tunnels[0], 4, 4);
	wrapped.bytes[16] = 239;
	found = identify(&wrapped, wrapped.size);
	assert_int_equal(found.kind, PATH_GROUP);
	assert_true(found.may_be_any);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_in_each_tunnel_is_the_inner_packet),
		cmocka_unit_test(a_capture_that_ends_in_a_tunnel_may_be_any_packet),
		cmocka_unit_test(two_tunnels_are_taken_off_and_a_third_one_is_not),
		cmocka_unit_test(what_only_resembles_a_tunnel_stays_what_it_is),
		cmocka_unit_test(a_short_datagram_to_a_tunnels_port_stays_what_it_is),
		cmocka_unit_test(the_first_outer_fragment_is_the_inner_packet_cut),
		cmocka_unit_test(a_datagram_in_outer_fragments_may_be_any_packet),
		cmocka_unit_test(a_tunnel_to_a_group_may_be_any_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
