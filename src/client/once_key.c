/* SPDX-License-Identifier: MIT */
/*
 * The connection of a packet. In: the bytes of a packet. Out: a key that is the same for all
 * packets of both directions, wherever they are seen.
 */
#include "client/once_key.h"

#include "client/path_flow_key.h"

#include <string.h>
#include <sys/random.h>

static const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15); /* 2^64 by the golden ratio */

bool once_keys_init(struct once_keys *keys)
{
	memset(keys->fragments, 0, sizeof(keys->fragments));
	return getrandom(keys->secret, sizeof(keys->secret), 0) == (ssize_t)sizeof(keys->secret);
}

static bool stays_on_link4(const uint8_t *address)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	return (address[0] == 169 && address[1] == 254) ||
	       (address[0] == 224 && address[1] == 0 && address[2] == 0) ||
	       memcmp(address, broadcast, sizeof(broadcast)) == 0;
}

/* RFC 4291, sections 2.5.6 and 2.7: groups of an interface (1) or of a link (2). */
static bool stays_on_link6(const uint8_t *address)
{
	return (address[0] == 0xfe && (address[1] & 0xc0) == 0x80) ||
	       (address[0] == 0xff && ((address[1] & 0x0f) == 1 || (address[1] & 0x0f) == 2));
}

static bool stays_on_link(const struct path_flow_key *flow)
{
	if (flow->version == 4)
		return stays_on_link4(flow->source) || stays_on_link4(flow->destination);
	return stays_on_link6(flow->source) || stays_on_link6(flow->destination);
}

static bool is_loopback(const struct path_flow_key *flow)
{
	static const uint8_t loopback6[16] = {[15] = 1};

	if (flow->version == 4)
		return flow->source[0] == 127 || flow->destination[0] == 127;
	return memcmp(flow->source, loopback6, sizeof(loopback6)) == 0 ||
	       memcmp(flow->destination, loopback6, sizeof(loopback6)) == 0;
}

/* Returns what all fragments of one packet have in common: never 0. */
static uint64_t digest_fragment(const struct once_keys *keys, const struct path_headers *headers)
{
	struct path_flow_key flow = headers->flow;
	const uint64_t swapped = path_flow_key_sort(&flow);

	return (path_flow_key_digest(keys->secret, &flow) +
		       ((uint64_t)headers->fragment_id << 1 | swapped) * golden) |
	       1;
}

static struct once_fragment *fragment_at(struct once_keys *keys, uint64_t digest)
{
	return &keys->fragments[(digest >> 32) % ONCE_FRAGMENTS];
}

/* Are these fragments of packets with the same addresses and protocol? */
static bool agrees(const struct path_flow_key *one, const struct path_flow_key *other)
{
	return one->version == other->version && one->protocol == other->protocol &&
	       memcmp(one->source, other->source, sizeof(one->source)) == 0 &&
	       memcmp(one->destination, other->destination, sizeof(one->destination)) == 0;
}

/* Gives a later fragment the ports of the first one, if that came before it. */
static void find_ports(struct once_keys *keys, struct path_headers *headers)
{
	const uint64_t digest = digest_fragment(keys, headers);
	const struct once_fragment *first = fragment_at(keys, digest);

	if (first->digest == digest && agrees(&first->flow, &headers->flow))
		headers->flow = first->flow;
}

/* Reads the ports. False: they were not captured. */
static bool read_ports(struct once_keys *keys, struct path_headers *headers)
{
	uint64_t digest;

	if (!headers->is_first_fragment)
		return path_flow_key_read_ports(headers);
	digest = digest_fragment(keys, headers);
	if (!path_flow_key_read_ports(headers))
		return false;
	*fragment_at(keys, digest) = (struct once_fragment){digest, headers->flow};
	return true;
}

/* Sets the flow with its ports. */
static bool read_flow(
	struct once_keys *keys, struct path_headers *headers, enum path_headers_result result)
{
	if (result != PATH_HEADERS_WHOLE && result != PATH_HEADERS_FRAGMENT)
		return false;
	if (stays_on_link(&headers->flow))
		return false;
	if (result == PATH_HEADERS_WHOLE)
		return read_ports(keys, headers);
	find_ports(keys, headers);
	return true;
}

bool once_keys_read(struct once_keys *keys, uint32_t linktype, uint32_t interface,
	const unsigned char *data, uint32_t caplen, uint32_t len, struct once_packet_key *ret_key)
{
	struct path_headers headers;
	const enum path_headers_result result =
		path_headers_read(&headers, linktype, data, caplen, len);

	if (!read_flow(keys, &headers, result))
		return false;
	*ret_key = (struct once_packet_key){
		.key = {.flow = headers.flow},
		.digest = path_flow_key_digest(keys->secret, &headers.flow),
		.link_direction = headers.direction,
		.vlans = headers.vlans,
	};
	ret_key->direction = path_flow_key_sort(&ret_key->key.flow);
	if (!is_loopback(&headers.flow))
		return true;
	interface++; /* 0 is that of no interface */
	memcpy(ret_key->key.scope, &interface, sizeof(interface));
	ret_key->digest = (ret_key->digest ^ interface) * golden;
	return true;
}
