/* SPDX-License-Identifier: MIT */
/*
 * Where a walk over headers ends: for each kind of packet, and for random ones
 * as a decoder that is not BPF finds it. Nothing is loaded from beyond a
 * packet's end: that would reject the packet.
 */
#include "worker/bpf_header_walk.h"

#include "frame.h"

/* Which exit it was, in a result's two highest bits. */
enum exit { TRANSPORT, FRAGMENT, OTHER, CUT };

enum { ROUNDS = 100000, CHAIN_MAX = 9 };

struct result {
	enum exit exit;
	uint32_t at;	 /* X */
	uint32_t number; /* A; 0 where the packet is cut */
};

/* Appends, for one exit, the return of all three in one number. */
static void report(struct filter_program *program, enum exit exit)
{
	if (exit == CUT)
		bpf_add(program, BPF_LD | BPF_IMM, 0);
	bpf_add(program, BPF_ST, 0);
	bpf_add(program, BPF_MISC | BPF_TXA, 0);
	bpf_add(program, BPF_ALU | BPF_LSH | BPF_K, 16);
	bpf_add(program, BPF_ALU | BPF_OR | BPF_K, (uint32_t)exit << 30);
	bpf_add(program, BPF_LDX | BPF_W | BPF_MEM, 0);
	bpf_add(program, BPF_ALU | BPF_OR | BPF_X, 0);
	bpf_add(program, BPF_RET | BPF_A, 0);
}

static const struct filter_program *walk_of(const struct bpf_header_link *link)
{
	static struct filter_program programs[3];
	struct filter_program *program = &programs[link->is_cooked ? 0 : link->size > 0 ? 1 : 2];
	struct bpf_header_exits exits;

	if (program->length > 0)
		return program;
	bpf_header_walk(program, link, &exits);
	bpf_set_label(program, &exits.transport);
	report(program, TRANSPORT);
	bpf_set_label(program, &exits.fragment);
	report(program, FRAGMENT);
	bpf_set_label(program, &exits.other);
	report(program, OTHER);
	bpf_set_label(program, &exits.cut);
	report(program, CUT);
	assert_true(bpf_validate(program->insns, (int)program->length));
	/* of the 4096 that the kernel takes */
	assert_true(program->length < 512);
	return program;
}

static struct result walk(const struct bpf_header_link *link, const struct frame *frame)
{
	const struct filter_program *program = walk_of(link);
	const uint32_t size = (uint32_t)frame->size;
	const uint32_t value = bpf_filter(program->insns, frame->bytes, size, size);

	/* a load from beyond the end returns 0, which no exit does */
	assert_true(value > 0);
	return (struct result){value >> 30, value >> 16 & 0x3fff, value & 0xffff};
}

static void check(const char *what, const struct bpf_header_link *link, const struct frame *frame,
	const struct result *expected)
{
	const struct result got = walk(link, frame);

	if (got.exit != expected->exit || got.at != expected->at || got.number != expected->number)
		fail_msg("%s on %s: exit %u, at %u, number 0x%x, not %u, %u, "
			 "0x%x",
			what,
			link->is_cooked ? "SLL2"
			: link->size	? "Ethernet"
					: "raw IP",
			got.exit, got.at, got.number, expected->exit, expected->at,
			expected->number);
}

/* A packet in words: what is built, header by header. */
struct kind {
	const char *what;
	/* t VLAN tag, T an outer one that leaves, 4 and 6 IP, w 4 with options,
	 * h d r extension headers, H one of 2048 bytes, f first fragment, l
	 * later one, F an IPv4 later one, p TCP, u UDP, n number 59, x
	 * ethertype 0x0806
	 */
	const char *headers;
	struct result expected;
};

static void build(struct frame *frame, const struct bpf_header_link *link, const char *headers)
{
	frame_begin(frame, link, *headers == 'T');
	for (; *headers; headers++)
		switch (*headers) {
		case 'T':
			frame_outer_tag(frame, 0x8100);
			break;
		case 't':
			frame_tag(frame, 0x88a8);
			break;
		case '4':
			frame_ipv4(frame, 5, 0x2000); /* more fragments */
			break;
		case 'w':
			frame_ipv4(frame, 15, 0x4000); /* do not fragment */
			break;
		case 'F':
			frame_ipv4(frame, 6, 0x0001);
			break;
		case 'p':
			frame_transport(frame, 6, 1, 2);
			break;
		case 'u':
			frame_transport(frame, 17, 1, 2);
			break;
		case 'n':
			frame_transport(frame, 59, 1, 2);
			break;
		case 'x':
			frame_link(frame, 0x0806, 0, 0);
			frame_grow(frame, 28);
			break;
		default:
			frame_ipv6_part(frame, *headers);
		}
}

static const struct kind kinds[] = {
	{"TCP", "4p", {TRANSPORT, 20, 6}},
	{"UDP", "4u", {TRANSPORT, 20, 17}},
	{"TCP behind options", "wp", {TRANSPORT, 60, 6}},
	{"a later fragment", "Fp", {FRAGMENT, 24, 6}},
	{"TCP on IPv6", "6p", {TRANSPORT, 40, 6}},
	{"UDP on IPv6", "6u", {TRANSPORT, 40, 17}},
	{"nothing on IPv6", "6n", {TRANSPORT, 40, 59}},
	{"BIG TCP", "6hp", {TRANSPORT, 48, 6}},
	{"three kinds of options", "6hdrp", {TRANSPORT, 88, 6}},
	{"six headers", "6hdfdrdp", {TRANSPORT, 128, 6}},
	{"seven headers", "6hdfdrddp", {TRANSPORT, 128, 60}},
	{"the longest headers", "6HHHHHHp", {TRANSPORT, 12328, 6}},
	{"a first fragment", "6fp", {TRANSPORT, 48, 6}},
	{"a later one on IPv6", "6lp", {FRAGMENT, 48, 6}},
	{"a later one behind options", "6hrlu", {FRAGMENT, 80, 17}},
	{"a later one of options", "6ld", {FRAGMENT, 48, 60}},
	{"ARP", "x", {OTHER, 0, 0x0806}},
	{"a tag", "t4p", {TRANSPORT, 24, 6}},
	{"a tag, IPv6", "t6hp", {TRANSPORT, 52, 6}},
	{"QinQ", "tt4p", {TRANSPORT, 28, 6}},
	{"QinQ, ARP", "ttx", {OTHER, 8, 0x0806}},
	{"three tags", "ttt4p", {OTHER, 8, 0x88a8}},
};

static void header_walk_each_kind_has_its_exit(void **state)
{
	static struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		build(&frame, &header_sll2, kinds[i].headers);
		check(kinds[i].what, &header_sll2, &frame, &kinds[i].expected);
		build(&frame, &header_ethernet, kinds[i].headers);
		check(kinds[i].what, &header_ethernet, &frame, &kinds[i].expected);
		/* without a link header there is only IP */
		if (strchr("tx", *kinds[i].headers))
			continue;
		build(&frame, &header_raw_ip, kinds[i].headers);
		check(kinds[i].what, &header_raw_ip, &frame, &kinds[i].expected);
	}
}

static void header_walk_raw_packet_that_is_not_ip_is_other(void **state)
{
	static const struct result none = {OTHER, 0, 0};
	static const struct result cut = {CUT, 0, 0};
	static struct frame frame;

	(void)state;
	build(&frame, &header_raw_ip, "4p");
	frame.bytes[0] = 0x55;
	check("version 5", &header_raw_ip, &frame, &none);
	frame.size = 0;
	check("nothing", &header_raw_ip, &frame, &cut);
}

/* Of what leaves with a tag that no card adds the kernel knows where IP is. */
static void header_walk_outgoing_cooked_packet_begins_with_ip(void **state)
{
	static const struct kind leaving[] = {
		{"IPv4", "T4p", {TRANSPORT, 20, 6}},
		{"IPv4 with options", "Twp", {TRANSPORT, 60, 6}},
		{"IPv6", "T6hp", {TRANSPORT, 48, 6}},
		{"a later fragment", "T6lp", {FRAGMENT, 48, 6}},
		{"no IP", "Tx", {OTHER, 0, 0x8100}},
	};
	static struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof(leaving) / sizeof(*leaving); i++) {
		build(&frame, &header_sll2, leaving[i].headers);
		check(leaving[i].what, &header_sll2, &frame, &leaving[i].expected);
	}
}

static void header_walk_wrong_ip_version_is_other(void **state)
{
	static const struct result none = {OTHER, 4, 0};
	static const struct {
		const char *headers;
		unsigned char first; /* of the IP header */
	} wrong[] = {{"t4p", 0x00}, {"t4p", 0x44}, {"t4p", 0x55}, {"t4p", 0x65}, {"t6p", 0x00},
		{"t6p", 0x45}, {"t6p", 0x70}};
	static struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		build(&frame, &header_ethernet, wrong[i].headers);
		frame.bytes[frame.network] = wrong[i].first;
		check("a wrong version", &header_ethernet, &frame, &none);
	}
}

/* Wherever a packet ends, the walk ends at a header that is not whole. */
static void header_walk_cut_packet_exits_at_cut(void **state)
{
	static struct frame frame;
	size_t whole;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		build(&frame, &header_ethernet, kinds[i].headers);
		whole = header_ethernet.size + kinds[i].expected.at;
		for (frame.size = header_ethernet.size; frame.size < whole; frame.size++) {
			struct result got = walk(&header_ethernet, &frame);

			/* the last header is not asked for its own end */
			if (got.exit != CUT)
				check("cut", &header_ethernet, &frame, &kinds[i].expected);
			else
				assert_true(got.at < kinds[i].expected.at);
		}
	}
}

/* In which order a random packet is taken apart. */
struct decoder {
	const struct bpf_header_link *link;
	const struct frame *frame;
	size_t at; /* from the frame's begin */
};

static uint32_t number_at(const struct frame *frame, size_t at, size_t size)
{
	uint32_t number = 0;

	while (size-- > 0)
		number = number << 8 | frame->bytes[at++];
	return number;
}

static struct result result_of(const struct decoder *decoder, enum exit exit, uint32_t number)
{
	return (struct result){
		exit, (uint32_t)(decoder->at - decoder->link->size), exit == CUT ? 0 : number};
}

static bool has(const struct decoder *decoder, size_t size)
{
	return decoder->frame->size >= decoder->at + size;
}

static struct result decode_ipv4(struct decoder *decoder)
{
	const struct frame *frame = decoder->frame;
	const size_t at = decoder->at;

	if (has(decoder, 1) && (frame->bytes[at] < 0x45 || frame->bytes[at] > 0x4f))
		return result_of(decoder, OTHER, 0);
	if (!has(decoder, 20))
		return result_of(decoder, CUT, 0);
	decoder->at += (size_t)(frame->bytes[at] - 0x40) * 4;
	return result_of(decoder, number_at(frame, at + 6, 2) % 8192 ? FRAGMENT : TRANSPORT,
		frame->bytes[at + 9]);
}

static struct result decode_ipv6(struct decoder *decoder)
{
	const struct frame *frame = decoder->frame;
	uint32_t next;

	if (has(decoder, 1) && frame->bytes[decoder->at] / 16 != 6)
		return result_of(decoder, OTHER, 0);
	if (!has(decoder, 40))
		return result_of(decoder, CUT, 0);
	next = frame->bytes[decoder->at + 6];
	decoder->at += 40;
	for (int i = 0; i < 6; i++) {
		const size_t at = decoder->at;

		if (next != 0 && next != 43 && next != 44 && next != 60)
			break;
		if (!has(decoder, 8))
			return result_of(decoder, CUT, 0);
		decoder->at += next == 44 ? 8 : 8 + 8 * frame->bytes[at + 1];
		if (next == 44 && number_at(frame, at + 2, 2) >= 8)
			return result_of(decoder, FRAGMENT, frame->bytes[at]);
		next = frame->bytes[at];
	}
	return result_of(decoder, TRANSPORT, next);
}

static struct result decode(const struct bpf_header_link *link, const struct frame *frame)
{
	struct decoder decoder = {link, frame, link->size};
	uint32_t type = number_at(frame, link->protocol, 2);
	const bool leaves = link->is_cooked && frame->bytes[10] == 4;

	if (link->size == 0) {
		if (!has(&decoder, 1))
			return result_of(&decoder, CUT, 0);
		type = frame->bytes[0] / 16 == 4 ? 0x0800 : frame->bytes[0] / 16 == 6 ? 0x86dd : 0;
	}

	for (int tags = 0; tags < 2; tags++) {
		if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
			break;
		if (!has(&decoder, leaves && tags == 0 ? 1 : 4))
			return result_of(&decoder, CUT, 0);
		if (leaves && tags == 0) {
			const unsigned version = frame->bytes[decoder.at] / 16;

			if (version == 4)
				return decode_ipv4(&decoder);
			if (version == 6)
				return decode_ipv6(&decoder);
			return result_of(&decoder, OTHER, type);
		}
		type = number_at(frame, decoder.at + 2, 2);
		decoder.at += 4;
	}
	if (type == 0x0800)
		return decode_ipv4(&decoder);
	if (type == 0x86dd)
		return decode_ipv6(&decoder);
	return result_of(&decoder, OTHER, type);
}

static void make_random(struct seed *seed, struct frame *frame, const struct bpf_header_link *link)
{
	static const unsigned types[] = {0, 43, 60, 44, 0, 43, 60, 6, 17, 255};
	size_t count = seed_below(seed, CHAIN_MAX);

	frame_begin(frame, link, seed_below(seed, 2));
	if (link->size > 0 && seed_below(seed, 4) == 0)
		frame_outer_tag(frame, 0x8100);
	for (size_t tags = link->size > 0 ? seed_below(seed, 4) : 0; tags > 0; tags--)
		frame_tag(frame, seed_below(seed, 2) ? 0x8100 : 0x9100);
	if (seed_below(seed, 2))
		frame_ipv4(
			frame, 5 + (unsigned)seed_below(seed, 11), (uint32_t)seed_below(seed, 2));
	else
		frame_ipv6(frame);
	while (count-- > 0) {
		const unsigned type = types[seed_below(seed, 10)];

		if (type == 44)
			frame_fragment(frame, seed_below(seed, 4) == 0);
		else
			frame_extension(frame, type, (unsigned)seed_below(seed, 3));
	}
	frame_transport(frame, seed_below(seed, 3) ? 6 : 17, 1, 2);
	/* what is wrong with it */
	while (seed_below(seed, 3) == 0)
		frame->bytes[seed_below(seed, frame->size)] = (unsigned char)seed_below(seed, 256);
	if (seed_below(seed, 4) == 0)
		frame->size = link->size + seed_below(seed, frame->size - link->size + 1);
}

static void header_walk_random_packets_match_the_model(void **state)
{
	static const struct bpf_header_link *const links[] = {
		&header_sll2, &header_ethernet, &header_raw_ip};
	static struct frame frame;
	struct seed seed = seed_start();
	unsigned seen[4] = {0};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const struct bpf_header_link *link = links[i % 3];
		struct result expected;

		make_random(&seed, &frame, link);
		expected = decode(link, &frame);
		check("a random packet", link, &frame, &expected);
		seen[expected.exit]++;
	}
	for (size_t i = 0; i < 4; i++)
		assert_true(seen[i] > ROUNDS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_walk_each_kind_has_its_exit),
		cmocka_unit_test(header_walk_raw_packet_that_is_not_ip_is_other),
		cmocka_unit_test(header_walk_outgoing_cooked_packet_begins_with_ip),
		cmocka_unit_test(header_walk_wrong_ip_version_is_other),
		cmocka_unit_test(header_walk_cut_packet_exits_at_cut),
		cmocka_unit_test(header_walk_random_packets_match_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
