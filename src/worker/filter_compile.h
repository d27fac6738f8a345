/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/bpf_assembler.h"

#include <pcap/pcap.h>
#include <stdbool.h>

/* The most memory for compiling, in MiB; callers enforce it. */
enum { FILTER_COMPILE_MEMORY_MIB = 64 };

/*
 * Opens a handle without a device, to compile expressions for the cooked link
 * layer. Programs return snaplen for packets that match. Returns a handle for
 * pcap_close(), or NULL with 503: out of memory.
 */
pcap_t *filter_compile_open_cooked(uint32_t snaplen, struct error *error);

/*
 * Compiles a pcap-filter(7) expression for the link type of the handle. Returns
 * false with 400 and a message that begins with whose ("filter"): libpcap's, or why
 * the expression cannot work on this link layer.
 */
bool filter_compile_expression(pcap_t *pcap, const char *text, const char *whose,
	struct filter_program *ret_program, struct error *error);

/* Checks that libpcap compiles it; false as above. */
bool filter_compile_check(pcap_t *pcap, const char *text, const char *whose, struct error *error);

/* Is it a whole word of the expression? */
bool filter_compile_has_word(const char *text, const char *word);

/* Is the word followed by a bracket anywhere, as in "link[0:2]"? */
bool filter_compile_has_accessor(const char *text, const char *word);

/*
 * Returns the word that ends before at, with or without spaces between; ret_size is
 * 0 if something else precedes it.
 */
const char *filter_compile_word_before(const char *text, const char *at, size_t *ret_size);
