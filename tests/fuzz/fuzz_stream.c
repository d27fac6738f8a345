/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as packets, from the worker's ring to a client's reader: the
 * packets read are those captured, cut to the client's snaplen or their headers, and the chunks
 * hold nothing else.
 */
#include "fuzz.h"

#include "../lib/header_map.h"
#include "format/linktype.h"
#include "format/stream_reader.h"
#include "worker/encoder.h"
#include "worker/payload_limit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKETS_MAX = 200, INPUT_MAX = 16384, ROOM = 1 << 20 };

/* The request, from the first bytes. */
struct stream_choice {
	uint8_t pcapng : 1;
	uint8_t nano : 1;
	uint8_t sll2 : 1;
	uint8_t chunked : 1;
	uint8_t is_short : 1;	/* snaplen */
	uint8_t is_headers : 1; /* payload, the same number */
	uint8_t snaplen;
};

/* The packets that went in, to be compared with those that come out. */
struct stream_check {
	struct encoder_options options;
	struct packet packets[PACKETS_MAX];
	unsigned char data[PACKETS_MAX][UINT8_MAX + SLL2_SIZE];
	size_t count;
	size_t back;
};

static bool take_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	const struct stream_check *check = context;

	(void)error;
	must(interface->linktype == check->options.linktype &&
			interface->snaplen == check->options.snaplen,
		"an interface is what was asked for");
	*ret_number = 0;
	return true;
}

/* Returns how many bytes of a packet may be sent. */
static uint32_t expect_caplen(const struct stream_check *check, const struct packet *in)
{
	const struct header_map map =
		header_map_of(HEADER_SLL2_REPORTED, in->data, in->caplen, true);

	uint32_t kept;

	if (!check->options.limits_payload)
		return in->caplen;
	kept = payload_limit_cut(
		&header_sll2, in->data, in->caplen, in->len, check->options.payload);
	must(kept == in->caplen || kept <= map.end + check->options.payload,
		"no byte of payload leaves");
	must(kept < in->caplen || map.end + check->options.payload >= in->caplen,
		"no byte of payload leaves");
	return kept;
}

static bool take_packet(void *context, const struct packet *packet, struct error *error)
{
	struct stream_check *check = context;
	const struct packet *in = &check->packets[check->back];
	const bool sll2 = check->options.linktype == LINKTYPE_SLL2;
	const uint32_t cut = sll2 ? 0 : SLL2_SIZE - SLL_SIZE;
	const uint32_t head = sll2 ? SLL2_SIZE : SLL_SIZE;
	const uint32_t left = expect_caplen(check, in) - cut;
	const uint32_t unit = check->options.nano || check->options.pcapng ? 1 : 1000;

	(void)error;
	must(check->back++ < check->count, "no packet is made up");
	must(packet->time == in->time / unit * unit, "a timestamp is kept");
	must(packet->len == in->len - cut, "a length is kept");
	must(packet->caplen == (left < check->options.snaplen ? left : check->options.snaplen),
		"a packet is cut to what was asked for");
	must(packet->caplen < head ||
			memcmp((const char *)packet->data + head,
				(const char *)in->data + SLL2_SIZE, packet->caplen - head) == 0,
		"a packet's bytes are kept");
	return true;
}

static bool take_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	const struct stream_check *check = context;

	(void)error;
	must(statistics->valid == STATISTICS_ALL && statistics->received == 7 &&
			statistics->is_watermark &&
			statistics->time == check->packets[check->count - 1].time,
		"counters are kept");
	return true;
}

/* A packet of the ring: a size, a timestamp, and as many bytes as there are. */
static size_t cut_packet(struct stream_check *check, const uint8_t *bytes, size_t size)
{
	struct packet *packet = &check->packets[check->count];
	unsigned char *data = check->data[check->count++];
	const size_t wanted = SLL2_SIZE + bytes[0];
	const size_t taken = size < wanted ? size : wanted;

	memcpy(data, bytes, taken);
	packet->data = data;
	packet->caplen = (uint32_t)wanted;
	packet->len = (uint32_t)wanted + bytes[size - 1];
	packet->time = UINT64_C(1700000000000000000);
	for (size_t i = 0; i < taken && i < 4; i++)
		packet->time += (uint64_t)data[i] << 8 * i;
	return taken;
}

static void send_all(struct stream_check *check, int fd, bool chunked)
{
	static struct connection connection;
	struct http_body *body;
	struct encoder *stream;

	connection = (struct connection){.fd = fd, .stop_fd = -1};
	body = http_body_new(&connection, chunked);
	stream = encoder_new(body, &check->options);
	must(body && stream && encoder_start(stream), "a stream starts");
	for (size_t i = 0; i < check->count; i++) {
		struct packet *packet = &check->packets[i];
		void *own = copy(packet->data, packet->caplen);
		struct packet given = *packet;

		given.data = own;
		must(encoder_write_packet(stream, &given), "a packet is sent");
		free(own);
	}
	must(encoder_write_statistics(stream,
		     &(struct statistics){
			     .time = check->packets[check->count - 1].time,
			     .received = 7,
			     .valid = STATISTICS_ALL,
			     .is_end = true,
		     }) &&
			http_body_finish(body),
		"a stream ends");
	encoder_free(stream);
	http_body_free(body);
	shutdown(fd, SHUT_WR);
}

/* Removes the framing of chunks, in place; returns the size of the rest. */
static size_t unchunk(unsigned char *bytes, size_t size)
{
	size_t used = 0;
	size_t at = 0;

	for (;;) {
		char *end;
		const size_t chunk = strtoul((char *)bytes + at, &end, 16);

		at = (size_t)(end - (char *)bytes) + 2;
		must(at <= size && memcmp(end, "\r\n", 2) == 0 && chunk <= size - at,
			"a chunk has its size");
		memmove(bytes + used, bytes + at, chunk);
		used += chunk;
		at += chunk + 2;
		must(at <= size && memcmp(bytes + at - 2, "\r\n", 2) == 0, "a chunk has its end");
		if (chunk > 0)
			continue;
		must(at == size, "nothing follows the last chunk");
		return used;
	}
}

static void read_all(struct stream_check *check, int fd, bool chunked)
{
	const struct stream_handler sink = {
		.interface = take_interface,
		.packet = take_packet,
		.statistics = take_statistics,
		.context = check,
	};
	struct stream_reader *reader = stream_reader_new(&sink);
	unsigned char *bytes = calloc(1, ROOM);
	struct error error = {0};
	size_t used = 0;
	ssize_t size;

	must(reader && bytes, "there is memory");
	while ((size = read(fd, bytes + used, ROOM - 1 - used)) > 0)
		used += (size_t)size;
	if (chunked)
		used = unchunk(bytes, used);
	must(stream_reader_push(reader, bytes, used, &error) && stream_reader_end(reader, &error),
		"what is sent can be read");
	must(check->back == check->count, "no packet is lost");
	stream_reader_free(reader);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct stream_check check;
	struct stream_choice choice;
	const int room = ROOM;
	int ends[2];

	if (size <= sizeof(choice) || size > INPUT_MAX)
		return 0;
	memcpy(&choice, bytes, sizeof(choice));
	check = (struct stream_check){
		.options = {
			.pcapng = choice.pcapng,
			.nano = choice.nano,
			.linktype = choice.sll2 ? LINKTYPE_SLL2 : LINKTYPE_SLL,
			.snaplen = choice.is_short ? 1U + choice.snaplen : PACKET_MAX,
			.link = &header_sll2,
			.limits_payload = choice.is_headers,
			.payload = choice.snaplen,
			.filter = "icmp",
		}};
	for (size_t at = sizeof(choice); at < size && check.count < PACKETS_MAX;)
		at += cut_packet(&check, bytes + at, size - at);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
			setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) == 0,
		"there is a connection");
	send_all(&check, ends[0], choice.chunked);
	read_all(&check, ends[1], choice.chunked);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
