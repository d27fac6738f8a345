/* SPDX-License-Identifier: MIT */
/*
 * Writes the records of a capture file. In: packets, interfaces, counters. Out:
 * pcap or pcapng records in the output's buffer.
 */
#include "client/record_writer.h"

#include "format/linktype.h"
#include "format/pcap_file.h"
#include "format/pcapng_write.h"

#include <assert.h>
#include <string.h>

#define APPLICATION "ddump " DDUMP_VERSION
#define MERGE_APPLICATION PCAPNG_MERGE_APPLICATION DDUMP_VERSION

/* Adds the interface of watermarks, which has no packets. */
static bool add_watermark_interface(struct record_writer *writer, struct error *error)
{
	const struct interface interface = {
		.linktype = writer->linktype,
		.snaplen = PACKET_MAX,
		.nano = true,
		.name = "merge",
		.filter = "",
	};
	unsigned char *record = output_buffer(writer->output);

	if (!record)
		return false;
	writer->interfaces++;
	return output_add(writer->output, pcapng_write_interface(record, &interface), false, error);
}

bool record_writer_start(struct record_writer *writer, const char *comment, struct error *error)
{
	const struct pcap_file file = {
		.linktype = writer->linktype,
		.snaplen = PACKET_MAX,
		.nano = true,
	};
	unsigned char *record;
	size_t size = PCAP_FILE_HEADER;

	if (!output_start(writer->output, error))
		return false;
	record = output_buffer(writer->output);
	if (writer->pcapng)
		size = pcapng_write_section(
			record, writer->has_watermarks ? MERGE_APPLICATION : APPLICATION, comment);
	else
		pcap_file_put_header(record, &file);
	if (!output_add(writer->output, size, false, error))
		return false;
	if (writer->has_watermarks && !add_watermark_interface(writer, error))
		return false;
	return output_flush(writer->output, error);
}

uint32_t record_writer_linktype(const struct record_writer *writer, uint32_t linktype)
{
	return !writer->pcapng && linktype_converts(linktype, writer->linktype)
		       ? writer->linktype
		       : linktype_bare(linktype);
}

bool record_writer_interface(struct record_writer *writer, const struct interface *interface,
	uint32_t *ret_number, struct error *error)
{
	struct interface out = *interface;
	unsigned char *record = output_buffer(writer->output);

	if (!record)
		return false;
	*ret_number = writer->interfaces++;
	if (!writer->pcapng)
		return true;
	/* libpcap rejects a file with two snaplens */
	out.snaplen = PACKET_MAX;
	return output_add(writer->output, pcapng_write_interface(record, &out), false, error);
}

bool record_writer_packet(struct record_writer *writer, const struct packet *packet,
	struct record_source source, struct error *error)
{
	const uint32_t from = source.linktype;
	const uint32_t to = record_writer_linktype(writer, from);
	unsigned char *record = output_buffer(writer->output);
	struct packet out = *packet;
	size_t size;

	if (!record)
		return false;
	assert(writer->pcapng || to == writer->linktype);
	out.interface = source.number;
	if (writer->pcapng) {
		linktype_copy(record + PCAPNG_PACKET_HEAD, &out, from, to);
		size = pcapng_write_commented_packet(
			record, &out, source.comment, packet_options(packet), packet->options_size);
	} else {
		linktype_copy(record + PCAP_FILE_RECORD, &out, from, to);
		pcap_file_put_record(record, &out, true);
		size = PCAP_FILE_RECORD + out.caplen;
	}
	return output_add(writer->output, size, true, error);
}

bool record_writer_block(
	struct record_writer *writer, const unsigned char *bytes, size_t size, struct error *error)
{
	unsigned char *record = output_buffer(writer->output);

	if (!record)
		return false;
	assert(size <= OUTPUT_RECORD_MAX);
	if (!writer->pcapng)
		return true;
	memcpy(record, bytes, size);
	return output_add(writer->output, size, false, error);
}

bool record_writer_statistics(
	struct record_writer *writer, const struct statistics *statistics, struct error *error)
{
	unsigned char *record = output_buffer(writer->output);

	if (!record)
		return false;
	return !writer->pcapng ||
	       output_add(
		       writer->output, pcapng_write_statistics(record, statistics), false, error);
}

bool record_writer_comment(struct record_writer *writer, const char *comment, struct error *error)
{
	unsigned char *record = output_buffer(writer->output);

	if (!record)
		return false;
	return !writer->pcapng ||
	       output_add(writer->output, pcapng_write_section(record, APPLICATION, comment), false,
		       error);
}
