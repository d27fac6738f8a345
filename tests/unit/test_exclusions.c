/* SPDX-License-Identifier: MIT */
/*
 * What is never captured: TCP of the excluded ports and endpoints under any
 * headers that a walk knows, later fragments between two hosts, and nothing
 * else.
 */
#include "worker/exclusions.h"

#include "frame.h"

enum { OWN = 8475, OTHER = 80, PASSED = 1, ROUNDS = 20000 };

/* Do these exclusions let the packet pass? */
static bool passes(const struct exclusions *exclusions, const struct bpf_header_link *link,
	const struct frame *frame)
{
	static struct filter_program program;
	const uint32_t size = (uint32_t)frame->size;

	program.length = 0;
	exclusions_assemble(exclusions, link, &program);
	bpf_add(&program, BPF_RET | BPF_K, PASSED);
	assert_true(bpf_validate(program.insns, (int)program.length));
	return bpf_filter(program.insns, frame->bytes, size, size) == PASSED;
}

/* Extension headers in front of what follows, as letters; see frame_chain(). */
static const char *const chains[] = {"", "h", "d", "r", "f", "hd", "hdrf", "fdrd", "hdrfdd"};

static void frame_chain(struct frame *frame, const char *letters)
{
	for (; *letters; letters++)
		if (*letters == 'f')
			frame_fragment(frame, 0);
		else
			frame_extension(frame, *letters == 'h' ? 0 : *letters == 'r' ? 43 : 60, 2);
}

static void make_ipv6(struct frame *frame, const struct bpf_header_link *link, const char *chain,
	unsigned source, unsigned destination)
{
	frame_begin(frame, link, false);
	frame_ipv6(frame);
	frame_chain(frame, chain);
	frame_transport(frame, 6, source, destination);
}

static struct endpoint endpoint(const char *address, uint16_t port)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(address, port, &endpoint));
	return endpoint;
}

static void exclusions_reject_ports_after_extension_headers(void **state)
{
	static const struct bpf_header_link *const links[] = {&header_sll2, &header_ethernet};
	struct exclusions exclusions = {0};
	static struct frame frame;

	(void)state;
	exclusions_add_port(&exclusions, 22);
	exclusions_add_port(&exclusions, OWN);
	for (size_t i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		for (size_t k = 0; k < 2; k++) {
			make_ipv6(&frame, links[k], chains[i], OWN, OTHER);
			assert_false(passes(&exclusions, links[k], &frame));
			make_ipv6(&frame, links[k], chains[i], OTHER, OWN);
			assert_false(passes(&exclusions, links[k], &frame));
			make_ipv6(&frame, links[k], chains[i], 22, 4711);
			assert_false(passes(&exclusions, links[k], &frame));
			make_ipv6(&frame, links[k], chains[i], OTHER, 4711);
			assert_true(passes(&exclusions, links[k], &frame));
		}
	/* more than six */
	make_ipv6(&frame, &header_sll2, "hdrdrdd", OWN, OTHER);
	assert_true(passes(&exclusions, &header_sll2, &frame));
}

static void exclusions_reject_ports_after_tags_and_options(void **state)
{
	static const unsigned protocols[] = {6, 17, 1, 132};
	static const uint32_t tags[] = {0x8100, 0x88a8};
	struct exclusions exclusions = {0};
	static struct frame frame;

	(void)state;
	exclusions_add_port(&exclusions, OWN);
	for (unsigned words = 5; words < 16; words++)
		for (size_t i = 0; i < 4; i++) {
			frame_begin(&frame, &header_ethernet, false);
			frame_tag(&frame, tags[i & 1]);
			frame_ipv4(&frame, words, 0x4000);
			frame_transport(&frame, protocols[i], OWN, OWN);
			/* no other protocol's ports */
			assert_int_equal(
				passes(&exclusions, &header_ethernet, &frame), protocols[i] != 6);
		}
	for (size_t i = 0; i < 2; i++) {
		frame_begin(&frame, &header_sll2, true);
		frame_outer_tag(&frame, tags[i]);
		frame_ipv6(&frame);
		frame_extension(&frame, 0, 0);
		frame_transport(&frame, 6, OWN, OTHER);
		assert_false(passes(&exclusions, &header_sll2, &frame));
	}
}

/* Address and port of one end; the same port elsewhere is another's. */
static void exclusions_reject_endpoints(void **state)
{
	static const struct {
		const char *address;
		bool is_excluded[2]; /* as source, as destination */
	} cases[] = {
		{"2001:db8::1", {true, false}},
		{"2001:db8::2", {false, true}},
		{"2001:db8::3", {false, false}},
		{"2001:db9::1", {false, false}},
		{"192.0.2.1", {false, false}},
	};
	static struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct exclusions exclusions = {0};
		const struct endpoint one = endpoint(cases[i].address, 4711);
		const struct endpoint another = endpoint("203.0.113.7", 4711);

		exclusions_add_endpoint(&exclusions, &another);
		exclusions_add_endpoint(&exclusions, &one);
		for (size_t k = 0; k < sizeof(chains) / sizeof(*chains); k++) {
			make_ipv6(&frame, &header_sll2, chains[k], 4711, OTHER);
			assert_int_equal(passes(&exclusions, &header_sll2, &frame),
				!cases[i].is_excluded[0]);
			make_ipv6(&frame, &header_sll2, chains[k], OTHER, 4711);
			assert_int_equal(passes(&exclusions, &header_sll2, &frame),
				!cases[i].is_excluded[1]);
			make_ipv6(&frame, &header_sll2, chains[k], OTHER, OWN);
			assert_true(passes(&exclusions, &header_sll2, &frame));
		}
	}
}

static void exclusions_reject_endpoints_of_ipv4(void **state)
{
	struct exclusions exclusions = {0};
	const struct endpoint one = endpoint("192.0.2.2", 4711);
	static struct frame frame;

	(void)state;
	exclusions_add_endpoint(&exclusions, &one);
	frame_begin(&frame, &header_sll2, false);
	frame_ipv4(&frame, 7, 0);
	frame_transport(&frame, 6, OTHER, 4711);
	assert_false(passes(&exclusions, &header_sll2, &frame));
	/* the other one's */
	frame_begin(&frame, &header_sll2, false);
	frame_ipv4(&frame, 7, 0);
	frame_transport(&frame, 6, 4711, OTHER);
	assert_true(passes(&exclusions, &header_sll2, &frame));
}

/* A later fragment from .1 to .2 of IPv4, ::1 to ::2 of IPv6. */
static void make_fragment(struct frame *frame, bool six, unsigned protocol)
{
	frame_begin(frame, &header_sll2, false);
	if (six)
		frame_ipv6(frame);
	else
		frame_ipv4(frame, 5, 0x2001);
	if (six)
		frame_fragment(frame, 1);
	frame_transport(frame, protocol, OTHER, OTHER);
}

/* They have no ports, so all TCP between the connection's hosts is meant. */
static void exclusions_reject_later_fragments_between_the_hosts(void **state)
{
	static const struct {
		const char *local;
		const char *remote;
		bool is_excluded;
	} cases[] = {
		{"192.0.2.1", "192.0.2.2", true},
		{"192.0.2.2", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.3", false},
		{"192.0.2.3", "192.0.2.2", false},
		{"192.0.2.1", "192.0.2.1", false},
		{"2001:db8::1", "2001:db8::2", true},
		{"2001:db8::2", "2001:db8::1", true},
		{"2001:db8::1", "2001:db8::3", false},
		{"2001:db8::1", "2001:db8:0:0:1::2", false},
	};
	static struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const bool six = strchr(cases[i].local, ':');
		struct exclusions exclusions = {.local = endpoint(cases[i].local, OWN),
			.remote = endpoint(cases[i].remote, 40000)};

		exclusions_add_port(&exclusions, OWN);
		make_fragment(&frame, six, 6);
		assert_int_equal(passes(&exclusions, &header_sll2, &frame), !cases[i].is_excluded);
		/* what hides TCP is in the first fragment alone */
		make_fragment(&frame, six, 60);
		assert_int_equal(
			passes(&exclusions, &header_sll2, &frame), !(six && cases[i].is_excluded));
		make_fragment(&frame, six, 17);
		assert_true(passes(&exclusions, &header_sll2, &frame));
		/* of the other family */
		make_fragment(&frame, !six, 6);
		assert_true(passes(&exclusions, &header_sll2, &frame));
	}
}

static void exclusions_pass_fragments_of_unknown_hosts(void **state)
{
	struct exclusions exclusions = {0};
	static struct frame frame;

	(void)state;
	exclusions_add_port(&exclusions, OTHER);
	make_fragment(&frame, false, 6);
	assert_true(passes(&exclusions, &header_sll2, &frame));
	make_fragment(&frame, true, 6);
	assert_true(passes(&exclusions, &header_sll2, &frame));
}

static void exclusions_reject_outgoing_loopback(void **state)
{
	struct exclusions exclusions = {.loopback = FRAME_INTERFACE};
	static struct frame frame;

	(void)state;
	frame_begin(&frame, &header_sll2, true);
	assert_false(passes(&exclusions, &header_sll2, &frame));
	frame_begin(&frame, &header_sll2, false);
	assert_true(passes(&exclusions, &header_sll2, &frame));
	exclusions.loopback = FRAME_INTERFACE + 1;
	frame_begin(&frame, &header_sll2, true);
	assert_true(passes(&exclusions, &header_sll2, &frame));
}

static void exclusions_empty_adds_no_instruction(void **state)
{
	const struct exclusions none = {.expression = "udp"};
	static struct filter_program program;

	(void)state;
	exclusions_assemble(&none, &header_sll2, &program);
	assert_int_equal(program.length, 0);
}

/* Other expressions see what pcap-filter(7) sees, and no more. */
static void exclusions_reject_ports_of_an_expression(void **state)
{
	static const struct {
		const char *expression;
		size_t count;
		uint16_t ports[4];
	} cases[] = {
		{"tcp port 22", 1, {22}},
		{" tcp\tport  22 ", 1, {22}},
		{"port 22", 1, {22}},
		{"tcp port 22 or port 443", 2, {22, 443}},
		{"tcp port 22 or 80 || 443 or 22", 3, {22, 80, 443}},
		{"udp port 53 or tcp port 22", 1, {22}},
		{"tcp port 22 or udp port 53 or 54", 1, {22}},
		{"host 192.0.2.1 or 80 or tcp port 22", 1, {22}},
		{"tcp port ssh or tcp port 22", 1, {22}},
		{"udp port 22", 0, {0}},
		{"tcp dst port 22", 0, {0}},
		{"tcp portrange 22-23", 0, {0}},
		{"tcp port 65536", 0, {0}},
		{"tcp or port", 0, {0}},
		{"22", 0, {0}},
		/* of what is joined by more than "or" nothing is known */
		{"tcp port 22 and host 192.0.2.1", 0, {0}},
		{"not udp or tcp port 22", 0, {0}},
		{"not tcp port 22", 0, {0}},
		{"!tcp port 22", 0, {0}},
		{"(tcp port 22)", 0, {0}},
		{"tcp port 22 && udp", 0, {0}},
		{"", 0, {0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct exclusions exclusions = {0};

		exclusions_set_expression(&exclusions, cases[i].expression);
		assert_ptr_equal(exclusions.expression, cases[i].expression);
		if (exclusions.port_count != cases[i].count)
			fail_msg("%s: %zu", cases[i].expression, exclusions.port_count);
		for (size_t k = 0; k < cases[i].count; k++)
			assert_int_equal(exclusions.ports[k], cases[i].ports[k]);
	}
}

/* As many as there is room for in an expression, and in a program. */
static void exclusions_longest_list_of_ports_fits(void **state)
{
	struct exclusions exclusions = {0};
	char text[EXCLUSIONS_EXPRESSION_SIZE] = "port 0";

	(void)state;
	for (unsigned i = 1; i < 200; i++) {
		char term[16];

		snprintf(term, sizeof(term), " or %u", i);
		if (strlen(text) + strlen(term) < sizeof(text))
			strcat(text, term);
	}
	exclusions_set_expression(&exclusions, text);
	assert_true(exclusions.port_count > 150);
	assert_true(exclusions.port_count + 17 < EXCLUSIONS_PORTS_MAX);
}

/* Whatever a packet is, and wherever it ends: it is TCP of that port, or not.
 */
static void exclusions_random_bytes_pass(void **state)
{
	struct exclusions exclusions = {
		.local = endpoint("192.0.2.1", OWN), .remote = endpoint("192.0.2.2", 40000)};
	static const uint32_t types[] = {0x0800, 0x86dd, 0x8100, 0x88a8, 0x0806};
	struct seed seed = seed_start();
	static struct frame frame;
	unsigned passed = 0;

	(void)state;
	exclusions_add_port(&exclusions, OWN);
	for (int i = 0; i < ROUNDS; i++) {
		frame_begin(&frame, &header_sll2, i & 1);
		seed_bytes(&seed, frame_grow(&frame, 100), 100);
		frame_put16(frame.bytes, types[i % 5]);
		frame.size = 20 + seed_below(&seed, 101);
		passed += passes(&exclusions, &header_sll2, &frame);
	}
	assert_true(passed > ROUNDS - 10);
}

/* All that one request can bring, and it is not much of what there is. */
static void exclusions_longest_program_fits(void **state)
{
	struct exclusions exclusions = {
		.local = endpoint("2001:db8::1", OWN),
		.remote = endpoint("2001:db8::2", 1),
		.loopback = 1,
	};
	static struct filter_program program;

	(void)state;
	for (uint16_t i = 0; i < EXCLUSIONS_PORTS_MAX; i++) {
		exclusions_add_port(&exclusions, OWN + i);
		exclusions_add_port(&exclusions, OWN + i);
	}
	assert_int_equal(exclusions.port_count, EXCLUSIONS_PORTS_MAX);
	for (uint16_t i = 0; i < EXCLUSIONS_ENDPOINTS_MAX; i++)
		exclusions_add_endpoint(&exclusions, &exclusions.remote);
	exclusions_assemble(&exclusions, &header_sll2, &program);
	assert_true(program.length < BPF_MAXINSNS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exclusions_reject_ports_after_extension_headers),
		cmocka_unit_test(exclusions_reject_ports_after_tags_and_options),
		cmocka_unit_test(exclusions_reject_endpoints),
		cmocka_unit_test(exclusions_reject_endpoints_of_ipv4),
		cmocka_unit_test(exclusions_reject_later_fragments_between_the_hosts),
		cmocka_unit_test(exclusions_pass_fragments_of_unknown_hosts),
		cmocka_unit_test(exclusions_reject_outgoing_loopback),
		cmocka_unit_test(exclusions_empty_adds_no_instruction),
		cmocka_unit_test(exclusions_reject_ports_of_an_expression),
		cmocka_unit_test(exclusions_longest_list_of_ports_fits),
		cmocka_unit_test(exclusions_random_bytes_pass),
		cmocka_unit_test(exclusions_longest_program_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
