/* SPDX-License-Identifier: MIT */
/*
 * What is equal in all sights of one packet. In: the bytes of a packet, and its link type.
 * Out: flow, a digest of the headers, checks of the payload.
 *
 * The digest is of layer 4's header without what changes on the way, or what offload does:
 * checksums that the network card computes later, MSS, CWR. A segment of TCP with payload has
 * none of its header in it but TSval, since offload splits and joins such segments.
 */
#include "client/path_identity.h"

#include "client/path_flow_key.h"
#include "client/path_tunnel.h"
#include "common/siphash.h"
#include "format/bytes.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

enum {
	TCP_SIZE = sizeof(struct tcphdr),
	TCP_FLAGS = 13,	    /* offset */
	TCP_NS_BITS = 0x0f, /* of the byte before the flags: reserved bits and AE */
	TCP_CWR = 0x80,
	TIMESTAMP_SIZE = 10,
	UDP_LENGTH = 4, /* offset */
	UDP_SIZE = 8,
	TRANSPORT_MAX = 12, /* the longest header of the table below */

	/* the longest is TCP without payload: kind, flow, id, header */
	HASH_INPUT_MAX = 1 + sizeof(struct path_flow_key) + 2 + 60,
};

/* The input of a digest. */
struct hash_input {
	unsigned char bytes[HASH_INPUT_MAX];
	size_t size;
};

static void put(struct hash_input *input, const void *bytes, size_t size)
{
	memcpy(input->bytes + input->size, bytes, size);
	input->size += size;
}

/* Begins the input of a digest; that of PATH_BYTES has no id, as each segment has another. */
static void begin_digest(struct hash_input *input, const struct path_identity *identity)
{
	const unsigned char kind = (unsigned char)(identity->kind | (identity->has_id ? 0x80 : 0));

	input->size = 0;
	put(input, &kind, 1);
	put(input, &identity->flow, sizeof(identity->flow));
	if (identity->kind == PATH_WHOLE)
		put(input, &identity->id, sizeof(identity->id));
}

static uint64_t end_digest(const struct path_hash_key *key, const struct hash_input *input)
{
	struct siphash hash = siphash_begin(key->words);
	const size_t words = input->size / 8;

	siphash_add(&hash, input->bytes, words);
	return siphash_end(&hash, input->bytes + words * 8, input->size);
}

/* Sets size and checks of the payload, which follows and has size bytes on the wire. */
static void set_payload(const struct path_headers *headers, const struct path_hash_key *key,
	uint32_t size, struct path_identity *identity)
{
	const uint32_t captured =
		headers->captured > headers->at ? headers->captured - headers->at : 0;
	const bool is_complete = captured >= size && !identity->is_first_fragment;

	identity->size = size;
	identity->payload = headers->at;
	if (size == 0 && is_complete)
		identity->checks_valid =
			PATH_CHECKS_ALL_VALID; /* as most segments of TCP are: no hash */
	else
		identity->checks_valid |= path_payload_check(key, headers->data + headers->at,
			captured < size ? captured : size, is_complete, identity->checks);
}

/* Adds TCP's options but padding and MSS to the digest; finds TSval. */
static void put_tcp_options(
	struct hash_input *input, const unsigned char *options, uint32_t size, uint32_t *ret_tsval)
{
	uint32_t i = 0;

	while (i < size && options[i] != TCPOPT_EOL) {
		uint32_t length = 1;

		if (options[i] != TCPOPT_NOP) {
			const bool is_valid =
				i + 1 < size && options[i + 1] >= 2 && options[i + 1] <= size - i;

			/* no options that can be read follow a wrong one */
			length = is_valid ? options[i + 1] : size - i;
			if (options[i] != TCPOPT_MAXSEG || !is_valid)
				put(input, options + i, length);
			if (options[i] == TCPOPT_TIMESTAMP && length == TIMESTAMP_SIZE && is_valid)
				*ret_tsval = bytes_network_u32(options + i + 2);
		}
		i += length;
	}
}

/* Digests a segment that offload may split or join. */
static void identify_bytes(
	const struct path_hash_key *key, uint32_t size, struct path_identity *identity)
{
	struct hash_input input;

	identity->kind = PATH_BYTES;
	identity->size = size;
	begin_digest(&input, identity);
	put(&input, &identity->timestamp, sizeof(identity->timestamp));
	identity->digest = end_digest(key, &input);
}

static void put_tcp_header(
	struct hash_input *input, const unsigned char *tcp, uint32_t size, uint32_t *ret_tsval)
{
	const unsigned char flags[2] = {
		tcp[TCP_FLAGS - 1] & TCP_NS_BITS,
		tcp[TCP_FLAGS] & (unsigned char)~TCP_CWR,
	};

	put(input, tcp + 4, 8); /* sequence, acknowledgment */
	put(input, flags, sizeof(flags));
	put(input, tcp + 14, 2); /* window */
	put(input, tcp + 18, 2); /* urgent pointer */
	put_tcp_options(input, tcp + TCP_SIZE, size - TCP_SIZE, ret_tsval);
}

static void identify_tcp(struct path_headers *headers, const struct path_hash_key *key,
	struct path_identity *identity)
{
	const unsigned char *tcp = headers->data + headers->at;
	struct hash_input input;
	uint32_t header_size;
	uint32_t size;

	if (!path_headers_have(headers, TCP_SIZE))
		return;
	header_size = (uint32_t)(tcp[TCP_FLAGS - 1] >> 4) * 4;
	if (header_size < TCP_SIZE || !path_headers_have(headers, header_size))
		return;
	headers->at += header_size;
	size = headers->end - headers->at;
	identity->sequence = bytes_network_u32(tcp + 4);
	identity->kind = PATH_WHOLE;
	begin_digest(&input, identity);
	put_tcp_header(&input, tcp, header_size, &identity->timestamp);
	if (size > 0 && !(tcp[TCP_FLAGS] & (TH_SYN | TH_RST))) {
		identify_bytes(key, size, identity);
		return;
	}
	identity->digest = end_digest(key, &input);
	set_payload(headers, key, size, identity);
}

/* Headers of layer 4 besides TCP; of other protocols all is payload. */
static const struct transport {
	uint8_t protocol;
	uint8_t size;
	uint8_t checksum; /* its offset */
	uint8_t checksum_size;
	bool has_ports;
} transports[] = {
	{IPPROTO_UDP, UDP_SIZE, 6, 2, true}, {IPPROTO_ICMP, 8, 2, 2, false},
	{IPPROTO_ICMPV6, 8, 2, 2, false}, {IPPROTO_SCTP, 12, 8, 4, true},
	{IPPROTO_ESP, 8, 8, 0, false},
	{IPPROTO_AH, 8, 8, 0, false}, /* what a capture without payload has */
};

static const struct transport *find_transport(uint8_t protocol)
{
	static const struct transport other = {0};

	for (size_t i = 0; i < sizeof(transports) / sizeof(*transports); i++)
		if (transports[i].protocol == protocol)
			return &transports[i];
	return &other;
}

/* Sets the size of UDP's payload. False: its length is not valid. */
static bool read_udp_size(
	const struct path_headers *headers, const unsigned char *udp, uint32_t *ret_size)
{
	const uint32_t length = bytes_network_u16(udp + UDP_LENGTH);

	if (length == 0)
		return true; /* a jumbogram */
	if (length < UDP_SIZE || (length - UDP_SIZE > *ret_size && !headers->is_first_fragment))
		return false;
	*ret_size = length - UDP_SIZE;
	return true;
}

static bool is_icmp(const struct transport *transport)
{
	return transport->protocol == IPPROTO_ICMP || transport->protocol == IPPROTO_ICMPV6;
}

/* Copies a header to out, without ports, and identifier of an echo. Returns the copy. */
static const unsigned char *hide_ports(const unsigned char *header,
	const struct transport *transport, unsigned char out[TRANSPORT_MAX])
{
	memcpy(out, header, transport->size);
	if (transport->has_ports)
		memset(out, 0, 4);
	else if (is_icmp(transport) && path_flow_key_is_echo(transport->protocol, header[0]))
		memset(out + 4, 0, 2);
	return out;
}

static void identify_other(struct path_headers *headers, const struct path_hash_key *key,
	bool has_flow, struct path_identity *identity)
{
	const struct transport *transport = find_transport(identity->flow.protocol);
	const unsigned char *header = headers->data + headers->at;
	unsigned char without_ports[TRANSPORT_MAX];
	const uint32_t after_checksum = transport->checksum + transport->checksum_size;
	struct hash_input input;
	uint32_t size;

	if (!path_headers_have(headers, transport->size))
		return;
	headers->at += transport->size;
	size = headers->end - headers->at;
	if (transport->protocol == IPPROTO_UDP && !read_udp_size(headers, header, &size))
		return;
	if (!has_flow)
		header = hide_ports(header, transport, without_ports);
	identity->kind = PATH_WHOLE;
	begin_digest(&input, identity);
	put(&input, header, transport->checksum);
	put(&input, header + after_checksum, transport->size - after_checksum);
	identity->digest = end_digest(key, &input);
	set_payload(headers, key, size, identity);
}

/* Returns a hash of the addresses of a packet's tunnels, which is not 0. */
static uint16_t digest_tunnels(const struct path_hash_key *key, const struct path_headers *headers)
{
	struct siphash hash = siphash_begin(key->words);
	const size_t size = sizeof(headers->outer[0].source);
	uint16_t digest;

	for (unsigned i = 0; i < headers->tunnels; i++) {
		siphash_add(&hash, headers->outer[i].source, size / 8);
		siphash_add(&hash, headers->outer[i].destination, size / 8);
	}
	digest = (uint16_t)siphash_end(&hash, NULL, 2 * size * headers->tunnels);
	return digest != 0 ? digest : 1;
}

/*
 * Returns why an inner packet is not followed, or PATH_WHOLE. A group of hosts may receive the
 * outer packet. A datagram of which a part is in other fragments cannot be compared with what
 * offload makes of it elsewhere.
 */
static enum path_kind find_hidden(const struct path_headers *headers)
{
	for (unsigned i = 0; i < headers->tunnels; i++)
		if (path_flow_key_is_group(&headers->outer[i]))
			return PATH_GROUP;
	return headers->is_outer_fragment && headers->flow.protocol == IPPROTO_UDP ? PATH_FRAGMENT
										   : PATH_WHOLE;
}

/* A packet of a link type. */
struct frame {
	const unsigned char *data;
	uint32_t linktype;
	uint32_t caplen;
	uint32_t len;
};

/* Returns what the headers of a packet are up to layer 4, with that of its tunnels. */
static enum path_headers_result read_headers(
	const struct frame *frame, struct path_headers *ret_headers)
{
	const enum path_headers_result result = path_headers_read(
		ret_headers, frame->linktype, frame->data, frame->caplen, frame->len);

	return result == PATH_HEADERS_WHOLE ? path_tunnel_read(ret_headers) : result;
}

/* Sets what is known of a packet before its layer 4 is read. */
static void begin_identity(const struct path_hash_key *key, const struct path_headers *headers,
	enum path_headers_result result, struct path_identity *ret_identity)
{
	static const enum path_kind kinds[] = {
		[PATH_HEADERS_NOT_IP] = PATH_NOT_IP,
		[PATH_HEADERS_DAMAGED] = PATH_DAMAGED,
		[PATH_HEADERS_FRAGMENT] = PATH_FRAGMENT,
		[PATH_HEADERS_WHOLE] = PATH_DAMAGED, /* until layer 4 is there, too */
	};

	*ret_identity = (struct path_identity){
		.kind = kinds[result],
		.direction = headers->direction,
		.is_foreign = headers->is_foreign,
		.flow = headers->flow,
		.ttl = headers->ttl,
		.has_id = headers->has_id,
		.id = headers->id,
		.is_first_fragment = headers->is_first_fragment,
		.tunnels = headers->tunnels,
		.tunnel = headers->tunnels > 0 ? digest_tunnels(key, headers) : 0,
		.is_outer_fragment = headers->is_outer_fragment,
		.may_be_any = result == PATH_HEADERS_DAMAGED,
	};
	memcpy(ret_identity->outer_ttl, headers->outer_ttl, sizeof(headers->outer_ttl));
}

/* Is a whole packet one that is not followed? Then its kind says why. */
static bool is_hidden(const struct path_headers *headers, struct path_identity *identity)
{
	const enum path_kind kind = headers->tunnels > 0 ? find_hidden(headers) : PATH_WHOLE;

	if (kind != PATH_WHOLE) {
		identity->kind = kind;
		identity->may_be_any = true;
	} else if (path_flow_key_is_group(&headers->flow)) {
		identity->kind = PATH_GROUP;
	}
	return identity->kind != PATH_DAMAGED;
}

/* Identifies a packet, or, without its flow, what routers do not translate. */
static void identify(const struct path_hash_key *key, const struct frame *frame, bool has_flow,
	struct path_identity *ret_identity)
{
	struct path_headers headers;
	const enum path_headers_result result = read_headers(frame, &headers);

	begin_identity(key, &headers, result, ret_identity);
	if (result != PATH_HEADERS_WHOLE || is_hidden(&headers, ret_identity))
		return;
	if (!has_flow) {
		ret_identity->flow = (struct path_flow_key){
			.protocol = headers.flow.protocol, .version = headers.flow.version};
	} else if (path_flow_key_read_ports(&headers)) {
		ret_identity->flow = headers.flow;
	} else {
		ret_identity->may_be_any = true;
		return;
	}
	if (headers.flow.protocol == IPPROTO_TCP)
		identify_tcp(&headers, key, ret_identity);
	else
		identify_other(&headers, key, has_flow, ret_identity);
	ret_identity->may_be_any = ret_identity->kind == PATH_DAMAGED;
	if (has_flow)
		ret_identity->flow_digest = path_flow_key_digest(key->words, &ret_identity->flow);
}

void path_identify(const struct path_hash_key *key, uint32_t linktype, const unsigned char *data,
	uint32_t caplen, uint32_t len, struct path_identity *ret_identity)
{
	const struct frame frame = {data, linktype, caplen, len};

	identify(key, &frame, true, ret_identity);
}

uint64_t path_identity_digest_content(const struct path_hash_key *key, uint32_t linktype,
	const unsigned char *data, uint32_t caplen, uint32_t len)
{
	const struct frame frame = {data, linktype, caplen, len};
	struct path_identity identity;
	struct hash_input input = {0};
	int check = PATH_CHECK_ALL;

	identify(key, &frame, false, &identity);
	if (identity.kind != PATH_WHOLE && identity.kind != PATH_BYTES)
		return 0;
	while (check > 0 && !(identity.checks_valid & 1 << check))
		check--;
	put(&input, &identity.digest, sizeof(identity.digest));
	put(&input, &identity.sequence, sizeof(identity.sequence));
	put(&input, &identity.size, sizeof(identity.size));
	put(&input, &identity.checks[check], sizeof(identity.checks[check]));
	return end_digest(key, &input);
}

void path_identity_set_payload(const struct path_hash_key *key, const unsigned char *payload,
	uint32_t size, struct path_identity *identity)
{
	identity->size = size;
	identity->checks_valid = path_payload_check(key, payload, size, true, identity->checks);
}

bool path_identity_agrees(const struct path_identity *one, const struct path_identity *other)
{
	const unsigned common = one->checks_valid & other->checks_valid;

	if (one->size != other->size && one->kind == PATH_WHOLE && !one->is_first_fragment &&
		!other->is_first_fragment)
		return false;
	for (int i = PATH_CHECK_ALL; i >= 0; i--)
		if (common & 1U << i)
			return one->checks[i] == other->checks[i];
	return true;
}
