/* SPDX-License-Identifier: MIT */
/*
 * One end of a tunnel, for kernels that have no such tunnel: a tun device, whose packets go
 * to the other end behind IP, and a header that is always the same. In: name of the device,
 * both addresses (IPv4), protocol of IP, header in hexadecimal digits. With the protocol
 * 17 they are UDP datagrams to port 6081. Out: a line when it is there. It lasts until it is
 * killed.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER_MAX = 64, PACKET_MAX = 65536, GENEVE_PORT = 6081 };

struct tunnel {
	int device;
	int socket;
	unsigned char header[HEADER_MAX];
	size_t header_size;
	bool has_ip; /* received packets have the outer header */
};

static int open_device(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
		err(1, "%s", name);
	return fd;
}

static struct sockaddr_in parse_address(const char *text, int protocol)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		errx(1, "%s is no address", text);
	if (protocol == IPPROTO_UDP)
		address.sin_port = htons(GENEVE_PORT);
	return address;
}

static int open_socket(const char *local, const char *remote, int protocol)
{
	const struct sockaddr_in own = parse_address(local, protocol);
	const struct sockaddr_in other = parse_address(remote, protocol);
	const int type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_RAW;
	const int fd = socket(AF_INET, type | SOCK_CLOEXEC, protocol);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&own, sizeof(own)) != 0 ||
		connect(fd, (const struct sockaddr *)&other, sizeof(other)) != 0)
		err(1, "%s to %s", local, remote);
	return fd;
}

static void parse_header(struct tunnel *tunnel, const char *text)
{
	for (; *text; text += 2) {
		unsigned byte;

		if (tunnel->header_size == HEADER_MAX || sscanf(text, "%2x", &byte) != 1 ||
			!text[1])
			errx(1, "%s is no header", text);
		tunnel->header[tunnel->header_size++] = (unsigned char)byte;
	}
}

/* What the host sends into the tunnel. */
static void send_one(const struct tunnel *tunnel)
{
	static unsigned char packet[HEADER_MAX + PACKET_MAX];
	const ssize_t size = read(tunnel->device, packet + tunnel->header_size, PACKET_MAX);

	memcpy(packet, tunnel->header, tunnel->header_size);
	if (size > 0 && send(tunnel->socket, packet, tunnel->header_size + (size_t)size, 0) < 0)
		warn("send");
}

/* What comes out of it. */
static void receive_one(const struct tunnel *tunnel)
{
	static unsigned char packet[PACKET_MAX];
	const ssize_t size = recv(tunnel->socket, packet, sizeof(packet), 0);
	size_t skipped = tunnel->header_size;

	if (tunnel->has_ip)
		skipped += (size_t)(packet[0] & 0x0f) * 4;
	if (size > (ssize_t)skipped &&
		write(tunnel->device, packet + skipped, (size_t)size - skipped) < 0)
		warn("write");
}

int main(int argc, char **argv)
{
	struct tunnel tunnel = {0};
	int protocol;

	if (argc != 6)
		errx(1, "Usage: tunnel_end NAME LOCAL REMOTE PROTOCOL HEADER");
	protocol = (int)strtol(argv[4], NULL, 10);
	tunnel.has_ip = protocol != IPPROTO_UDP;
	parse_header(&tunnel, argv[5]);
	tunnel.device = open_device(argv[1]);
	tunnel.socket = open_socket(argv[2], argv[3], protocol);
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pollfd fds[] = {{.fd = tunnel.device, .events = POLLIN},
			{.fd = tunnel.socket, .events = POLLIN}};

		if (poll(fds, 2, -1) < 0)
			err(1, "poll");
		if (fds[0].revents & POLLIN)
			send_one(&tunnel);
		if (fds[1].revents)
			receive_one(&tunnel);
	}
}
