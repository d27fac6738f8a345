/* SPDX-License-Identifier: MIT */
/*
 * Lists the content of a pcapng file in this machine's byte order, except
 * packets.
 *
 *     list FILE
 *
 * In: a pcapng file. Out: a line for each option of a section, an interface, a
 * packet, or statistics, and for each other block: its owner, a number or type,
 * and its bytes. Packets are named by their timestamp.
 */
#include "format/pcapng_block.h"
#include "format/pcapng_write.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 16 << 20 };

static void list_bytes(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
}

static void list_options(const struct pcapng_block *block, size_t place, const char *what)
{
	struct pcapng_option option;
	struct error error;
	int more;

	while ((more = pcapng_option(block, &place, &option, &error)) > 0) {
		printf("%s %u ", what, option.code);
		list_bytes(option.value, option.size);
	}
	if (more < 0)
		errx(1, "%s", error.text);
}

static void list_packet(const struct pcapng_block *block)
{
	const size_t size = (pcapng_block_u32(block, 20) + 3) & ~UINT32_C(3);
	char what[64];

	snprintf(what, sizeof(what), "packet %" PRIu64, pcapng_block_ticks(block, 12));
	list_options(block, PCAPNG_PACKET_HEAD + size, what);
}

static void list_block(const struct pcapng_block *block)
{
	switch (block->type) {
	case PCAPNG_SECTION:
		list_options(block, 24, "section");
		break;
	case PCAPNG_INTERFACE:
		list_options(block, 16, "interface");
		break;
	case PCAPNG_STATISTICS:
		list_options(block, 20, "statistics");
		break;
	case PCAPNG_PACKET:
		list_packet(block);
		break;
	default:
		printf("block %" PRIu32 " ", block->type);
		list_bytes(block->bytes + BLOCK_HEAD, block->size - BLOCK_HEAD - BLOCK_TAIL);
	}
}

int main(int argc, char *argv[])
{
	unsigned char *bytes = malloc(FILE_MAX);
	FILE *file;
	size_t size;
	struct pcapng_block block;

	if (argc != 2)
		errx(1, "usage: list FILE");
	file = fopen(argv[1], "rbe");
	if (!file || !bytes)
		err(1, "%s", argv[1]);
	size = fread(bytes, 1, FILE_MAX, file);
	for (size_t at = 0; at < size; at += block.size) {
		block = (struct pcapng_block){.bytes = bytes + at};
		block.type = pcapng_block_u32(&block, 0);
		block.size = pcapng_block_u32(&block, 4);
		if (block.size < 12 || block.size > size - at)
			errx(1, "%s: a block of %" PRIu32 " bytes", argv[1], block.size);
		list_block(&block);
	}
	fclose(file);
	free(bytes);
	return 0;
}
