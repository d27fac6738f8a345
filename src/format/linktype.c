/* SPDX-License-Identifier: MIT */
/*
 * Converts SLL2 and Ethernet to SLL, and checks pseudo headers. In: packets of a link
 * type. Out: the same with the SLL header that every reader supports; whether
 * Wireshark could read a packet.
 */
#include "format/linktype.h"

#include <inttypes.h>
#include <string.h>

enum {
	LINKTYPE_MASK = 0xffff, /* the other bits are for the FCS */
	LINKTYPE_IRDA = 144,
	LINKTYPE_LAPD = 177,
	LINKTYPE_ERF = 197,

	COOKED_PROTOCOL = 14, /* offset of the protocol in an SLL header */
	PROTOCOL_IRDA = 0x0017,
	PROTOCOL_LAPD = 0x0030,

	/* as in linux/if_ether.h, linux/if_packet.h and net/if_arp.h */
	ETHERNET_SOURCE = 6, /* offsets in an Ethernet header */
	ETHERNET_TYPE = 12,
	ETHERNET_TYPE_MIN = 0x0600, /* a smaller number is the length of an 802.3 frame */
	ETHERNET_ADDRESS = 6,	    /* bytes */
	ARPHRD_OF_ETHERNET = 1,
	PROTOCOL_NOVELL = 1, /* 802.3 without 802.2 */
	PROTOCOL_802_2 = 4,
	TO_ALL = 1, /* packet types of SLL */
	TO_GROUP = 2,
	TO_ANOTHER_HOST = 3,

	ERF_TYPE = 8, /* offset of the type in an ERF header */
	ERF_MORE = 0x80,
	ERF_EXTENSION = 8,
};

/*
 * SLL2: protocol 2, reserved 2, interface 4, ARPHRD 2, packet type 1, address
 * length 1, address 8. SLL: packet type 2, ARPHRD 2, address length 2, address
 * 8, protocol 2. Both are in network byte order, so bytes are moved, not swapped.
 */
void linktype_sll2_to_sll(const unsigned char sll2[SLL2_SIZE], unsigned char ret_sll[SLL_SIZE])
{
	ret_sll[0] = 0;
	ret_sll[1] = sll2[10];
	memcpy(ret_sll + 2, sll2 + 8, 2);
	ret_sll[4] = 0;
	ret_sll[5] = sll2[11];
	memcpy(ret_sll + 6, sll2 + 12, 8);
	memcpy(ret_sll + 14, sll2, 2);
}

/* Returns a number in network byte order. */
static uint16_t number_at(const unsigned char *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static unsigned char packet_type_of(const unsigned char *destination)
{
	static const unsigned char all[ETHERNET_ADDRESS] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (memcmp(destination, all, sizeof(all)) == 0)
		return TO_ALL;
	return destination[0] & 1 ? TO_GROUP : TO_ANOTHER_HOST;
}

/* Returns the protocol that Linux gives a frame: its ethertype, or one for 802.3. */
static uint16_t protocol_of(const unsigned char *frame, uint32_t size)
{
	const uint16_t type = number_at(frame + ETHERNET_TYPE);

	if (type >= ETHERNET_TYPE_MIN)
		return type;
	if (size >= ETHERNET_SIZE + 2 && number_at(frame + ETHERNET_SIZE) == 0xffff)
		return PROTOCOL_NOVELL;
	return PROTOCOL_802_2;
}

void linktype_ethernet_to_sll(
	const unsigned char *frame, uint32_t size, unsigned char ret_sll[SLL_SIZE])
{
	const uint16_t protocol = protocol_of(frame, size);

	memset(ret_sll, 0, SLL_SIZE);
	ret_sll[1] = packet_type_of(frame);
	ret_sll[3] = ARPHRD_OF_ETHERNET;
	ret_sll[5] = ETHERNET_ADDRESS;
	memcpy(ret_sll + 6, frame + ETHERNET_SOURCE, ETHERNET_ADDRESS);
	ret_sll[COOKED_PROTOCOL] = (unsigned char)(protocol >> 8);
	ret_sll[COOKED_PROTOCOL + 1] = (unsigned char)protocol;
}

bool linktype_converts(uint32_t from, uint32_t to)
{
	from = linktype_bare(from);
	to = linktype_bare(to);
	if (from == to)
		return true;
	return to == LINKTYPE_SLL && (from == LINKTYPE_SLL2 || from == LINKTYPE_ETHERNET);
}

/* An SLL header is shorter than one of SLL2. */
static void copy_sll2_as_sll(unsigned char *out, struct packet *packet)
{
	const uint32_t shorter = SLL2_SIZE - SLL_SIZE;

	packet->len -= packet->len > shorter ? shorter : packet->len;
	if (packet->caplen < SLL2_SIZE) {
		packet->caplen = 0; /* cut within its link header */
		return;
	}
	linktype_sll2_to_sll(packet->data, out);
	memcpy(out + SLL_SIZE, packet->data + SLL2_SIZE, packet->caplen - SLL2_SIZE);
	packet->caplen -= shorter;
}

/* An SLL header is longer than one of Ethernet. */
static void copy_ethernet_as_sll(unsigned char *out, struct packet *packet)
{
	const uint32_t longer = SLL_SIZE - ETHERNET_SIZE;
	const uint32_t caplen =
		packet->caplen < PACKET_MAX - longer ? packet->caplen + longer : PACKET_MAX;

	packet->len = packet->len < UINT32_MAX - longer ? packet->len + longer : UINT32_MAX;
	if (packet->caplen < ETHERNET_SIZE) {
		packet->caplen = 0; /* as above */
		return;
	}
	linktype_ethernet_to_sll(packet->data, packet->caplen, out);
	memcpy(out + SLL_SIZE, packet->data + ETHERNET_SIZE, caplen - SLL_SIZE);
	packet->caplen = caplen;
}

void linktype_copy(unsigned char *out, struct packet *packet, uint32_t from, uint32_t to)
{
	if (linktype_bare(from) == linktype_bare(to)) {
		if (packet->caplen > 0)
			memcpy(out, packet->data, packet->caplen);
		return;
	}
	if (linktype_bare(from) == LINKTYPE_ETHERNET)
		copy_ethernet_as_sll(out, packet);
	else
		copy_sll2_as_sll(out, packet);
}

/* The sizes of pseudo headers in bytes, as in Wireshark's wiretap. */
static const struct {
	uint16_t linktype;
	uint16_t size;
} pseudo_headers[] = {
	{123, 4},							/* SunATM */
	{139, 4},							/* MTP2 */
	{LINKTYPE_IRDA, SLL_SIZE}, {LINKTYPE_LAPD, SLL_SIZE}, {196, 5}, /* SITA */
	{LINKTYPE_ERF, 16}, {201, 4}, /* Bluetooth HCI with direction */
	{204, 1},		      /* PPP with direction */
	{209, 5},		      /* I2C */
	{245, 2},		      /* NFC LLCP */
	{254, 4},		      /* Bluetooth of Linux' monitor */
};

static uint32_t pseudo_header_size(uint32_t linktype)
{
	const size_t count = sizeof(pseudo_headers) / sizeof(*pseudo_headers);

	for (size_t i = 0; i < count; i++)
		if (pseudo_headers[i].linktype == (linktype & LINKTYPE_MASK))
			return pseudo_headers[i].size;
	return 0;
}

bool linktype_widen(uint32_t *linktype, uint32_t other)
{
	if (linktype_converts(other, *linktype))
		return true;
	if (linktype_converts(*linktype, other)) {
		*linktype = linktype_bare(other);
		return true;
	}
	if (!linktype_converts(*linktype, LINKTYPE_SLL) || !linktype_converts(other, LINKTYPE_SLL))
		return false;
	*linktype = LINKTYPE_SLL;
	return true;
}

bool linktype_has_pseudo_header(uint32_t linktype)
{
	return pseudo_header_size(linktype) > 0;
}

/* Returns the size of what an ERF type has between the headers and the frame. */
static uint32_t erf_subheader_size(unsigned char type)
{
	switch (type & ~ERF_MORE) {
	case 2:	 /* Ethernet, and those with a color */
	case 11: /* or more */
	case 16:
	case 20:
		return 2;
	case 5: /* channels of HDLC, raw, ATM, AAL5, AAL2 */
	case 6:
	case 7:
	case 8:
	case 9:
	case 12:
	case 17:
	case 18:
		return 4;
	default:
		return 0;
	}
}

/* Returns the size of an ERF header with its extensions and subheader. */
static uint32_t erf_size(const struct packet *packet, uint32_t size)
{
	const unsigned char *at = packet->data + ERF_TYPE;
	const uint32_t subheader = erf_subheader_size(*at);

	while (*at & ERF_MORE) {
		at = packet->data + size;
		size += ERF_EXTENSION;
		if (size > packet->caplen)
			return size;
	}
	return size + subheader;
}

/* Does the SLL header of the packet have this protocol? */
static bool is_of_protocol(const struct packet *packet, uint16_t protocol)
{
	return number_at(packet->data + COOKED_PROTOCOL) == protocol;
}

static bool reject_pseudo_header(
	uint32_t linktype, const struct packet *packet, uint32_t size, struct error *error)
{
	return error_set(error, 1,
		"a packet of %" PRIu32 " bytes lacks the header of its link type %" PRIu32
		" (%" PRIu32 " bytes); Wireshark could not read the rest",
		packet->caplen, linktype & LINKTYPE_MASK, size);
}

bool linktype_check_pseudo_header(
	uint32_t linktype, const struct packet *packet, struct error *error)
{
	uint32_t size = pseudo_header_size(linktype);
	bool is_known = true;

	if (packet->caplen < size)
		return reject_pseudo_header(linktype, packet, size, error);
	switch (linktype & LINKTYPE_MASK) {
	case LINKTYPE_ERF:
		size = erf_size(packet, size);
		break;
	case LINKTYPE_IRDA:
		is_known = is_of_protocol(packet, PROTOCOL_IRDA);
		break;
	case LINKTYPE_LAPD:
		is_known = is_of_protocol(packet, PROTOCOL_LAPD);
		break;
	default:
		break;
	}
	return (is_known && packet->caplen >= size) ||
	       reject_pseudo_header(linktype, packet, size, error);
}
