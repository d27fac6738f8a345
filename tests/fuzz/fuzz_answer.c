/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the response of a server, next to a correct one: a whole run of
 * ddump, through libcurl, from the connection to the file. The file must be
 * readable and have all packets of the good server, and messages must not have
 * control characters.
 */
#include "../lib/printable.h"
#include "fuzz.h"

#include "client/session.h"
#include "format/linktype.h"
#include "format/pcapng_write.h"
#include "format/stream_reader.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TARGETS = 2,
	GOOD_PACKETS = 5,
	ANSWER_MAX = 65536, /* what surely fits into a socket */
	FORMAT = 1,	    /* the bits of the first byte */
	ALIGN = 2,
	BODY = 4, /* the bytes are a body, after a head of ours */
	ADD = 8,  /* the query has what an old worker rejects */
};

static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
static const char mark[] = "a packet of the good server";

/* The responses of the targets, by their ports, and the files for them. */
static struct {
	uint8_t bytes[ANSWER_MAX];
	size_t size;
	int fd;
	int asked; /* how often */
} answers[TARGETS];

/* With additions to the query, a second attempt is without them. */
static int attempts_max;

static void answer_put(int i, const void *bytes, size_t size)
{
	memcpy(answers[i].bytes + answers[i].size, bytes, size);
	answers[i].size += size;
}

/*
 * The network: every connection of libcurl ends here, and gets a response that
 * is complete at once.
 */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
	const struct sockaddr_in *in = address.__sockaddr_in__;
	const int i = ntohs(in->sin_port) - 1;
	int ends[2];

	must(size == sizeof(*in) && i >= 0 && i < TARGETS, "a target's address is asked");
	must(answers[i].asked++ < attempts_max, "it is not asked again and again");
	if (answers[i].fd >= 0)
		close(answers[i].fd);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0 &&
			dup3(ends[0], fd, O_CLOEXEC) == fd &&
			write(ends[1], answers[i].bytes, answers[i].size) ==
				(ssize_t)answers[i].size &&
			shutdown(ends[1], SHUT_WR) == 0,
		"there is a network");
	close(ends[0]);
	answers[i].fd = ends[1];
	return 0;
}

/* The good server's stream, as a worker sends it. */
static void answer_well(void)
{
	const struct interface interface = {
		.linktype = LINKTYPE_SLL,
		.snaplen = PACKET_MAX,
		.name = "any",
		.filter = "",
	};
	struct statistics last = {.valid = STATISTICS_ALL, .is_end = true};
	uint8_t *block = malloc(PCAPNG_BLOCK_MAX + PCAPNG_PACKET_HEAD);

	must(block, "there is memory");
	answer_put(0, head, strlen(head));
	answer_put(0, block, pcapng_write_section(block, "ddump-worker 1", NULL));
	answer_put(0, block, pcapng_write_interface(block, &interface));
	for (unsigned i = 0; i < GOOD_PACKETS; i++) {
		struct packet packet = {
			.time = UINT64_C(1700000000000000000) + i * 1000,
			.caplen = sizeof(mark),
			.len = sizeof(mark),
		};

		memcpy(block + PCAPNG_PACKET_HEAD, mark, sizeof(mark));
		answer_put(0, block, pcapng_write_packet(block, &packet, NULL, 0));
		last.time = packet.time;
	}
	answer_put(0, block, pcapng_write_statistics(block, &last));
	free(block);
}

static bool take_interface(
	void *unused, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	(void)unused;
	(void)error;
	must(printable_line(interface->name), "an interface is printable");
	*ret_number = 0;
	return true;
}

static bool take_packet(void *context, const struct packet *packet, struct error *error)
{
	unsigned *good = context;

	(void)error;
	if (packet->caplen == sizeof(mark) && memcmp(packet->data, mark, sizeof(mark)) == 0)
		++*good;
	return true;
}

static void check_file(int fd)
{
	unsigned good = 0;
	const struct stream_handler sink = {
		.interface = take_interface,
		.packet = take_packet,
		.context = &good,
	};
	struct stream_reader *reader = stream_reader_new(&sink);
	struct error error = {0};
	const off_t size = lseek(fd, 0, SEEK_END);
	void *bytes;

	must(reader && size > 0, "something is written");
	bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
	must(bytes != MAP_FAILED, "there is memory");
	must(stream_reader_push(reader, bytes, (size_t)size, &error) &&
			stream_reader_end(reader, &error),
		"what is written can be read");
	/* the other one may send the same */
	must(good >= GOOD_PACKETS, "the good server's packets are all there");
	munmap(bytes, (size_t)size);
	stream_reader_free(reader);
}

static void check_said(const char *said, int status)
{
	must(status == 0 || status == 2, "one bad target is not the end");
	must(status == 0 || *said, "a failure has a message");
	must(printable_text(said, strlen(said), true), "a message is printable");
}

static void run(struct options *options, int fd)
{
	struct error error = {0};
	FILE *const real = stderr;
	char *said = NULL;
	char path[64];
	size_t size;
	int status;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	options->output = path;
	stderr = open_memstream(&said, &size);
	must(stderr, "there is memory");
	status = session_run(options, &error);
	fclose(stderr);
	stderr = real;
	options->output = NULL;
	tls_files_cleanup(&options->credentials);
	must(!error.status, "it is all written");
	check_said(said, status);
	free(said);
	check_file(fd);
}

/* The first byte selects the command line of ddump. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct options options = {.hold = 2000, .quiet = true};
	struct error error = {0};
	int fd;

	if (size == 0 || size + sizeof(head) > ANSWER_MAX)
		return 0;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	for (int i = 0; i < TARGETS; i++) {
		answers[i].size = 0;
		answers[i].fd = -1;
		answers[i].asked = 0;
	}
	answer_well();
	if (bytes[0] & BODY)
		answer_put(1, head, strlen(head));
	answer_put(1, bytes + 1, size - 1);
	options.pcapng = bytes[0] & FORMAT;
	options.align = bytes[0] & ALIGN;
	attempts_max = 1;
	if (bytes[0] & ADD) {
		options.defaults.interfaces[options.defaults.interface_count++] = "eth0";
		attempts_max = 2;
	}
	must(target_list_add(
		     &options.targets, "good=http://127.0.0.1:1", &options.defaults, &error) &&
			target_list_add(&options.targets, "other=http://127.0.0.1:2",
				&options.defaults, &error),
		"there are targets");
	fd = memfd_create("capture", MFD_CLOEXEC);
	must(fd >= 0, "there is memory");
	run(&options, fd);
	/* memory that a program keeps until its end would grow each time */
	close_range((unsigned)fd, ~0U, 0);
	target_list_cleanup(&options.targets);
	return 0;
}
