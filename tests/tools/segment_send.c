/* SPDX-License-Identifier: MIT */
/*
 * Test traffic. In: the number of datagrams, their size, rate, and address. Out: datagrams of
 * random bytes, each handed to the kernel in one piece for segments of a size (UDP_SEGMENT of
 * udp(7)), as QUIC does.
 */
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

enum { SIZE_MAX_UDP = 65507, NS_PER_S = 1000000000 };

/* Returns 0, or 1 after an error message. */
static int send_all(int fd, unsigned long count, size_t size, unsigned long rate)
{
	static unsigned char payload[SIZE_MAX_UDP];
	const struct timespec between = {.tv_nsec = (long)(NS_PER_S / rate)};

	for (unsigned long i = 0; i < count; i++) {
		if (getrandom(payload, size, 0) != (ssize_t)size ||
			send(fd, payload, size, 0) != (ssize_t)size) {
			perror("segment_send");
			return 1;
		}
		nanosleep(&between, NULL);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t size;
	unsigned long rate;
	int segment;

	if (argc != 7 || inet_pton(AF_INET, argv[5], &to.sin_addr) != 1) {
		fputs("Usage: segment_send SEGMENT COUNT SIZE RATE ADDRESS PORT\n", stderr);
		return 1;
	}
	segment = (int)strtol(argv[1], NULL, 10);
	size = strtoul(argv[3], NULL, 10);
	rate = strtoul(argv[4], NULL, 10);
	to.sin_port = htons((uint16_t)strtoul(argv[6], NULL, 10));
	if (size > SIZE_MAX_UDP || rate < 2 || fd < 0 ||
		setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)) < 0 ||
		connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror("segment_send");
		return 1;
	}
	return send_all(fd, strtoul(argv[2], NULL, 10), size, rate);
}
