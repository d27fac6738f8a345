/*
 * The encoder of the output. In: packets and what is told of them. Out:
 * records, into the output's buffer.
 */
#include "client/writer.h"

#include "format/linktype.h"
#include "format/pcapfile.h"
#include "format/pcapng.h"

#include <assert.h>

#define APPLICATION "ddump " DDUMP_VERSION

bool writer_start(struct writer *writer, struct failure *failure)
{
	const struct pcapfile file = {
		.linktype = writer->linktype,
		.snaplen = writer->snaplen,
		.nano = writer->nano,
	};
	unsigned char *room;
	size_t size = PCAPFILE_HEADER;

	if (!output_start(writer->output, failure))
		return false;
	room = output_room(writer->output);
	if (writer->pcapng)
		size = pcapng_put_section(room, APPLICATION, NULL);
	else
		pcapfile_put_header(room, &file);
	return output_add(writer->output, size, false, failure) &&
	       output_flush(writer->output, failure);
}

uint32_t writer_linktype(const struct writer *writer, uint32_t linktype)
{
	return linktype_converts(linktype, writer->linktype) ? writer->linktype
							     : linktype;
}

bool writer_interface(struct writer *writer, const struct interface *interface,
	uint32_t *ret_number, struct failure *failure)
{
	struct interface out = *interface;
	unsigned char *room = output_room(writer->output);

	if (!room)
		return false;
	*ret_number = writer->interfaces++;
	if (!writer->pcapng)
		return true;
	out.linktype = writer_linktype(writer, interface->linktype);
	/* libpcap reads no file with two snaplens */
	out.snaplen = writer->snaplen;
	return output_add(writer->output, pcapng_put_interface(room, &out),
		false, failure);
}

bool writer_packet(struct writer *writer, const struct packet *packet,
	struct writer_source source, const char *comment,
	struct failure *failure)
{
	const uint32_t from = source.linktype;
	const uint32_t to = writer_linktype(writer, from);
	unsigned char *room = output_room(writer->output);
	struct packet out = *packet;
	size_t size;

	if (!room)
		return false;
	assert(writer->pcapng || to == writer->linktype);
	out.interface = source.number;
	if (writer->pcapng) {
		linktype_copy(room + PCAPNG_PACKET_HEAD, &out, from, to);
		size = pcapng_put_packet(room, &out, comment);
	} else {
		linktype_copy(room + PCAPFILE_RECORD, &out, from, to);
		pcapfile_put_record(room, &out, writer->nano);
		size = PCAPFILE_RECORD + out.caplen;
	}
	return output_add(writer->output, size, true, failure);
}

bool writer_statistics(struct writer *writer,
	const struct statistics *statistics, struct failure *failure)
{
	unsigned char *room = output_room(writer->output);

	if (!room)
		return false;
	return !writer->pcapng ||
	       output_add(writer->output,
		       pcapng_put_statistics(room, statistics), false, failure);
}

bool writer_remark(
	struct writer *writer, const char *comment, struct failure *failure)
{
	unsigned char *room = output_room(writer->output);

	if (!room)
		return false;
	return !writer->pcapng ||
	       output_add(writer->output,
		       pcapng_put_section(room, APPLICATION, comment), false,
		       failure);
}
