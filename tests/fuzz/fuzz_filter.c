/* SPDX-License-Identifier: MIT */
/*
 * Any text as a client's filter, joined with the exclusions: if it compiles
 * alone, the whole matches no excluded packet, and otherwise exactly the
 * packets of the client's part. libpcap itself is not under test.
 */
#include "fuzz.h"

#include "worker/filter.h"
#include "worker/filter_check.h"
#include "worker/filter_compile.h"
#include "worker/filter_sandbox.h"
#include "worker/kernel_filter.h"
#include "worker/payload_check.h"

#include <netdb.h>
#include <pcap/pcap.h>
#include <string.h>

/*
 * A longer text takes libpcap's optimizer longer than a fuzzer's limit; in the
 * worker filter_sandbox.c limits that.
 */
enum { TEXT_MAX = 200, DEPTH_MAX = 12, PACKET_SIZE = 100, LINKTYPE_HEAD = 20, HEADERS_SIZE = 60 };

/* The terms of expressions; the last ones are invalid alone. */
static const char *const terms[] = {"tcp", "udp", "icmp", "ip", "arp", "port 8475", "tcp port 22",
	"src port 22", "portrange 1-9000", "host 192.0.2.1", "dst host 192.0.2.2",
	"net 192.0.2.0/24", "host 2001:db8::1", "ifindex 1", "ifindex 2", "inbound", "outbound",
	"ip[0] & 0xf != 5", "tcp[13] = 0", "len > 60", "less 99", "ip proto 6", "ether proto 0x800",
	"link[0] = 8", "1 = 1", "1 = 2", "udp[0:2] + 1 < 9", "vlan", "mpls", "pppoes", "geneve",
	"ip6", "multicast", "port", "(", ")", "\\", "host x", "[", ""};

enum { TERMS = sizeof(terms) / sizeof(*terms) };

/*
 * An expression made from the bytes of the input, each of which is used once.
 */
struct expression_maker {
	const uint8_t *bytes;
	size_t size;
	char text[TEXT_MAX + 64];
	size_t used;
};

static uint8_t next(struct expression_maker *making)
{
	if (making->size == 0)
		return 0;
	making->size--;
	return *making->bytes++;
}

static void notice(struct expression_maker *making, const char *text)
{
	const size_t size = strlen(text);

	if (making->used + size >= TEXT_MAX)
		return;
	memcpy(making->text + making->used, text, size);
	making->used += size;
}

static void make(struct expression_maker *making, int depth)
{
	const uint8_t kind = next(making);
	const char raw[] = {(char)kind, '\0'};

	if (making->size == 0 || depth == 0 || kind < 0x60) {
		notice(making, terms[kind % TERMS]);
	} else if (kind < 0x70) {
		notice(making, raw);
	} else if (kind < 0x90) {
		notice(making, kind & 1 ? "not " : "! ");
		make(making, depth - 1);
	} else if (kind < 0xa0) {
		notice(making, "(");
		make(making, depth - 1);
		notice(making, ")");
	} else {
		make(making, depth - 1);
		notice(making, kind & 1 ? " and " : " or ");
		make(making, depth - 1);
	}
}

/* No names are looked up, as in the worker's unit. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
	struct addrinfo **ret_list)
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
	static const unsigned char ip[] = {
		0x45, 0, 0, PACKET_SIZE - 20, 0, 0, 0, 0, 64, 0, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2};

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

static bool takes(const struct filter_program *program, const struct packet_kind *kind)
{
	unsigned char packet[PACKET_SIZE];

	fill(packet, kind);
	return bpf_filter(program->insns, packet, PACKET_SIZE, PACKET_SIZE);
}

static void compare(const struct filter_program *user, const struct filter_program *whole)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].is_excluded)
			must(!takes(whole, &kinds[i]), "excluded packets do not match");
		else
			must(takes(whole, &kinds[i]) == takes(user, &kinds[i]),
				"what is not excluded is the client's to say");
}

/* A limit of payload changes which bytes are kept, but not which packets. */
static void check_limited(const struct capture_filter *filter, const struct filter_program *user,
	const struct filter_program *whole)
{
	static struct capture_filter limiting;
	static struct filter_program limited;
	unsigned char packet[PACKET_SIZE];

	limiting = *filter;
	limiting.limits_payload = true;
	limiting.snaplen = 262144;
	filter_join(&limiting, NULL, user, &limited);
	if (limited.length > BPF_MAXINSNS)
		return;
	must(bpf_validate(limited.insns, (int)limited.length), "a kernel may take it");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		uint32_t kept;

		fill(packet, &kinds[i]);
		kept = bpf_filter(limited.insns, packet, PACKET_SIZE, PACKET_SIZE);
		must((kept > 0) == takes(whole, &kinds[i]), "the same packets match");
		must(kept <= HEADERS_SIZE, "a filter does not choose what is kept");
	}
}

static void try_filter(const char *text)
{
	static struct capture_filter filter;
	static struct filter_program user;
	static struct filter_program whole;
	static pcap_t *pcap;
	struct endpoint endpoint;
	struct error error = {0};

	pcap = pcap ? pcap : filter_compile_open_cooked(262144, &error);
	must(pcap, "there is memory");
	if (!filter_compile_expression(pcap, text, "filter", &user, &error) ||
		user.length > BPF_MAXINSNS)
		return;
	if (!filter_check_program(&user, &header_sll2, 262144, &error)) {
		/* "pppoes and outbound" reads an offset that no kernel has */
		must(!kernel_filter_try(&user, &error), "it is for no kernel");
		return;
	}
	must(!payload_check_expression(text, "a limit", &error) ||
			payload_check_program(&user, &header_sll2, 1, &error),
		"what may read headers alone reads no more");
	filter = (struct capture_filter){
		.user = text, .link = &header_sll2, .exclusions.loopback = 1};
	exclusions_add_port(&filter.exclusions, 8475);
	must(endpoint_parse("192.0.2.2", 40001, &endpoint), "it is an address");
	exclusions_add_endpoint(&filter.exclusions, &endpoint);
	filter_join(&filter, NULL, &user, &whole);
	if (whole.length > BPF_MAXINSNS)
		return;
	must(bpf_validate(whole.insns, (int)whole.length), "a kernel may take it");
	compare(&user, &whole);
	check_limited(&filter, &user, &whole);
	kernel_filter_translate(&whole, &error);
	must(whole.length > BPF_MAXINSNS || bpf_validate(whole.insns, (int)whole.length),
		"a kernel may take it as it gets it");
}

/* The first byte decides whether this is a text. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct expression_maker making = {0};

	if (size == 0)
		return 0;
	making.bytes = bytes + 1;
	making.size = size - 1;
	if (bytes[0] & 2)
		memcpy(making.text, making.bytes, making.size < TEXT_MAX ? making.size : TEXT_MAX);
	else
		make(&making, DEPTH_MAX);
	try_filter(making.text);
	return 0;
}
