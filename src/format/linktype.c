/*
 * Linux' cooked link layers. In: an SLL2 header as libpcap's "any" device
 * makes it. Out: the SLL header that every reader of captures knows.
 */
#include "format/linktype.h"

#include <string.h>

/*
 * SLL2: protocol 2, reserved 2, interface 4, ARPHRD 2, packet type 1, address
 * length 1, address 8. SLL: packet type 2, ARPHRD 2, address length 2, address
 * 8, protocol 2. Both in network order, so bytes are moved, never turned.
 */
void linktype_sll2_to_sll(
	const unsigned char sll2[SLL2_SIZE], unsigned char ret_sll[SLL_SIZE])
{
	ret_sll[0] = 0;
	ret_sll[1] = sll2[10];
	memcpy(ret_sll + 2, sll2 + 8, 2);
	ret_sll[4] = 0;
	ret_sll[5] = sll2[11];
	memcpy(ret_sll + 6, sll2 + 12, 8);
	memcpy(ret_sll + 14, sll2, 2);
}

bool linktype_converts(uint32_t from, uint32_t to)
{
	return from == to || (from == LINKTYPE_SLL2 && to == LINKTYPE_SLL);
}

void linktype_copy(
	unsigned char *out, struct packet *packet, uint32_t from, uint32_t to)
{
	const uint32_t shorter = SLL2_SIZE - SLL_SIZE;

	if (from == to) {
		if (packet->caplen > 0)
			memcpy(out, packet->data, packet->caplen);
		return;
	}
	packet->len -= packet->len > shorter ? shorter : packet->len;
	if (packet->caplen < SLL2_SIZE) {
		packet->caplen = 0; /* cut within its link header */
		return;
	}
	linktype_sll2_to_sll(packet->data, out);
	memcpy(out + SLL_SIZE, packet->data + SLL2_SIZE,
		packet->caplen - SLL2_SIZE);
	packet->caplen -= shorter;
}
