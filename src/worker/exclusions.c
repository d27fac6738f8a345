/* SPDX-License-Identifier: MIT */
/*
 * Collects and rejects what is never captured. In: the peer, the administrator's
 * expression. Out: BPF instructions that reject it.
 *
 * A capture that contains its own stream grows without end. The stream is
 * recognized by its local TCP port, after any extension headers (the kernel adds a
 * hop-by-hop header to IPv6 segments of more than 64 KiB). Later fragments have no
 * ports: between the two hosts all that may belong to TCP are rejected.
 */
#include "worker/exclusions.h"

#include "common/text.h"
#include "format/linktype.h"
#include "worker/filter_compile.h"
#include "worker/interfaces.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

enum {
	PORTS_SIZE = 4, /* source 2, destination 2 */
	WORD = 4,
	PORTS = 0, /* in scratch memory */
};

/* Which address of an IP header. */
enum side { SOURCE, DESTINATION };

void exclusions_add_port(struct exclusions *exclusions, uint16_t port)
{
	for (size_t i = 0; i < exclusions->port_count; i++)
		if (exclusions->ports[i] == port)
			return;
	assert(exclusions->port_count < EXCLUSIONS_PORTS_MAX);
	exclusions->ports[exclusions->port_count++] = port;
}

void exclusions_add_endpoint(struct exclusions *exclusions, const struct endpoint *endpoint)
{
	assert(exclusions->endpoint_count < EXCLUSIONS_ENDPOINTS_MAX);
	exclusions->endpoints[exclusions->endpoint_count++] = *endpoint;
}

/*
 * The part of an expression after one of these words matches only inside their
 * packets: elsewhere it would not be excluded. False: the expression has one.
 */
static bool check_shifts(const char *expression, struct error *error)
{
	static const struct {
		const char *word;
		const char *alternative;
	} shifts[] = {
		{"geneve", "udp port 6081"},
		{"pppoes", "ether proto 0x8864"},
		{"vxlan", "udp port 4789"},
	};

	for (size_t i = 0; i < sizeof(shifts) / sizeof(*shifts); i++)
		if (filter_compile_has_word(expression, shifts[i].word))
			return error_set(error, 1,
				"-exclude: \"%s\" changes the offsets of what follows; try \"%s\"",
				shifts[i].word, shifts[i].alternative);
	return true;
}

bool exclusions_check_expression(const char *expression, struct error *error)
{
	if (strlen(expression) >= EXCLUSIONS_EXPRESSION_SIZE)
		return error_set(error, 1, "-exclude: the expression is longer than %d bytes",
			EXCLUSIONS_EXPRESSION_SIZE - 1);
	return check_shifts(expression, error);
}

/* The position within a term of an expression. */
enum term { START, TCP, PORT, NUMBER, UNKNOWN };

static enum term parse_word(
	struct exclusions *exclusions, enum term term, bool is_list, const char *word)
{
	uint64_t port;

	if (term == START && strcmp(word, "tcp") == 0)
		return TCP;
	if ((term == START || term == TCP) && strcmp(word, "port") == 0)
		return PORT;
	if (term != PORT && !(term == START && is_list))
		return UNKNOWN;
	if (!text_number(word, UINT16_MAX, &port))
		return UNKNOWN;
	exclusions_add_port(exclusions, (uint16_t)port);
	return NUMBER;
}

/* In "tcp port 80 or 81" the second term inherits "tcp port". */
static void add_expression_ports(struct exclusions *exclusions, char *text)
{
	enum term term = START;
	bool is_list = false;
	char *rest;

	for (char *word = strtok_r(text, " \t\r\n", &rest); word;
		word = strtok_r(NULL, " \t\r\n", &rest)) {
		if (strcmp(word, "or") == 0 || strcmp(word, "||") == 0) {
			is_list = term == NUMBER;
			term = START;
		} else {
			term = parse_word(exclusions, term, is_list, word);
		}
	}
}

void exclusions_set_expression(struct exclusions *exclusions, const char *expression)
{
	char copy[EXCLUSIONS_EXPRESSION_SIZE];

	exclusions->expression = expression;
	/* "and" and "or" have one precedence: a term may be only a part of a conjunction */
	if (strpbrk(expression, "()!&") || filter_compile_has_word(expression, "and") ||
		filter_compile_has_word(expression, "not"))
		return;
	snprintf(copy, sizeof(copy), "%s", expression);
	add_expression_ports(exclusions, copy);
}

void exclusions_add_peer(struct exclusions *exclusions, const struct peer *peer)
{
	struct endpoint endpoint;

	if (peer->local.port)
		exclusions_add_port(exclusions, peer->local.port);
	if (peer->local.family == peer->remote.family) {
		exclusions->local = peer->local;
		exclusions->remote = peer->remote;
	}
	for (int i = 0; i < peer->hop_count; i++) {
		const struct forwarded_node *from = &peer->hops[i].from;

		if (peer->hops[i].by.port)
			exclusions_add_port(exclusions, peer->hops[i].by.port);
		if (from->port && endpoint_parse(from->address, from->port, &endpoint))
			exclusions_add_endpoint(exclusions, &endpoint);
	}
}

bool exclusions_collect(struct exclusions *ret_exclusions, const struct settings *settings,
	const struct peer *peer, struct error *error)
{
	memset(ret_exclusions, 0, sizeof(*ret_exclusions));
	if (settings->exclude)
		exclusions_set_expression(ret_exclusions, settings->exclude);
	exclusions_add_peer(ret_exclusions, peer);
	return interfaces_index("lo", &ret_exclusions->loopback, error);
}

/* The program that is generated, and its targets of jumps. */
struct exclusion_assembly {
	const struct exclusions *exclusions;
	const struct bpf_header_link *link;
	struct filter_program *program;
	struct bpf_label reject;
	struct bpf_label pass;
};

/* In: X, an IP header. Appends a jump unless it has the endpoint's family. */
static void jump_unless_family(
	struct exclusion_assembly *assembly, const struct endpoint *endpoint, struct bpf_label *to)
{
	bpf_add(assembly->program, BPF_LD | BPF_B | BPF_IND, assembly->link->size);
	bpf_add(assembly->program, BPF_ALU | BPF_AND | BPF_K, 0xf0);
	bpf_add_unless(
		assembly->program, BPF_JEQ | BPF_K, endpoint->family == AF_INET ? 0x40 : 0x60, to);
}

/* In: X, an IP header. Appends a jump unless the address on that side is the endpoint's. */
static void jump_unless_address(struct exclusion_assembly *assembly,
	const struct endpoint *endpoint, enum side side, struct bpf_label *to)
{
	const bool is_ipv4 = endpoint->family == AF_INET;
	const uint32_t size = is_ipv4 ? 4 : 16;
	uint32_t at = is_ipv4 ? offsetof(struct ip, ip_src) : offsetof(struct ip6_hdr, ip6_src);

	at += side == DESTINATION ? size : 0;
	for (uint32_t i = 0; i < size; i += WORD) {
		uint32_t word;

		memcpy(&word, endpoint->address + i, WORD);
		bpf_add(assembly->program, BPF_LD | BPF_W | BPF_IND, assembly->link->size + at + i);
		bpf_add_unless(assembly->program, BPF_JEQ | BPF_K, ntohl(word), to);
	}
}

/* Out: A, the port on one side. */
static void append_load_port(struct exclusion_assembly *assembly, enum side side)
{
	bpf_add(assembly->program, BPF_LD | BPF_MEM, PORTS);
	if (side == SOURCE)
		bpf_add(assembly->program, BPF_ALU | BPF_RSH | BPF_K, 16);
	else
		bpf_add(assembly->program, BPF_ALU | BPF_AND | BPF_K, 0xffff);
}

static void reject_endpoint(
	struct exclusion_assembly *assembly, const struct endpoint *endpoint, enum side side)
{
	struct bpf_label next = {0};

	append_load_port(assembly, side);
	bpf_add_unless(assembly->program, BPF_JEQ | BPF_K, endpoint->port, &next);
	bpf_add(assembly->program, BPF_LDX | BPF_W | BPF_MEM, HEADER_NETWORK);
	jump_unless_family(assembly, endpoint, &next);
	jump_unless_address(assembly, endpoint, side, &next);
	bpf_add_jump(assembly->program, &assembly->reject);
	bpf_set_label(assembly->program, &next);
}

/* In: X, a transport header; A, its protocol. */
static void reject_transport(struct exclusion_assembly *assembly)
{
	const struct exclusions *exclusions = assembly->exclusions;
	struct filter_program *program = assembly->program;

	bpf_add_unless(program, BPF_JEQ | BPF_K, IPPROTO_TCP, &assembly->pass);
	bpf_header_unless_whole(program, assembly->link, PORTS_SIZE, &assembly->pass);
	bpf_add(program, BPF_LD | BPF_W | BPF_IND, assembly->link->size);
	bpf_add(program, BPF_ST, PORTS);
	for (enum side side = SOURCE; side <= DESTINATION; side++) {
		append_load_port(assembly, side);
		for (size_t i = 0; i < exclusions->port_count; i++)
			bpf_add_if(
				program, BPF_JEQ | BPF_K, exclusions->ports[i], &assembly->reject);
		for (size_t i = 0; i < exclusions->endpoint_count; i++)
			reject_endpoint(assembly, &exclusions->endpoints[i], side);
	}
	bpf_add_jump(program, &assembly->pass);
}

static void reject_between(
	struct exclusion_assembly *assembly, const struct endpoint *from, const struct endpoint *to)
{
	struct bpf_label next = {0};

	jump_unless_address(assembly, from, SOURCE, &next);
	jump_unless_address(assembly, to, DESTINATION, &next);
	bpf_add_jump(assembly->program, &assembly->reject);
	bpf_set_label(assembly->program, &next);
}

/*
 * In: A, the protocol of a later fragment. If that is an extension header, only
 * the first fragment has it, and the protocol after it may be TCP.
 */
static void reject_fragment(struct exclusion_assembly *assembly)
{
	const struct endpoint *local = &assembly->exclusions->local;
	const struct endpoint *remote = &assembly->exclusions->remote;
	struct filter_program *program = assembly->program;
	struct bpf_label tcp = {0};

	bpf_add_if(program, BPF_JEQ | BPF_K, IPPROTO_TCP, &tcp);
	if (local->family == AF_INET6) {
		bpf_add_if(program, BPF_JEQ | BPF_K, IPPROTO_DSTOPTS, &tcp);
		bpf_add_if(program, BPF_JEQ | BPF_K, IPPROTO_ROUTING, &tcp);
	}
	bpf_add_jump(program, &assembly->pass);
	bpf_set_label(program, &tcp);
	bpf_add(program, BPF_LDX | BPF_W | BPF_MEM, HEADER_NETWORK);
	jump_unless_family(assembly, local, &assembly->pass);
	reject_between(assembly, local, remote);
	reject_between(assembly, remote, local);
	bpf_add_jump(program, &assembly->pass);
}

static void append_connections(struct exclusion_assembly *assembly)
{
	struct filter_program *program = assembly->program;
	struct bpf_header_exits exits;

	bpf_header_walk(program, assembly->link, &exits);
	bpf_set_label(program, &exits.fragment);
	if (assembly->exclusions->local.family)
		reject_fragment(assembly);
	else
		bpf_add_jump(program, &assembly->pass);
	bpf_set_label(program, &exits.transport);
	reject_transport(assembly);
	bpf_set_label(program, &assembly->reject);
	bpf_add(program, BPF_RET | BPF_K, 0);
	bpf_set_label(program, &exits.cut);
	bpf_set_label(program, &exits.other);
	bpf_set_label(program, &assembly->pass);
}

/*
 * What leaves by the loopback interface arrives there as well. libpcap would
 * discard one of the two copies; when the kernel does, it is not in the ring, nor
 * in the counters.
 */
static void append_loopback(struct exclusion_assembly *assembly)
{
	struct filter_program *program = assembly->program;
	const bool is_cooked = assembly->link->is_cooked;
	struct bpf_label pass = {0};

	bpf_add(program, BPF_LD | BPF_W | BPF_ABS,
		is_cooked ? SLL2_INDEX : (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX));
	bpf_add_unless(program, BPF_JEQ | BPF_K, assembly->exclusions->loopback, &pass);
	bpf_add(program, BPF_LD | BPF_B | BPF_ABS,
		is_cooked ? SLL2_DIRECTION : (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
	bpf_add_unless(program, BPF_JEQ | BPF_K, SLL2_OUTGOING, &pass);
	bpf_add(program, BPF_RET | BPF_K, 0);
	bpf_set_label(program, &pass);
}

void exclusions_assemble(const struct exclusions *exclusions, const struct bpf_header_link *link,
	struct filter_program *program)
{
	struct exclusion_assembly assembly = {
		.exclusions = exclusions, .link = link, .program = program};

	if (exclusions->loopback)
		append_loopback(&assembly);
	if (exclusions->port_count > 0 || exclusions->endpoint_count > 0)
		append_connections(&assembly);
}

void exclusions_print(FILE *out, const struct exclusions *exclusions)
{
	char text[INET6_ADDRSTRLEN];
	const char *separator = "";

	for (size_t i = 0; i < exclusions->port_count; i++) {
		fprintf(out, "%s(tcp port %u)", separator, exclusions->ports[i]);
		separator = " or ";
	}
	for (size_t i = 0; i < exclusions->endpoint_count; i++) {
		const struct endpoint *endpoint = &exclusions->endpoints[i];

		inet_ntop(endpoint->family, endpoint->address, text, sizeof(text));
		fprintf(out, "%s(host %s and tcp port %u)", separator, text, endpoint->port);
		separator = " or ";
	}
	if (exclusions->loopback) {
		fprintf(out, "%s(ifindex %u and outbound)", separator, exclusions->loopback);
		separator = " or ";
	}
	if (exclusions->expression)
		fprintf(out, "%s(%s)", separator, exclusions->expression);
}
