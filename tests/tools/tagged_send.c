/* SPDX-License-Identifier: MIT */
/*
 * Sends a TCP frame with a VLAN tag in its bytes, as a device does that leaves
 * tags to the kernel. In: the interface, the tag's protocol, 4 or 6, and the
 * source port. Out: that frame, on the interface.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ADDRESSES = 12, TAGGED = ADDRESSES + 4, FRAME_MAX = 128 };

static void put16(unsigned char *out, unsigned long number)
{
	out[0] = (unsigned char)(number >> 8);
	out[1] = (unsigned char)number;
}

/* Returns the frame's size. */
static size_t fill(unsigned char frame[FRAME_MAX], char **argv)
{
	const int six = *argv[3] == '6';
	unsigned char *ip = frame + TAGGED + 2;
	unsigned char *tcp = ip + (six ? 40 : 20);

	memset(frame, 0xff, 6);
	put16(frame + ADDRESSES, strtoul(argv[2], NULL, 0));
	put16(frame + ADDRESSES + 2, 7);
	put16(frame + TAGGED, six ? 0x86dd : 0x0800);
	ip[0] = six ? 0x60 : 0x45;
	put16(ip + (six ? 4 : 2), six ? 20 : 40);
	ip[six ? 6 : 9] = IPPROTO_TCP;
	put16(tcp, strtoul(argv[4], NULL, 10));
	tcp[12] = 0x50;
	return (size_t)(tcp + 20 - frame);
}

int main(int argc, char **argv)
{
	unsigned char frame[FRAME_MAX] = {0};
	struct sockaddr_ll to = {.sll_family = AF_PACKET};
	size_t size;
	int fd;

	if (argc != 5) {
		fputs("Usage: tagged_send INTERFACE PROTOCOL 4|6 PORT\n", stderr);
		return 1;
	}
	size = fill(frame, argv);
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
		sendto(fd, frame, size, 0, (struct sockaddr *)&to, sizeof(to)) != (ssize_t)size) {
		perror("tagged_send");
		return 1;
	}
	return 0;
}
