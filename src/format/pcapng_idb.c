/* SPDX-License-Identifier: MIT */
/*
 * Parses pcapng Interface Description Blocks, and converts timestamps. In: a block.
 * Out: an interface, and the resolution and offset of its timestamps.
 */
#include "format/pcapng_idb.h"

#include "format/bytes.h"
#include "format/linktype.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TENS_MAX = 19, /* 10^19 is the largest power in 64 bits */
	TSRESOL_MICRO = 6,
	TSRESOL_BINARY = 0x80,
	BINARY_MICRO = 20, /* 2^-20 s is the first finer than us */
};

static const uint64_t NS_PER_S = 1000000000;

static bool has_size(const struct pcapng_option *option, size_t size, struct error *error)
{
	return option->size == size ||
	       pcapng_block_damaged(error, "option %u of an interface has %u bytes instead of %zu",
		       option->code, option->size, size);
}

static void copy_text(char *out, size_t capacity, const unsigned char *text, size_t size)
{
	if (size > capacity - 1)
		size = capacity - 1;
	memcpy(out, text, size);
	out[size] = '\0';
}

static bool parse_option(struct pcapng_idb *idb, const struct pcapng_option *option, bool swapped,
	struct error *error)
{
	switch (option->code) {
	case PCAPNG_NAME:
		copy_text(idb->name, sizeof(idb->name), option->value, option->size);
		return true;
	case PCAPNG_FILTER:
		/* other filters than texts of libpcap's language are skipped */
		if (option->size > 0 && option->value[0] == 0)
			copy_text(idb->filter, sizeof(idb->filter), option->value + 1,
				option->size - 1U);
		return true;
	case PCAPNG_TSRESOL:
		if (!has_size(option, 1, error))
			return false;
		idb->resolution = option->value[0];
		return true;
	case PCAPNG_FCSLEN:
		if (!has_size(option, 1, error))
			return false;
		idb->linktype = pcapng_with_fcs(idb->linktype, option->value[0]);
		return true;
	case PCAPNG_TSOFFSET:
		if (!has_size(option, 8, error))
			return false;
		idb->offset = (int64_t)bytes_u64(option->value, swapped);
		return true;
	default:
		return true;
	}
}

bool pcapng_idb_parse(
	const struct pcapng_block *block, struct pcapng_idb *ret_idb, struct error *error)
{
	struct pcapng_option option;
	size_t offset = IDB_HEAD;
	int more;

	ret_idb->linktype = pcapng_block_u16(block, 8);
	ret_idb->snaplen = pcapng_block_u32(block, 12);
	ret_idb->name[0] = '\0';
	ret_idb->filter[0] = '\0';
	ret_idb->resolution = TSRESOL_MICRO;
	ret_idb->offset = 0;
	while ((more = pcapng_option(block, &offset, &option, error)) > 0)
		if (!parse_option(ret_idb, &option, block->swapped, error))
			return false;
	return more == 0;
}

bool pcapng_idb_is_nano(const struct pcapng_idb *idb)
{
	if (idb->resolution & TSRESOL_BINARY)
		return (idb->resolution & ~TSRESOL_BINARY) >= BINARY_MICRO;
	return idb->resolution > TSRESOL_MICRO;
}

struct pcapng_interface *pcapng_idb_add(
	struct pcapng_idb_list *list, const struct pcapng_idb *idb, struct error *error)
{
	size_t capacity = list->capacity ? list->capacity * 2 : 4;
	struct pcapng_interface *known;

	if (list->count == PCAPNG_IDB_MAX) {
		error_set(error, 1, "more than %d interfaces in a section", PCAPNG_IDB_MAX);
		return NULL;
	}
	if (list->count == list->capacity) {
		known = realloc(list->list, capacity * sizeof(*known));
		if (!known) {
			error_set(error, 1, "out of memory");
			return NULL;
		}
		list->list = known;
		list->capacity = capacity;
	}
	known = &list->list[list->count++];
	*known = (struct pcapng_interface){
		.offset = idb->offset,
		.snaplen = idb->snaplen,
		.linktype = idb->linktype,
		.has_pseudo_header = linktype_has_pseudo_header(idb->linktype),
		.resolution = idb->resolution,
	};
	return known;
}

struct pcapng_interface *pcapng_idb_find(
	const struct pcapng_idb_list *list, uint32_t index, struct error *error)
{
	if (index < list->count)
		return &list->list[index];
	pcapng_block_damaged(
		error, "a block refers to interface %" PRIu32 " of %zu", index, list->count);
	return NULL;
}

/* A time as whole seconds and a fraction. */
struct split {
	uint64_t seconds;
	uint64_t ns;
};

/* Splits ticks of 2^-exponent s. */
static struct split split_binary(uint64_t ticks, unsigned exponent)
{
	const bool wide = exponent >= 64;
	const uint64_t fraction = wide ? ticks : ticks & ((UINT64_C(1) << exponent) - 1);
	/* fraction * NS_PER_S without its lowest 32 bits */
	const uint64_t high =
		(fraction >> 32) * NS_PER_S + ((fraction & UINT32_MAX) * NS_PER_S >> 32);
	struct split split = {.seconds = wide ? 0 : ticks >> exponent};

	if (exponent < 32)
		split.ns = fraction * NS_PER_S >> exponent;
	else if (exponent < 32 + 64)
		split.ns = high >> (exponent - 32);
	return split;
}

static uint64_t power_of_ten(unsigned exponent)
{
	uint64_t power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

/* Splits ticks of 10^-exponent s. */
static struct split split_decimal(uint64_t ticks, unsigned exponent)
{
	const bool wide = exponent > TENS_MAX;
	const uint64_t unit = wide ? 0 : power_of_ten(exponent);
	const uint64_t rest = wide ? ticks : ticks % unit;
	struct split split = {.seconds = wide ? 0 : ticks / unit};

	if (exponent <= PCAPNG_NANO)
		split.ns = rest * power_of_ten(PCAPNG_NANO - exponent);
	else if (exponent <= PCAPNG_NANO + TENS_MAX)
		split.ns = rest / power_of_ten(exponent - PCAPNG_NANO);
	return split;
}

/* Converts any time for pcapng_idb_time(): seconds by a division, then ns. */
static bool convert_time(const struct pcapng_interface *known, uint64_t ticks, uint64_t *ret_time)
{
	const unsigned exponent = known->resolution & ~(unsigned)TSRESOL_BINARY;
	const struct split split = known->resolution & TSRESOL_BINARY
					   ? split_binary(ticks, exponent)
					   : split_decimal(ticks, exponent);
	uint64_t seconds;
	uint64_t time;

	*ret_time = PACKET_TIME_MAX;
	if (__builtin_add_overflow(split.seconds, known->offset, &seconds)) {
		if (known->offset < 0)
			*ret_time = 0;
		return false;
	}
	if (__builtin_mul_overflow(seconds, NS_PER_S, &time) ||
		__builtin_add_overflow(time, split.ns, &time))
		return false;
	*ret_time = time;
	return true;
}

bool pcapng_idb_time(const struct pcapng_interface *known, uint64_t ticks, uint64_t *ret_time)
{
	/* as workers write it; saves 5 % of a merge's instructions */
	if (known->resolution == PCAPNG_NANO && known->offset == 0) {
		*ret_time = ticks;
		return true;
	}
	return convert_time(known, ticks, ret_time);
}

void pcapng_idb_describe_time(
	const struct pcapng_interface *known, uint64_t ticks, char *out, size_t size)
{
	const bool is_binary = known->resolution & TSRESOL_BINARY;
	const bool is_back = known->offset < 0;
	const uint64_t offset = is_back ? -(uint64_t)known->offset : (uint64_t)known->offset;
	char more[32] = "";

	if (offset)
		snprintf(more, sizeof(more), " %c %" PRIu64 " s", is_back ? '-' : '+', offset);
	snprintf(out, size, "%" PRIu64 " x %d^-%d s%s", ticks, is_binary ? 2 : 10,
		known->resolution & ~TSRESOL_BINARY, more);
}
