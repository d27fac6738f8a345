/* SPDX-License-Identifier: MIT */
/*
 * Creates a tun device, up and with a carrier, that lasts until stdin ends. In: its
 * name, and maybe the number of another hardware type (if_arp.h). Out: a line when
 * it is there. What the host sends to the device is discarded.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void set_up(const char *name)
{
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_flags = IFF_UP};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		err(1, "%s: up", name);
	close(fd);
}

int main(int argc, char **argv)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
	char packet[65536];

	if (argc < 2)
		errx(1, "Usage: tun_open NAME [HARDWARE]");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", argv[1]);
	fds[1].fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fds[1].fd < 0 || ioctl(fds[1].fd, TUNSETIFF, &request) != 0)
		err(1, "/dev/net/tun");
	if (argc > 2 && ioctl(fds[1].fd, TUNSETLINK, strtoul(argv[2], NULL, 10)) != 0)
		err(1, "%s: hardware type %s", argv[1], argv[2]);
	set_up(argv[1]);
	puts("ready");
	fflush(stdout);
	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents && read(STDIN_FILENO, packet, sizeof(packet)) <= 0)
			break;
		if (fds[1].revents && read(fds[1].fd, packet, sizeof(packet)) < 0)
			break;
	}
	return 0;
}
