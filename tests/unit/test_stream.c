/*
 * The body of a capture, over a socket pair: what arrives is, byte for byte,
 * the pcap file that it should be, whatever the framing; packets leave in
 * batches, and only a finished body has its last chunk.
 */
#include "worker/stream.h"

#include "format/linktype.h"
#include "unit.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD "HTTP/1.1 200 OK\r\nX: y\r\n\r\n"

enum {
	ROOM = 32 << 20,
	PACKETS = 300,
	LARGEST = 20, /* packets of PACKET_MAX bytes among these */
	BATCH = 65536,
	FILE_HEADER = 24,
	RECORD_HEADER = 16,
};

/* A socket pair whose far end is read by a thread until it is closed. */
struct link {
	struct connection connection;
	int far;
	pthread_t reader;
	unsigned char *got;
	size_t size;
};

static void *read_far_end(void *context)
{
	struct link *link = context;
	ssize_t got;

	while ((got = recv(link->far, link->got + link->size, ROOM - link->size,
			0)) > 0)
		link->size += (size_t)got;
	return NULL;
}

static void link_open(struct link *link, bool reads)
{
	int fds[2];

	*link = (struct link){0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	connection_open(&link->connection, fds[0]);
	link->far = fds[1];
	link->got = malloc(ROOM);
	assert_non_null(link->got);
	if (reads)
		assert_int_equal(
			pthread_create(&link->reader, NULL, read_far_end, link),
			0);
}

/* Closes the near end; after that all that has arrived is in got. */
static void link_finish(struct link *link)
{
	close(link->connection.fd);
	pthread_join(link->reader, NULL);
}

static void link_free(struct link *link)
{
	close(link->far);
	free(link->got);
}

/* Takes what has arrived so far, where no thread reads. */
static size_t link_take(struct link *link)
{
	ssize_t got = recv(link->far, link->got, ROOM, MSG_DONTWAIT);

	return got > 0 ? (size_t)got : 0;
}

/* The file that should arrive, made without any of the format's functions. */
struct file {
	unsigned char *bytes;
	size_t size;
};

static void put(struct file *file, const void *bytes, size_t size)
{
	assert_true(file->size + size <= ROOM);
	memcpy(file->bytes + file->size, bytes, size);
	file->size += size;
}

static void put_u32(struct file *file, uint64_t value)
{
	const uint32_t number = (uint32_t)value;

	put(file, &number, sizeof(number));
}

static void put_header(struct file *file, const struct stream_options *options)
{
	const uint16_t version[] = {2, 4};

	file->size = 0;
	put_u32(file, options->nano ? 0xa1b23c4d : 0xa1b2c3d4);
	put(file, version, sizeof(version));
	put_u32(file, 0);
	put_u32(file, 0);
	put_u32(file, options->snaplen);
	put_u32(file, options->linktype);
}

static void put_packet(struct file *file, const struct stream_options *options,
	const struct packet *packet)
{
	const unsigned char *data = packet->data;
	const bool sll = options->linktype == LINKTYPE_SLL;
	const uint32_t less = sll ? 4 : 0;
	const uint64_t fraction = packet->time % 1000000000;
	uint32_t caplen = packet->caplen - less;
	size_t start;

	caplen = caplen < options->snaplen ? caplen : options->snaplen;
	put_u32(file, packet->time / 1000000000);
	put_u32(file, options->nano ? fraction : fraction / 1000);
	put_u32(file, caplen);
	put_u32(file, packet->len - less);
	start = file->size;
	if (sll) {
		put(file, (const unsigned char[]){0, data[10]}, 2);
		put(file, data + 8, 2);
		put(file, (const unsigned char[]){0, data[11]}, 2);
		put(file, data + 12, 8);
		put(file, data, 2);
		put(file, data + 20, packet->caplen - 20);
	} else {
		put(file, data, packet->caplen);
	}
	file->size = start + caplen;
}

/*
 * Decodes chunks in place, strictly. Returns the body's size; ret_whole tells
 * whether the last chunk came, and nothing behind it.
 */
static size_t dechunk(unsigned char *bytes, size_t size, bool *ret_whole)
{
	size_t used = 0;
	size_t at = 0;

	*ret_whole = false;
	while (at < size) {
		char *end;
		size_t chunk = strtoul((char *)bytes + at, &end, 16);
		size_t digits = (size_t)((unsigned char *)end - bytes) - at;

		assert_in_range(digits, 1, 8);
		assert_memory_equal(end, "\r\n", 2);
		at += digits + 2;
		assert_true(at + chunk + 2 <= size);
		memmove(bytes + used, bytes + at, chunk);
		assert_memory_equal(bytes + at + chunk, "\r\n", 2);
		at += chunk + 2;
		used += chunk;
		if (chunk == 0) {
			*ret_whole = true;
			assert_int_equal(at, size);
		}
	}
	return used;
}

/* One of the ways to send, and a source of packets. */
struct run {
	struct stream_options options;
	struct seed seed;
	unsigned char *data; /* PACKET_MAX random bytes */
	struct file file;
	struct link link;
	struct stream *stream;
};

static void run_open(
	struct run *run, const struct stream_options *options, bool reads)
{
	run->options = *options;
	run->seed = seed_start();
	run->data = malloc(PACKET_MAX);
	run->file.bytes = malloc(ROOM);
	assert_non_null(run->data);
	assert_non_null(run->file.bytes);
	seed_bytes(&run->seed, run->data, PACKET_MAX);
	link_open(&run->link, reads);
	run->stream = stream_new(&run->link.connection, options);
	assert_non_null(run->stream);
	put_header(&run->file, options);
}

static void run_free(struct run *run)
{
	stream_free(run->stream);
	link_free(&run->link);
	free(run->file.bytes);
	free(run->data);
}

static bool run_packet(struct run *run, uint32_t caplen)
{
	const struct packet packet = {
		.time = seed_u32(&run->seed) * UINT64_C(1000000000) +
			seed_below(&run->seed, 1000000000),
		.caplen = caplen,
		.len = caplen + (uint32_t)seed_below(&run->seed, 5000),
		.data = run->data +
			seed_below(&run->seed, PACKET_MAX - caplen + 1),
	};

	put_packet(&run->file, &run->options, &packet);
	return stream_packet(run->stream, &packet);
}

/* Sends packets of many sizes, flushed now and then. */
static void run_packets(struct run *run)
{
	for (unsigned i = 0; i < PACKETS; i++) {
		size_t room = i % 3 ? 100 : 9000;
		uint32_t caplen = 20 + (uint32_t)seed_below(&run->seed, room);

		if (i % (PACKETS / LARGEST) == 0)
			caplen = PACKET_MAX;
		assert_true(run_packet(run, caplen));
		if (seed_below(&run->seed, 20) == 0)
			assert_true(stream_flush(run->stream));
	}
}

static void check_arrived(struct run *run, bool finished)
{
	unsigned char *body = run->link.got + strlen(HEAD);
	size_t size = run->link.size - strlen(HEAD);
	bool whole = finished;

	assert_true(run->link.size > strlen(HEAD));
	assert_memory_equal(run->link.got, HEAD, strlen(HEAD));
	if (run->options.chunked)
		size = dechunk(body, size, &whole);
	assert_int_equal(whole, finished);
	assert_int_equal(size, run->file.size);
	assert_memory_equal(body, run->file.bytes, size);
	assert_int_equal(stream_count(run->stream).packets, PACKETS);
	assert_int_equal(stream_count(run->stream).bytes, size);
}

static void every_byte_arrives(void **state)
{
	static const uint32_t snaplens[] = {1, 64, PACKET_MAX};

	(void)state;
	for (unsigned i = 0; i < 24; i++) {
		const struct stream_options options = {
			.chunked = i & 1,
			.nano = i & 2,
			.linktype = i & 4 ? LINKTYPE_SLL2 : LINKTYPE_SLL,
			.snaplen = snaplens[i / 8],
		};
		struct run run = {0};

		run_open(&run, &options, true);
		assert_true(stream_start(run.stream, HEAD));
		run_packets(&run);
		assert_true(stream_finish(run.stream));
		link_finish(&run.link);
		check_arrived(&run, true);
		run_free(&run);
	}
}

/* Cut short is a body without its last chunk. */
static void only_a_finished_body_says_so(void **state)
{
	const struct stream_options options = {.chunked = true,
		.linktype = LINKTYPE_SLL2,
		.snaplen = PACKET_MAX};
	struct run run = {0};

	(void)state;
	run_open(&run, &options, true);
	assert_true(stream_start(run.stream, HEAD));
	run_packets(&run);
	assert_true(stream_flush(run.stream));
	link_finish(&run.link);
	check_arrived(&run, false);
	run_free(&run);
}

static void the_header_leaves_at_once(void **state)
{
	(void)state;
	for (int chunked = 0; chunked < 2; chunked++) {
		const struct stream_options options = {.chunked = chunked,
			.linktype = LINKTYPE_SLL,
			.snaplen = 96};
		struct run run = {0};
		size_t framing = chunked ? strlen("18\r\n") : 0;

		run_open(&run, &options, false);
		assert_true(stream_start(run.stream, HEAD));
		assert_int_equal(link_take(&run.link),
			strlen(HEAD) + FILE_HEADER +
				(chunked ? framing + 2 : 0));
		assert_memory_equal(run.link.got, HEAD, strlen(HEAD));
		assert_memory_equal(run.link.got + strlen(HEAD) + framing,
			run.file.bytes, FILE_HEADER);
		close(run.link.connection.fd);
		run_free(&run);
	}
}

/* Nothing leaves before the batch is full or flushed; then it is one chunk. */
static void packets_leave_in_batches(void **state)
{
	enum { CAPLEN = 1000, RECORD = RECORD_HEADER + CAPLEN };
	const struct stream_options options = {.chunked = true,
		.linktype = LINKTYPE_SLL2,
		.snaplen = PACKET_MAX};
	struct run run = {0};
	size_t batched = 0;
	bool whole;
	size_t got;

	(void)state;
	run_open(&run, &options, false);
	assert_true(stream_start(run.stream, HEAD));
	link_take(&run.link);
	do {
		assert_int_equal(link_take(&run.link), 0);
		assert_true(run_packet(&run, CAPLEN));
		batched += RECORD;
	} while (batched < BATCH);
	got = link_take(&run.link);
	assert_int_equal(strtoul((char *)run.link.got, NULL, 16), batched);
	assert_int_equal(dechunk(run.link.got, got, &whole), batched);
	assert_memory_equal(
		run.link.got, run.file.bytes + FILE_HEADER, batched);

	assert_true(run_packet(&run, CAPLEN));
	assert_int_equal(link_take(&run.link), 0);
	assert_true(stream_flush(run.stream));
	got = link_take(&run.link);
	assert_int_equal(dechunk(run.link.got, got, &whole), RECORD);
	/* an empty chunk would be the last one */
	assert_true(stream_flush(run.stream));
	assert_int_equal(link_take(&run.link), 0);
	close(run.link.connection.fd);
	run_free(&run);
}

/* The batch has room for the largest packet when it is all but full. */
static void the_largest_packet_fits_behind_a_full_batch(void **state)
{
	const struct stream_options options = {.chunked = true,
		.linktype = LINKTYPE_SLL2,
		.snaplen = PACKET_MAX};
	struct run run = {0};
	bool whole;

	(void)state;
	run_open(&run, &options, true);
	assert_true(stream_start(run.stream, HEAD));
	assert_true(run_packet(&run, BATCH - RECORD_HEADER - 1));
	assert_true(run_packet(&run, PACKET_MAX));
	assert_true(stream_finish(run.stream));
	link_finish(&run.link);
	assert_int_equal(dechunk(run.link.got + strlen(HEAD),
				 run.link.size - strlen(HEAD), &whole),
		run.file.size);
	assert_true(whole);
	assert_memory_equal(
		run.link.got + strlen(HEAD), run.file.bytes, run.file.size);
	run_free(&run);
}

static void a_peer_that_is_gone_is_told(void **state)
{
	const struct stream_options options = {.chunked = true,
		.linktype = LINKTYPE_SLL,
		.snaplen = PACKET_MAX};
	struct run run = {0};

	(void)state;
	run_open(&run, &options, false);
	assert_true(stream_start(run.stream, HEAD));
	shutdown(run.link.far, SHUT_RDWR);
	assert_true(run_packet(&run, 100)); /* it is only batched */
	assert_false(stream_flush(run.stream));
	assert_false(run_packet(&run, PACKET_MAX));
	assert_false(stream_finish(run.stream));
	close(run.link.connection.fd);
	run_free(&run);
	stream_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_arrives),
		cmocka_unit_test(only_a_finished_body_says_so),
		cmocka_unit_test(the_header_leaves_at_once),
		cmocka_unit_test(packets_leave_in_batches),
		cmocka_unit_test(the_largest_packet_fits_behind_a_full_batch),
		cmocka_unit_test(a_peer_that_is_gone_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
