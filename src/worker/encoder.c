/* SPDX-License-Identifier: MIT */
/*
 * Encodes the stream of a capture. In: packets, statistics. Out: pcap; or pcapng. Of
 * packets with SLL2 headers IDB 0 is "any", and each interface gets an IDB before its
 * first packet; of those of a device IDB 0 is the device, and the only one. All IDBs have the same
 * link type and snaplen, because libpcap rejects files with different ones. After IDB 0
 * come the host's addresses.
 */
#include "worker/encoder.h"

#include "format/linktype.h"
#include "format/pcap_file.h"
#include "format/pcapng_nrb.h"
#include "format/pcapng_write.h"
#include "worker/interface_ids.h"
#include "worker/interfaces.h"
#include "worker/payload_limit.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct encoder {
	struct http_body *body;
	struct encoder_options options;
	struct interface_ids interface_ids;
};

enum { COMMENT_SIZE = 128 };

_Static_assert((HOST_ADDRESSES_MAX + 1) * PCAPNG_NRB_RECORD_MAX <= HTTP_BODY_RECORD_MAX,
	"all addresses fit a buffer of the body");
_Static_assert(PCAPNG_BLOCK_MAX + PCAPNG_PACKET_HEAD <= HTTP_BODY_RECORD_MAX,
	"every block fits a buffer of the body");

struct encoder *encoder_new(struct http_body *body, const struct encoder_options *options)
{
	struct encoder *encoder = calloc(1, sizeof(*encoder));

	if (!encoder)
		return NULL;
	encoder->body = body;
	encoder->options = *options;
	return encoder;
}

void encoder_free(struct encoder *encoder)
{
	free(encoder);
}

static bool write_interface(struct encoder *encoder, const char *name)
{
	const struct interface interface = {
		.linktype = encoder->options.linktype,
		.snaplen = encoder->options.snaplen,
		.name = name,
		.filter = encoder->options.filter,
		.comment = encoder->options.comment,
	};

	return http_body_add(
		encoder->body, pcapng_write_interface(http_body_buffer(encoder->body), &interface));
}

/* Writes the addresses of this host, under its name. */
static bool write_addresses(struct encoder *encoder)
{
	const struct host_addresses *addresses = encoder->options.addresses;
	struct pcapng_nrb block = pcapng_nrb_begin(http_body_buffer(encoder->body));
	char comment[COMMENT_SIZE] = "addresses of the host that captures";

	if (!addresses || addresses->count == 0)
		return true;
	for (size_t i = 0; i < addresses->count; i++)
		pcapng_nrb_add(&block, &addresses->list[i], addresses->name);
	if (addresses->left_out > 0)
		snprintf(comment, sizeof(comment), "%zu of %zu addresses of the host that captures",
			addresses->count, addresses->count + addresses->left_out);
	return http_body_add(encoder->body, pcapng_nrb_end(&block, comment));
}

bool encoder_start(struct encoder *encoder)
{
	const struct pcap_file file = {
		.linktype = encoder->options.linktype,
		.snaplen = encoder->options.snaplen,
		.nano = encoder->options.nano,
	};
	unsigned char *buffer = http_body_buffer(encoder->body);
	size_t size;

	if (encoder->options.pcapng) {
		size = pcapng_write_section(buffer, "ddump-worker " DDUMP_VERSION, NULL);
		if (!http_body_add(encoder->body, size))
			return false;
		if (!write_interface(
			    encoder, encoder->options.device ? encoder->options.device : "any"))
			return false;
		if (!write_addresses(encoder))
			return false;
	} else {
		pcap_file_put_header(buffer, &file);
		if (!http_body_add(encoder->body, PCAP_FILE_HEADER))
			return false;
	}
	return http_body_flush(encoder->body);
}

/* Finds the number of a packet's interface, and writes its IDB if it is new. */
static bool find_interface(struct encoder *encoder, const unsigned char *sll2, uint32_t *ret_number)
{
	char name[IF_NAMESIZE];
	uint32_t index;
	bool is_new;

	*ret_number = 0;
	if (encoder->options.device)
		return true;
	memcpy(&index, sll2 + SLL2_INDEX, sizeof(index));
	index = ntohl(index);
	*ret_number = interface_ids_get(&encoder->interface_ids, index, &is_new);
	if (!is_new)
		return true;
	interfaces_name(encoder->options.socket, index, name);
	return write_interface(encoder, name);
}

/*
 * Clears the bytes after the sender's address in a cooked header. The kernel leaves
 * there what an earlier packet had at this place of the ring.
 */
static void clear_address(unsigned char *header, uint32_t linktype)
{
	enum { ADDRESS_MAX = 8 };
	const bool is_sll = linktype == LINKTYPE_SLL;
	unsigned char *address = header + (is_sll ? SLL_ADDRESS : SLL2_ADDRESS);
	const unsigned size = address[-1];

	if (size < ADDRESS_MAX)
		memset(address + size, 0, ADDRESS_MAX - size);
}

/* Copies a packet, converted and cut to what the client asked for. */
static void copy_packet(const struct encoder *encoder, unsigned char *out, struct packet *packet)
{
	const struct encoder_options *options = &encoder->options;
	const uint32_t from = options->device ? options->linktype : LINKTYPE_SLL2;

	/* the filter has done it, but its program comes after the client's part */
	if (options->limits_payload)
		packet->caplen = payload_limit_cut(
			options->link, packet->data, packet->caplen, packet->len, options->payload);
	linktype_copy(out, packet, from, options->linktype);
	if (!options->device)
		clear_address(out, options->linktype);
	/* the capture keeps whole SLL2 headers, but a snaplen may be shorter */
	if (packet->caplen > options->snaplen)
		packet->caplen = options->snaplen;
}

bool encoder_write_packet(struct encoder *encoder, const struct packet *packet)
{
	struct packet out = *packet;
	unsigned char *buffer;

	if (!encoder->options.pcapng) {
		buffer = http_body_buffer(encoder->body);
		copy_packet(encoder, buffer + PCAP_FILE_RECORD, &out);
		pcap_file_put_record(buffer, &out, encoder->options.nano);
		return http_body_add(encoder->body, PCAP_FILE_RECORD + out.caplen);
	}
	if (!find_interface(encoder, packet->data, &out.interface))
		return false;
	buffer = http_body_buffer(encoder->body);
	copy_packet(encoder, buffer + PCAPNG_PACKET_HEAD, &out);
	return http_body_add(encoder->body, pcapng_write_packet(buffer, &out, NULL, 0));
}

bool encoder_write_statistics(struct encoder *encoder, const struct statistics *statistics)
{
	if (!encoder->options.pcapng)
		return true;
	return http_body_add(encoder->body,
		pcapng_write_statistics(http_body_buffer(encoder->body), statistics));
}
