/*
 * The bytes of pcap files. In: structs, or headers out of a stream. Out: the
 * other one of the two. Allocates nothing, keeps nothing.
 */
#include "format/pcapfile.h"

#include <string.h>

enum {
	MAGIC_MICRO = 0xa1b2c3d4,
	MAGIC_NANO = 0xa1b23c4d,
	VERSION_MAJOR = 2,
	VERSION_MINOR = 4,
};

static const uint64_t NS_PER_S = 1000000000;
static const uint32_t NS_PER_US = 1000;

static uint32_t get_u32(const unsigned char *in, bool swapped)
{
	uint32_t value;

	memcpy(&value, in, sizeof(value));
	return swapped ? __builtin_bswap32(value) : value;
}

static uint16_t get_u16(const unsigned char *in, bool swapped)
{
	uint16_t value;

	memcpy(&value, in, sizeof(value));
	return swapped ? __builtin_bswap16(value) : value;
}

void pcapfile_put_header(
	unsigned char out[PCAPFILE_HEADER], const struct pcapfile *file)
{
	const uint32_t magic = file->nano ? MAGIC_NANO : MAGIC_MICRO;
	const uint16_t version[] = {VERSION_MAJOR, VERSION_MINOR};
	const uint32_t rest[] = {0, 0, file->snaplen, file->linktype};

	memcpy(out, &magic, sizeof(magic));
	memcpy(out + 4, version, sizeof(version));
	memcpy(out + 8, rest, sizeof(rest));
}

bool pcapfile_get_header(
	const unsigned char in[PCAPFILE_HEADER], struct pcapfile *ret_file)
{
	const uint32_t magic = get_u32(in, false);
	const uint32_t turned = __builtin_bswap32(magic);
	const bool swapped = turned == MAGIC_MICRO || turned == MAGIC_NANO;
	const uint32_t known = swapped ? turned : magic;

	if (known != MAGIC_MICRO && known != MAGIC_NANO)
		return false;
	if (get_u16(in + 4, swapped) != VERSION_MAJOR)
		return false;
	*ret_file = (struct pcapfile){
		.linktype = get_u32(in + 20, swapped),
		.snaplen = get_u32(in + 16, swapped),
		.nano = known == MAGIC_NANO,
		.swapped = swapped,
	};
	return true;
}

void pcapfile_put_record(unsigned char out[PCAPFILE_RECORD],
	const struct packet *packet, bool nano)
{
	const uint32_t fraction = (uint32_t)(packet->time % NS_PER_S);
	const uint32_t record[] = {
		(uint32_t)(packet->time / NS_PER_S),
		nano ? fraction : fraction / NS_PER_US,
		packet->caplen,
		packet->len,
	};

	memcpy(out, record, sizeof(record));
}

bool pcapfile_get_record(const unsigned char in[PCAPFILE_RECORD],
	const struct pcapfile *file, struct packet *ret_packet)
{
	const uint64_t seconds = get_u32(in, file->swapped);
	const uint64_t fraction = get_u32(in + 4, file->swapped);
	const uint64_t ns = file->nano ? fraction : fraction * NS_PER_US;
	const uint32_t caplen = get_u32(in + 8, file->swapped);

	if (caplen > PACKET_MAX || ns >= NS_PER_S)
		return false;
	*ret_packet = (struct packet){
		.time = seconds * NS_PER_S + ns,
		.caplen = caplen,
		.len = get_u32(in + 12, file->swapped),
	};
	return true;
}

size_t pcapfile_record_size(const unsigned char record[PCAPFILE_RECORD])
{
	return PCAPFILE_RECORD + get_u32(record + 8, false);
}

size_t pcapfile_whole(const unsigned char *records, size_t size)
{
	size_t whole = 0;

	while (size - whole >= PCAPFILE_RECORD) {
		size_t record = pcapfile_record_size(records + whole);

		if (record > size - whole)
			break;
		whole += record;
	}
	return whole;
}
