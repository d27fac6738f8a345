/*
 * The body of a capture. In: packets as libpcap gives them, with SLL2 headers.
 * Out: pcap, in chunks (RFC 9112, section 7.1) or up to the connection's end.
 *
 * Packets gather in one batch, which leaves in one write when it is full or
 * when the caller, having emptied the ring, flushes it. The batch has room
 * in front for a chunk's size, behind for its end, and for one packet more
 * than makes it full: the pages that no packet reaches cost nothing.
 */
#include "worker/stream.h"

#include "format/linktype.h"
#include "format/pcapfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_FULL = 65536,
	BATCH_ROOM = BATCH_FULL + PCAPFILE_RECORD + PACKET_MAX,
	CHUNK_HEAD = 10, /* eight digits and CR LF */
	CHUNK_TAIL = 2,
};

struct stream {
	struct connection *connection;
	struct stream_options options;
	struct stream_counts counts;
	size_t used; /* bytes in the batch */
	unsigned char room[CHUNK_HEAD + BATCH_ROOM + CHUNK_TAIL];
};

struct stream *stream_new(
	struct connection *connection, const struct stream_options *options)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->connection = connection;
	stream->options = *options;
	return stream;
}

void stream_free(struct stream *stream)
{
	free(stream);
}

bool stream_start(struct stream *stream, const char *head)
{
	const struct pcapfile file = {
		.linktype = stream->options.linktype,
		.snaplen = stream->options.snaplen,
		.nano = stream->options.nano,
	};

	if (!connection_write(stream->connection, head, strlen(head)))
		return false;
	pcapfile_put_header(stream->room + CHUNK_HEAD, &file);
	stream->used = PCAPFILE_HEADER;
	return stream_flush(stream);
}

bool stream_flush(struct stream *stream)
{
	unsigned char *start = stream->room + CHUNK_HEAD;
	size_t size = stream->used;
	char head[CHUNK_HEAD + 1];

	if (size == 0)
		return true;
	stream->counts.bytes += size;
	stream->used = 0;
	if (stream->options.chunked) {
		int digits = snprintf(head, sizeof(head), "%zx\r\n", size);

		memcpy(start + size, "\r\n", CHUNK_TAIL);
		start -= digits;
		memcpy(start, head, (size_t)digits);
		size += (size_t)digits + CHUNK_TAIL;
	}
	return connection_write(stream->connection, start, size);
}

bool stream_packet(struct stream *stream, const struct packet *packet)
{
	unsigned char *record = stream->room + CHUNK_HEAD + stream->used;
	struct packet out = *packet;

	linktype_copy(record + PCAPFILE_RECORD, &out, LINKTYPE_SLL2,
		stream->options.linktype);
	/* libpcap never cuts inside of an SLL2 header, but a user may */
	if (out.caplen > stream->options.snaplen)
		out.caplen = stream->options.snaplen;
	pcapfile_put_record(record, &out, stream->options.nano);
	stream->used += PCAPFILE_RECORD + out.caplen;
	stream->counts.packets++;
	return stream->used < BATCH_FULL || stream_flush(stream);
}

bool stream_finish(struct stream *stream)
{
	static const char last_chunk[] = "0\r\n\r\n";

	if (!stream_flush(stream))
		return false;
	return !stream->options.chunked ||
	       connection_write(
		       stream->connection, last_chunk, strlen(last_chunk));
}

struct stream_counts stream_count(const struct stream *stream)
{
	return stream->counts;
}
