/*
 * Interface Description Blocks. In: a block. Out: what it says of an interface
 * and of the clock behind its packets' stamps.
 */
#include "format/idb.h"

#include "format/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	TENS_MAX = 19, /* 10^19 is the largest power in 64 bits */
	TSRESOL_MICRO = 6,
	TSRESOL_BINARY = 0x80,
	BINARY_MICRO = 20, /* 2^-20 s is the first that is finer than us */
};

static const uint64_t NS_PER_S = 1000000000;

static bool has_size(
	const struct block_option *option, size_t size, struct failure *failure)
{
	return option->size == size ||
	       block_damaged(failure, "an option has the wrong length");
}

static void copy_text(
	char *out, size_t room, const unsigned char *text, size_t size)
{
	if (size > room - 1)
		size = room - 1;
	memcpy(out, text, size);
	out[size] = '\0';
}

static bool take_option(struct idb *idb, const struct block_option *option,
	bool swapped, struct failure *failure)
{
	switch (option->code) {
	case PCAPNG_NAME:
		copy_text(idb->name, sizeof(idb->name), option->value,
			option->size);
		return true;
	case PCAPNG_FILTER:
		/* anything but a text of libpcap's language is passed over */
		if (option->size > 0 && option->value[0] == 0)
			copy_text(idb->filter, sizeof(idb->filter),
				option->value + 1, option->size - 1U);
		return true;
	case PCAPNG_TSRESOL:
		if (!has_size(option, 1, failure))
			return false;
		idb->resolution = option->value[0];
		return true;
	case PCAPNG_FCSLEN:
		if (!has_size(option, 1, failure))
			return false;
		idb->linktype =
			pcapng_with_fcs(idb->linktype, option->value[0]);
		return true;
	case PCAPNG_TSOFFSET:
		if (!has_size(option, 8, failure))
			return false;
		idb->offset = (int64_t)bytes_u64(option->value, swapped);
		return true;
	default:
		return true;
	}
}

bool idb_parse(
	const struct block *block, struct idb *ret_idb, struct failure *failure)
{
	struct block_option option;
	size_t place = IDB_HEAD;
	int more;

	ret_idb->linktype = block_u16(block, 8);
	ret_idb->snaplen = block_u32(block, 12);
	ret_idb->name[0] = '\0';
	ret_idb->filter[0] = '\0';
	ret_idb->resolution = TSRESOL_MICRO;
	ret_idb->offset = 0;
	while ((more = block_option(block, &place, &option, failure)) > 0)
		if (!take_option(ret_idb, &option, block->swapped, failure))
			return false;
	return more == 0;
}

bool idb_is_nano(const struct idb *idb)
{
	if (idb->resolution & TSRESOL_BINARY)
		return (idb->resolution & ~TSRESOL_BINARY) >= BINARY_MICRO;
	return idb->resolution > TSRESOL_MICRO;
}

struct idb_known *idb_add(
	struct idb_list *list, const struct idb *idb, struct failure *failure)
{
	size_t room = list->room ? list->room * 2 : 4;
	struct idb_known *known;

	if (list->count == IDB_MAX) {
		failure_set(failure, 1, "more than %d interfaces in a section",
			IDB_MAX);
		return NULL;
	}
	if (list->count == list->room) {
		known = realloc(list->list, room * sizeof(*known));
		if (!known) {
			failure_set(failure, 1, "out of memory");
			return NULL;
		}
		list->list = known;
		list->room = room;
	}
	known = &list->list[list->count++];
	*known = (struct idb_known){
		.offset = idb->offset,
		.snaplen = idb->snaplen,
		.resolution = idb->resolution,
	};
	return known;
}

struct idb_known *idb_find(
	const struct idb_list *list, uint32_t index, struct failure *failure)
{
	if (index < list->count)
		return &list->list[index];
	block_damaged(failure, "a block names an interface that is not there");
	return NULL;
}

/* A time as whole seconds and the rest of one. */
struct split {
	uint64_t seconds;
	uint64_t ns;
};

/* Of ticks of 2^-exponent s. */
static struct split split_binary(uint64_t ticks, unsigned exponent)
{
	const bool wide = exponent >= 64;
	const uint64_t fraction =
		wide ? ticks : ticks & ((UINT64_C(1) << exponent) - 1);
	/* fraction * NS_PER_S without its lowest 32 bits */
	const uint64_t high = (fraction >> 32) * NS_PER_S +
			      ((fraction & UINT32_MAX) * NS_PER_S >> 32);
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

/* Of ticks of 10^-exponent s. */
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

bool idb_time(const struct idb_known *known, uint64_t ticks, uint64_t *ret_time,
	struct failure *failure)
{
	const unsigned exponent = known->resolution & ~(unsigned)TSRESOL_BINARY;
	const struct split split = known->resolution & TSRESOL_BINARY
					   ? split_binary(ticks, exponent)
					   : split_decimal(ticks, exponent);
	uint64_t seconds;
	uint64_t time;

	if (__builtin_add_overflow(split.seconds, known->offset, &seconds) ||
		__builtin_mul_overflow(seconds, NS_PER_S, &time) ||
		__builtin_add_overflow(time, split.ns, ret_time))
		return block_damaged(failure, "a stamp is out of all range");
	return true;
}
