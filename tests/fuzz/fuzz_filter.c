/*
 * Any text as a client's filter, joined with what must never be captured: if
 * it compiles alone, the whole lets none of that through, and else takes just
 * what the client's part takes. libpcap itself is only asked here.
 */
#include "fuzz.h"

#include "worker/program.h"

#include <netdb.h>
#include <pcap/pcap.h>
#include <string.h>

/*
 * A longer text takes libpcap's optimizer longer than a fuzzer's patience;
 * the worker bounds that by compile.c.
 */
enum { TEXT_MAX = 200, DEPTH_MAX = 12, PACKET_SIZE = 100, LINKTYPE_HEAD = 20 };

/* Of which expressions are made; those at the end may not stand alone. */
static const char *const terms[] = {"tcp", "udp", "icmp", "ip", "arp",
	"port 8475", "tcp port 22", "src port 22", "portrange 1-9000",
	"host 192.0.2.1", "dst host 192.0.2.2", "net 192.0.2.0/24",
	"host 2001:db8::1", "ifindex 1", "ifindex 2", "inbound", "outbound",
	"ip[0] & 0xf != 5", "tcp[13] = 0", "len > 60", "less 99", "ip proto 6",
	"ether proto 0x800", "link[0] = 8", "1 = 1", "1 = 2",
	"udp[0:2] + 1 < 9", "vlan", "mpls", "pppoes", "geneve", "ip6",
	"multicast", "port", "(", ")", "\\", "host x", "[", ""};

enum { TERMS = sizeof(terms) / sizeof(*terms) };

/* An expression that bytes, each of which is taken once, tell how to make. */
struct making {
	const uint8_t *bytes;
	size_t size;
	char text[TEXT_MAX + 64];
	size_t used;
};

static uint8_t next(struct making *making)
{
	if (making->size == 0)
		return 0;
	making->size--;
	return *making->bytes++;
}

static void say(struct making *making, const char *text)
{
	const size_t size = strlen(text);

	if (making->used + size >= TEXT_MAX)
		return;
	memcpy(making->text + making->used, text, size);
	making->used += size;
}

static void make(struct making *making, int depth)
{
	const uint8_t kind = next(making);
	const char raw[] = {(char)kind, '\0'};

	if (making->size == 0 || depth == 0 || kind < 0x60) {
		say(making, terms[kind % TERMS]);
	} else if (kind < 0x70) {
		say(making, raw);
	} else if (kind < 0x90) {
		say(making, kind & 1 ? "not " : "! ");
		make(making, depth - 1);
	} else if (kind < 0xa0) {
		say(making, "(");
		make(making, depth - 1);
		say(making, ")");
	} else {
		make(making, depth - 1);
		say(making, kind & 1 ? " and " : " or ");
		make(making, depth - 1);
	}
}

/* There are no names to be looked up, as under the worker's unit. */
int getaddrinfo(const char *name, const char *service,
	const struct addrinfo *hints, struct addrinfo **ret_list)
{
	(void)name;
	(void)service;
	(void)hints;
	(void)ret_list;
	return EAI_NONAME;
}

struct packet_kind {
	const char *what;
	bool is_excluded;
	uint16_t ports[2];
	uint8_t protocol;
	uint8_t index; /* of the interface */
	uint8_t direction;
};

static const struct packet_kind kinds[] = {
	{"to the worker", true, {40000, 8475}, 6, 1, 0},
	{"from the worker", true, {8475, 40000}, 6, 2, 4},
	{"to the proxy's client", true, {443, 40001}, 6, 2, 4},
	{"out by the loopback", true, {53, 53}, 17, 1, 4},
	{"of TCP", false, {22, 40000}, 6, 2, 0},
	{"of UDP", false, {53, 8475}, 17, 2, 0},
	{"of another protocol", false, {0, 0}, 1, 1, 0},
};

/* An SLL2 header, then IPv4, from 192.0.2.1 to 192.0.2.2. */
static void fill(unsigned char out[PACKET_SIZE], const struct packet_kind *kind)
{
	static const unsigned char ip[] = {0x45, 0, 0, PACKET_SIZE - 20, 0, 0,
		0, 0, 64, 0, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2};

	memset(out, 0, PACKET_SIZE);
	out[0] = 8; /* IPv4 */
	out[7] = kind->index;
	out[9] = 1;
	out[10] = kind->direction;
	out[11] = 6;
	memcpy(out + LINKTYPE_HEAD, ip, sizeof(ip));
	out[LINKTYPE_HEAD + 9] = kind->protocol;
	for (size_t i = 0; i < 2; i++) {
		out[LINKTYPE_HEAD + 20 + 2 * i] = kind->ports[i] >> 8;
		out[LINKTYPE_HEAD + 21 + 2 * i] = kind->ports[i] & 0xff;
	}
}

static bool takes(
	const struct bpf_program *program, const struct packet_kind *kind)
{
	unsigned char packet[PACKET_SIZE];
	struct pcap_pkthdr header = {.caplen = PACKET_SIZE, .len = PACKET_SIZE};

	fill(packet, kind);
	return pcap_offline_filter(program, &header, packet);
}

static void compare(
	const struct bpf_program *user, const struct bpf_program *whole)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].is_excluded)
			must(!takes(whole, &kinds[i]),
				"what is excluded is not taken");
		else
			must(takes(whole, &kinds[i]) == takes(user, &kinds[i]),
				"what is not excluded is the client's to say");
}

static void try_filter(const char *text)
{
	static struct filter filter;
	static pcap_t *pcap;
	struct bpf_program user;
	static struct program program;
	struct bpf_program whole;
	struct failure failure = {0};

	pcap = pcap ? pcap : pcap_open_dead(276, 262144); /* SLL2 */
	must(pcap, "there is memory");
	if (!program_of_expression(pcap, text, "filter", &user, &failure))
		return;
	filter = (struct filter){.user = text};
	filter_exclude(&filter, "tcp port %u", 8475);
	filter_exclude(&filter, "host %s and tcp port %u", "192.0.2.2", 40001);
	filter_exclude(&filter, "ifindex %u and outbound", 1);
	/* an expression that is always false can't be compiled */
	if (program_compile(pcap, &filter, &program, &failure) &&
		program.length <= BPF_MAXINSNS) {
		whole = (struct bpf_program){program.length, program.insns};
		must(bpf_validate(program.insns, (int)program.length),
			"a kernel may take it");
		compare(&user, &whole);
	}
	pcap_freecode(&user);
}

/* The first byte says whether this is a text. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct making making = {.bytes = bytes + 1, .size = size - 1};

	if (size == 0)
		return 0;
	if (bytes[0] & 2)
		memcpy(making.text, bytes + 1,
			size < TEXT_MAX ? size - 1 : TEXT_MAX);
	else
		make(&making, DEPTH_MAX);
	try_filter(making.text);
	return 0;
}
