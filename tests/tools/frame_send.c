/* SPDX-License-Identifier: MIT */
/*
 * Sends frames by description. In: an interface; on stdin a frame a line, its
 * headers as words from the outside to the inside. Out: those frames, on the
 * interface.
 *
 *     eth                  Ethernet, broadcast
 *     ieee                 the same with a length instead of an ethertype
 *     vlan=TYPE            a tag, whose own ethertype is TYPE
 *     ip4[=FROM,TO]        from 10.9.0.1 to 10.9.0.2
 *     cut=NUMBER           flags and offset of the IPv4 header before it
 *     ip4opt               IPv4 with 8 bytes of options
 *     ip6[=FROM,TO]        from fd09::1 to fd09::2
 *     hop, dst, route      extension headers of 16 bytes
 *     frag=OFFSET          IPv6's fragment header; OFFSET counts 8 bytes
 *     tcp=FROM,TO udp=FROM,TO sctp=FROM,TO
 *     is=NUMBER            the next-header value of the header before it
 *     hex=DIGITS           bytes
 *     size=NUMBER          zeros up to that size of the frame
 */
#include <arpa/inet.h>
#include <err.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { FRAME_MAX = 65536, LINE_MAX_SIZE = 8192 };

struct frame {
	unsigned char bytes[FRAME_MAX];
	size_t size;
	unsigned char *next; /* next-header field of the last header */
	size_t next_size;
	unsigned char *ip4;    /* header whose length is to be set, or NULL */
	unsigned char *ip6;    /* the same */
	unsigned char *udp;    /* the same */
	unsigned char *length; /* of 802.3 */
};

static void put16(unsigned char *out, unsigned long number)
{
	out[0] = (unsigned char)(number >> 8);
	out[1] = (unsigned char)number;
}

static unsigned char *grow(struct frame *frame, size_t size)
{
	unsigned char *at = frame->bytes + frame->size;

	if (size > FRAME_MAX - frame->size)
		errx(1, "too large a frame");
	memset(at, 0, size);
	frame->size += size;
	return at;
}

/* Writes the type of the next header into the header before it. */
static void follow(struct frame *frame, unsigned long number)
{
	if (frame->next_size == 2)
		put16(frame->next, number);
	else if (frame->next_size == 1)
		*frame->next = (unsigned char)number;
	frame->next_size = 0;
}

/* Adds a header of size bytes, which has its own next header at that offset. */
static unsigned char *add(
	struct frame *frame, unsigned long number, size_t size, size_t next, size_t next_size)
{
	unsigned char *header;

	follow(frame, number);
	header = grow(frame, size);
	frame->next = header + next;
	frame->next_size = next_size;
	return header;
}

static void add_ethernet(struct frame *frame, int is_ieee)
{
	unsigned char *header = add(frame, 0, 14, 12, is_ieee ? 0 : 2);

	memset(header, 0xff, 6);
	header[6] = 2;
	if (is_ieee)
		frame->length = header + 12;
}

static void add_addresses(int family, unsigned char *out, size_t size, char *value)
{
	char *to = strchr(value, ',');

	if (!to)
		errx(1, "no addresses: %s", value);
	*to++ = '\0';
	if (inet_pton(family, value, out) != 1 || inet_pton(family, to, out + size) != 1)
		errx(1, "no addresses: %s, %s", value, to);
}

static void add_ipv4(struct frame *frame, size_t size, char *value)
{
	char standard[] = "10.9.0.1,10.9.0.2";

	frame->ip4 = add(frame, 0x0800, size, 9, 1);
	frame->ip4[0] = (unsigned char)(0x40 | size / 4);
	frame->ip4[8] = 64;
	memset(frame->ip4 + 20, 1, size - 20); /* no operation */
	add_addresses(AF_INET, frame->ip4 + 12, 4, value ? value : standard);
}

static void add_ipv6(struct frame *frame, char *value)
{
	char standard[] = "fd09::1,fd09::2";

	frame->ip6 = add(frame, 0x86dd, 40, 6, 1);
	frame->ip6[0] = 0x60;
	frame->ip6[7] = 64;
	add_addresses(AF_INET6, frame->ip6 + 8, 16, value ? value : standard);
}

static void add_options(struct frame *frame, unsigned long type)
{
	unsigned char *header = add(frame, type, 16, 0, 1);

	header[1] = 1;
	header[2] = 1; /* padding */
	header[3] = 12;
}

static void add_ports(struct frame *frame, unsigned long protocol, size_t size, char *value)
{
	unsigned char *header = add(frame, protocol, size, 0, 0);
	char *to = strchr(value, ',');

	if (!to)
		errx(1, "no ports: %s", value);
	put16(header, strtoul(value, NULL, 0));
	put16(header + 2, strtoul(to + 1, NULL, 0));
	if (protocol == IPPROTO_TCP)
		put16(header + 12, 0x5002); /* SYN */
	if (protocol == IPPROTO_UDP)
		frame->udp = header;
}

static void add_hex(struct frame *frame, const char *digits)
{
	unsigned byte;

	for (; sscanf(digits, "%2x", &byte) == 1; digits += 2)
		*grow(frame, 1) = (unsigned char)byte;
	if (*digits)
		errx(1, "no hexadecimal digits: %s", digits);
}

/* Returns the value of a word; NULL: it has none. */
static int add_valued(struct frame *frame, const char *word, char *value)
{
	const unsigned long number = strtoul(value, NULL, 0);

	if (strcmp(word, "vlan") == 0)
		add(frame, number, 4, 2, 2)[1] = 7;
	else if (strcmp(word, "cut") == 0 && frame->ip4)
		put16(frame->ip4 + 6, number);
	else if (strcmp(word, "frag") == 0)
		put16(add(frame, 44, 8, 0, 1) + 2, number << 3 | 1);
	else if (strcmp(word, "tcp") == 0)
		add_ports(frame, IPPROTO_TCP, 20, value);
	else if (strcmp(word, "udp") == 0)
		add_ports(frame, IPPROTO_UDP, 8, value);
	else if (strcmp(word, "sctp") == 0)
		add_ports(frame, IPPROTO_SCTP, 12, value);
	else if (strcmp(word, "is") == 0)
		follow(frame, number);
	else if (strcmp(word, "hex") == 0)
		add_hex(frame, value);
	else if (strcmp(word, "size") == 0 && number >= frame->size)
		grow(frame, number - frame->size);
	else
		return 0;
	return 1;
}

static void add_word(struct frame *frame, char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	if (strcmp(word, "eth") == 0)
		add_ethernet(frame, 0);
	else if (strcmp(word, "ieee") == 0)
		add_ethernet(frame, 1);
	else if (strcmp(word, "ip4") == 0)
		add_ipv4(frame, 20, value);
	else if (strcmp(word, "ip4opt") == 0)
		add_ipv4(frame, 28, value);
	else if (strcmp(word, "ip6") == 0)
		add_ipv6(frame, value);
	else if (strcmp(word, "hop") == 0)
		add_options(frame, IPPROTO_HOPOPTS);
	else if (strcmp(word, "dst") == 0)
		add_options(frame, IPPROTO_DSTOPTS);
	else if (strcmp(word, "route") == 0)
		add_options(frame, IPPROTO_ROUTING);
	else if (!value || !add_valued(frame, word, value))
		errx(1, "unknown word %s", word);
}

/* Sets the lengths of the headers that have one. */
static void finish(struct frame *frame)
{
	const unsigned char *end = frame->bytes + frame->size;

	if (frame->ip4)
		put16(frame->ip4 + 2, (unsigned long)(end - frame->ip4));
	if (frame->ip6)
		put16(frame->ip6 + 4, (unsigned long)(end - frame->ip6 - 40));
	if (frame->udp)
		put16(frame->udp + 4, (unsigned long)(end - frame->udp));
	if (frame->length)
		put16(frame->length, (unsigned long)(end - frame->length - 2));
}

int main(int argc, char **argv)
{
	static char line[LINE_MAX_SIZE];
	static struct frame frame;
	struct sockaddr_ll to = {.sll_family = AF_PACKET};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (argc != 2)
		errx(1, "Usage: frame_send INTERFACE <FRAMES");
	if (fd < 0)
		err(1, "socket");
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	while (fgets(line, sizeof(line), stdin)) {
		memset(&frame, 0, sizeof(frame));
		for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
			add_word(&frame, word);
		finish(&frame);
		if (sendto(fd, frame.bytes, frame.size, 0, (struct sockaddr *)&to, sizeof(to)) !=
			(ssize_t)frame.size)
			err(1, "%s: %zu bytes", argv[1], frame.size);
	}
	return 0;
}
