/* SPDX-License-Identifier: MIT */
/*
 * Encodes and decodes pcap headers (draft-ietf-opsawg-pcap). In: a struct, or the
 * bytes of a header. Out: the other one.
 */
#include "format/pcap_file.h"

#include "format/bytes.h"

#include <string.h>

enum {
	MAGIC_MICRO = 0xa1b2c3d4,
	MAGIC_NANO = 0xa1b23c4d,
	MAGIC_MODIFIED = 0xa1b2cd34,
	VERSION_MAJOR = 2,
	VERSION_MINOR = 4,
};

static const uint64_t NS_PER_S = 1000000000;
static const uint32_t NS_PER_US = 1000;

void pcap_file_put_header(unsigned char out[PCAP_FILE_HEADER], const struct pcap_file *file)
{
	const uint32_t magic = file->nano ? MAGIC_NANO : MAGIC_MICRO;
	const uint16_t version[] = {VERSION_MAJOR, VERSION_MINOR};
	const uint32_t rest[] = {0, 0, file->snaplen, file->linktype};

	memcpy(out, &magic, sizeof(magic));
	memcpy(out + 4, version, sizeof(version));
	memcpy(out + 8, rest, sizeof(rest));
}

static bool is_magic(uint32_t number)
{
	return number == MAGIC_MICRO || number == MAGIC_NANO || number == MAGIC_MODIFIED;
}

bool pcap_file_get_header(const unsigned char in[PCAP_FILE_HEADER], struct pcap_file *ret_file)
{
	const bool swapped = is_magic(bytes_u32(in, true));
	const uint32_t magic = bytes_u32(in, swapped);

	if (!is_magic(magic))
		return false;
	if (bytes_u16(in + 4, swapped) != VERSION_MAJOR)
		return false;
	*ret_file = (struct pcap_file){
		.linktype = bytes_u32(in + 20, swapped),
		.snaplen = bytes_u32(in + 16, swapped),
		.nano = magic == MAGIC_NANO,
		.swapped = swapped,
		.modified = magic == MAGIC_MODIFIED,
	};
	return true;
}

size_t pcap_file_record_size(const struct pcap_file *file)
{
	return file->modified ? PCAP_FILE_RECORD_MODIFIED : PCAP_FILE_RECORD;
}

void pcap_file_put_record(
	unsigned char out[PCAP_FILE_RECORD], const struct packet *packet, bool nano)
{
	/* the last time of this format */
	const uint64_t time = packet->time < PCAP_FILE_TIME_MAX ? packet->time : PCAP_FILE_TIME_MAX;
	const uint32_t fraction = (uint32_t)(time % NS_PER_S);
	const uint32_t record[] = {
		(uint32_t)(time / NS_PER_S),
		nano ? fraction : fraction / NS_PER_US,
		packet->caplen,
		packet->len,
	};

	memcpy(out, record, sizeof(record));
}

bool pcap_file_get_record(const unsigned char in[PCAP_FILE_RECORD], const struct pcap_file *file,
	struct packet *ret_packet)
{
	const uint64_t seconds = bytes_u32(in, file->swapped);
	const uint64_t fraction = bytes_u32(in + 4, file->swapped);
	const uint64_t ns = file->nano ? fraction : fraction * NS_PER_US;

	*ret_packet = (struct packet){
		.time = seconds * NS_PER_S + ns,
		.caplen = bytes_u32(in + 8, file->swapped),
		.len = bytes_u32(in + 12, file->swapped),
	};
	return ret_packet->caplen <= PACKET_MAX;
}
