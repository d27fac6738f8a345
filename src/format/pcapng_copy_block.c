/* SPDX-License-Identifier: MIT */
/*
 * Copies whole pcapng blocks. In: a block of a stream, of either byte order. Out: the
 * same block, ready to be written, and what was lost.
 *
 * All lengths in a block must be valid, or the whole block is lost. Secrets and
 * custom data are copied byte by byte; names are made printable.
 */
#include "format/pcapng_copy_block.h"

#include "common/text.h"
#include "format/bytes.h"
#include "format/packet.h"
#include "format/pcapng_write.h"
#include "format/stream_handler.h"

#include <string.h>

enum {
	SECRETS_HEAD = 16,
	CUSTOM_HEAD = 12,
	NETFLIX_EVENT = 1,
	NETFLIX_SKIPPED = 2,
};

/* Each entry of a journal has this field, with at least a digit and a line break. */
static const char journal_time[] = "__REALTIME_TIMESTAMP=";

static void put_u32(struct pcapng_copy *kept, uint32_t value)
{
	pcapng_copy_put(kept, &value, sizeof(value));
}

bool pcapng_copy_block_has_type(uint32_t type)
{
	return type == PCAPNG_NAMES || type == PCAPNG_JOURNAL || type == PCAPNG_SECRETS ||
	       type == PCAPNG_CUSTOM;
}

/* Adds the options of a whole block, and their end, which fits. */
static bool put_block_options(struct pcapng_copy *kept, const struct pcapng_block *block,
	size_t offset, enum pcapng_copy_table table)
{
	const size_t before = kept->size;
	struct error unused;

	if (!pcapng_copy_put_options(kept, block, offset, table, &unused))
		return false;
	if (kept->size > before) {
		kept->limit += 4;
		put_u32(kept, 0);
	}
	return true;
}

/* Copies a Decryption Secrets Block; secrets are any bytes. */
static bool put_secrets(struct pcapng_copy *kept, const struct pcapng_block *block)
{
	size_t left;
	uint32_t size;

	if (block->size < SECRETS_HEAD + BLOCK_TAIL)
		return false;
	left = block->size - SECRETS_HEAD - BLOCK_TAIL;
	size = pcapng_block_u32(block, 12);
	if (size > left || bytes_padded(size) > left)
		return false;
	put_u32(kept, pcapng_block_u32(block, 8));
	put_u32(kept, size);
	pcapng_copy_put(kept, block->bytes + SECRETS_HEAD, size);
	pcapng_copy_put(kept, "\0\0\0", bytes_padded(size) - size);
	return put_block_options(
		kept, block, SECRETS_HEAD + bytes_padded(size), PCAPNG_COPY_OF_BLOCK);
}

/* Returns the size of the address at the start of a record of names; 0: none. */
static size_t address_size(uint16_t code)
{
	static const size_t sizes[] = {0, 4, 16, 6, 8};

	return code < sizeof(sizes) / sizeof(*sizes) ? sizes[code] : 0;
}

/* Writes the names of a record to out, and returns their size. */
static size_t put_names(char *out, size_t capacity, const char *names, size_t size, bool *is_cut)
{
	size_t used = 0;
	size_t length;

	for (; size > 0; names += length, size -= length) {
		length = strnlen(names, size);
		if (length == 0) {
			length = 1;
			continue;
		}
		if (capacity - used < PCAPNG_COPY_ESCAPE_GROWTH * (length + 2)) {
			*is_cut = true;
			return used;
		}
		text_escape_part(out + used, capacity - used, names, length, false);
		used += strlen(out + used) + 1;
	}
	return used;
}

static void put_record(struct pcapng_copy *kept, const struct pcapng_option *record)
{
	const size_t address = address_size(record->code);
	unsigned char *value = kept->bytes + kept->size + PCAPNG_COPY_OPTION_HEAD;
	size_t capacity = kept->limit - kept->size;
	bool is_cut = false;
	size_t names;

	if (address == 0)
		kept->losses |= LOSS_OPTIONS;
	else if (record->size <= address)
		kept->losses |= LOSS_DAMAGED;
	if (address == 0 || record->size <= address ||
		!pcapng_copy_fits(kept, PCAPNG_COPY_OPTION_HEAD + address + PCAPNG_COPY_SLACK / 2))
		return;
	memcpy(value, record->value, address);
	capacity -= PCAPNG_COPY_OPTION_HEAD + address + 3;
	if (capacity > PCAPNG_COPY_OPTION_MAX - address)
		capacity = PCAPNG_COPY_OPTION_MAX - address;
	names = put_names((char *)value + address, capacity, (const char *)record->value + address,
		record->size - address, &is_cut);
	if (is_cut)
		kept->losses |= LOSS_LONG;
	if (names > 0)
		pcapng_copy_close_option(kept, record->code, address + names);
}

/* Copies a Name Resolution Block: records, in the form of options, and options. */
static bool put_all_names(struct pcapng_copy *kept, const struct pcapng_block *block)
{
	const size_t before = kept->size;
	size_t offset = BLOCK_HEAD;
	struct pcapng_option record;
	struct error unused;
	int more;

	while ((more = pcapng_option(block, &offset, &record, &unused)) > 0)
		put_record(kept, &record);
	if (more < 0)
		return false;
	kept->limit += 4;
	put_u32(kept, 0);
	if (offset < block->size - BLOCK_TAIL &&
		!put_block_options(kept, block, offset + 4, PCAPNG_COPY_OF_NAMES))
		return false;
	if (kept->size == before + 4) /* it has no records */
		kept->size = before;
	return true;
}

/* Is offset the end of the block, or an opt_endofopt without a value? */
static bool is_end_sound(const struct pcapng_block *block, size_t offset)
{
	return offset == block->size - BLOCK_TAIL || pcapng_block_u16(block, offset + 2) == 0;
}

/*
 * Is a custom block of Netflix valid? Wireshark parses these, and stops reading the
 * whole file at an invalid one. Valid is: a type of 1, or 2 and a count, and options,
 * all little-endian.
 */
static bool is_netflix_sound(const struct pcapng_block *block)
{
	const struct pcapng_block little = {
		.size = block->size,
		.bytes = block->bytes,
		.swapped = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
	};
	size_t offset = CUSTOM_HEAD + 4;
	struct pcapng_option option;
	struct error unused;
	uint32_t type;
	int more;

	if (block->size < offset + BLOCK_TAIL)
		return false;
	type = pcapng_block_u32(&little, CUSTOM_HEAD);
	offset += type == NETFLIX_SKIPPED ? 4 : 0;
	if ((type != NETFLIX_EVENT && type != NETFLIX_SKIPPED) || block->size < offset + BLOCK_TAIL)
		return false;
	while ((more = pcapng_option(&little, &offset, &option, &unused)) > 0)
		if (!pcapng_copy_is_custom_sound(&little, &option))
			return false;
	return more == 0 && is_end_sound(&little, offset);
}

/* Copies a Custom Block that may be copied, without parsing its data. */
static bool put_custom(struct pcapng_copy *kept, const struct pcapng_block *block)
{
	if (block->size < CUSTOM_HEAD + BLOCK_TAIL)
		return false;
	if (pcapng_block_u32(block, BLOCK_HEAD) == PCAPNG_COPY_PEN_NETFLIX &&
		!is_netflix_sound(block))
		return false;
	put_u32(kept, pcapng_block_u32(block, BLOCK_HEAD));
	pcapng_copy_put(kept, block->bytes + CUSTOM_HEAD, block->size - CUSTOM_HEAD - BLOCK_TAIL);
	return true;
}

/* Does an entry of a journal have its timestamp? */
static bool has_time(const char *entry, size_t size)
{
	const size_t length = strnlen(entry, size);
	const char *time = memmem(entry, length, journal_time, sizeof(journal_time) - 1);

	if (!time)
		return false;
	time += sizeof(journal_time) - 1;
	return time < entry + length && *time >= '0' && *time <= '9';
}

/*
 * Copies an entry of a journal, in systemd's export format. Wireshark stops reading
 * the whole file at one that is too short for a timestamp, without the NULs at its
 * end. It searches the timestamp before the first NUL.
 */
static bool put_journal(struct pcapng_copy *kept, const struct pcapng_block *block)
{
	const size_t size = block->size - BLOCK_HEAD - BLOCK_TAIL;
	const char *entry = (const char *)block->bytes + BLOCK_HEAD;
	size_t used = size;

	while (used > 0 && entry[used - 1] == '\0')
		used--;
	if (used < sizeof(journal_time) + 1 || !has_time(entry, used))
		return false;
	if (size > PACKET_MAX)
		kept->losses |= LOSS_LONG;
	else
		pcapng_copy_put(kept, entry, size);
	return true;
}

static bool put_body(struct pcapng_copy *kept, const struct pcapng_block *block)
{
	switch (block->type) {
	case PCAPNG_NAMES:
		return put_all_names(kept, block);
	case PCAPNG_SECRETS:
		return put_secrets(kept, block);
	case PCAPNG_CUSTOM:
		return put_custom(kept, block);
	default:
		return put_journal(kept, block);
	}
}

bool pcapng_copy_put_block(
	struct pcapng_copy *kept, const struct pcapng_block *block, struct error *error)
{
	const size_t most = PCAPNG_COPY_ESCAPE_GROWTH * (size_t)block->size + PCAPNG_COPY_SLACK;
	uint32_t head[2] = {block->type};

	if (!pcapng_copy_begin(
		    kept, most < PCAPNG_COPY_BLOCK_MAX ? most : PCAPNG_COPY_BLOCK_MAX, error))
		return false;
	pcapng_copy_put(kept, head, sizeof(head));
	if (!put_body(kept, block)) {
		kept->losses |= LOSS_DAMAGED;
		kept->size = 0;
	} else if (kept->size == BLOCK_HEAD) {
		kept->size = 0;
	} else {
		head[1] = (uint32_t)kept->size + BLOCK_TAIL;
		kept->limit += BLOCK_TAIL;
		put_u32(kept, head[1]);
		memcpy(kept->bytes, head, sizeof(head));
	}
	return true;
}
