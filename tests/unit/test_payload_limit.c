/* SPDX-License-Identifier: MIT */
/*
 * Captures without payload: where the headers of each kind of packet end. The
 * program, in libpcap and in the kernel, and the last cut are compared with a
 * decoder of the tests, by random packets: DDUMP_PACKETS in the environment is how
 * many.
 */
#include "worker/payload_limit.h"

#include "../lib/random_frames.h"
#include "format/packet.h"
#include "frame.h"
#include "worker/kernel_filter.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKETS = 100000, BEYOND = 64 };

static const struct bpf_header_link *const links[HEADER_LINKS] = {[HEADER_SLL2] = &header_sll2,
	[HEADER_ETHERNET] = &header_ethernet,
	[HEADER_RAW_IP] = &header_raw_ip};

static const struct filter_program *program_of(enum header_link link)
{
	static struct filter_program programs[HEADER_LINKS];
	struct filter_program *program = &programs[link];

	if (program->length == 0)
		payload_limit_append(program, links[link], 0, PACKET_MAX);
	assert_true(bpf_validate(program->insns, (int)program->length));
	/* of the 4096 that the kernel accepts */
	assert_true(program->length < 512);
	return program;
}

/* How many bytes the kernel would capture. */
static size_t run(const struct filter_program *program, const unsigned char *bytes, size_t size)
{
	const uint32_t kept = bpf_filter(program->insns, bytes, (unsigned)size, (unsigned)size);

	/* 0 would reject the packet */
	assert_true(kept > 0);
	return kept < size ? kept : size;
}

static size_t cut(enum header_link link, const unsigned char *bytes, size_t size)
{
	return payload_limit_cut(links[link], bytes, (uint32_t)size, (uint32_t)size, 0);
}

/* A packet in words: what is built, header by header. */
struct kind {
	const char *what;
	/* t VLAN tag, 4 and 6 IP, w 4 with 40 bytes of options, h d r extension headers,
	 * H one of 2048 bytes, f first fragment, l later one, F an IPv4 later one, 1 IPv4
	 * first one; p TCP, o TCP with 12 bytes of options, 0 TCP with offset 0, then
	 * u UDP, i ICMP, j ICMPv6, s SCTP, e ESP, a AH, g GRE, n number 59; A ARP, b ARP
	 * with long addresses, m MPLS, V IPv4 with the version 5, W IPv4 of 4 words
	 */
	const char *headers;
	size_t kept; /* after the link header */
};

static void add_protocol(struct frame *frame, unsigned number)
{
	frame_link(frame, number, 0, 0);
	memset(frame_grow(frame, 20), 0x5a, 20);
}

static void add_tcp(struct frame *frame, unsigned offset)
{
	frame_transport(frame, 6, 1, 2);
	frame->bytes[frame->size - 8] = (unsigned char)(offset << 4);
}

static void add_arp(struct frame *frame, unsigned hardware, unsigned protocol)
{
	unsigned char *arp;

	frame_link(frame, 0x0806, 0, 0);
	arp = frame_grow(frame, 8 + 2 * (hardware + protocol));
	arp[4] = (unsigned char)hardware;
	arp[5] = (unsigned char)protocol;
}

static void add_wrong_ipv4(struct frame *frame, unsigned first)
{
	frame_ipv4(frame, 5, 0);
	frame->bytes[frame->network] = (unsigned char)first;
}

static void add_ip(struct frame *frame, char header)
{
	switch (header) {
	case '4':
		frame_ipv4(frame, 5, 0x4000); /* do not fragment */
		break;
	case 'w':
		frame_ipv4(frame, 15, 0);
		break;
	case 'F':
		frame_ipv4(frame, 6, 0x0001);
		break;
	case '1':
		frame_ipv4(frame, 5, 0x2000); /* more fragments */
		break;
	case 'V':
		add_wrong_ipv4(frame, 0x55);
		break;
	case 'W':
		add_wrong_ipv4(frame, 0x44);
		break;
	default:
		frame_ipv6_part(frame, header);
	}
}

static void add_header(struct frame *frame, char header)
{
	static const char protocols[] = "uijseagn";
	static const unsigned char numbers[] = {17, 1, 58, 132, 50, 51, 47, 59};
	const char *protocol = strchr(protocols, header);

	if (protocol)
		add_protocol(frame, numbers[protocol - protocols]);
	else if (header == 't')
		frame_tag(frame, 0x88a8);
	else if (header == 'p')
		add_tcp(frame, 5);
	else if (header == 'o')
		add_tcp(frame, 8);
	else if (header == '0')
		add_tcp(frame, 0);
	else if (header == 'A')
		add_arp(frame, 6, 4);
	else if (header == 'b')
		add_arp(frame, 20, 16);
	else if (header == 'm')
		frame_link(frame, 0x8847, 0, 0);
	else
		add_ip(frame, header);
}

static void build(struct frame *frame, enum header_link link, const char *headers)
{
	frame_begin(frame, links[link], false);
	for (; *headers; headers++)
		add_header(frame, *headers);
	/* payload */
	memset(frame_grow(frame, BEYOND), 0x45, BEYOND);
}

static const struct kind kinds[] = {
	{"TCP", "4p", 40},
	{"TCP with options", "4o", 52},
	{"TCP with an invalid offset", "40", 40},
	{"TCP after IPv4 options", "wp", 80},
	{"UDP", "4u", 28},
	{"ICMP", "4i", 28},
	{"ICMPv6", "6j", 48},
	{"SCTP", "4s", 32},
	{"ESP", "6e", 48},
	{"AH", "4a", 28},
	{"GRE", "4g", 20},
	{"GRE on IPv6", "6g", 40},
	{"no next header", "6n", 40},
	{"a later fragment", "Fp", 24},
	{"a first fragment", "1p", 40},
	{"TCP on IPv6", "6o", 72},
	{"BIG TCP", "6hp", 68},
	{"three extension headers", "6hdrp", 108},
	{"six extension headers", "6hdfdrdu", 136},
	{"seven extension headers", "6hdfdrddu", 128},
	{"the longest extension headers", "6HHHHHHp", 12348},
	{"a first fragment on IPv6", "6fu", 56},
	{"a later one on IPv6", "6lp", 48},
	{"a later one after options", "6hrlu", 80},
	{"a tag", "t4p", 44},
	{"QinQ", "tt6u", 56},
	{"three tags", "ttt4p", 8},
	{"ARP", "A", 28},
	{"ARP with a tag", "tA", 32},
	{"ARP with long addresses", "b", 80},
	{"MPLS", "m", 0},
	{"a wrong version of IP", "Vp", 0},
	{"an IPv4 header of 16 bytes", "tWp", 4},
};

static void payload_limit_headers_of_each_kind_are_kept(void **state)
{
	static struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		for (enum header_link link = 0; link < HEADER_LINKS; link++) {
			const size_t expected = links[link]->size + kinds[i].kept;
			size_t by_program;
			size_t by_cut;

			if (link == HEADER_RAW_IP && strchr("tAbmV", *kinds[i].headers))
				continue;
			build(&frame, link, kinds[i].headers);
			by_program = run(program_of(link), frame.bytes, frame.size);
			by_cut = cut(link, frame.bytes, frame.size);
			if (by_program != expected || by_cut != expected)
				fail_msg("%s, link %u: %zu bytes, cut to %zu, not %zu",
					kinds[i].what, (unsigned)link, by_program, by_cut,
					expected);
		}
}

/* Its first byte has the version, though the ethertype is that of the tag. */
static void payload_limit_outgoing_tagged_packet_is_ip(void **state)
{
	static struct frame frame;

	(void)state;
	frame_begin(&frame, &header_sll2, true);
	frame_outer_tag(&frame, 0x8100);
	frame_ipv6(&frame);
	add_tcp(&frame, 6);
	frame_grow(&frame, BEYOND);
	assert_int_equal(run(program_of(HEADER_SLL2), frame.bytes, frame.size), 84);
	/* without its length it could be a tag */
	assert_int_equal(cut(HEADER_SLL2, frame.bytes, frame.size), 20);
	frame_put16(frame.bytes + frame.network + 4, (uint32_t)(frame.size - frame.network - 40));
	assert_int_equal(cut(HEADER_SLL2, frame.bytes, frame.size), 84);
}

/* A bridge sends tags as they came; the control information of one can be anything. */
static void payload_limit_tag_that_looks_like_ip_shows_no_payload(void **state)
{
	static const unsigned first[] = {0x4f10, 0x4500, 0x600a, 0x6000};
	static struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		for (int leaves = 0; leaves < 2; leaves++) {
			frame_begin(&frame, &header_sll2, leaves);
			if (leaves)
				frame_outer_tag(&frame, 0x88a8);
			frame_tag(&frame, 0x8100);
			frame_put16(frame.bytes + SLL2_SIZE, first[i]);
			frame_ipv6(&frame);
			frame_transport(&frame, 17, 9, 9);
			frame_grow(&frame, BEYOND);
			frame_put16(frame.bytes + frame.network + 4,
				(uint32_t)(frame.size - frame.network - 40));
			if (!leaves)
				frame_put16(frame.bytes, 0x86dd);
			assert_true(cut(HEADER_SLL2, frame.bytes, frame.size) <= 20 + 4 + 40 + 8);
			if (first[i] >> 12 == 6 && !leaves)
				continue; /* the next lines would make another packet of it */
			/* both readings have the length of the packet */
			frame_put16(frame.bytes + SLL2_SIZE + (first[i] >> 12 == 4 ? 2 : 4),
				(uint32_t)(frame.size - SLL2_SIZE) -
					(first[i] >> 12 == 4 ? 0 : 40));
			assert_true(cut(HEADER_SLL2, frame.bytes, frame.size) <= 20 + 4 + 40 + 8);
		}
}

/* Linux from 6.10 on reports the ethertype after all tags, but removes only one. */
static void payload_limit_inner_tags_of_cooked_packets_are_headers(void **state)
{
	static const struct {
		const char *headers;
		unsigned ethertype;
		size_t kept;
	} cases[] = {
		{"t4p", 0x0800, 44},
		{"tt6u", 0x86dd, 56},
		{"tA", 0x0806, 32},
		{"ttt4p", 0x0800, 8},
		/* this is not what follows the tag */
		{"t4p", 0x86dd, 0},
	};
	static struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		build(&frame, HEADER_SLL2, cases[i].headers);
		frame_put16(frame.bytes, cases[i].ethertype);
		assert_int_equal(cut(HEADER_SLL2, frame.bytes, frame.size), 20 + cases[i].kept);
	}
}

/* Padding of the link layer may be old memory of the sender. */
static void payload_limit_padding_is_no_header(void **state)
{
	static struct frame frame;

	(void)state;
	for (enum header_link link = 0; link < HEADER_LINKS; link++) {
		build(&frame, link, "4p");
		frame_put16(frame.bytes + frame.network + 2, 24);
		assert_int_equal(cut(link, frame.bytes, frame.size), links[link]->size + 24);
		/* shorter than the header itself */
		frame_put16(frame.bytes + frame.network + 2, 7);
		assert_int_equal(cut(link, frame.bytes, frame.size), links[link]->size + 20);
		build(&frame, link, "6hu");
		frame_put16(frame.bytes + frame.network + 4, 12);
		assert_int_equal(cut(link, frame.bytes, frame.size), links[link]->size + 52);
	}
}

static void payload_limit_payload_bytes_follow_the_headers(void **state)
{
	static struct filter_program program;
	static struct frame frame;
	static const uint32_t counts[] = {0, 1, 7, BEYOND, BEYOND + 1, PACKET_MAX};

	(void)state;
	build(&frame, HEADER_SLL2, "4o");
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		const uint32_t size = (uint32_t)frame.size;
		size_t expected = 72 + (size_t)counts[i];

		expected = expected < size ? expected : size;
		program.length = 0;
		payload_limit_append(&program, &header_sll2, counts[i], PACKET_MAX);
		assert_int_equal(run(&program, frame.bytes, size), expected);
		assert_int_equal(
			payload_limit_cut(&header_sll2, frame.bytes, size, size, counts[i]),
			expected);
	}
}

static void payload_limit_smaller_snaplen_wins(void **state)
{
	static struct filter_program program;
	static struct frame frame;

	(void)state;
	build(&frame, HEADER_SLL2, "6hu");
	for (uint32_t snaplen = 1; snaplen < 100; snaplen++) {
		const size_t expected = snaplen < 76 ? snaplen : 76;

		program.length = 0;
		payload_limit_append(&program, &header_sll2, 0, snaplen);
		assert_int_equal(run(&program, frame.bytes, frame.size), expected);
	}
}

/* The bytes at the end of a page: a read beyond them is a fault. */
static unsigned char *before_a_fault(const unsigned char *bytes, size_t size)
{
	static unsigned char *pages;
	enum { PAGES = 65536 };

	if (!pages) {
		pages = mmap(NULL, (size_t)2 * PAGES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(pages != MAP_FAILED);
		assert_int_equal(mprotect(pages + PAGES, PAGES, PROT_NONE), 0);
	}
	return memcpy(pages + PAGES - size, bytes, size);
}

/* A socket pair, at whose end the kernel runs the program. */
struct wire {
	int fds[2];
};

static void wire_open(struct wire *wire, const struct filter_program *program)
{
	struct error error = {0};

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, wire->fds), 0);
	if (!kernel_filter_attach(wire->fds[0], program, &error))
		fail_msg("%s", error.text);
}

static void wire_close(const struct wire *wire)
{
	close(wire->fds[0]);
	close(wire->fds[1]);
}

static size_t run_in_kernel(const struct wire *wire, const struct random_frame *frame)
{
	static unsigned char bytes[RANDOM_FRAME_MAX];
	ssize_t size;

	assert_int_equal(write(wire->fds[1], frame->bytes, frame->size), frame->size);
	/* it is there already, or the program has rejected it */
	size = recv(wire->fds[0], bytes, sizeof(bytes), MSG_DONTWAIT);
	assert_true(size > 0);
	assert_memory_equal(bytes, frame->bytes, (size_t)size);
	return (size_t)size;
}

/* The headers that the last cut keeps. */
static size_t count_headers(enum header_link link, const struct random_frame *frame)
{
	if (link == HEADER_SLL2)
		link = HEADER_SLL2_REPORTED;
	return header_map_of(link, frame->bytes, frame->size, true).end;
}

/*
 * May only the link header be kept, because the first bytes after it can be IP as well as
 * a tag?
 */
static bool is_doubtful(
	enum header_link link, const struct random_frame *frame, size_t kept, size_t end)
{
	return link == HEADER_SLL2 && kept == SLL2_SIZE && kept < end && frame->size > SLL2_SIZE &&
	       (frame->bytes[SLL2_SIZE] >> 4 == 4 || frame->bytes[SLL2_SIZE] >> 4 == 6);
}

static void check_random(enum header_link link, const struct random_frame *frame)
{
	const struct header_map map = header_map_of(link, frame->bytes, frame->size, false);
	const size_t end = count_headers(link, frame);
	const size_t kept = run(program_of(link), frame->bytes, frame->size);
	const unsigned char *bytes = before_a_fault(frame->bytes, frame->size);

	/* every header arrives, and 0 would reject the packet */
	if (kept != map.end && !(kept == 1 && map.end == 0))
		fail_msg("link %u: the program keeps %zu of %zu bytes, headers have %zu",
			(unsigned)link, kept, frame->size, map.end);
	if (!is_doubtful(link, frame, cut(link, bytes, frame->size), end))
		assert_int_equal(cut(link, bytes, frame->size), end);
}

/* Wherever the program or a snaplen has cut a packet, its headers are kept to there. */
static void check_shorter(enum header_link link, const struct random_frame *frame, size_t size)
{
	const size_t end = count_headers(link, frame);
	const unsigned char *bytes = before_a_fault(frame->bytes, size);
	const size_t kept = cut(link, bytes, size);

	assert_true(kept <= size && kept <= end);
	if (is_doubtful(link, frame, kept, end))
		return;
	/* an inner tag is recognized by all of its bytes */
	if (end == header_map_of(link, frame->bytes, frame->size, true).end)
		assert_int_equal(kept, size < end ? size : end);
}

static size_t packet_count(void)
{
	const char *given = getenv("DDUMP_PACKETS");

	return given ? strtoul(given, NULL, 10) : PACKETS;
}

static void payload_limit_random_packets_match_the_decoder(void **state)
{
	static struct random_frame frame;
	struct wire wires[HEADER_LINKS];
	struct seed seed = seed_start();
	const size_t count = packet_count();
	const bool has_kernel = !is_emulated();

	(void)state;
	/*
	 * The program for cooked packets is not the kernel's before it is translated, and
	 * qemu-user cannot lock a filter.
	 */
	for (enum header_link link = HEADER_ETHERNET; has_kernel && link < HEADER_LINKS; link++)
		wire_open(&wires[link], program_of(link));
	for (size_t i = 0; i < count; i++) {
		const enum header_link link = i % HEADER_LINKS;

		random_frame_make(&frame, seed.state, link, RANDOM_FRAME_MAX);
		check_random(link, &frame);
		check_shorter(link, &frame, seed_below(&seed, frame.size + 1));
		check_shorter(link, &frame, run(program_of(link), frame.bytes, frame.size));
		if (has_kernel && link != HEADER_SLL2)
			assert_int_equal(run_in_kernel(&wires[link], &frame),
				run(program_of(link), frame.bytes, frame.size));
	}
	printf("# %zu random packets\n", count);
	for (enum header_link link = HEADER_ETHERNET; has_kernel && link < HEADER_LINKS; link++)
		wire_close(&wires[link]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payload_limit_headers_of_each_kind_are_kept),
		cmocka_unit_test(payload_limit_outgoing_tagged_packet_is_ip),
		cmocka_unit_test(payload_limit_tag_that_looks_like_ip_shows_no_payload),
		cmocka_unit_test(payload_limit_inner_tags_of_cooked_packets_are_headers),
		cmocka_unit_test(payload_limit_padding_is_no_header),
		cmocka_unit_test(payload_limit_payload_bytes_follow_the_headers),
		cmocka_unit_test(payload_limit_smaller_snaplen_wins),
		cmocka_unit_test(payload_limit_random_packets_match_the_decoder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
