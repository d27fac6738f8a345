/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a packet, which a second place sees after a hop, behind another link header,
 * or cut: both have one identity, and belong to one connection. In: a byte that chooses the link
 * type, two of the bytes that were not captured, and the packet.
 */
#include "fuzz.h"

#include "client/once_key.h"
#include "client/path_identity.h"

#include <string.h>

enum { CHOICE_SIZE = 3, INPUT_MAX = 16384, RAW = 101, ETHERNET_HEADER = 14 };

static const struct path_hash_key key = {{1, 2}, {3, 4, 5, 6, 7}};

static struct once_keys keys = {.secret = {5, 6}};

static struct path_identity identify(
	uint32_t linktype, const uint8_t *bytes, size_t caplen, size_t len)
{
	uint8_t *own = copy(bytes, caplen);
	struct path_identity identity;

	path_identify(&key, linktype, own, (uint32_t)caplen, (uint32_t)len, &identity);
	free(own);
	return identity;
}

static uint64_t digest_content(uint32_t linktype, const uint8_t *bytes, size_t caplen, size_t len)
{
	uint8_t *own = copy(bytes, caplen);
	const uint64_t digest =
		path_identity_digest_content(&key, linktype, own, (uint32_t)caplen, (uint32_t)len);

	free(own);
	return digest;
}

/* Are both one packet? Of a cut one, only its headers may be known. */
static void must_be_same(const struct path_identity *one, const struct path_identity *other)
{
	must(one->kind == other->kind && one->digest == other->digest, "the digests are equal");
	must(memcmp(&one->flow, &other->flow, sizeof(one->flow)) == 0, "the flows are equal");
	must(one->size == other->size && one->sequence == other->sequence &&
			one->timestamp == other->timestamp && one->id == other->id,
		"sizes and numbers are equal");
	must(path_identity_agrees(one, other) && path_identity_agrees(other, one),
		"the checks agree");
}

static void check_values(const struct path_identity *identity, size_t len)
{
	must(identity->kind <= PATH_BYTES, "a kind is known");
	must(identity->kind < PATH_WHOLE || identity->is_first_fragment ||
			identity->is_outer_fragment || identity->size <= len,
		"a payload is no longer than its packet");
	must(identity->kind != PATH_BYTES || identity->size > 0, "bytes of a stream are some");
	must(identity->tunnels <= PATH_TUNNELS_MAX &&
			(identity->tunnels > 0) == (identity->tunnel > 0),
		"what is in tunnels is in some of them");
	must(identity->kind != PATH_WHOLE || identity->flow.version == 4 ||
			identity->flow.version == 6,
		"a packet that is followed is IP");
}

static void check_cuts(const struct path_identity *whole, uint32_t linktype, const uint8_t *bytes,
	size_t size, size_t len)
{
	for (size_t caplen = 0; caplen < size; caplen += 1 + caplen / 16) {
		const struct path_identity cut = identify(linktype, bytes, caplen, len);

		/* what ends before the header of a tunnel is not in it */
		must(cut.tunnels <= whole->tunnels, "a cut packet is in no more tunnels");
		if (whole->kind >= PATH_WHOLE && cut.kind >= PATH_WHOLE &&
			cut.tunnels == whole->tunnels)
			must_be_same(whole, &cut);
	}
}

static uint8_t outer_ttl(const struct path_identity *identity)
{
	return identity->tunnels ? identity->outer_ttl[identity->tunnels - 1] : identity->ttl;
}

/* A packet on raw IP and on Ethernet, after a hop, is of one connection, in one direction. */
static void check_connection(const uint8_t *bytes, size_t size, size_t len, const uint8_t *frame)
{
	struct once_packet_key one = {0};
	struct once_packet_key other = {0};
	const bool has_one =
		once_keys_read(&keys, RAW, 3, bytes, (uint32_t)size, (uint32_t)len, &one);
	const bool has_other = once_keys_read(&keys, 1, 3, frame,
		(uint32_t)(ETHERNET_HEADER + size), (uint32_t)(ETHERNET_HEADER + len), &other);

	must(has_one == has_other, "both belong to a connection");
	must(one.digest == other.digest && one.direction == other.direction &&
			memcmp(&one.key, &other.key, sizeof(one.key)) == 0,
		"the connections are equal");
}

/* The same IP packet on Ethernet, after a hop: another TTL, DSCP and checksum. */
static void check_hop(
	const struct path_identity *before, const uint8_t *bytes, size_t size, size_t len)
{
	uint8_t *frame = malloc(ETHERNET_HEADER + size);
	uint8_t *ip = frame + ETHERNET_HEADER;
	struct path_identity after;

	must(frame && size >= 20, "there is a packet");
	memset(frame, 0, ETHERNET_HEADER);
	memcpy(ip, bytes, size);
	if (bytes[0] >> 4 == 4) {
		memcpy(frame + 12, "\x08\0", 2);
		ip[1] ^= 0xff;
		ip[8]--;
		ip[10] ^= 0x55;
	} else {
		memcpy(frame + 12, "\x86\xdd", 2);
		ip[1] ^= 0xff;
		ip[7]--;
	}
	after = identify(1, frame, ETHERNET_HEADER + size, ETHERNET_HEADER + len);
	must_be_same(before, &after);
	must(digest_content(RAW, bytes, size, len) ==
			digest_content(1, frame, ETHERNET_HEADER + size, ETHERNET_HEADER + len),
		"a router leaves the content as it is");
	must(before->tunnels == after.tunnels && before->tunnel == after.tunnel,
		"the tunnels are equal");
	must((uint8_t)(outer_ttl(&after) + 1) == outer_ttl(before), "a router takes one from TTL");
	must(before->tunnels == 0 || before->ttl == after.ttl, "but not from that in a tunnel");
	check_connection(bytes, size, len, frame);
	free(frame);
}

/* As it is, cut, and in the other direction. */
static void read_keys(uint32_t linktype, const uint8_t *bytes, size_t size, size_t len)
{
	struct once_packet_key packet;

	for (size_t caplen = 0; caplen <= size; caplen += 1 + caplen / 16) {
		uint8_t *own = copy(bytes, caplen);
		const bool is_read = once_keys_read(
			&keys, linktype, 3, own, (uint32_t)caplen, (uint32_t)len, &packet);

		must(!is_read || packet.direction <= 1, "a direction is one of two");
		free(own);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint32_t linktypes[] = {RAW, 1, 113, 276, 0, 108, 12, 228, 229, 105};
	struct path_identity identity;
	uint32_t linktype;
	size_t len;

	if (size < CHOICE_SIZE || size > INPUT_MAX)
		return 0;
	linktype = linktypes[bytes[0] % (sizeof(linktypes) / sizeof(*linktypes))];
	size -= CHOICE_SIZE;
	len = size + ((size_t)bytes[1] << 8 | bytes[2]) * 4;
	bytes += CHOICE_SIZE;
	identity = identify(linktype, bytes, size, len);
	check_values(&identity, len);
	check_cuts(&identity, linktype, bytes, size, len);
	read_keys(linktype, bytes, size, len);
	if (linktype == RAW && identity.kind >= PATH_WHOLE)
		check_hop(&identity, bytes, size, len);
	return 0;
}
