/* SPDX-License-Identifier: MIT */
/*
 * The two ends of a stream without a network, to count their instructions.
 *
 *     stream_core -read FILE
 *     stream_core -encode COUNT SIZE
 *
 * In: a capture file, which the client's reader parses; or the number of packets and their
 * size without a link header, which the worker's encoder writes to /dev/null as pcapng. Out:
 * "packets N".
 */
#include "format/linktype.h"
#include "format/stream_reader.h"
#include "worker/encoder.h"

#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PIECE = 65536,
	LOOPBACK = 1, /* index of an interface that each host has */
	FRAME_MAX = 65535,
	GAP_NS = 10000,
	BATCH = 100, /* packets between two watermarks */
	SNAPLEN = 262144,
};

static bool take_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	(void)context, (void)interface, (void)error;
	*ret_number = 0;
	return true;
}

static bool take_packet(void *context, const struct packet *packet, struct error *error)
{
	(void)packet, (void)error;
	++*(uint64_t *)context;
	return true;
}

static bool take_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	(void)context, (void)statistics, (void)error;
	return true;
}

static uint64_t read_file(const char *path)
{
	static unsigned char piece[PIECE];
	uint64_t packets = 0;
	const struct stream_handler handler = {
		.interface = take_interface,
		.packet = take_packet,
		.statistics = take_statistics,
		.context = &packets,
	};
	struct stream_reader *reader = stream_reader_new(&handler);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct error error = {0};
	ssize_t size;

	if (fd < 0 || !reader)
		err(1, "%s", path);
	while ((size = read(fd, piece, sizeof(piece))) > 0)
		if (!stream_reader_push(reader, piece, (size_t)size, &error))
			errx(1, "%s: %s", path, error.text);
	stream_reader_free(reader);
	close(fd);
	return packets;
}

static struct encoder *make_encoder(struct http_body *body)
{
	const struct encoder_options options = {
		.pcapng = true,
		.linktype = LINKTYPE_SLL,
		.snaplen = SNAPLEN,
		.link = &header_sll2,
		.filter = "",
		.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	};

	return body ? encoder_new(body, &options) : NULL;
}

static uint64_t encode(uint64_t count, uint32_t size)
{
	static unsigned char frame[SLL2_SIZE + FRAME_MAX] = {
		8, 0, [7] = LOOPBACK, [9] = 1, [11] = 6};
	struct connection connection = {0};
	struct http_body *body;
	struct encoder *encoder;

	connection_open_pipe(&connection, open("/dev/null", O_WRONLY | O_CLOEXEC));
	body = http_body_new(&connection, true);
	encoder = make_encoder(body);
	if (!encoder || !encoder_start(encoder) || size > FRAME_MAX)
		errx(1, "cannot encode");
	for (uint64_t i = 0; i < count; i++) {
		const struct packet packet = {
			.time = i * GAP_NS,
			.caplen = SLL2_SIZE + size,
			.len = SLL2_SIZE + size,
			.data = frame,
		};
		const struct statistics watermark = {.time = packet.time, .is_watermark = true};

		if (!encoder_write_packet(encoder, &packet))
			errx(1, "cannot write");
		if (i % BATCH == 0 &&
			(!encoder_write_statistics(encoder, &watermark) || !http_body_flush(body)))
			errx(1, "cannot write");
	}
	encoder_free(encoder);
	http_body_free(body);
	return count;
}

int main(int argc, char **argv)
{
	uint64_t packets;

	if (argc == 3 && strcmp(argv[1], "-read") == 0)
		packets = read_file(argv[2]);
	else if (argc == 4 && strcmp(argv[1], "-encode") == 0)
		packets = encode(strtoull(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10));
	else
		errx(1, "usage: stream_core -read FILE | -encode COUNT SIZE");
	printf("packets %" PRIu64 "\n", packets);
	return 0;
}
