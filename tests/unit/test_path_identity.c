/* SPDX-License-Identifier: MIT */
/*
 * Identities: what routers and offload change is not in them, and every other bit of a
 * packet is. No byte that was not captured is read, under valgrind and ASan.
 */
#include "client/path_identity.h"

#include "identify.h"
#include "ip_packet.h"

enum { PACKETS = 2000, FEW_PACKETS = 60, ETHERNET = 1, RAW = 101, SLL = 113, SLL2 = 276 };

static struct path_hash_key key;

static struct path_identity identify(
	uint32_t linktype, const unsigned char *bytes, size_t caplen, size_t len)
{
	return identify_copy(&key, linktype, bytes, caplen, len);
}

static struct path_identity identify_whole(const struct ip_packet *packet)
{
	return identify(RAW, packet->bytes, packet->size, packet->size);
}

/* Are both the same packet, or the same bytes of a stream? */
static bool is_same(const struct path_identity *one, const struct path_identity *other)
{
	return one->kind == other->kind && one->digest == other->digest &&
	       memcmp(&one->flow, &other->flow, sizeof(one->flow)) == 0 &&
	       (one->kind != PATH_BYTES ||
		       (one->sequence == other->sequence && one->size == other->size)) &&
	       path_identity_agrees(one, other);
}

/* The parts of a header that are not in an identity, by bytes from its start. */
struct free_bytes {
	unsigned protocol; /* 4 and 6: IP */
	enum path_kind kind;
	size_t first;
	size_t last;
	unsigned char bits;
};

static const struct free_bytes free_bytes[] = {
	{4, PATH_WHOLE, 1, 1, 0xff},   /* DSCP, ECN */
	{4, PATH_WHOLE, 6, 6, 0xff},   /* flags: a first fragment is the packet */
	{4, PATH_WHOLE, 8, 8, 0xff},   /* TTL */
	{4, PATH_WHOLE, 10, 11, 0xff}, /* checksum */
	{4, PATH_BYTES, 4, 5, 0xff},   /* id */
	{41, PATH_WHOLE, 0, 0, 0x0f},  /* DSCP, ECN, flow label */
	{41, PATH_WHOLE, 1, 3, 0xff},
	{41, PATH_WHOLE, 7, 7, 0xff},	 /* hop limit */
	{6, PATH_WHOLE, 13, 13, 0x80},	 /* CWR */
	{6, PATH_WHOLE, 16, 17, 0xff},	 /* checksum */
	{6, PATH_BYTES, 8, 11, 0xff},	 /* acknowledgment */
	{6, PATH_BYTES, 12, 12, 0x0f},	 /* reserved */
	{6, PATH_BYTES, 13, 13, 0xf9},	 /* flags but SYN and RST */
	{6, PATH_BYTES, 14, 19, 0xff},	 /* window, urgent pointer */
	{6, PATH_BYTES, 28, 2000, 0xff}, /* TSecr, payload */
	{17, PATH_WHOLE, 6, 7, 0xff},
	{1, PATH_WHOLE, 2, 3, 0xff},
	{58, PATH_WHOLE, 2, 3, 0xff},
	{132, PATH_WHOLE, 8, 11, 0xff},
};

/* Does the identity have nothing of this bit of a packet? */
static bool is_free(
	const struct ip_packet *packet, enum path_kind kind, size_t offset, unsigned char bit)
{
	const bool is_ip = offset < packet->transport;
	const unsigned protocol = !is_ip ? packet->protocol : packet->version == 4 ? 4 : 41;
	const size_t at = is_ip ? offset : offset - packet->transport;

	/* test_options_but_mss_and_padding_are_in_the_identity has padding */
	if (!is_ip && protocol == 6 && kind == PATH_BYTES &&
		(offset >= packet->payload || (at >= 20 && at < 22)))
		return true;
	for (size_t i = 0; i < sizeof(free_bytes) / sizeof(*free_bytes); i++) {
		const struct free_bytes *part = &free_bytes[i];

		if (part->protocol == protocol &&
			(part->kind == PATH_WHOLE || part->kind == kind) && at >= part->first &&
			at <= part->last && (part->bits & bit))
			return true;
	}
	return false;
}

/* Has IP a length? One of 0 means that of the packet, so it may be no change. */
static bool has_length(const struct ip_packet *packet)
{
	const unsigned char *length = packet->bytes + (packet->version == 4 ? 2 : 4);

	return length[0] | length[1];
}

static void test_every_bit_that_stays_equal_is_in_the_identity(void **state)
{
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (int i = 0; i < FEW_PACKETS; i++) {
		struct path_identity before;

		ip_packet_make_random(&packet, &seed);
		before = identify_whole(&packet);
		assert_true(before.kind == PATH_WHOLE || before.kind == PATH_BYTES);
		for (size_t bit = 0; bit < packet.size * 8; bit++) {
			struct path_identity after;
			bool has_flipped_length;

			if (is_free(&packet, before.kind, bit / 8, (unsigned char)(1 << bit % 8)))
				continue;
			packet.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
			after = identify_whole(&packet);
			has_flipped_length = has_length(&packet);
			packet.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
			if (is_same(&before, &after) && has_flipped_length)
				fail_msg("protocol %u: bit %zu of byte %zu is not in the identity",
					packet.protocol, bit % 8, bit / 8);
		}
	}
}

/* Changes what a router or a network card may. */
static void travel(struct ip_packet *packet, struct seed *seed)
{
	unsigned char *ip = packet->bytes;
	unsigned char *transport = ip + packet->transport;

	if (packet->version == 4) {
		ip[1] = (unsigned char)seed_u32(seed);
		ip[8]--;
		seed_bytes(seed, ip + 10, 2);
	} else {
		put32(ip, 0x60000000 | (seed_u32(seed) & 0x0fffffff));
		ip[7]--;
	}
	if (packet->protocol == 6) {
		seed_bytes(seed, transport + 16, 2);
		transport[13] ^= 0x80;
	} else if (packet->protocol == 17) {
		seed_bytes(seed, transport + 6, 2);
	} else if (packet->protocol == 1 || packet->protocol == 58) {
		seed_bytes(seed, transport + 2, 2);
	} else if (packet->protocol == 132) {
		seed_bytes(seed, transport + 8, 4);
	}
}

/* Writes the packet with a link header, tags and padding. Returns its size. */
static size_t put_link(
	unsigned char *out, uint32_t linktype, const struct ip_packet *packet, struct seed *seed)
{
	static const uint16_t tags[] = {0x8100, 0x88a8, 0x9100};
	size_t size = linktype == ETHERNET ? 14 : linktype == SLL ? 16 : linktype == SLL2 ? 20 : 0;
	size_t type = linktype == SLL2 ? 0 : size - 2;
	size_t padding = 0;

	memset(out, 0, size);
	if (size > 0) {
		for (size_t left = seed_below(seed, 5); left > 0; left--) {
			put16(out + type, tags[seed_below(seed, 3)]);
			seed_bytes(seed, out + size, 2);
			type = size + 2;
			size += 4;
		}
		put16(out + type, packet->version == 4 ? 0x0800 : 0x86dd);
		padding = seed_below(seed, 40);
	}
	memcpy(out + size, packet->bytes, packet->size);
	seed_bytes(seed, out + size + packet->size, padding);
	return size + packet->size + padding;
}

static void test_what_changes_on_the_way_is_not_in_the_identity(void **state)
{
	static const uint32_t linktypes[] = {ETHERNET, SLL, SLL2, RAW};
	static unsigned char bytes[IP_PACKET_MAX + 100];
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (int i = 0; i < PACKETS; i++) {
		const uint32_t linktype = linktypes[seed_below(&seed, 4)];
		struct path_identity before;
		struct path_identity after;
		size_t size;

		ip_packet_make_random(&packet, &seed);
		before = identify_whole(&packet);
		travel(&packet, &seed);
		if (packet.version == 4 && seed_below(&seed, 3) == 0) {
			packet.bytes[0] = 0x47; /* options */
			ip_packet_insert(&packet, 20, 8);
		}
		size = put_link(bytes, linktype, &packet, &seed);
		after = identify(linktype | 0xf0000000, bytes, size, size);
		assert_true(is_same(&before, &after));
		assert_int_equal(before.checks_valid, after.checks_valid);
		assert_int_equal(before.size, after.size);
		assert_int_equal(after.size, packet.size - packet.payload);
		assert_int_equal((uint8_t)(before.ttl - after.ttl), 1);
		assert_int_equal(before.timestamp, after.timestamp);
	}
}

static void test_a_cut_packet_is_damaged_or_agrees(void **state)
{
	struct seed seed = seed_start();
	struct ip_packet packet;
	unsigned char bytes[IP_PACKET_MAX + 100];

	(void)state;
	for (int i = 0; i < FEW_PACKETS; i++) {
		const uint32_t linktype = seed_below(&seed, 2) ? ETHERNET : SLL2;
		struct path_identity whole;
		size_t headers;
		size_t size;

		ip_packet_make_random(&packet, &seed);
		size = put_link(bytes, linktype, &packet, &seed);
		whole = identify(linktype, bytes, size, size);
		headers = size;
		for (size_t caplen = 0; caplen <= size; caplen++) {
			struct path_identity cut = identify(linktype, bytes, caplen, size);

			if (cut.kind == PATH_DAMAGED) {
				assert_true(headers == size);
				continue;
			}
			if (headers == size)
				headers = caplen;
			assert_true(is_same(&whole, &cut));
			assert_int_equal(whole.size, cut.size);
			if (cut.kind == PATH_WHOLE)
				for (int j = 0; j < PATH_CHECKS - 1; j++)
					assert_int_equal(cut.checks_valid >> j & 1,
						caplen - headers >= path_check_sizes[j] ||
							caplen - headers >= whole.size);
		}
		/* from the end of the headers on */
		assert_true(headers <= size - whole.size);
	}
}

static void test_the_longest_common_check_decides(void **state)
{
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	ip_packet_make(&packet, &seed, 4, 17, 600);
	for (size_t differs = 0; differs < 600; differs++) {
		const struct path_identity one = identify_whole(&packet);

		packet.bytes[packet.payload + differs] ^= 1;
		for (size_t kept = 0; kept <= 600; kept += 8) {
			const struct path_identity other =
				identify(RAW, packet.bytes, packet.payload + kept, packet.size);
			const size_t compared = kept < 16    ? 0
						: kept < 64  ? 16
						: kept < 256 ? 64
						: kept < 600 ? 256
							     : 600;

			assert_true(one.digest == other.digest);
			assert_int_equal(path_identity_agrees(&one, &other), differs >= compared);
			assert_int_equal(path_identity_agrees(&other, &one), differs >= compared);
		}
		packet.bytes[packet.payload + differs] ^= 1;
	}
}

static void test_cut_packets_of_other_sizes_do_not_agree(void **state)
{
	struct seed seed = seed_start();
	struct path_identity one;
	struct path_identity other;
	struct ip_packet packet;

	(void)state;
	ip_packet_make(&packet, &seed, 4, 1, 600);
	one = identify(RAW, packet.bytes, 100, packet.size);
	packet.size--;
	ip_packet_set_lengths(&packet);
	other = identify(RAW, packet.bytes, 100, packet.size);
	assert_true(one.digest == other.digest);
	assert_false(path_identity_agrees(&one, &other));
}

/* A TCP segment without payload, with these options. */
static struct path_identity identify_options(
	unsigned flags, const char *options, size_t size, size_t payload)
{
	struct seed seed = {{1, 2, 3}};
	struct ip_packet packet;

	ip_packet_make(&packet, &seed, 4, 99, 20 + size + payload);
	packet.bytes[9] = 6;
	packet.bytes[packet.transport + 12] = (unsigned char)((20 + size) / 4 << 4);
	packet.bytes[packet.transport + 13] = (unsigned char)flags;
	memcpy(packet.bytes + packet.transport + 20, options, size);
	return identify_whole(&packet);
}

static bool has_equal_options(
	const char *one, size_t one_size, const char *other, size_t other_size)
{
	const struct path_identity left = identify_options(2, one, one_size, 0);
	const struct path_identity right = identify_options(2, other, other_size, 0);

	assert_int_equal(left.kind, PATH_WHOLE);
	assert_int_equal(right.kind, PATH_WHOLE);
	return left.digest == right.digest;
}

static void test_options_but_mss_and_padding_are_in_the_identity(void **state)
{
	(void)state;
	assert_true(has_equal_options("\2\4\5\xb4", 4, "\2\4\5\x50", 4));
	assert_true(has_equal_options("\2\4\5\xb4", 4, "", 0));
	assert_true(has_equal_options("\2\4\5\xb4\4\2\1\1", 8, "\1\1\4\2", 4));
	assert_true(has_equal_options("\4\2\0\7", 4, "\4\2\0\0", 4));
	assert_false(has_equal_options("\4\2\1\1", 4, "\5\2\1\1", 4));
	assert_false(has_equal_options("\3\3\7\0", 4, "\3\3\6\0", 4));
	/* of an unknown kind, and wrong lengths */
	assert_false(has_equal_options("\xfd\4\1\2", 4, "\xfd\4\1\3", 4));
	assert_false(has_equal_options("\xfd\1\1\2", 4, "\xfd\1\1\3", 4));
	assert_false(has_equal_options("\1\2\5\1", 4, "\1\2\5\2", 4));
	assert_false(has_equal_options("\1\1\1\4", 4, "\1\1\1\5", 4));
}

static void test_timestamps_are_read_and_are_in_the_identity_of_bytes(void **state)
{
	const struct path_identity one =
		identify_options(0x10, "\1\1\10\12\1\2\3\4\5\6\7\10", 12, 100);
	const struct path_identity echo =
		identify_options(0x10, "\10\12\1\2\3\4\6\6\7\10\1\1", 12, 100);
	const struct path_identity other =
		identify_options(0x10, "\1\1\10\12\1\2\3\5\5\6\7\10", 12, 100);

	(void)state;
	assert_int_equal(one.kind, PATH_BYTES);
	assert_int_equal(one.size, 100);
	assert_int_equal(one.timestamp, 0x01020304);
	assert_true(one.digest == echo.digest);
	assert_true(one.digest != other.digest);
}

static void test_only_segments_that_offload_changes_are_bytes(void **state)
{
	static const struct {
		unsigned flags;
		size_t payload;
		enum path_kind kind;
	} segments[] = {
		{0x02, 0, PATH_WHOLE},
		{0x02, 300, PATH_WHOLE}, /* fast open */
		{0x12, 0, PATH_WHOLE},
		{0x10, 0, PATH_WHOLE},
		{0x11, 0, PATH_WHOLE},
		{0x14, 0, PATH_WHOLE},
		{0x14, 30, PATH_WHOLE}, /* a reset may have a reason */
		{0x10, 1, PATH_BYTES},
		{0x18, 1000, PATH_BYTES},
		{0x11, 10, PATH_BYTES},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(segments) / sizeof(*segments); i++) {
		const struct path_identity identity =
			identify_options(segments[i].flags, "", 0, segments[i].payload);

		assert_int_equal(identity.kind, segments[i].kind);
		assert_int_equal(identity.size, segments[i].payload);
	}
}

/* Exchanges two parts of a packet. */
static void exchange(unsigned char *one, unsigned char *other, size_t size)
{
	unsigned char kept[16];

	memcpy(kept, one, size);
	memcpy(one, other, size);
	memcpy(other, kept, size);
}

static void test_opposite_flows_have_one_flow_digest(void **state)
{
	static const unsigned char protocols[] = {6, 17, 132, 50, 1, 58};
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (size_t i = 0; i < 6 * sizeof(protocols); i++) {
		const unsigned version = i % 2 ? 4 : 6;
		const unsigned protocol = protocols[i / 6];
		const size_t size = version == 4 ? 4 : 16;
		unsigned char *transport;
		struct path_identity one;
		struct path_identity other;

		ip_packet_make(&packet, &seed, version, protocol, 40);
		packet.bytes[version == 4 ? 12 : 8] = 0x20;
		transport = packet.bytes + packet.transport;
		if (protocol == 1 || protocol == 58)
			transport[0] = protocol == 1 ? 8 : 128; /* echo */
		one = identify_whole(&packet);
		exchange(packet.bytes + (version == 4 ? 12 : 8),
			packet.bytes + (version == 4 ? 16 : 24), size);
		if (protocol == 6 || protocol == 17 || protocol == 132)
			exchange(transport, transport + 2, 2);
		else if (protocol != 50)
			transport[0] = protocol == 1 ? 0 : 129;
		other = identify_whole(&packet);
		assert_true(one.flow_digest == other.flow_digest);
		assert_memory_equal(one.flow.source, other.flow.destination, 16);
		assert_memory_equal(one.flow.source_port, other.flow.destination_port, 2);
		assert_true(one.digest != other.digest);
		packet.bytes[version == 4 ? 15 : 23] ^= 1;
		other = identify_whole(&packet);
		assert_true(one.flow_digest != other.flow_digest);
	}
}

/* The ports alone tell the directions of the first ones, one bit those of the others. */
static void test_flow_of_a_host_with_itself_or_a_neighbour_has_one_flow_digest(void **state)
{
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		const unsigned version = i % 2 ? 4 : 6;
		const size_t size = version == 4 ? 4 : 16;
		struct path_identity one;
		struct path_identity other;

		ip_packet_make(&packet, &seed, version, 17, 40);
		memcpy(packet.bytes + (version == 4 ? 12 : 8),
			packet.bytes + (version == 4 ? 16 : 24), size);
		packet.bytes[version == 4 ? 15 : 23] ^= i % 4 / 2;
		one = identify_whole(&packet);
		exchange(packet.bytes + (version == 4 ? 12 : 8),
			packet.bytes + (version == 4 ? 16 : 24), size);
		exchange(packet.bytes + packet.transport, packet.bytes + packet.transport + 2, 2);
		other = identify_whole(&packet);
		assert_true(one.flow_digest == other.flow_digest);
		packet.bytes[packet.transport] ^= 1;
		other = identify_whole(&packet);
		assert_true(one.flow_digest != other.flow_digest);
	}
}

static void test_packets_to_many_hosts_are_of_a_group(void **state)
{
	static const unsigned char destinations[][5] = {{4, 224, 0, 0, 1}, {4, 239, 255, 255, 255},
		{4, 255, 255, 255, 255}, {6, 0xff, 2, 0, 0}};
	struct seed seed = seed_start();
	struct ip_packet packet;

	(void)state;
	for (size_t i = 0; i < sizeof(destinations) / sizeof(*destinations); i++) {
		const unsigned version = destinations[i][0];

		ip_packet_make(&packet, &seed, version, 17, 40);
		assert_int_equal(identify_whole(&packet).kind, PATH_WHOLE);
		memcpy(packet.bytes + (version == 4 ? 16 : 24), destinations[i] + 1, 4);
		assert_int_equal(identify_whole(&packet).kind, PATH_GROUP);
	}
}

static void test_other_keys_have_other_digests(void **state)
{
	struct seed seed = seed_start();
	struct path_identity one;
	struct path_identity other;
	struct ip_packet packet;

	(void)state;
	ip_packet_make(&packet, &seed, 6, 17, 1000);
	one = identify_whole(&packet);
	assert_true(path_hash_key_init(&key));
	other = identify_whole(&packet);
	assert_true(one.digest != other.digest);
	for (int i = 0; i < PATH_CHECKS; i++)
		assert_true(one.checks[i] != other.checks[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bit_that_stays_equal_is_in_the_identity),
		cmocka_unit_test(test_what_changes_on_the_way_is_not_in_the_identity),
		cmocka_unit_test(test_a_cut_packet_is_damaged_or_agrees),
		cmocka_unit_test(test_the_longest_common_check_decides),
		cmocka_unit_test(test_cut_packets_of_other_sizes_do_not_agree),
		cmocka_unit_test(test_options_but_mss_and_padding_are_in_the_identity),
		cmocka_unit_test(test_timestamps_are_read_and_are_in_the_identity_of_bytes),
		cmocka_unit_test(test_only_segments_that_offload_changes_are_bytes),
		cmocka_unit_test(test_opposite_flows_have_one_flow_digest),
		cmocka_unit_test(
			test_flow_of_a_host_with_itself_or_a_neighbour_has_one_flow_digest),
		cmocka_unit_test(test_packets_to_many_hosts_are_of_a_group),
		cmocka_unit_test(test_other_keys_have_other_digests),
	};

	if (!path_hash_key_init(&key))
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
