/* SPDX-License-Identifier: MIT */
/*
 * What a child left that compiled: libpcap's programs are taken, and none that
 * libpcap does not make.
 */
#include "worker/filter_sandbox.h"

#include "unit.h"
#include "worker/filter_check.h"
#include "worker/filter_compile.h"

#include <linux/filter.h>
#include <string.h>

enum { SNAPLEN = 96, ROUNDS = 20000 };

static const char *const expressions[] = {"", "tcp port 80", "not udp", "ip[ip[8]] > 100",
	"len > 100 and udp[8:4] & 0xff00 != 7",
	"portrange 1-9000 or host 192.0.2.1 or net 2001:db8::/32",
	"tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
	"ip[2] + 3 * ip[3] - ip[1] / 2 > 1 << 3 or (ip[0] ^ 2 | 1) = 7", "ip[2] / (ip[3] + 1) = -1",
	"ifindex 2 and outbound"};

static struct filter_program *compile(const char *text)
{
	struct filter_program *program = calloc(1, sizeof(*program));
	struct error error = {0};
	pcap_t *pcap = filter_compile_open_cooked(SNAPLEN, &error);
	const struct capture_filter filter = {
		.user = text, .link = &header_sll2, .snaplen = SNAPLEN, .steps = UINT32_MAX};

	assert_non_null(program);
	assert_non_null(pcap);
	if (!filter_sandbox_compile(pcap, &filter, program, &error))
		fail_msg("%s: %s", text, error.text);
	pcap_close(pcap);
	return program;
}

static void filter_check_accepts_programs_of_libpcap(void **state)
{
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(*expressions); i++) {
		struct filter_program *program = compile(expressions[i]);

		assert_true(program->length > 0);
		assert_true(filter_check_program(program, &header_sll2, SNAPLEN, &error));
		free(program);
	}
}

static void filter_check_rejects_other_programs(void **state)
{
	static const struct {
		const char *what;
		struct bpf_insn insn;
	} bad[] = {
		{"another length", BPF_STMT(BPF_RET | BPF_K, SNAPLEN + 1)},
		{"a computed length", BPF_STMT(BPF_RET | BPF_A, 0)},
		{"a jump back", BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)-2)},
		{"a jump behind the end", BPF_STMT(BPF_JMP | BPF_JA, 1)},
		{"a test that jumps there", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1)},
		{"another one", BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 1, 0)},
		{"what the kernel knows of a packet",
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_MARK))},
		{"the link header in the kernel",
			BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_LL_OFF))},
		{"the same by X", BPF_STMT(BPF_LD | BPF_B | BPF_IND, (uint32_t)-1)},
		{"beyond every packet", BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 262144)},
		{"64 bits", BPF_STMT(BPF_LD | 0x18 | BPF_ABS, 0)},
		{"X of a packet", BPF_STMT(BPF_LDX | BPF_W | BPF_ABS, 0)},
		{"no such cell", BPF_STMT(BPF_ST, 16)},
		{"none either", BPF_STMT(BPF_LDX | BPF_W | BPF_MEM, 16)},
		{"no such jump", BPF_STMT(BPF_JMP | 0x80, 0)},
		{"nor this one", BPF_STMT(BPF_JMP | BPF_JA | BPF_X, 0)},
		{"no such sum", BPF_STMT(BPF_ALU | 0xb0, 0)},
		{"no such sum either", BPF_STMT(0x100 | BPF_ALU, 0)},
		{"a negation of X", BPF_STMT(BPF_ALU | BPF_NEG | BPF_X, 0)},
		{"no such store", BPF_STMT(BPF_ST | BPF_B, 0)},
		{"no such class", BPF_STMT(0x100 | BPF_LD, 0)},
		{"no such move", BPF_STMT(BPF_MISC | 0x40, 0)},
	};
	static struct filter_program program;
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		program.length = 2;
		program.insns[0] = bad[i].insn;
		program.insns[1] = (struct bpf_insn)BPF_STMT(BPF_RET, SNAPLEN);
		if (filter_check_program(&program, &header_sll2, SNAPLEN, &error))
			fail_msg("taken: %s", bad[i].what);
		assert_int_equal(error.status, 400);
	}
}

/* Of the kernel's data only what pcap-filter(7) can ask for, and only of a device. */
static void filter_check_metadata_is_for_devices(void **state)
{
	static const struct {
		uint32_t offset;
		bool is_good;
	} loads[] = {{SKF_AD_VLAN_TAG, true}, {SKF_AD_VLAN_TAG_PRESENT, true},
		{SKF_AD_PKTTYPE, true}, {SKF_AD_IFINDEX, true}, {SKF_AD_NLATTR, false},
		{SKF_AD_CPU, false}, {SKF_AD_RANDOM, false}, {SKF_AD_PAY_OFFSET, false}};
	static struct filter_program program;
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(loads) / sizeof(*loads); i++) {
		program.length = 0;
		bpf_add(&program, BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_AD_OFF + loads[i].offset);
		bpf_add(&program, BPF_RET | BPF_K, SNAPLEN);
		assert_false(filter_check_program(&program, &header_sll2, SNAPLEN, &error));
		assert_int_equal(filter_check_program(&program, &header_ethernet, SNAPLEN, &error),
			loads[i].is_good);
	}
}

static void filter_check_needs_a_return_at_the_end(void **state)
{
	static struct filter_program program;
	struct error error = {0};

	(void)state;
	assert_false(filter_check_program(&program, &header_sll2, SNAPLEN, &error));
	bpf_add(&program, BPF_RET | BPF_K, SNAPLEN);
	assert_true(filter_check_program(&program, &header_sll2, SNAPLEN, &error));
	bpf_add(&program, BPF_LD | BPF_W | BPF_IMM, 0);
	assert_false(filter_check_program(&program, &header_sll2, SNAPLEN, &error));
	while (program.length <= BPF_MAXINSNS)
		bpf_add(&program, BPF_RET | BPF_K, SNAPLEN);
	assert_false(filter_check_program(&program, &header_sll2, SNAPLEN, &error));
}

/* A load at an offset that the program computes is one of the expensive ones.
 */
static void filter_steps_computed_load_counts_16(void **state)
{
	static const struct bpf_insn insns[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 20),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 22),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct filter_program *program = calloc(1, sizeof(*program));

	(void)state;
	assert_non_null(program);
	program->length = sizeof(insns) / sizeof(*insns);
	memcpy(program->insns, insns, sizeof(insns));
	assert_int_equal(filter_check_steps(program, &header_sll2), 4 + 16);
	free(program);
}

static void check_steps(struct bpf_insn insn, uint32_t expected)
{
	struct filter_program *program = calloc(1, sizeof(*program));

	assert_non_null(program);
	program->length = 1;
	program->insns[0] = insn;
	assert_int_equal(filter_check_steps(program, &header_sll2), expected);
	free(program);
}

/* Beyond the ports behind an IPv6 header, data may lie in page fragments. */
static void filter_steps_load_after_headers_counts_16(void **state)
{
	(void)state;
	check_steps((struct bpf_insn)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60), 1);
	check_steps((struct bpf_insn)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 61), 16);
	check_steps((struct bpf_insn)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 62), 1);
	check_steps((struct bpf_insn)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 63), 16);
	check_steps((struct bpf_insn)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 63), 1);
	check_steps((struct bpf_insn)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 64), 16);
	/* a number, which is no offset */
	check_steps((struct bpf_insn)BPF_STMT(BPF_LD | BPF_W | BPF_IMM, 64), 1);
}

static void filter_steps_division_counts_4(void **state)
{
	(void)state;
	check_steps((struct bpf_insn)BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 3), 4);
	check_steps((struct bpf_insn)BPF_STMT(BPF_ALU | BPF_MOD | BPF_X, 0), 4);
	check_steps((struct bpf_insn)BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 3), 1);
	check_steps((struct bpf_insn)BPF_STMT(BPF_ST, 4), 1);
}

/* The client's part alone, and both numbers are told. */
static void sandbox_overlong_program_is_rejected(void **state)
{
	static struct filter_program program;
	struct error error = {0};
	pcap_t *pcap = filter_compile_open_cooked(SNAPLEN, &error);
	struct capture_filter filter = {.user = "udp port 53 or host 192.0.2.1",
		.link = &header_sll2,
		.snaplen = SNAPLEN,
		.steps = UINT32_MAX};
	char sentence[100];

	(void)state;
	assert_non_null(pcap);
	assert_true(filter_sandbox_compile(pcap, &filter, &program, &error));
	filter.steps = filter_check_steps(&program, &header_sll2);
	exclusions_add_port(&filter.exclusions, 8475);
	assert_true(filter_sandbox_compile(pcap, &filter, &program, &error));
	filter.steps--;
	assert_false(filter_sandbox_compile(pcap, &filter, &program, &error));
	assert_int_equal(error.status, 403);
	sprintf(sentence, "filter: needs %u steps, the worker's limit is %u; shorten it",
		filter.steps + 1, filter.steps);
	assert_memory_equal(error.text, sentence, strlen(sentence));
	pcap_close(pcap);
}

/* What the child leaves is checked where the packets' bytes are limited. */
static void sandbox_hidden_bytes_are_not_read(void **state)
{
	static struct filter_program program;
	struct error error = {0};
	pcap_t *pcap = filter_compile_open_cooked(SNAPLEN, &error);
	struct capture_filter filter = {.user = "udp[215] & 4 != 0",
		.link = &header_sll2,
		.snaplen = SNAPLEN,
		.visible = 68,
		.steps = UINT32_MAX};

	(void)state;
	assert_non_null(pcap);
	assert_false(filter_sandbox_compile(pcap, &filter, &program, &error));
	assert_int_equal(error.status, 403);
	filter.user = "port 80";
	assert_true(filter_sandbox_compile(pcap, &filter, &program, &error));
	pcap_close(pcap);
}

/* Whatever is changed in one: what is taken ends, and reads a packet alone. */
static void filter_check_accepted_program_terminates(void **state)
{
	struct seed seed = seed_start();
	struct error error = {0};
	unsigned taken = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(*expressions); i++) {
		struct filter_program *program = compile(expressions[i]);

		for (int round = 0; round < ROUNDS / 10; round++) {
			struct filter_program changed = *program;
			unsigned char *bytes = (unsigned char *)changed.insns;
			const size_t size = changed.length * sizeof(*changed.insns);

			bytes[seed_below(&seed, size)] ^=
				(unsigned char)(1 + seed_below(&seed, 255));
			if (!filter_check_program(&changed, &header_sll2, SNAPLEN, &error))
				continue;
			taken++;
			for (unsigned k = 0; k < changed.length; k++)
				if (bpf_is_load(&changed.insns[k]))
					assert_true(changed.insns[k].k < 262144);
		}
		free(program);
	}
	assert_true(taken > 0 && taken < ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_check_accepts_programs_of_libpcap),
		cmocka_unit_test(filter_check_rejects_other_programs),
		cmocka_unit_test(filter_check_metadata_is_for_devices),
		cmocka_unit_test(filter_check_needs_a_return_at_the_end),
		cmocka_unit_test(filter_steps_computed_load_counts_16),
		cmocka_unit_test(filter_steps_load_after_headers_counts_16),
		cmocka_unit_test(filter_steps_division_counts_4),
		cmocka_unit_test(sandbox_overlong_program_is_rejected),
		cmocka_unit_test(sandbox_hidden_bytes_are_not_read),
		cmocka_unit_test(filter_check_accepted_program_terminates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
