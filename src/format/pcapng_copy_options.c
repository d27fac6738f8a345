/* SPDX-License-Identifier: MIT */
/*
 * Copies pcapng options. In: a block of a stream, of either byte order. Out: options
 * ready to be written, and what was lost.
 *
 * Only options of a known form can be converted: a table has the form of each. Sizes
 * are checked, because readers of the output stop at an option of a wrong size.
 * Damaged options are left out.
 */
#include "format/pcapng_copy_options.h"

#include "common/text.h"
#include "format/bytes.h"
#include "format/packet.h"
#include "format/pcapng_write.h"
#include "format/stream_handler.h"

#include <stdlib.h>
#include <string.h>

enum {
	PEN_SIZE = 4,	      /* Private Enterprise Number of a custom option */
	VERDICT_HARDWARE = 0, /* of any size, unlike the other kinds */
	VERDICT_XDP = 2,
	FILTER_BYTECODE = 1,
	INSTRUCTION = 8, /* a 16-bit code, two bytes, 32 bits */
};

/* The form of the value of an option. */
enum form {
	FORM_OURS, /* pcapng_idb.h parses it */
	FORM_BYTES,
	FORM_TEXT,
	FORM_U32, /* numbers, one or more */
	FORM_U64,
	FORM_VERDICT, /* a byte for the kind, and its value */
	FORM_FILTER,
	FORM_CUSTOM_TEXT, /* a PEN and text */
	FORM_CUSTOM_BYTES,
};

/* An option that is copied. */
struct rule {
	uint16_t code;
	uint16_t least; /* bytes */
	uint16_t most;
	enum form form;
};

static const struct rule common_rules[] = {
	{PCAPNG_COMMENT, 0, PCAPNG_COPY_OPTION_MAX, FORM_TEXT},
	{PCAPNG_CUSTOM_TEXT, PEN_SIZE, PCAPNG_COPY_OPTION_MAX, FORM_CUSTOM_TEXT},
	{PCAPNG_CUSTOM_BYTES, PEN_SIZE, PCAPNG_COPY_OPTION_MAX, FORM_CUSTOM_BYTES},
	{0},
};

static const struct rule packet_rules[] = {
	{2, 4, 4, FORM_U32},			    /* epb_flags */
	{3, 1, PCAPNG_COPY_OPTION_MAX, FORM_BYTES}, /* epb_hash */
	{PCAPNG_DROPCOUNT, 8, 8, FORM_U64},
	{5, 8, 8, FORM_U64}, /* epb_packetid */
	{6, 4, 4, FORM_U32}, /* epb_queue */
	{7, 1, PCAPNG_COPY_OPTION_MAX, FORM_VERDICT},
	{8, 8, 8, FORM_U32}, /* epb_processid_threadid */
	{0},
};

static const struct rule interface_rules[] = {
	{PCAPNG_NAME, 0, PCAPNG_COPY_OPTION_MAX, FORM_OURS},
	{PCAPNG_DESCRIPTION, 0, PCAPNG_COPY_OPTION_MAX, FORM_TEXT},
	{4, 8, 8, FORM_BYTES},	 /* if_IPv4addr */
	{5, 17, 17, FORM_BYTES}, /* if_IPv6addr */
	{6, 6, 6, FORM_BYTES},	 /* if_MACaddr */
	{7, 8, 8, FORM_BYTES},	 /* if_EUIaddr */
	{8, 8, 8, FORM_U64},	 /* if_speed */
	{PCAPNG_TSRESOL, 0, PCAPNG_COPY_OPTION_MAX, FORM_OURS},
	{10, 4, 4, FORM_U32}, /* if_tzone */
	{PCAPNG_FILTER, 0, PCAPNG_COPY_OPTION_MAX, FORM_FILTER},
	{12, 0, PCAPNG_COPY_OPTION_MAX, FORM_TEXT}, /* if_os */
	{PCAPNG_FCSLEN, 0, PCAPNG_COPY_OPTION_MAX, FORM_OURS},
	{PCAPNG_TSOFFSET, 0, PCAPNG_COPY_OPTION_MAX, FORM_OURS},
	{15, 0, PCAPNG_COPY_OPTION_MAX, FORM_TEXT}, /* if_hardware */
	{16, 8, 8, FORM_U64},			    /* if_txspeed */
	{17, 8, 8, FORM_U64},			    /* if_rxspeed */
	{18, 0, PCAPNG_COPY_OPTION_MAX, FORM_TEXT}, /* if_iana_tzname */
	{0},
};

static const struct rule names_rules[] = {
	{2, 0, PCAPNG_COPY_OPTION_MAX, FORM_TEXT}, /* ns_dnsname */
	{3, 4, 4, FORM_BYTES},			   /* ns_dnsIP4addr */
	{4, 16, 16, FORM_BYTES},		   /* ns_dnsIP6addr */
	{0},
};

static const struct rule *const tables[] = {
	[PCAPNG_COPY_OF_PACKET] = packet_rules,
	[PCAPNG_COPY_OF_INTERFACE] = interface_rules,
	[PCAPNG_COPY_OF_NAMES] = names_rules,
	[PCAPNG_COPY_OF_BLOCK] = common_rules,
};

void pcapng_copy_cleanup(struct pcapng_copy *kept)
{
	free(kept->bytes);
	*kept = (struct pcapng_copy){0};
}

bool pcapng_copy_begin(struct pcapng_copy *kept, size_t limit, struct error *error)
{
	const size_t capacity = limit + PCAPNG_COPY_CLOSING;
	unsigned char *bytes;

	kept->size = 0;
	kept->limit = limit;
	if (capacity <= kept->capacity)
		return true;
	bytes = realloc(kept->bytes, capacity);
	if (!bytes)
		return error_set(error, 1, "out of memory");
	kept->bytes = bytes;
	kept->capacity = capacity;
	return true;
}

size_t pcapng_copy_options_limit(const struct pcapng_block *block, size_t offset)
{
	const size_t size = block->size - BLOCK_TAIL - offset;
	const size_t most = PCAPNG_COPY_ESCAPE_GROWTH * size + PCAPNG_COPY_SLACK;

	return most < PCAPNG_COPY_OPTIONS_MAX ? most : PCAPNG_COPY_OPTIONS_MAX;
}

bool pcapng_copy_fits(struct pcapng_copy *kept, size_t size)
{
	if (size <= kept->limit - kept->size)
		return true;
	kept->losses |= LOSS_LONG;
	return false;
}

void pcapng_copy_put(struct pcapng_copy *kept, const void *bytes, size_t size)
{
	if (size == 0 || !pcapng_copy_fits(kept, size))
		return;
	memcpy(kept->bytes + kept->size, bytes, size);
	kept->size += size;
}

void pcapng_copy_close_option(struct pcapng_copy *kept, uint16_t code, size_t size)
{
	const uint16_t head[2] = {code, (uint16_t)size};
	unsigned char *option = kept->bytes + kept->size;

	memcpy(option, head, sizeof(head));
	memset(option + PCAPNG_COPY_OPTION_HEAD + size, 0, bytes_padded(size) - size);
	kept->size += PCAPNG_COPY_OPTION_HEAD + bytes_padded(size);
}

void pcapng_copy_put_number(struct pcapng_copy *kept, uint16_t code, uint64_t value)
{
	if (!pcapng_copy_fits(kept, PCAPNG_COPY_OPTION_HEAD + sizeof(value)))
		return;
	memcpy(kept->bytes + kept->size + PCAPNG_COPY_OPTION_HEAD, &value, sizeof(value));
	pcapng_copy_close_option(kept, code, sizeof(value));
}

static bool forbids_copying(uint16_t code)
{
	return code == PCAPNG_CUSTOM_TEXT_STAYS || code == PCAPNG_CUSTOM_BYTES_STAYS;
}

static bool is_custom(uint16_t code)
{
	return code == PCAPNG_CUSTOM_TEXT || code == PCAPNG_CUSTOM_BYTES || forbids_copying(code);
}

void pcapng_copy_lose_option(struct pcapng_copy *kept, uint16_t code)
{
	kept->losses |= forbids_copying(code) ? LOSS_CUSTOM : LOSS_OPTIONS;
}

/* Swaps all numbers of unit bytes within size bytes. */
static void swap_numbers(unsigned char *bytes, size_t size, size_t unit)
{
	for (; size >= unit; size -= unit, bytes += unit)
		for (size_t i = 0; i < unit / 2; i++) {
			const unsigned char first = bytes[i];

			bytes[i] = bytes[unit - 1 - i];
			bytes[unit - 1 - i] = first;
		}
}

static void swap_bytecode(unsigned char *bytes, size_t size)
{
	for (; size >= INSTRUCTION; size -= INSTRUCTION, bytes += INSTRUCTION) {
		swap_numbers(bytes, 2, 2);
		swap_numbers(bytes + 4, 4, 4);
	}
}

/* Swaps the numbers in a copy of an option. */
static void swap_value(unsigned char *value, size_t size, enum form form)
{
	switch (form) {
	case FORM_U32:
		swap_numbers(value, size, 4);
		break;
	case FORM_U64:
		swap_numbers(value, size, 8);
		break;
	case FORM_VERDICT:
		if (*value != VERDICT_HARDWARE)
			swap_numbers(value + 1, size - 1, 8);
		break;
	case FORM_FILTER:
		swap_bytecode(value + 1, size - 1);
		break;
	case FORM_CUSTOM_TEXT:
	case FORM_CUSTOM_BYTES:
		swap_numbers(value, PEN_SIZE, PEN_SIZE);
		break;
	default:
		break;
	}
}

bool pcapng_copy_is_custom_sound(
	const struct pcapng_block *block, const struct pcapng_option *option)
{
	const size_t offset = (size_t)(option->value - block->bytes);

	if (!is_custom(option->code))
		return true;
	return option->size >= PEN_SIZE &&
	       (pcapng_block_u32(block, offset) != PCAPNG_COPY_PEN_NETFLIX ||
		       option->size > PEN_SIZE + 4);
}

/* Does the option have a valid size and form? */
static bool is_sound(const struct rule *rule, const struct pcapng_block *block,
	const struct pcapng_option *option)
{
	if (option->size < rule->least || option->size > rule->most)
		return false;
	if (rule->form == FORM_VERDICT && *option->value != VERDICT_HARDWARE)
		return *option->value <= VERDICT_XDP && option->size == 1 + 8;
	if (!pcapng_copy_is_custom_sound(block, option))
		return false;
	return rule->form != FORM_FILTER ||
	       (option->size > 1 && *option->value == FILTER_BYTECODE &&
		       option->size % INSTRUCTION == 1);
}

static void put_value(
	struct pcapng_copy *kept, const struct pcapng_option *option, enum form form, bool swapped)
{
	unsigned char *value = kept->bytes + kept->size + PCAPNG_COPY_OPTION_HEAD;

	if (!pcapng_copy_fits(kept, PCAPNG_COPY_OPTION_HEAD + bytes_padded(option->size)))
		return;
	if (option->size > 0)
		memcpy(value, option->value, option->size);
	if (swapped)
		swap_value(value, option->size, form);
	pcapng_copy_close_option(kept, option->code, option->size);
}

/* Adds a text option, with head bytes before the text; an empty text is left out. */
static void put_text(
	struct pcapng_copy *kept, const struct pcapng_option *option, size_t head, bool swapped)
{
	const char *text = (const char *)option->value + head;
	const size_t size = option->size - head;
	unsigned char *value = kept->bytes + kept->size + PCAPNG_COPY_OPTION_HEAD;
	size_t capacity = kept->limit - kept->size;

	if (head == 0 && (size == 0 || *text == '\0'))
		return;
	if (!pcapng_copy_fits(kept, PCAPNG_COPY_OPTION_HEAD + head + PCAPNG_COPY_SLACK / 2))
		return;
	memcpy(value, option->value, head);
	if (swapped)
		swap_numbers(value, head, PEN_SIZE);
	capacity -= PCAPNG_COPY_OPTION_HEAD + head + 3;
	if (capacity > PCAPNG_COPY_OPTION_MAX - head)
		capacity = PCAPNG_COPY_OPTION_MAX - head;
	value += head;
	if (!text_escape_part((char *)value, capacity, text, size, true))
		kept->losses |= LOSS_LONG;
	pcapng_copy_close_option(kept, option->code, head + strlen((char *)value));
}

static const struct rule *find_rule(const struct rule *rules, uint16_t code)
{
	for (; rules->code; rules++)
		if (rules->code == code)
			return rules;
	return NULL;
}

static void put_option(struct pcapng_copy *kept, const struct pcapng_block *block,
	const struct pcapng_option *option, const struct rule *rules)
{
	const bool swapped = block->swapped;
	const struct rule *rule = find_rule(common_rules, option->code);

	if (!rule)
		rule = find_rule(rules, option->code);
	if (!rule) {
		pcapng_copy_lose_option(kept, option->code);
		return;
	}
	/* pcapng_idb.h parses filters that are texts */
	if (rule->form == FORM_OURS ||
		(rule->form == FORM_FILTER && option->size > 0 && *option->value == 0))
		return;
	if (!is_sound(rule, block, option))
		kept->losses |= LOSS_DAMAGED;
	else if (rule->form == FORM_TEXT)
		put_text(kept, option, 0, swapped);
	else if (rule->form == FORM_CUSTOM_TEXT)
		put_text(kept, option, PEN_SIZE, swapped);
	else
		put_value(kept, option, rule->form, swapped);
}

bool pcapng_copy_put_options(struct pcapng_copy *kept, const struct pcapng_block *block,
	size_t offset, enum pcapng_copy_table table, struct error *error)
{
	struct pcapng_option option;
	int more;

	while ((more = pcapng_option(block, &offset, &option, error)) > 0)
		put_option(kept, block, &option, tables[table]);
	return more == 0;
}
