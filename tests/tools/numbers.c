/* SPDX-License-Identifier: MIT */
/*
 * Lists which datagrams of udp_send a capture file contains.
 *
 *     numbers SIZE <FILE
 *
 * In: the SIZE of the datagrams, and a pcap or pcapng file. Out: a line "PORT FIRST
 * LAST" for each sequence of datagrams to a port whose numbers rise by one. Status 1,
 * with a message, if the file is damaged or cut, or has another packet.
 */
#include "format/stream_reader.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 65536, PORT_MAX = 65535, DATAGRAM_MIN = 4, UDP_HEADER = 8, UDP_PORT = 2 };

/* The last sequence of a port; count 0: there is none. */
struct sequence {
	uint32_t first;
	uint32_t count;
};

struct numbers {
	uint32_t size;
	struct sequence of_port[PORT_MAX + 1];
};

static bool take_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	(void)context;
	(void)interface;
	(void)error;
	*ret_number = 0;
	return true;
}

static uint32_t read_number(const unsigned char *data, size_t size)
{
	uint32_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 | data[i];
	return number;
}

static void print(unsigned port, const struct sequence *sequence)
{
	if (sequence->count > 0)
		printf("%u %" PRIu32 " %" PRIu32 "\n", port, sequence->first,
			sequence->first + sequence->count - 1);
}

static bool take_packet(void *context, const struct packet *packet, struct error *error)
{
	struct numbers *numbers = context;
	const unsigned char *payload;
	struct sequence *sequence;
	unsigned port;
	uint32_t number;

	if (packet->caplen != packet->len || packet->caplen < numbers->size + UDP_HEADER)
		return error_set(error, 1, "a packet of %u bytes", packet->len);
	payload = packet->data + packet->caplen - numbers->size;
	port = read_number(payload - UDP_HEADER + UDP_PORT, 2);
	number = read_number(payload, 4);
	sequence = &numbers->of_port[port];
	if (sequence->count == 0 || number != sequence->first + sequence->count) {
		print(port, sequence);
		*sequence = (struct sequence){.first = number};
	}
	sequence->count++;
	return true;
}

int main(int argc, char **argv)
{
	static struct numbers numbers;
	static char piece[PIECE];
	const struct stream_handler sink = {
		.interface = take_interface,
		.packet = take_packet,
		.context = &numbers,
	};
	struct stream_reader *reader = stream_reader_new(&sink);
	struct error error = {0};
	size_t size;

	numbers.size = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	if (numbers.size < DATAGRAM_MIN)
		errx(1, "usage: numbers SIZE <FILE");
	if (!reader)
		errx(1, "out of memory");
	while ((size = fread(piece, 1, sizeof(piece), stdin)) > 0)
		if (!stream_reader_push(reader, piece, size, &error))
			errx(1, "%s", error.text);
	if (ferror(stdin) || !stream_reader_end(reader, &error))
		errx(1, "%s", error.text);
	for (unsigned port = 0; port <= PORT_MAX; port++)
		print(port, &numbers.of_port[port]);
	stream_reader_free(reader);
	return 0;
}
