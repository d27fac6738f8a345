/* SPDX-License-Identifier: MIT */
/*
 * Sends random frames, and checks what a capture without payload has of them.
 *
 *     random_headers send INTERFACE SEED COUNT
 *     random_headers check FILE SEED COUNT PAYLOAD
 *
 * In: the interface, one end of a veth pair; or the capture of the other end, of
 * incoming packets only, with PAYLOAD bytes after the headers. Out: the frames; or
 * the number of packets. Status 1, with a message, if a frame is missing, or a packet
 * has other bytes than its headers and so many bytes after them.
 */
#include "../lib/random_frames.h"
#include "format/linktype.h"
#include "format/stream_reader.h"

#include <arpa/inet.h>
#include <err.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	FRAME_SIZE_MAX = ETHERNET_SIZE + 1500,
	TAG_SIZE = 4,
	ETHERTYPE_MIN = 0x600,
	TYPE_802_2 = 4,
	TYPE_802_3 = 1,
	CHUNK = 65536,
};

struct sequence {
	unsigned short state[3];
	size_t count; /* frames that remain */
	struct random_frame frame;
	/* as a capture has it, with an SLL2 header: */
	struct random_frame seen;
	size_t payload;
	size_t packets;
	uint32_t linktype;
};

static bool next_frame(struct sequence *sequence)
{
	if (sequence->count == 0)
		return false;
	sequence->count--;
	random_frame_make(&sequence->frame, sequence->state, HEADER_ETHERNET, FRAME_SIZE_MAX);
	return true;
}

static unsigned type_at(const unsigned char *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

/*
 * Makes of the frame what the kernel captures: it removes the outer tag. False: it
 * drops the frame, whose tag is cut.
 */
static bool receive(struct sequence *sequence)
{
	const struct random_frame *frame = &sequence->frame;
	size_t begin = ETHERNET_SIZE;
	unsigned type = type_at(frame->bytes + begin - 2);

	if (type == 0x8100 || type == 0x88a8) {
		if (frame->size < begin + TAG_SIZE + 2)
			return false;
		begin += TAG_SIZE;
		type = type_at(frame->bytes + begin - 2);
	}
	if (type < ETHERTYPE_MIN)
		type = frame->size >= begin + 2 && type_at(frame->bytes + begin) == 0xffff
			       ? TYPE_802_3
			       : TYPE_802_2;
	memset(sequence->seen.bytes, 0, SLL2_SIZE);
	sequence->seen.bytes[0] = (unsigned char)(type >> 8);
	sequence->seen.bytes[1] = (unsigned char)type;
	memcpy(sequence->seen.bytes + SLL2_SIZE, frame->bytes + begin, frame->size - begin);
	sequence->seen.size = SLL2_SIZE + frame->size - begin;
	return true;
}

/* The bytes that a capture may have of the frame; with the native link type all. */
static const struct random_frame *seen_of(const struct sequence *sequence)
{
	return sequence->linktype == LINKTYPE_ETHERNET ? &sequence->frame : &sequence->seen;
}

static struct header_map map_of(const struct sequence *sequence, bool trusts_lengths)
{
	const struct random_frame *seen = seen_of(sequence);

	return header_map_of(
		sequence->linktype == LINKTYPE_ETHERNET ? HEADER_ETHERNET : HEADER_SLL2,
		seen->bytes, seen->size, trusts_lengths);
}

static bool is_tag(unsigned type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/*
 * May headers be missing, or go beyond the length of IP? The kernel removes only the outer
 * tag, but reports the type after all of them. Not all bytes of these are there, or what
 * comes first can be a tag as well as an IP header.
 */
static bool is_unclear(const struct sequence *sequence, const struct packet *packet)
{
	const size_t reported = sequence->linktype == LINKTYPE_SLL ? SLL_SIZE - 2 : 0;
	const unsigned char *bytes = sequence->seen.bytes;
	const unsigned type = type_at(bytes);
	const unsigned next = type_at(bytes + SLL2_SIZE + 2); /* if it is a tag */
	const bool may_be_ip = bytes[SLL2_SIZE] >> 4 == 4 || bytes[SLL2_SIZE] >> 4 == 6;

	if (sequence->linktype == LINKTYPE_ETHERNET)
		return false;
	if (may_be_ip && (is_tag(type) || is_tag(next) || next == type))
		return true;
	return is_tag(type) &&
	       (map_of(sequence, true).is_cut || type_at(packet->data + reported) == 0);
}

/* Returns how many bytes of the frame are headers, or so many bytes after them. */
static size_t count_wanted(const struct sequence *sequence, bool trusts_lengths)
{
	const size_t wanted = map_of(sequence, trusts_lengths).end + sequence->payload;

	return wanted < seen_of(sequence)->size ? wanted : seen_of(sequence)->size;
}

static void fail(const struct sequence *sequence, const struct packet *packet, size_t wanted)
{
	for (size_t i = 0; i < packet->caplen; i++)
		fprintf(stderr, "%02x", packet->data[i]);
	fputs("\n", stderr);
	for (size_t i = 0; i < sequence->frame.size; i++)
		fprintf(stderr, "%02x", sequence->frame.bytes[i]);
	fputs("\n", stderr);
	errx(1, "packet %zu: %u of %u bytes, not %zu of them, with the frame's bytes",
		sequence->packets, packet->caplen, packet->len, wanted);
}

/* Returns the size of the link header that the kernel made. */
static size_t made_size(const struct sequence *sequence)
{
	switch (sequence->linktype) {
	case LINKTYPE_SLL:
		return SLL_SIZE;
	case LINKTYPE_SLL2:
		return SLL2_SIZE;
	default:
		return 0;
	}
}

static bool check_packet(void *context, const struct packet *packet, struct error *error)
{
	struct sequence *sequence = context;
	const size_t made = made_size(sequence);
	const size_t shorter = made == SLL_SIZE ? SLL2_SIZE - SLL_SIZE : 0;
	size_t wanted;

	(void)error;
	do
		if (!next_frame(sequence))
			errx(1, "packet %zu was not sent", sequence->packets);
	while (!receive(sequence));
	sequence->packets++;
	wanted = count_wanted(sequence, true) - shorter;
	if (is_unclear(sequence, packet) &&
		packet->caplen + shorter <= count_wanted(sequence, false))
		wanted = packet->caplen;
	if (packet->caplen != wanted || packet->len != seen_of(sequence)->size - shorter ||
		memcmp(packet->data + made, seen_of(sequence)->bytes + made + shorter,
			wanted - made))
		fail(sequence, packet, wanted);
	return true;
}

static bool check_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct sequence *sequence = context;

	(void)error;
	sequence->linktype = interface->linktype;
	*ret_number = 0;
	return true;
}

static bool ignore_statistics(
	void *context, const struct statistics *statistics, struct error *error)
{
	(void)context;
	(void)statistics;
	(void)error;
	return true;
}

static void check_file(struct sequence *sequence, const char *path)
{
	const struct stream_handler sink = {
		.interface = check_interface,
		.packet = check_packet,
		.statistics = ignore_statistics,
		.context = sequence,
	};
	static char chunk[CHUNK];
	struct stream_reader *reader = stream_reader_new(&sink);
	struct error error = {0};
	FILE *file = fopen(path, "rbe");
	size_t size;

	if (!reader || !file)
		err(1, "%s", path);
	while ((size = fread(chunk, 1, sizeof(chunk), file)) > 0)
		if (!stream_reader_push(reader, chunk, size, &error))
			errx(1, "%s: %s", path, error.text);
	while (next_frame(sequence))
		if (receive(sequence))
			errx(1, "after packet %zu, a frame is missing", sequence->packets);
	printf("%zu\n", sequence->packets);
	fclose(file);
	stream_reader_free(reader);
}

static void send_frames(struct sequence *sequence, const char *interface)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	to.sll_ifindex = (int)if_nametoindex(interface);
	while (next_frame(sequence))
		if (sendto(fd, sequence->frame.bytes, sequence->frame.size, 0,
			    (struct sockaddr *)&to, sizeof(to)) != (ssize_t)sequence->frame.size)
			err(1, "%s: %zu bytes", interface, sequence->frame.size);
}

int main(int argc, char **argv)
{
	static struct sequence sequence;

	if (argc < 5)
		errx(1, "usage: random_headers send INTERFACE SEED COUNT, or "
			"check FILE SEED COUNT PAYLOAD");
	random_frames_seed(sequence.state, strtoull(argv[3], NULL, 10));
	sequence.count = strtoull(argv[4], NULL, 10);
	if (strcmp(argv[1], "send") == 0) {
		send_frames(&sequence, argv[2]);
	} else {
		sequence.payload = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
		check_file(&sequence, argv[2]);
	}
	return 0;
}
