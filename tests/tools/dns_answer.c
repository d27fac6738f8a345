/* SPDX-License-Identifier: MIT */
/*
 * A name server for tests. In: an IPv4 address to listen on, port 53, and the one that
 * is every name's. Out: an answer to each query for the address of a name.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	HEADER_SIZE = 12,
	QUERY_MAX = 512,
	ADDRESS_SIZE = 4,
};

/* A pointer to the name, type A, class IN, a minute, and the size of an address. */
static const unsigned char record[] = {0xc0, HEADER_SIZE, 0, 1, 0, 1, 0, 0, 0, 60, 0, ADDRESS_SIZE};

/* Makes an answer of a query, in place: only its question stays. Returns the size. */
static size_t make_answer(unsigned char *query, size_t size, const struct in_addr *address)
{
	static const unsigned char counts[] = {0, 1, 0, 1, 0, 0, 0, 0};
	size_t end = HEADER_SIZE;

	while (end < size && query[end] > 0)
		end += 1U + query[end];
	end += 1 + ADDRESS_SIZE; /* the name's end, type and class */
	if (end > size)
		return 0;
	query[2] |= 0x80;
	query[3] = 0;
	memcpy(query + 4, counts, sizeof(counts));
	memcpy(query + end, record, sizeof(record));
	memcpy(query + end + sizeof(record), address, ADDRESS_SIZE);
	return end + sizeof(record) + ADDRESS_SIZE;
}

int main(int argc, char **argv)
{
	unsigned char packet[QUERY_MAX + sizeof(record) + ADDRESS_SIZE];
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(53)};
	struct in_addr address;
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc != 3 || inet_pton(AF_INET, argv[1], &own.sin_addr) != 1 ||
		inet_pton(AF_INET, argv[2], &address) != 1) {
		fprintf(stderr, "usage: dns_answer LISTEN ADDRESS\n");
		return EXIT_FAILURE;
	}
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) != 0) {
		perror("dns_answer");
		return EXIT_FAILURE;
	}
	printf("listening\n");
	fflush(stdout);
	for (;;) {
		struct sockaddr_in peer;
		socklen_t peer_size = sizeof(peer);
		const ssize_t size =
			recvfrom(fd, packet, QUERY_MAX, 0, (struct sockaddr *)&peer, &peer_size);
		const size_t answer = size > 0 ? make_answer(packet, (size_t)size, &address) : 0;

		if (answer > 0)
			sendto(fd, packet, answer, 0, (struct sockaddr *)&peer, peer_size);
	}
}
