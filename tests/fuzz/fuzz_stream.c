/*
 * Any bytes as packets, from the worker's ring to a client's reader: what is
 * captured is what is read back, cut to the client's snaplen, in chunks that
 * hold nothing else.
 */
#include "fuzz.h"

#include "format/linktype.h"
#include "format/reader.h"
#include "worker/stream.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKETS_MAX = 200, INPUT_MAX = 16384, ROOM = 1 << 20 };

/* How the first bytes say that a capture is asked for. */
struct wish {
	uint8_t pcapng : 1;
	uint8_t nano : 1;
	uint8_t sll2 : 1;
	uint8_t chunked : 1;
	uint8_t is_short : 1; /* snaplen */
	uint8_t snaplen;
};

/* What went in, to be compared with what comes out. */
struct world {
	struct stream_options options;
	struct packet packets[PACKETS_MAX];
	unsigned char data[PACKETS_MAX][UINT8_MAX + SLL2_SIZE];
	size_t count;
	size_t back;
};

static bool take_interface(void *context, const struct interface *interface,
	uint32_t *ret_number, struct failure *failure)
{
	const struct world *world = context;

	(void)failure;
	must(interface->linktype == world->options.linktype &&
			interface->snaplen == world->options.snaplen,
		"an interface is what was asked for");
	*ret_number = 0;
	return true;
}

static bool take_packet(
	void *context, const struct packet *packet, struct failure *failure)
{
	struct world *world = context;
	const struct packet *in = &world->packets[world->back];
	const bool sll2 = world->options.linktype == LINKTYPE_SLL2;
	const uint32_t cut = sll2 ? 0 : SLL2_SIZE - SLL_SIZE;
	const uint32_t head = sll2 ? SLL2_SIZE : SLL_SIZE;
	const uint32_t left = in->caplen - cut;
	const uint32_t unit =
		world->options.nano || world->options.pcapng ? 1 : 1000;

	(void)failure;
	must(world->back++ < world->count, "no packet is made up");
	must(packet->time == in->time / unit * unit, "a stamp is kept");
	must(packet->len == in->len - cut, "a length is kept");
	must(packet->caplen == (left < world->options.snaplen
					       ? left
					       : world->options.snaplen),
		"a packet is cut to what was asked for");
	must(packet->caplen < head ||
			memcmp((const char *)packet->data + head,
				(const char *)in->data + SLL2_SIZE,
				packet->caplen - head) == 0,
		"a packet's bytes are kept");
	return true;
}

static bool take_statistics(void *context, const struct statistics *statistics,
	struct failure *failure)
{
	const struct world *world = context;

	(void)failure;
	must(statistics->told == STATISTICS_ALL && statistics->received == 7 &&
			statistics->is_watermark &&
			statistics->time ==
				world->packets[world->count - 1].time,
		"counters are kept");
	return true;
}

/* A packet of the ring: a size, a stamp, and as many bytes as there are. */
static size_t cut_packet(struct world *world, const uint8_t *bytes, size_t size)
{
	struct packet *packet = &world->packets[world->count];
	unsigned char *data = world->data[world->count++];
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

static void send_all(struct world *world, int fd, bool chunked)
{
	static struct connection connection;
	struct body *body;
	struct stream *stream;

	connection = (struct connection){.fd = fd, .stop_fd = -1};
	body = body_new(&connection, chunked);
	stream = stream_new(body, &world->options);
	must(body && stream && stream_start(stream), "a stream starts");
	for (size_t i = 0; i < world->count; i++) {
		struct packet *packet = &world->packets[i];
		void *own = copy(packet->data, packet->caplen);
		struct packet given = *packet;

		given.data = own;
		must(stream_packet(stream, &given), "a packet is sent");
		free(own);
	}
	must(stream_statistics(stream,
		     &(struct statistics){
			     .time = world->packets[world->count - 1].time,
			     .received = 7,
			     .told = STATISTICS_ALL,
			     .is_end = true,
		     }) &&
			body_finish(body),
		"a stream ends");
	stream_free(stream);
	body_free(body);
	shutdown(fd, SHUT_WR);
}

/* Takes the chunks' frames off, in place; returns what is left. */
static size_t unchunk(unsigned char *bytes, size_t size)
{
	size_t used = 0;
	size_t at = 0;

	for (;;) {
		char *end;
		const size_t chunk = strtoul((char *)bytes + at, &end, 16);

		at = (size_t)(end - (char *)bytes) + 2;
		must(at <= size && memcmp(end, "\r\n", 2) == 0 &&
				chunk <= size - at,
			"a chunk has its size");
		memmove(bytes + used, bytes + at, chunk);
		used += chunk;
		at += chunk + 2;
		must(at <= size && memcmp(bytes + at - 2, "\r\n", 2) == 0,
			"a chunk has its end");
		if (chunk > 0)
			continue;
		must(at == size, "nothing is behind the last chunk");
		return used;
	}
}

static void read_all(struct world *world, int fd, bool chunked)
{
	const struct stream_sink sink = {
		take_interface, take_packet, take_statistics, world};
	struct reader *reader = reader_new(&sink);
	unsigned char *bytes = calloc(1, ROOM);
	struct failure failure = {0};
	size_t used = 0;
	ssize_t size;

	must(reader && bytes, "there is memory");
	while ((size = read(fd, bytes + used, ROOM - 1 - used)) > 0)
		used += (size_t)size;
	if (chunked)
		used = unchunk(bytes, used);
	must(reader_push(reader, bytes, used, &failure) &&
			reader_end(reader, &failure),
		"what is sent can be read");
	must(world->back == world->count, "no packet is lost");
	reader_free(reader);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct world world;
	struct wish wish;
	const int room = ROOM;
	int ends[2];

	if (size <= sizeof(wish) || size > INPUT_MAX)
		return 0;
	memcpy(&wish, bytes, sizeof(wish));
	world = (struct world){
		.options = {
			.pcapng = wish.pcapng,
			.nano = wish.nano,
			.linktype = wish.sll2 ? LINKTYPE_SLL2 : LINKTYPE_SLL,
			.snaplen =
				wish.is_short ? 1U + wish.snaplen : PACKET_MAX,
			.filter = "icmp",
		}};
	for (size_t at = sizeof(wish); at < size && world.count < PACKETS_MAX;)
		at += cut_packet(&world, bytes + at, size - at);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
			setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room,
				sizeof(room)) == 0,
		"there is a connection");
	send_all(&world, ends[0], wish.chunked);
	read_all(&world, ends[1], wish.chunked);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
