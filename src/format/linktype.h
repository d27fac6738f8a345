#pragma once

#include "format/packet.h"

#include <stdbool.h>

/* Link types and headers by https://www.tcpdump.org/linktypes.html */
enum {
	LINKTYPE_SLL = 113,
	LINKTYPE_SLL2 = 276,
	SLL_SIZE = 16,
	SLL2_SIZE = 20,
};

/*
 * Writes the SLL header that says what an SLL2 header says; all but the
 * interface's index has a place there.
 */
void linktype_sll2_to_sll(
	const unsigned char sll2[SLL2_SIZE], unsigned char ret_sll[SLL_SIZE]);

/*
 * Copies a packet's bytes to out, turned from one link type into another that
 * linktype_converts() to, and changes packet's lengths to what came of it.
 */
void linktype_copy(
	unsigned char *out, struct packet *packet, uint32_t from, uint32_t to);

/*
 * Tells whether packets of one link type can be written under another: they
 * are the same, or the step is from SLL2 to SLL.
 */
bool linktype_converts(uint32_t from, uint32_t to);
