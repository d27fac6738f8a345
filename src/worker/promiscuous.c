/* SPDX-License-Identifier: MIT */
/*
 * Sets interfaces promiscuous. In: indexes. Out: a socket that keeps them so.
 *
 * The socket has no protocol, so it receives no packet. A membership on the capture's
 * own socket would do for one device, but not for the cooked form, whose socket is
 * bound to none.
 */
#include "worker/promiscuous.h"

#include <errno.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool add_member(int fd, uint32_t index, struct error *error)
{
	const struct packet_mreq request = {
		.mr_ifindex = (int)index,
		.mr_type = PACKET_MR_PROMISC,
	};

	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) == 0)
		return true;
	if (errno == ENODEV)
		return error_set(error, 503, "promisc: the interface is gone");
	return error_set(
		error, 500, "promisc: cannot set the interface promiscuous: %s", strerror(errno));
}

int promiscuous_open(const uint32_t *indexes, size_t count, struct error *error)
{
	const int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		error_set(error, errno == EPERM ? 500 : 503,
			"promisc: cannot open a packet socket: %s", strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (add_member(fd, indexes[i], error))
			continue;
		close(fd);
		return -1;
	}
	return fd;
}
