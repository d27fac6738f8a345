/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/packet.h"

#include <stdbool.h>

/* Link types and headers by https://www.tcpdump.org/linktypes.html */
enum {
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW = 101, /* IP without a link header */
	LINKTYPE_SLL = 113,
	LINKTYPE_SLL2 = 276,
	ETHERNET_SIZE = 14,
	SLL_SIZE = 16,
	SLL2_SIZE = 20,
	SLL2_PROTOCOL = 0, /* offsets in that header */
	SLL2_INDEX = 4,	   /* of the interface, 4 bytes */
	SLL_ADDRESS = 6,   /* 8 bytes, and before it their number, as in SLL2 */
	SLL2_ADDRESS = 12,
	SLL2_DIRECTION = 10, /* 1 byte; of an outgoing packet: */
	SLL2_OUTGOING = 4,
};

/*
 * The link type alone: the upper half of the field is for the frame check
 * sequence (draft-ietf-opsawg-pcap, section 4), which changes nothing here.
 */
static inline uint32_t linktype_bare(uint32_t linktype)
{
	return linktype & UINT16_MAX;
}

/*
 * Writes the SLL header with the values of an SLL2 header; it has no field for the
 * index of the interface.
 */
void linktype_sll2_to_sll(const unsigned char sll2[SLL2_SIZE], unsigned char ret_sll[SLL_SIZE]);

/*
 * Writes the SLL header of a received Ethernet frame of size bytes, at least
 * ETHERNET_SIZE. Ethernet has no direction, and SLL no destination address: the
 * packet type is broadcast or multicast by that address, otherwise "to another host".
 */
void linktype_ethernet_to_sll(
	const unsigned char *frame, uint32_t size, unsigned char ret_sll[SLL_SIZE]);

/*
 * Copies a packet's bytes to out, converted from one link type to another that
 * linktype_converts() allows, and sets the packet's lengths to the new ones. A packet
 * that grows is cut to PACKET_MAX bytes, so out needs at most that many.
 */
void linktype_copy(unsigned char *out, struct packet *packet, uint32_t from, uint32_t to);

/*
 * Can packets of one link type be written as another? Only if both are the same, or
 * from SLL2 or Ethernet to SLL.
 */
bool linktype_converts(uint32_t from, uint32_t to);

/*
 * Changes a link type to one that packets of both can be written under, other's
 * and its own: one of the two, or SLL. Returns false if there is none.
 */
bool linktype_widen(uint32_t *linktype, uint32_t other);

/*
 * Do packets of a link type begin with a pseudo header, which is not from the wire?
 * Wireshark removes it, and stops reading the whole file at a packet that lacks it.
 */
bool linktype_has_pseudo_header(uint32_t linktype);

/* Is the pseudo header of the packet complete? If not, error is set. */
bool linktype_check_pseudo_header(
	uint32_t linktype, const struct packet *packet, struct error *error);
