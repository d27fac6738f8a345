/*
 * The bytes of pcap files. In: structs, or headers out of a stream. Out: the
 * other one of the two. Allocates nothing, keeps nothing.
 */
#include "format/pcapfile.h"

#include "format/bytes.h"

#include <string.h>

enum {
	MAGIC_MICRO = 0xa1b2c3d4,
	MAGIC_NANO = 0xa1b23c4d,
	VERSION_MAJOR = 2,
	VERSION_MINOR = 4,
};

static const uint64_t NS_PER_S = 1000000000;
static const uint32_t NS_PER_US = 1000;
static const uint64_t TIME_MAX = UINT32_MAX * UINT64_C(1000000000) + 999999999;

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
	const uint32_t magic = bytes_u32(in, false);
	const uint32_t turned = __builtin_bswap32(magic);
	const bool swapped = turned == MAGIC_MICRO || turned == MAGIC_NANO;
	const uint32_t known = swapped ? turned : magic;

	if (known != MAGIC_MICRO && known != MAGIC_NANO)
		return false;
	if (bytes_u16(in + 4, swapped) != VERSION_MAJOR)
		return false;
	*ret_file = (struct pcapfile){
		.linktype = bytes_u32(in + 20, swapped),
		.snaplen = bytes_u32(in + 16, swapped),
		.nano = known == MAGIC_NANO,
		.swapped = swapped,
	};
	return true;
}

void pcapfile_put_record(unsigned char out[PCAPFILE_RECORD],
	const struct packet *packet, bool nano)
{
	/* there is no later time in this format */
	const uint64_t time = packet->time < TIME_MAX ? packet->time : TIME_MAX;
	const uint32_t fraction = (uint32_t)(time % NS_PER_S);
	const uint32_t record[] = {
		(uint32_t)(time / NS_PER_S),
		nano ? fraction : fraction / NS_PER_US,
		packet->caplen,
		packet->len,
	};

	memcpy(out, record, sizeof(record));
}

bool pcapfile_get_record(const unsigned char in[PCAPFILE_RECORD],
	const struct pcapfile *file, struct packet *ret_packet)
{
	const uint64_t seconds = bytes_u32(in, file->swapped);
	const uint64_t fraction = bytes_u32(in + 4, file->swapped);
	const uint64_t ns = file->nano ? fraction : fraction * NS_PER_US;
	const uint32_t caplen = bytes_u32(in + 8, file->swapped);

	if (caplen > PACKET_MAX || ns >= NS_PER_S)
		return false;
	*ret_packet = (struct packet){
		.time = seconds * NS_PER_S + ns,
		.caplen = caplen,
		.len = bytes_u32(in + 12, file->swapped),
	};
	return true;
}
