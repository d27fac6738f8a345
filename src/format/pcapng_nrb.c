/* SPDX-License-Identifier: MIT */
/*
 * Encodes pcapng Name Resolution Blocks, and parses their addresses. In: addresses and
 * names, or a block of either byte order. Out: a block, or addresses.
 */
#include "format/pcapng_nrb.h"

#include "format/bytes.h"
#include "format/pcapng_write.h"

#include <string.h>

enum { RECORD_IPV4 = 1, RECORD_IPV6 = 2 };

static void put_head(struct pcapng_nrb *block, uint16_t code, size_t size)
{
	const uint16_t head[2] = {code, (uint16_t)size};

	memcpy(block->out + block->size, head, sizeof(head));
	block->size += sizeof(head);
}

static void put_bytes(struct pcapng_nrb *block, const void *bytes, size_t size)
{
	memcpy(block->out + block->size, bytes, size);
	block->size += size;
}

static void put_padding(struct pcapng_nrb *block)
{
	while (block->size % 4)
		block->out[block->size++] = 0;
}

static size_t name_size(const char *name)
{
	const size_t size = strlen(name);

	return size < PCAPNG_NRB_NAME_MAX ? size : PCAPNG_NRB_NAME_MAX - 1;
}

struct pcapng_nrb pcapng_nrb_begin(unsigned char *out)
{
	return (struct pcapng_nrb){.out = out, .size = BLOCK_HEAD};
}

void pcapng_nrb_add(struct pcapng_nrb *block, const struct host_address *address, const char *name)
{
	const size_t size = name_size(name);

	put_head(block, address->size == HOST_ADDRESS_IPV4 ? RECORD_IPV4 : RECORD_IPV6,
		address->size + size + 1);
	put_bytes(block, address->bytes, address->size);
	put_bytes(block, name, size);
	put_bytes(block, "", 1);
	put_padding(block);
}

size_t pcapng_nrb_end(struct pcapng_nrb *block, const char *comment)
{
	uint32_t head[2] = {PCAPNG_NAMES};

	put_head(block, 0, 0);
	if (comment) {
		put_head(block, PCAPNG_COMMENT, name_size(comment));
		put_bytes(block, comment, name_size(comment));
		put_padding(block);
		put_head(block, 0, 0);
	}
	head[1] = (uint32_t)block->size + BLOCK_TAIL;
	put_bytes(block, &head[1], sizeof(head[1]));
	memcpy(block->out, head, sizeof(head));
	return block->size;
}

bool pcapng_nrb_parse(const struct pcapng_block *block,
	void (*address)(void *context, const struct host_address *address), void *context)
{
	size_t offset = BLOCK_HEAD;
	struct pcapng_option record;
	struct error unused;
	int more;

	while ((more = pcapng_option(block, &offset, &record, &unused)) > 0) {
		struct host_address found = {0};

		if (record.code == RECORD_IPV4)
			found.size = HOST_ADDRESS_IPV4;
		else if (record.code == RECORD_IPV6)
			found.size = HOST_ADDRESS_IPV6;
		else
			continue;
		if (record.size < found.size)
			return false;
		memcpy(found.bytes, record.value, found.size);
		address(context, &found);
	}
	return more == 0;
}
