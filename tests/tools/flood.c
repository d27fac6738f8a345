/* SPDX-License-Identifier: MIT */
/*
 * Sends packets at a given rate.
 *
 *     flood INTERFACE SIZE[,SIZE...] RATE COUNT
 *
 * In: an interface, such as one end of a veth pair; the frames' sizes, used in
 * turn; frames a second, 0 for as many as possible. Out: COUNT UDP frames to a
 * MAC address that no interface has; and on stdout "sent N", "wall N", and "cpu
 * N", their number and the time in ns. The receiving host's kernel, its taps
 * included, works in this process' time.
 */
#include "common/clock.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BATCH = 64,
	SIZES_MAX = 64,
	FRAME_MAX = 1514,
	FRAME_MIN = 60,
	PORT = 9,
};

struct flood {
	int fd;
	double gap; /* ns between frames, 0: no pause */
	uint64_t count;
	uint32_t sizes[SIZES_MAX];
	size_t size_count;
	unsigned char frames[SIZES_MAX][FRAME_MAX];
	uint64_t sent;
	uint64_t begin; /* ns */
};

static void fill(unsigned char *frame, uint32_t size)
{
	static const unsigned char to[] = {2, 0, 0, 0, 0, 2};
	static const unsigned char from[] = {2, 0, 0, 0, 0, 1};
	const uint32_t ip_size = size - (uint32_t)sizeof(struct ether_header);
	struct ether_header ethernet = {.ether_type = htons(ETHERTYPE_IP)};
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)ip_size),
		.ttl = 1,
		.protocol = IPPROTO_UDP,
		.saddr = htonl(0x0a090001), /* 10.9.0.1 and 2 */
		.daddr = htonl(0x0a090002),
	};
	struct udphdr udp = {
		.source = htons(PORT),
		.dest = htons(PORT),
		.len = htons((uint16_t)(ip_size - sizeof(ip))),
	};

	memcpy(ethernet.ether_dhost, to, sizeof(to));
	memcpy(ethernet.ether_shost, from, sizeof(from));
	memcpy(frame, &ethernet, sizeof(ethernet));
	memcpy(frame + sizeof(ethernet), &ip, sizeof(ip));
	memcpy(frame + sizeof(ethernet) + sizeof(ip), &udp, sizeof(udp));
}

/* Protocol 0: this socket receives nothing. */
static int open_interface(const char *name)
{
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(name),
	};
	const int on = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || address.sll_ifindex == 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) != 0 ||
		bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		err(1, "%s", name);
	return fd;
}

static void read_sizes(struct flood *flood, char *text)
{
	for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		uint32_t size = (uint32_t)strtoul(word, NULL, 10);

		if (size < FRAME_MIN || size > FRAME_MAX || flood->size_count == SIZES_MAX)
			errx(1, "%s: a frame has %d to %d bytes", word, FRAME_MIN, FRAME_MAX);
		fill(flood->frames[flood->size_count], size);
		flood->sizes[flood->size_count++] = size;
	}
}

/*
 * The number of frames to send now: a batch at most. Sleeps until there is one.
 */
static unsigned take_turn(const struct flood *flood)
{
	const uint64_t left = flood->count - flood->sent;
	const unsigned most = left < BATCH ? (unsigned)left : BATCH;
	const uint64_t next = flood->begin + (uint64_t)((double)flood->sent * flood->gap);
	const struct timespec when = {
		.tv_sec = (time_t)(next / NS_PER_S),
		.tv_nsec = (long)(next % NS_PER_S),
	};
	double due;

	if (flood->gap == 0)
		return most;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
	due = (double)(clock_ns(CLOCK_MONOTONIC) - next) / flood->gap + 1;
	return due < most ? (unsigned)due : most;
}

static void send_batch(struct flood *flood, unsigned count)
{
	struct mmsghdr messages[BATCH] = {0};
	struct iovec parts[BATCH];
	int sent;

	for (unsigned i = 0; i < count; i++) {
		size_t turn = (flood->sent + i) % flood->size_count;

		parts[i].iov_base = flood->frames[turn];
		parts[i].iov_len = flood->sizes[turn];
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(flood->fd, messages, count, 0);
	if (sent < 0 && errno != ENOBUFS && errno != EINTR)
		err(1, "sendmmsg");
	if (sent > 0)
		flood->sent += (uint64_t)sent;
}

int main(int argc, char **argv)
{
	static struct flood flood;
	double rate;

	if (argc != 5)
		errx(1, "usage: flood INTERFACE SIZE[,SIZE...] RATE COUNT");
	flood.fd = open_interface(argv[1]);
	read_sizes(&flood, argv[2]);
	rate = strtod(argv[3], NULL);
	flood.gap = rate > 0 ? NS_PER_S / rate : 0;
	flood.count = strtoull(argv[4], NULL, 10);
	flood.begin = clock_ns(CLOCK_MONOTONIC);
	while (flood.sent < flood.count)
		send_batch(&flood, take_turn(&flood));
	printf("sent %" PRIu64 "\nwall %" PRIu64 "\ncpu %" PRIu64 "\n", flood.sent,
		clock_ns(CLOCK_MONOTONIC) - flood.begin, clock_ns(CLOCK_PROCESS_CPUTIME_ID));
	return 0;
}
