/* SPDX-License-Identifier: MIT */
/*
 * Filters as libpcap takes them: the user's part alone must compile, libpcap's
 * sentence is told, and no user's text escapes from behind the exclusions.
 */
#include "worker/filter.h"
#include "worker/filter_compile.h"

#include "format/linktype.h"
#include "unit.h"
#include "worker/kernel_filter.h"

#include <pcap/pcap.h>
#include <string.h>

/* The user's part with exclusions and interfaces, until the next one. */
static struct capture_filter *complete(const char *user)
{
	static const uint32_t interfaces[] = {1, 2};
	static struct capture_filter filter;
	struct endpoint endpoint;

	filter = (struct capture_filter){.user = user,
		.interfaces = interfaces,
		.interface_count = 2,
		.link = &header_sll2,
		.snaplen = 262144,
		.linktype = LINKTYPE_SLL,
		.steps = UINT32_MAX,
		.exclusions.expression = "net 192.0.2.0/24 or udp port 53"};
	exclusions_add_port(&filter.exclusions, 8475);
	assert_true(endpoint_parse("::1", 4711, &endpoint));
	exclusions_add_endpoint(&filter.exclusions, &endpoint);
	return &filter;
}

static bool build(
	const struct capture_filter *from, struct filter_program *ret_program, struct error *error)
{
	pcap_t *pcap = filter_compile_open_cooked(from->snaplen, error);
	bool good;

	assert_non_null(pcap);
	good = filter_build(pcap, from, ret_program, error);
	pcap_close(pcap);
	return good;
}

/* Builds it as the worker does. Returns 0, or the refusal's status. */
static int set_filter(const char *user, struct error *error)
{
	static struct filter_program program;
	bool set;

	*error = (struct error){0};
	set = build(complete(user), &program, error) && kernel_filter_translate(&program, error) &&
	      kernel_filter_try(&program, error);
	assert_int_equal(set, error->status == 0);
	return error->status;
}

static void filter_valid_compiles_after_the_exclusions(void **state)
{
	static const char *const good[] = {"", "tcp", "icmp or icmp6",
		"tcp port 80 and host 192.0.2.1", "not tcp", "ip6 or arp",
		"(tcp or udp) and not port 22", "ifindex 2", "greater 1000",
		"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "ip[2:2] > 40", "net 10.0.0.0/8",
		"portrange 1000-2000", "inbound"};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (set_filter(good[i], &error) != 0)
			fail_msg("%s: %s", good[i], error.text);
}

static void filter_unbalanced_text_is_rejected(void **state)
{
	static const char *const bad[] = {"tcp) or (udp", "tcp)", "(tcp", ") or (",
		"tcp) or not (udp", "tcp or", "and tcp", "()", "tcp))) or (((udp", "tcp \\",
		"tcp \\)", "tcp /*", "tcp #", "tcp ; udp", "\"tcp", "tcp\nudp)"};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (set_filter(bad[i], &error) != 400)
			fail_msg("%d: %s", error.status, bad[i]);
		/* it failed alone, not only where it was joined */
		assert_memory_equal(error.text, "filter: ", 8);
	}
}

static void filter_error_has_the_message_of_libpcap(void **state)
{
	static const struct {
		const char *user;
		const char *sentence;
	} bad[] = {
		{"tcp) or (udp", "syntax error"},
		{"vlan", "vlan"},
		{"vlan 7 and tcp", "vlan"},
		{"tcp port 99999", "99999"},
		{"net 1.2.3.4/33", "mask length"},
		{"tcp port 80 and tcp port 81 and udp", "rejects all packets"},
	};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(set_filter(bad[i].user, &error), 400);
		if (!strcasestr(error.text, bad[i].sentence))
			fail_msg("%s: %s", bad[i].user, error.text);
	}
}

/* The kernel has three of its fields, at offsets that are none of a packet. */
static void filter_link_header_is_read_at_constants(void **state)
{
	static const char *const bad[] = {"link[8] = 0", "link[link[20]] = 6",
		"link[udp[8]:2] = 0x800", "link[10 + link[30]] = 4", "link[link[4:4]:4] = 1",
		"link[0] = 8", "link[4:2] = 0", "link[10:2] = 0x406"};
	struct error error = {0};

	(void)state;
	assert_int_equal(set_filter("link[0:2] = 0x800", &error), 0);
	assert_int_equal(set_filter("link[10] = 4", &error), 0);
	assert_int_equal(set_filter("link[4:4] = 2", &error), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (set_filter(bad[i], &error) != 400)
			fail_msg("%d: %s", error.status, bad[i]);
		assert_non_null(strstr(error.text, "link header"));
	}
}

/* It compiles alone as an empty one does, so it means the same. */
static void filter_spaces_equal_an_empty_filter(void **state)
{
	struct error error = {0};

	(void)state;
	if (set_filter(" ", &error) != 0)
		fail_msg("%s", error.text);
}

/* What compiles alone compiles joined, or is empty by the exclusions. */
static void filter_expression_cannot_escape_its_part(void **state)
{
	static const char *const words[] = {"tcp", "udp", "(", ")", "or", "and", "not", "port",
		"80", "host", "192.0.2.1", "ip6", "=", "\\", "ip[0]", "1", "ifindex"};
	struct seed seed = seed_start();
	struct error error = {0};

	(void)state;
	for (int i = 0; i < 500; i++) {
		char user[256] = "tcp";
		size_t count = seed_below(&seed, 9);

		while (count--) {
			strcat(user, " ");
			strcat(user, words[seed_below(&seed, sizeof(words) / sizeof(*words))]);
		}
		if (set_filter(user, &error) != 0 && memcmp(error.text, "filter: ", 8) != 0 &&
			!strstr(error.text, "rejects all packets"))
			fail_msg("%s: %s", user, error.text);
	}
}

/* Does a TCP segment to this port, come in on this interface, pass? */
static bool passes(const struct capture_filter *filter, unsigned char interface, uint16_t port)
{
	const unsigned char packet[60] = {8, 0, 0, 0, 0, 0, 0, interface, 0, 1, 0,
		6, [20] = 0x45, [23] = 40, [29] = 6, [32] = 10, [36] = 10, [40] = 0x30,
		[42] = (unsigned char)(port >> 8), (unsigned char)port, [52] = 0x50};
	static struct filter_program program;
	struct error error = {0};

	if (!build(filter, &program, &error))
		return false;
	return bpf_filter(program.insns, packet, sizeof(packet), sizeof(packet)) != 0;
}

static void filter_excluded_never_passes(void **state)
{
	static const char *const users[] = {"", "tcp", "udp or tcp", "not udp", "tcp or port 8475",
		"ifindex 7 or ip", "ip or ip6 or arp"};

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
		const struct capture_filter *filter = complete(users[i]);

		assert_true(passes(filter, 1, 80));
		assert_true(passes(filter, 2, 80));
		assert_false(passes(filter, 1, 8475));
		assert_false(passes(filter, 3, 80));
	}
	assert_false(passes(complete("udp"), 1, 80));
}

/* libpcap's optimizer gets these wrong, as one expression with the rest. */
static void filter_other_packets_pass(void **state)
{
	static const char *const users[] = {
		"ifindex 2 or arp or ifindex 1", "ifindex 2 or ip6 or ifindex 1"};

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
		const struct capture_filter filter = {.user = users[i],
			.link = &header_sll2,
			.snaplen = 262144,
			.steps = UINT32_MAX,
			.exclusions.loopback = 1};

		assert_true(passes(&filter, 1, 80));
		assert_true(passes(&filter, 2, 80));
		assert_false(passes(&filter, 3, 80));
	}
}

/* How many bytes of a TCP segment of 200 bytes are kept; 0: it is rejected. */
static uint32_t kept(const struct filter_program *program)
{
	static const unsigned char packet[200] = {8, [7] = 1, [20] = 0x45, [29] = 6, [52] = 0x60};

	assert_true(bpf_validate(program->insns, (int)program->length));
	return bpf_filter(program->insns, packet, sizeof(packet), sizeof(packet));
}

static void filter_payload_limit_keeps_headers(void **state)
{
	static const struct {
		const char *user;
		uint32_t payload;
		uint32_t snaplen;
		uint32_t kept;
	} cases[] = {
		{"", 0, 262144, 64},
		{"tcp", 7, 262144, 71},
		{"tcp or ip[100] = 0", 0, 262144, 64},
		{"tcp", 7, 65, 65},
		{"udp", 7, 262144, 0},
		{"len > 190 and len < 200", 0, 262144, 64},
	};
	static struct filter_program program;
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct capture_filter filter = *complete(cases[i].user);

		filter.limits_payload = true;
		filter.payload = cases[i].payload;
		filter.snaplen = cases[i].snaplen;
		if (!build(&filter, &program, &error))
			fail_msg("%s: %s", cases[i].user, error.text);
		assert_int_equal(kept(&program), cases[i].kept);
	}
}

/* It comes from a process that an attacker may control. */
static void filter_clients_part_cannot_keep_more(void **state)
{
	static const struct filter_program parts[] = {
		{.length = 1, .insns = {BPF_STMT(BPF_RET | BPF_K, 262144)}},
		{.length = 2,
			.insns = {BPF_STMT(BPF_LD | BPF_W | BPF_IMM, 9999),
				BPF_STMT(BPF_RET | BPF_K, 262144)}},
		/* all that the computation uses */
		{.length = 7,
			.insns = {BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 9999), BPF_STMT(BPF_STX, 0),
				BPF_STMT(BPF_STX, 1), BPF_STMT(BPF_STX, 14), BPF_STMT(BPF_STX, 15),
				BPF_JUMP(BPF_JMP | BPF_JGE | BPF_X, 0, 0, 0),
				BPF_STMT(BPF_RET | BPF_K, 262144)}},
	};
	static struct filter_program program;
	struct capture_filter filter = *complete("");

	(void)state;
	filter.limits_payload = true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		filter_join(&filter, NULL, &parts[i], &program);
		assert_int_equal(kept(&program), 64);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_valid_compiles_after_the_exclusions),
		cmocka_unit_test(filter_unbalanced_text_is_rejected),
		cmocka_unit_test(filter_error_has_the_message_of_libpcap),
		cmocka_unit_test(filter_link_header_is_read_at_constants),
		cmocka_unit_test(filter_spaces_equal_an_empty_filter),
		cmocka_unit_test(filter_expression_cannot_escape_its_part),
		cmocka_unit_test(filter_excluded_never_passes),
		cmocka_unit_test(filter_other_packets_pass),
		cmocka_unit_test(filter_payload_limit_keeps_headers),
		cmocka_unit_test(filter_clients_part_cannot_keep_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
