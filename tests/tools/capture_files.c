/* SPDX-License-Identifier: MIT */
/*
 * Writes capture files of hosts that sent at the same time.
 *
 *     capture_files DIRECTORY FILES PACKETS small|mixed pcap|pcapng
 *
 * Out: DIRECTORY/1 and so on, with PACKETS packets each: of 60 bytes, or of 60
 * to 1,514, 353 on average, 100,000 a second over all files; pcap has
 * timestamps in us. pcapng is what a worker sends: timestamps in ns, an
 * interface "any", another one with the packets, a watermark after each 10 ms
 * of them, and a last one that marks the end of the stream.
 */
#include "format/linktype.h"
#include "format/pcap_file.h"
#include "format/pcapng_write.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	SNAPLEN = 262144,
	TOGETHER = 100000, /* packets a second of all files */
	NS_PER_S = 1000000000,
	FLUSH_NS = 10000000,
	LARGEST = 1514,
};

static const uint64_t begin = UINT64_C(1700000000) * NS_PER_S;

struct host_file {
	FILE *file;
	bool small;
	bool pcapng;
	uint64_t gap;	/* ns between packets, on the average */
	uint64_t flush; /* ns: when its watermark is due */
	uint64_t sent;
};

static uint32_t random_below(uint32_t limit)
{
	return (uint32_t)(random() % limit);
}

/* Of ten packets seven are small and two have the largest size. */
static uint32_t some_size(const struct host_file *host)
{
	const uint32_t kind = random_below(100);

	if (host->small)
		return 60;
	if (kind < 75)
		return 60 + random_below(24);
	return kind < 83 ? 400 + random_below(300) : LARGEST;
}

static void put(struct host_file *host, const void *bytes, size_t size)
{
	if (fwrite(bytes, 1, size, host->file) != size)
		err(1, "write");
}

static void put_header(struct host_file *host)
{
	static unsigned char block[PCAPNG_BLOCK_MAX];
	struct interface interface = {
		.linktype = LINKTYPE_SLL, .snaplen = SNAPLEN, .name = "any", .filter = ""};
	const struct pcap_file file = {.linktype = LINKTYPE_SLL, .snaplen = SNAPLEN};

	if (!host->pcapng) {
		pcap_file_put_header(block, &file);
		put(host, block, PCAP_FILE_HEADER);
		return;
	}
	put(host, block, pcapng_write_section(block, "ddump-worker " DDUMP_VERSION, NULL));
	put(host, block, pcapng_write_interface(block, &interface));
	interface.name = "eth0";
	put(host, block, pcapng_write_interface(block, &interface));
}

static void put_watermark(struct host_file *host, uint64_t time, bool is_end)
{
	unsigned char block[PCAPNG_BLOCK_MAX];
	const struct statistics statistics = {
		.time = time,
		.is_watermark = true,
		.is_end = is_end,
		.valid = STATISTICS_ALL,
		.received = host->sent,
	};

	put(host, block, pcapng_write_statistics(block, &statistics));
}

static void put_packet(struct host_file *host, uint64_t time)
{
	unsigned char out[LARGEST + PCAPNG_PACKET_HEAD + 32] = "";
	const uint32_t size = some_size(host);
	const struct packet packet = {
		.time = time,
		.caplen = size,
		.len = size,
		.interface = 1,
	};

	if (host->pcapng && time >= host->flush) {
		put_watermark(host, time - 1, false);
		host->flush = time + FLUSH_NS;
	}
	host->sent++;
	if (host->pcapng) {
		put(host, out, pcapng_write_packet(out, &packet, NULL, 0));
		return;
	}
	pcap_file_put_record(out, &packet, false);
	put(host, out, PCAP_FILE_RECORD + size);
}

static void write_host(struct host_file *host, unsigned long packets)
{
	uint64_t time = begin;

	put_header(host);
	while (packets--) {
		time += 1 + random_below((uint32_t)(2 * host->gap));
		put_packet(host, time);
	}
	if (host->pcapng)
		put_watermark(host, time, true);
	if (fclose(host->file))
		err(1, "close");
}

int main(int argc, char **argv)
{
	unsigned long files = argc == 6 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long packets = argc == 6 ? strtoul(argv[3], NULL, 10) : 0;
	char path[4096];

	if (files < 1 || files > TOGETHER || packets < 1)
		errx(1, "usage: capture_files DIRECTORY FILES PACKETS "
			"small|mixed pcap|pcapng");
	if (mkdir(argv[1], 0755) != 0)
		err(1, "%s", argv[1]);
	for (unsigned long i = 1; i <= files; i++) {
		struct host_file host = {
			.small = strcmp(argv[4], "small") == 0,
			.pcapng = strcmp(argv[5], "pcapng") == 0,
			.gap = files * (NS_PER_S / TOGETHER),
		};

		snprintf(path, sizeof(path), "%s/%lu", argv[1], i);
		host.file = fopen(path, "we");
		if (!host.file)
			err(1, "%s", path);
		write_host(&host, packets);
	}
	return 0;
}
