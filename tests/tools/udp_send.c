/* SPDX-License-Identifier: MIT */
/*
 * Test traffic. In: the number of datagrams, their size, rate, and address.
 * Out: datagrams with a sequence number and bytes computed from it. With -print
 * the payloads are printed as lines of hex on stdout instead: the expected
 * content of a capture of the same run. With -join N the kernel receives N
 * datagrams as one packet, which it or the device splits (UDP_SEGMENT of udp(7)),
 * then one by itself, and so on.
 */
#include <inttypes.h>
#include <netdb.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	SEQUENCE_SIZE = 4,
	SIZE_MAX_UDP = 65507, /* of IPv4 */
	COUNT_MAX = 10000000,
	SEND_BUFFER = 4 << 20,
	NS_PER_S = 1000000000,
};

struct datagram_run {
	uint32_t count;
	uint32_t size;
	uint32_t rate; /* datagrams a second; 0: as fast as it goes */
	uint32_t join; /* so many are sent as one packet, then one */
};

/* The pattern differs from its neighbours' in every byte. */
static void fill(unsigned char *payload, uint32_t sequence, uint32_t size)
{
	for (uint32_t i = 0; i < SEQUENCE_SIZE; i++)
		payload[i] = (unsigned char)(sequence >> (24 - 8 * i));
	for (uint32_t i = SEQUENCE_SIZE; i < size; i++)
		payload[i] = (unsigned char)(sequence * 37 + i * 11 + i / 256);
}

static void wait_turn(const struct timespec *start, uint64_t ns)
{
	struct timespec when = *start;

	ns += (uint64_t)when.tv_nsec;
	when.tv_sec += (time_t)(ns / NS_PER_S);
	when.tv_nsec = (long)(ns % NS_PER_S);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL))
		;
}

static void print_payload(const unsigned char *payload, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		printf("%02x", payload[i]);
	putchar('\n');
}

/* Is a datagram the last one of a packet? */
static bool is_last(const struct datagram_run *run, uint32_t i)
{
	return run->join == 1 || i + 1 == run->count || i % (run->join + 1) >= run->join - 1;
}

/* fd -1 prints. Returns 0, or 1 after an error message. */
static int run_all(const struct datagram_run *run, int fd, const struct addrinfo *to)
{
	static unsigned char payload[SIZE_MAX_UDP];
	struct timespec start;
	uint32_t used = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (uint32_t i = 0; i < run->count; i++) {
		fill(payload + used, i, run->size);
		if (fd < 0) {
			print_payload(payload, run->size);
			continue;
		}
		used += run->size;
		if (!is_last(run, i))
			continue;
		if (run->rate)
			wait_turn(&start, (uint64_t)i * NS_PER_S / run->rate);
		if (sendto(fd, payload, used, 0, to->ai_addr, to->ai_addrlen) < 0) {
			perror("udp_send");
			return 1;
		}
		used = 0;
	}
	return 0;
}

/* Sets the size at which the kernel splits what it is sent. */
static bool set_segment(const struct datagram_run *run, int fd)
{
	const int size = (int)run->size;

	return run->join == 1 || setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) == 0;
}

static int send_to(const struct datagram_run *run, const char *host, const char *port)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_DGRAM,
	};
	const int buffer = SEND_BUFFER;
	struct addrinfo *to = NULL;
	int status = 1;
	int error = getaddrinfo(host, port, &hints, &to);
	int fd;

	if (error) {
		fprintf(stderr, "udp_send: %s: %s\n", host, gai_strerror(error));
		return 1;
	}
	fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && set_segment(run, fd)) {
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
		status = run_all(run, fd, to);
	} else {
		perror("udp_send");
	}
	if (fd >= 0)
		close(fd);
	freeaddrinfo(to);
	return status;
}

/* Parses the three numbers; false: one is out of its range. */
static bool read_run(char **argv, struct datagram_run *ret_run)
{
	char *end[3];

	ret_run->count = (uint32_t)strtoul(argv[0], &end[0], 10);
	ret_run->size = (uint32_t)strtoul(argv[1], &end[1], 10);
	ret_run->rate = (uint32_t)strtoul(argv[2], &end[2], 10);
	return !*end[0] && !*end[1] && !*end[2] && ret_run->count <= COUNT_MAX &&
	       ret_run->size >= SEQUENCE_SIZE && ret_run->size <= SIZE_MAX_UDP;
}

/* Parses -join N, if it is there; false: it is not valid. */
static bool read_join(int *argc, char ***argv, struct datagram_run *run)
{
	char *end;

	run->join = 1;
	if (*argc < 3 || strcmp((*argv)[1], "-join") != 0)
		return true;
	run->join = (uint32_t)strtoul((*argv)[2], &end, 10);
	*argc -= 2;
	*argv += 2;
	return !*end && run->join > 0;
}

int main(int argc, char **argv)
{
	struct datagram_run run = {0};
	const bool has_join = read_join(&argc, &argv, &run);
	const bool print = argc == 5 && strcmp(argv[1], "-print") == 0;

	if (!has_join || (!print && argc != 6) || !read_run(argv + 1 + print, &run) ||
		(uint64_t)run.size * run.join > SIZE_MAX_UDP) {
		fputs("Usage: udp_send [-join N] COUNT SIZE RATE ADDRESS PORT\n"
		      "       udp_send -print COUNT SIZE RATE\n",
			stderr);
		return 1;
	}
	if (print)
		return run_all(&run, -1, NULL);
	return send_to(&run, argv[4], argv[5]);
}
