/* SPDX-License-Identifier: MIT */
/*
 * Filters where a limit hides payload: what people write of headers is taken,
 * and none that chooses what it reads, however it is written.
 */
#include "worker/payload_check.h"

#include "format/linktype.h"
#include "unit.h"
#include "worker/filter_check.h"
#include "worker/filter_compile.h"
#include "worker/filter_sandbox.h"

#include <string.h>

enum { SHOWN = 64, VISIBLE = SHOWN + 4, SNAPLEN = 96 };

static const char limit[] = "-max-snaplen 64";

/* The compiled expression, until the next one; NULL: libpcap refuses it. */
static const struct filter_program *compile(const char *text)
{
	static struct filter_program program;
	struct error error = {0};
	pcap_t *pcap = filter_compile_open_cooked(SNAPLEN, &error);
	bool compiled;

	assert_non_null(pcap);
	compiled = filter_compile_expression(pcap, text, "filter", &program, &error);
	pcap_close(pcap);
	return compiled ? &program : NULL;
}

/* In the order of pcap-filter(7). */
static const char *const headers[] = {"", "host 192.0.2.1", "src host 192.0.2.1",
	"host 2001:db8::1", "dst host 2001:db8::1", "arp host 192.0.2.1", "net 10",
	"src net 192.0.2.0/24", "net 192.0.2.0 mask 255.255.255.0", "net 2001:db8::/32", "port 80",
	"src port 80", "tcp port 80", "udp dst port 53", "sctp port 80", "port http",
	"portrange 1-9000", "tcp portrange 80-90", "less 100", "greater 100", "len > 100",
	"len - 20 > 2 * len", "ip proto 6", "ip6 proto 6", "ip proto \\tcp", "proto 47",
	"ip multicast", "ip6 multicast", "ether proto 0x800", "ether proto 0x600",
	"ether proto \\arp", "ip", "ip6", "arp", "tcp", "udp", "icmp", "icmp6", "sctp", "igmp",
	"pim", "ah", "esp", "vrrp", "lat", "moprc", "mopdl", "pppoed", "ifindex 2", "inbound",
	"outbound", "tcp[tcpflags] & tcp-syn != 0",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not src and dst net 10",
	"tcp[tcpflags]=tcp-syn", "tcp[13] & 2 != 0", "tcp[13]=2", "tcp [ tcpflags ] & tcp-rst != 0",
	"tcp\t[\n13\r]=4", "not(tcp[13]&2!=0)", "2 = tcp[13]", "tcp[13] + len > 100",
	"tcp[13] = icmp[icmptype] or tcp[tcpflags] = tcp[13]", "icmp[icmptype] = 8",
	"icmp[icmptype] != icmp-echo", "icmp[icmpcode] = 1",
	"icmp[icmptype] * 256 + icmp[icmpcode] = 0x301", "icmp6[icmp6type] = 128",
	"icmp6[icmp6type]=icmp6-echo", "icmp6[icmp6code] = 0",
	"tcp port 80 and (tcp[13] & 2 != 0 or host 2001:db8::1)",
	/* no words of these, or names */
	"tcp or host \\vlan or host vlan-1"};

static void payload_check_accepts_header_filters(void **state)
{
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		const struct filter_program *program;

		if (!payload_check_expression(headers[i], limit, &error))
			fail_msg("%s: %s", headers[i], error.text);
		program = compile(headers[i]);
		/* names do not resolve everywhere */
		if (!program && strstr(headers[i], "host vlan"))
			continue;
		assert_non_null(program);
		if (!payload_check_program(program, &header_sll2, VISIBLE, &error))
			fail_msg("%s, compiled: %s", headers[i], error.text);
		/* whatever is visible, these are headers */
		assert_true(payload_check_program(program, &header_sll2, 1, &error));
	}
}

static void payload_check_rejects_payload_filters(void **state)
{
	static const struct {
		const char *text;
		const char *part; /* of the sentence */
	} bad[] = {
		{"udp[215] & 4 != 0", "\"udp[215]\""},
		{"tcp[20:4] = 0x47455420", "\"tcp[20:4]\""},
		{"tcp[((tcp[12:1] & 0xf0) >> 2):4] = 1", "\"tcp[((tcp[12:1]\""},
		{"ip[8] < 5", "\"ip[8]\""},
		{"ip[ip[8]] > 100", "\"ip[ip[8]\""},
		{"ip6[6] = 44", "\"ip6[6]\""},
		{"link[0:2] = 4", "\"link[0:2]\""},
		{"link[200] = 4", "\"link[200]\""},
		{"ether[100] = 4", "\"ether[100]\""},
		{"radio[100] = 4", "\"radio[100]\""},
		{"wlan[100] = 4", "\"wlan[100]\""},
		{"arp[100] = 4", "\"arp[100]\""},
		{"sctp[100] = 4", "\"sctp[100]\""},
		{"icmp[8] = 4", "\"icmp[8]\""},
		{"icmp6[40] = 4", "\"icmp6[40]\""},
		/* odd ways to write what is allowed */
		{"tcp[14] = 1", "\"tcp[14]\""},
		{"tcp[013] = 1", "\"tcp[013]\""},
		{"tcp[0x13] = 1", "\"tcp[0x13]\""},
		{"tcp[130] = 1", "\"tcp[130]\""},
		{"tcp[1 3] = 1", "\"tcp[1 3]\""},
		{"tcp[13+0] = 1", "\"tcp[13+0]\""},
		{"tcp[13 + 100] = 1", "\"tcp[13 + 100]\""},
		{"tcp[13:1] = 1", "\"tcp[13:1]\""},
		{"tcp[13:4] = 1", "\"tcp[13:4]\""},
		{"tcp[tcpflags:4] = 1", "\"tcp[tcpflags:4]\""},
		{"tcp[tcpflags+90] = 1", "\"tcp[tcpflags+90]\""},
		{"tcp[tcpflags*tcpflags] = 1", "\"tcp[tcpflags*tcpflags]\""},
		{"tcp[tcp-fin] = 1", "\"tcp[tcp-fin]\""},
		{"tcp[tcp[13]] = 1", "\"tcp[tcp[13]\""},
		{"tcp[(13)] = 1", "\"tcp[(13)]\""},
		{"tcp[len] = 1", "\"tcp[len]\""},
		{"tcp[-13] = 1", "\"tcp[-13]\""},
		{"tcp[icmptype] = 1", "\"tcp[icmptype]\""},
		{"icmp[icmptype+20] = 1", "\"icmp[icmptype+20]\""},
		{"icmp[tcpflags] = 1", "\"icmp[tcpflags]\""},
		{"icmp[icmp6type] = 1", "\"icmp[icmp6type]\""},
		{"icmp6[icmptype] = 1", "\"icmp6[icmptype]\""},
		{"udp[13] = 1", "\"udp[13]\""},
		{"udp [ 13 ] = 1", "\"udp [ 13 ]\""},
		{"xtcp[13] = 1", "\"xtcp[13]\""},
		{"\\tcp[13] = 1", "\"\\tcp[13]\""},
		{"(tcp)[13] = 1", "\"[13]\""},
		{"tcp,udp[13] = 1", "\"udp[13]\""},
		{"tcp/**/[13] = 1", "\"[13]\""},
		{"tcp[/**/13] = 1", "\"tcp[/**/13]\""},
		{"tcp[13", "\"tcp[13\""},
		{"[", "\"[\""},
		{"tcp[", "\"tcp[\""},
		{"tcp[13[13]]", "\"tcp[13[13]\""},
		{"tcp[13][40] = 1", "\"[40]\""},
		/* the second one */
		{"tcp[13] = udp[40]", "\"udp[40]\""},
		{"udp[40] = tcp[13]", "\"udp[40]\""},
		{"tcp[13] & udp[40] != 0", "\"udp[40]\""},
		{"port 80 or (tcp[13] = 2 and ip[50] = 1)", "\"ip[50]\""},
		/* they move what is read behind them */
		{"geneve and udp port 80", "try \"udp port 6081\""},
		{"vxlan 7 and port 80", "try \"udp port 4789\""},
		{"mpls and mpls and host 192.0.2.1", "\"mpls\""},
		{"not mpls", "\"mpls\""},
		{"pppoes", "try \"ether proto 0x8864\""},
		{"!pppoes&&!pppoes&&port 80", "\"pppoes\""},
		{"(pppoes 1)or port 80", "\"pppoes\""},
		{"vlan and vlan and vlan and port 80", "\"vlan\""},
		{"rarp src host 192.0.2.1", "\"rarp\""},
		{"llc u", "\"llc\""},
		{"ether proto \\stp", "\"stp\""},
		{"ether proto 0x5ff", "\"proto 0x5ff\""},
		{"tcp or ether proto 0x42", "\"proto 0x42\""},
		{"ether proto 0x800 or not (66)", "\"proto 66\""},
		{"link proto (0x806 or 5)", "\"proto 5\""},
		{"ip protochain 6", "\"protochain\""},
		{"ip6 protochain \\tcp", "\"protochain\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error error = {0};

		if (payload_check_expression(bad[i].text, limit, &error))
			fail_msg("taken: %s", bad[i].text);
		assert_int_equal(error.status, 403);
		assert_memory_equal(error.text, "filter: ", 8);
		assert_non_null(strstr(error.text, limit));
		if (!strstr(error.text, bad[i].part))
			fail_msg("%s: %s", bad[i].text, error.text);
		/* it fits into a line */
		assert_true(strlen(error.text) <= 150);
	}
}

/* libpcap's own programs for these, as a child might leave them all the same.
 */
static void payload_check_rejects_payload_programs(void **state)
{
	static const char *const bad[] = {"udp[215] & 4 != 0", "udp[14] = 1", "udp[13:2] = 1",
		"ip[48] = 1", "ip[47:2] = 1", "ip[45:4] = 1", "ip6[100] = 1", "link[68] = 1",
		"ip[ip[8]] > 100", "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 1", "ip[len - 20] = 1",
		"udp[len & 1] = 1", "icmp[icmp[20]] = 1", "arp[60] = 1", "tcp[13] = tcp[40]",
		"udp[40] = len", "icmp[icmptype+20] = 1",
		"pppoes and pppoes and pppoes and pppoes and port 80"};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct filter_program *program = compile(bad[i]);

		if (!program)
			fail_msg("libpcap refuses %s", bad[i]);
		if (payload_check_program(program, &header_sll2, VISIBLE, &error))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(error.status, 403);
	}
	/* the same, where it is visible */
	assert_true(
		payload_check_program(compile("ip[100] = 1"), &header_sll2, VISIBLE + 100, &error));
	assert_false(payload_check_program(
		compile("udp[100] = 1"), &header_sll2, VISIBLE + 100, &error));
}

#define LOAD_X BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 20)
#define LOAD_AT_X BPF_STMT(BPF_LD | BPF_B | BPF_IND, 33)
#define END BPF_STMT(BPF_RET | BPF_K, SNAPLEN)

/* What libpcap does not make, but whoever holds the child. */
static void payload_check_tracks_x(void **state)
{
	enum { LENGTH = 6 };
	static const struct {
		const char *what;
		bool is_good;
		struct bpf_insn insns[LENGTH];
	} cases[] = {
		{"the length", true, {LOAD_X, LOAD_AT_X, END}},
		{"0", true, {LOAD_AT_X, END}},
		{"a constant", false, {BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 60), LOAD_AT_X, END}},
		{"the packet's length", false,
			{BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), LOAD_AT_X, END}},
		{"what was saved", false,
			{LOAD_X, BPF_STMT(BPF_LDX | BPF_W | BPF_MEM, 0), LOAD_AT_X, END}},
		{"what was computed", false,
			{LOAD_X, BPF_STMT(BPF_MISC | BPF_TAX, 0), LOAD_AT_X, END}},
		{"the length again", true,
			{BPF_STMT(BPF_MISC | BPF_TAX, 0), LOAD_X, LOAD_AT_X, END}},
		{"the length of something else", false,
			{BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 60), LOAD_AT_X, END}},
		{"changed on one of two ways", false,
			{LOAD_X, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
				BPF_STMT(BPF_MISC | BPF_TAX, 0), LOAD_AT_X, END}},
		{"changed on the other one", false,
			{LOAD_X, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
				BPF_STMT(BPF_MISC | BPF_TAX, 0), LOAD_AT_X, END}},
		{"changed before a plain jump", false,
			{BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_JMP | BPF_JA, 1), LOAD_X,
				LOAD_AT_X, END}},
		{"changed before an end", true,
			{BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
				BPF_STMT(BPF_MISC | BPF_TAX, 0), END, LOAD_AT_X, END}},
		{"further behind it", false, {LOAD_X, BPF_STMT(BPF_LD | BPF_B | BPF_IND, 34), END}},
		{"as a half word", false, {LOAD_X, BPF_STMT(BPF_LD | BPF_H | BPF_IND, 33), END}},
		{"as a word", false, {LOAD_X, BPF_STMT(BPF_LD | BPF_W | BPF_IND, 31), END}},
	};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		static struct filter_program program;

		program.length = 0;
		memcpy(program.insns, cases[i].insns, sizeof(cases[i].insns));
		while (program.insns[program.length].code)
			program.length++;
		assert_true(filter_check_program(&program, &header_sll2, SNAPLEN, &error));
		if (payload_check_program(&program, &header_sll2, VISIBLE, &error) !=
			cases[i].is_good)
			fail_msg("X is %s", cases[i].what);
	}
}

/* How much of an IP packet that is, as ddump-worker(8) says. */
static void payload_check_limits_reads_to_74_bytes(void **state)
{
	enum { REACH = 74 };
	static const struct bpf_insn insns[] = {LOAD_X, LOAD_AT_X,
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 1), END, BPF_STMT(BPF_RET | BPF_K, 0)};
	struct filter_program program = {.length = 5};
	unsigned char packet[SLL2_SIZE + REACH + 1] = {0};
	struct error error = {0};

	(void)state;
	memcpy(program.insns, insns, sizeof(insns));
	assert_true(payload_check_program(&program, &header_sll2, 1, &error));
	packet[SLL2_SIZE] = 0x4f;
	packet[SLL2_SIZE + REACH - 1] = 7;
	assert_int_equal(
		bpf_filter(program.insns, packet, sizeof(packet), sizeof(packet)), SNAPLEN);
	program.insns[1].k++;
	assert_false(payload_check_program(&program, &header_sll2, 1, &error));
	/* at constant offsets it is 44 */
	program.insns[1] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SLL2_SIZE + 43);
	assert_true(payload_check_program(&program, &header_sll2, 1, &error));
	program.insns[1].k++;
	assert_false(payload_check_program(&program, &header_sll2, 1, &error));
}

/*
 * The kernel refuses a program that loads scratch memory before it stored
 * something there; bpf_filter() leaves it as it is. Here all of it is 0.
 */
static struct filter_program with_memory(const struct filter_program *program)
{
	struct filter_program whole = {.length = 0};

	for (unsigned cell = 0; cell < BPF_MEMWORDS; cell++)
		whole.insns[whole.length++] = (struct bpf_insn)BPF_STMT(BPF_ST, cell);
	memcpy(whole.insns + whole.length, program->insns,
		program->length * sizeof(*program->insns));
	whole.length += program->length;
	return whole;
}

/* Whatever follows the other: packets differ beyond, and it does not tell. */
static void payload_check_accepted_program_ignores_hidden_bytes(void **state)
{
	enum { ROUNDS = 4000, SIZE = 400 };
	struct seed seed = seed_start();
	struct error error = {0};
	unsigned taken = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		unsigned char packets[2][SIZE];
		struct filter_program changed = *compile(
			headers[seed_below(&seed, sizeof(headers) / sizeof(*headers) - 1)]);
		unsigned char *bytes = (unsigned char *)changed.insns;

		bytes[seed_below(&seed, changed.length * sizeof(*changed.insns))] ^=
			(unsigned char)(1 + seed_below(&seed, 255));
		if (!filter_check_program(&changed, &header_sll2, SNAPLEN, &error) ||
			!bpf_validate(changed.insns, (int)changed.length) ||
			!payload_check_program(&changed, &header_sll2, VISIBLE, &error))
			continue;
		changed = with_memory(&changed);
		taken++;
		seed_bytes(&seed, packets[0], SIZE);
		memcpy(packets[0], "\x08\x00", 2);
		packets[0][20] = (unsigned char)(0x45 + seed_below(&seed, 11));
		memcpy(packets[1], packets[0], SIZE);
		/* the limit, and the longest header with TCP's flags */
		seed_bytes(&seed, packets[1] + 94, SIZE - 94);
		assert_int_equal(bpf_filter(changed.insns, packets[0], SIZE, SIZE),
			bpf_filter(changed.insns, packets[1], SIZE, SIZE));
	}
	assert_true(taken > 0 && taken < ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payload_check_accepts_header_filters),
		cmocka_unit_test(payload_check_rejects_payload_filters),
		cmocka_unit_test(payload_check_rejects_payload_programs),
		cmocka_unit_test(payload_check_tracks_x),
		cmocka_unit_test(payload_check_limits_reads_to_74_bytes),
		cmocka_unit_test(payload_check_accepted_program_ignores_hidden_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
