/*
 * Any bytes as the answer of a server, beside one that is in order: a whole
 * run of ddump, through libcurl, from the connection to the file. The file must
 * be one that can be read, with all packets of the good server in it, and what
 * is said must do nothing to a terminal.
 */
#include "fuzz.h"

#include "client/output.h"
#include "client/session.h"
#include "format/linktype.h"
#include "format/pcapng.h"
#include "format/reader.h"

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
	FORMAT = 1,	    /* what the first byte's bits say */
	ALIGN = 2,
	BODY = 4, /* the bytes are a body, behind a head of ours */
};

static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
static const char mark[] = "a packet of the good server";

/* What the targets answer, by their ports, and where that is written. */
static struct {
	uint8_t bytes[ANSWER_MAX];
	size_t size;
	int fd;
} answers[TARGETS];

static void answer_put(int i, const void *bytes, size_t size)
{
	memcpy(answers[i].bytes + answers[i].size, bytes, size);
	answers[i].size += size;
}

/*
 * The network: every connection that libcurl makes leads here, and finds that
 * all has been said already.
 */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
	const struct sockaddr_in *in = address.__sockaddr_in__;
	const int i = ntohs(in->sin_port) - 1;
	int ends[2];

	must(size == sizeof(*in) && i >= 0 && i < TARGETS,
		"a target's address is asked");
	must(answers[i].fd < 0, "it is asked once");
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		     ends) == 0 &&
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
	struct statistics last = {.told = STATISTICS_ALL, .is_end = true};
	uint8_t *block = malloc(PCAPNG_BLOCK_MAX + PCAPNG_PACKET_HEAD);

	must(block, "there is memory");
	answer_put(0, head, strlen(head));
	answer_put(0, block, pcapng_put_section(block, "ddump-worker 1", NULL));
	answer_put(0, block, pcapng_put_interface(block, &interface));
	for (unsigned i = 0; i < GOOD_PACKETS; i++) {
		struct packet packet = {
			.time = UINT64_C(1700000000000000000) + i * 1000,
			.caplen = sizeof(mark),
			.len = sizeof(mark),
		};

		memcpy(block + PCAPNG_PACKET_HEAD, mark, sizeof(mark));
		answer_put(0, block, pcapng_put_packet(block, &packet, NULL));
		last.time = packet.time;
	}
	answer_put(0, block, pcapng_put_statistics(block, &last));
	free(block);
}

static bool take_interface(void *unused, const struct interface *interface,
	uint32_t *ret_number, struct failure *failure)
{
	(void)unused;
	(void)failure;
	for (const char *c = interface->name; *c; c++)
		must(*c >= ' ' && *c <= '~', "an interface is printable");
	*ret_number = 0;
	return true;
}

static bool take_packet(
	void *context, const struct packet *packet, struct failure *failure)
{
	unsigned *good = context;

	(void)failure;
	if (packet->caplen == sizeof(mark) &&
		memcmp(packet->data, mark, sizeof(mark)) == 0)
		++*good;
	return true;
}

static bool take_statistics(void *unused, const struct statistics *statistics,
	struct failure *failure)
{
	(void)unused;
	(void)statistics;
	(void)failure;
	return true;
}

static void check_file(int fd)
{
	unsigned good = 0;
	const struct stream_sink sink = {
		take_interface, take_packet, take_statistics, &good};
	struct reader *reader = reader_new(&sink);
	struct failure failure = {0};
	const off_t size = lseek(fd, 0, SEEK_END);
	void *bytes;

	must(reader && size > 0, "something is written");
	bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
	must(bytes != MAP_FAILED, "there is memory");
	must(reader_push(reader, bytes, (size_t)size, &failure) &&
			reader_end(reader, &failure),
		"what is written can be read");
	/* the other one may send the same */
	must(good >= GOOD_PACKETS, "the good server's packets are all there");
	munmap(bytes, (size_t)size);
	reader_free(reader);
}

static void check_said(const char *said, int status)
{
	must(status == 0 || status == 2, "one bad target is not the end");
	must(status == 0 || *said, "what went wrong is said");
	for (const char *c = said; *c; c++)
		must((*c >= ' ' && *c <= '~') || *c == '\n',
			"what is said is printable");
}

static void run(struct arguments *arguments, int fd)
{
	struct failure failure = {0};
	FILE *const real = stderr;
	struct output *output;
	char *said = NULL;
	char path[64];
	size_t size;
	int status;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	output = output_open(path, &failure);
	stderr = open_memstream(&said, &size);
	must(output && stderr, "there is memory");
	status = session_run(arguments, output, &failure);
	fclose(stderr);
	stderr = real;
	must(output_close(output, &failure), "it is all written");
	check_said(said, status);
	free(said);
	check_file(fd);
}

/* The first byte says how ddump is called. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arguments arguments = {.hold = 2000, .quiet = true};
	struct failure failure = {0};
	int fd;

	if (size == 0 || size + sizeof(head) > ANSWER_MAX)
		return 0;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	for (int i = 0; i < TARGETS; i++) {
		answers[i].size = 0;
		answers[i].fd = -1;
	}
	answer_well();
	if (bytes[0] & BODY)
		answer_put(1, head, strlen(head));
	answer_put(1, bytes + 1, size - 1);
	arguments.pcapng = bytes[0] & FORMAT;
	arguments.align = bytes[0] & ALIGN;
	must(targets_add(&arguments.targets, "good=http://127.0.0.1:1",
		     &arguments.defaults, &failure) &&
			targets_add(&arguments.targets,
				"other=http://127.0.0.1:2", &arguments.defaults,
				&failure),
		"there are targets");
	fd = memfd_create("capture", MFD_CLOEXEC);
	must(fd >= 0, "there is memory");
	run(&arguments, fd);
	/* what a program has until its end: one more each time */
	close_range((unsigned)fd, ~0U, 0);
	targets_free(&arguments.targets);
	return 0;
}
