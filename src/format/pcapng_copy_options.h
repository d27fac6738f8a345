/* SPDX-License-Identifier: MIT */
#pragma once

#include "format/pcapng_block.h"

/*
 * Copies options of a pcapng that ddump itself does not use, so that its output
 * keeps them (draft-ietf-opsawg-pcapng, section 3.5); pcapng_copy_block.h
 * copies whole blocks. Copies have this machine's byte order and zeros as
 * padding; texts are printable UTF-8 and keep their line breaks.
 */
enum {
	PCAPNG_COPY_BLOCK_MAX = 1 << 20,  /* bytes of a block */
	PCAPNG_COPY_OPTIONS_MAX = 131072, /* of a packet's, or an interface's options */
	PCAPNG_COPY_OPTION_HEAD = 4,
	PCAPNG_COPY_OPTION_MAX = UINT16_MAX, /* bytes of one option */
	PCAPNG_COPY_ESCAPE_GROWTH = 4,	     /* of a text without printable characters */
	PCAPNG_COPY_SLACK = 64,		     /* bytes for headers and padding */
	PCAPNG_COPY_PEN_NETFLIX = 10949,     /* whose custom data Wireshark parses */
	PCAPNG_COPY_CLOSING = 12,	     /* bytes after a block's data and options */
};

/* A buffer for copied options or a block. All zero: it is empty. */
struct pcapng_copy {
	unsigned char *bytes;
	size_t size;
	size_t limit; /* of size, for the current content */
	size_t capacity;
	unsigned losses; /* enum loss, since this was set to 0 */
};

void pcapng_copy_cleanup(struct pcapng_copy *kept);

/* Empties the buffer and reserves limit bytes. False: out of memory. */
bool pcapng_copy_begin(struct pcapng_copy *kept, size_t limit, struct error *error);

/* Returns the most bytes that the options of a block, from offset on, can become. */
size_t pcapng_copy_options_limit(const struct pcapng_block *block, size_t offset);

/* Adds bytes, as far as they fit. */
void pcapng_copy_put(struct pcapng_copy *kept, const void *bytes, size_t size);

/* Adds an option with a 64-bit number. */
void pcapng_copy_put_number(struct pcapng_copy *kept, uint16_t code, uint64_t value);

/* Notes the loss of an option. */
void pcapng_copy_lose_option(struct pcapng_copy *kept, uint16_t code);

/* Do size bytes fit? If not, notes a loss. */
bool pcapng_copy_fits(struct pcapng_copy *kept, size_t size);

/*
 * Adds an option whose value is already in the buffer, PCAPNG_COPY_OPTION_HEAD bytes
 * after the end: writes its header and its padding, which must fit.
 */
void pcapng_copy_close_option(struct pcapng_copy *kept, uint16_t code, size_t size);

/*
 * Can Wireshark continue after this option, if it is a custom one? It stops at empty
 * ones of Netflix.
 */
bool pcapng_copy_is_custom_sound(
	const struct pcapng_block *block, const struct pcapng_option *option);

/* The tables of options that blocks may have. */
enum pcapng_copy_table {
	PCAPNG_COPY_OF_PACKET,
	PCAPNG_COPY_OF_INTERFACE, /* without those that pcapng_idb.h parses */
	PCAPNG_COPY_OF_NAMES,
	PCAPNG_COPY_OF_BLOCK, /* any other */
};

/*
 * Adds the options of a block, from offset on. False: their lengths are wrong, error
 * is set.
 */
bool pcapng_copy_put_options(struct pcapng_copy *kept, const struct pcapng_block *block,
	size_t offset, enum pcapng_copy_table table, struct error *error);
