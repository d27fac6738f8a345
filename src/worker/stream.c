/*
 * The capture itself. In: packets as libpcap gives them, with SLL2 headers.
 * Out: pcap; or pcapng, where IDB 0 is "any" and each interface has its own
 * from its first packet on. All of these have one link type and one snaplen,
 * because libpcap reads nothing else.
 */
#include "worker/stream.h"

#include "format/linktype.h"
#include "format/pcapfile.h"
#include "format/pcapng.h"
#include "worker/interfaces.h"
#include "worker/sightings.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum { SLL2_INDEX = 4 }; /* where the interface's index is */

struct stream {
	struct body *body;
	struct stream_options options;
	struct sightings sightings;
};

_Static_assert(PCAPNG_BLOCK_MAX + PCAPNG_PACKET_HEAD <= BODY_RECORD_MAX,
	"every block has room in a body");

struct stream *stream_new(
	struct body *body, const struct stream_options *options)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->body = body;
	stream->options = *options;
	return stream;
}

void stream_free(struct stream *stream)
{
	free(stream);
}

static bool add_interface(struct stream *stream, const char *name)
{
	const struct interface interface = {
		.linktype = stream->options.linktype,
		.snaplen = stream->options.snaplen,
		.name = name,
		.filter = stream->options.filter,
	};

	return body_add(stream->body,
		pcapng_put_interface(body_room(stream->body), &interface));
}

bool stream_start(struct stream *stream)
{
	const struct pcapfile file = {
		.linktype = stream->options.linktype,
		.snaplen = stream->options.snaplen,
		.nano = stream->options.nano,
	};
	unsigned char *room = body_room(stream->body);

	if (stream->options.pcapng)
		return body_add(stream->body,
			       pcapng_put_section(room,
				       "ddump-worker " DDUMP_VERSION, NULL)) &&
		       add_interface(stream, "any") && body_flush(stream->body);
	pcapfile_put_header(room, &file);
	return body_add(stream->body, PCAPFILE_HEADER) &&
	       body_flush(stream->body);
}

/* Finds the IDB of a packet's interface, and sends it if it is new. */
static bool find_interface(
	struct stream *stream, const unsigned char *sll2, uint32_t *ret_number)
{
	char name[IF_NAMESIZE];
	uint32_t index;
	bool is_new;

	memcpy(&index, sll2 + SLL2_INDEX, sizeof(index));
	index = ntohl(index);
	*ret_number = sightings_number(&stream->sightings, index, &is_new);
	if (!is_new)
		return true;
	interfaces_name(index, name);
	return add_interface(stream, name);
}

/* Copies a packet's bytes to where they belong behind a header. */
static void copy(
	const struct stream *stream, unsigned char *out, struct packet *packet)
{
	linktype_copy(out, packet, LINKTYPE_SLL2, stream->options.linktype);
	/* libpcap never cuts inside of an SLL2 header, but a user may */
	if (packet->caplen > stream->options.snaplen)
		packet->caplen = stream->options.snaplen;
}

bool stream_packet(struct stream *stream, const struct packet *packet)
{
	struct packet out = *packet;
	unsigned char *room;

	if (!stream->options.pcapng) {
		room = body_room(stream->body);
		copy(stream, room + PCAPFILE_RECORD, &out);
		pcapfile_put_record(room, &out, stream->options.nano);
		return body_add(stream->body, PCAPFILE_RECORD + out.caplen);
	}
	if (!find_interface(stream, packet->data, &out.interface))
		return false;
	room = body_room(stream->body);
	copy(stream, room + PCAPNG_PACKET_HEAD, &out);
	return body_add(stream->body, pcapng_put_packet(room, &out, NULL));
}

bool stream_statistics(
	struct stream *stream, const struct statistics *statistics)
{
	if (!stream->options.pcapng)
		return true;
	return body_add(stream->body,
		pcapng_put_statistics(body_room(stream->body), statistics));
}
