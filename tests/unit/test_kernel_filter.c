/* SPDX-License-Identifier: MIT */
/*
 * Programs for the kernel: what they load is where the kernel has it, they
 * count lengths as the packet's receiver does, and the kernel takes them.
 */
#include "worker/kernel_filter.h"

#include "format/linktype.h"
#include "unit.h"
#include "worker/filter_compile.h"

#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SNAPLEN = 1000, BEHIND = 200 };

/* Compiles as the worker does, for packets with an SLL2 header. */
static struct filter_program *compile(const char *text)
{
	struct filter_program *program = calloc(1, sizeof(*program));
	struct error error = {0};
	pcap_t *pcap = filter_compile_open_cooked(SNAPLEN, &error);

	assert_non_null(program);
	assert_non_null(pcap);
	if (!filter_compile_expression(pcap, text, "filter", program, &error))
		fail_msg("%s", error.text);
	pcap_close(pcap);
	return program;
}

static bool translates(const struct bpf_insn *load, uint32_t *ret_k)
{
	static struct filter_program program;
	struct error error = {0};
	bool translated;

	program.length = 0;
	bpf_add(&program, load->code, load->k);
	bpf_add(&program, BPF_RET | BPF_K, 0);
	translated = kernel_filter_translate(&program, &error);
	*ret_k = program.insns[0].k;
	assert_int_equal(error.status, translated ? 0 : 400);
	return translated;
}

static void kernel_filter_loads_are_translated(void **state)
{
	static const struct {
		struct bpf_insn load;
		uint32_t k; /* 0: the kernel does not have it */
	} cases[] = {
		{BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)},
		{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX)},
		{BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 10), (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)},
		/* the kernel's fields have one size each */
		{BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), 0},
		{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), 0},
		{BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4), 0},
		{BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 10), 0},
		{BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 1), 0},
		{BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 19), 0},
		{BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0), 0},
		{BPF_STMT(BPF_LD | BPF_B | BPF_IND, 10), 0},
		{BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 19), 0},
		{BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 21), 1},
		{BPF_STMT(BPF_LD | BPF_W | BPF_IND, 22), 2},
		{BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 23), 3},
		/* no packet is loaded */
		{BPF_STMT(BPF_LD | BPF_W | BPF_IMM, 5), 5},
	};
	uint32_t k;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(translates(&cases[i].load, &k), cases[i].k != 0);
		if (cases[i].k)
			assert_int_equal(k, cases[i].k);
	}
}

/* It counts from behind the link header, but rejects nothing that was taken. */
static void kernel_filter_result_excludes_the_link_header(void **state)
{
	static const uint32_t kept[][2] = {
		{0, 0}, {1, 1}, {19, 1}, {20, 1}, {21, 1}, {22, 2}, {262144, 262124}};
	static struct filter_program program;
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		program.length = 0;
		bpf_add(&program, BPF_RET | BPF_K, kept[i][0]);
		assert_true(kernel_filter_translate(&program, &error));
		assert_int_equal(program.insns[0].k, kept[i][1]);
	}
}

static void kernel_filter_computed_result_excludes_the_link_header(void **state)
{
	static const uint32_t kept[][2] = {{0, 1}, {19, 1}, {20, 1}, {21, 1}, {22, 2}, {72, 52}};
	static struct filter_program program;
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		program.length = 0;
		bpf_add(&program, BPF_LD | BPF_W | BPF_IMM, kept[i][0]);
		bpf_add(&program, BPF_RET | BPF_A, 0);
		assert_true(kernel_filter_translate(&program, &error));
		assert_true(bpf_validate(program.insns, (int)program.length));
		assert_int_equal(bpf_filter(program.insns, NULL, 0, 0), kept[i][1]);
	}
}

/* Does the kernel's program take a packet of so many bytes without header? */
static bool takes(const struct filter_program *program, uint32_t size)
{
	static const unsigned char bytes[BEHIND];

	assert_true(bpf_validate(program->insns, (int)program->length));
	return bpf_filter(program->insns, bytes, size, BEHIND) > 0;
}

/* The expression's lengths have the link header, which the kernel's lack. */
static void kernel_filter_length_includes_the_link_header(void **state)
{
	static const struct {
		const char *text;
		uint32_t last; /* what of this size it takes, and no more */
	} cases[] = {
		{"less 129", 129},
		{"len <= 130", 130},
		{"not greater 132", 131},
		{"len - 1 < 132", 132},
		{"len + len < 268", 133},
		{"len < 100 or (len < 120 and len > 90) or less 134", 134},
	};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (unsigned header = 16; header <= 20; header += 4) {
			struct filter_program *program = compile(cases[i].text);
			const uint32_t last = cases[i].last - header;

			assert_true(kernel_filter_add_to_length(program, header - SLL2_SIZE));
			assert_true(kernel_filter_translate(program, &error));
			if (!takes(program, last) || takes(program, last + 1))
				fail_msg("%s, with %u bytes of header", cases[i].text, header);
			free(program);
		}
}

static void kernel_filter_without_length_is_unchanged(void **state)
{
	struct filter_program *program = compile("tcp port 80");
	struct filter_program *same = compile("tcp port 80");

	(void)state;
	assert_true(kernel_filter_add_to_length(program, 5));
	assert_int_equal(program->length, same->length);
	assert_memory_equal(program->insns, same->insns, same->length * sizeof(*same->insns));
	free(program);
	free(same);
}

static void kernel_filter_without_scratch_memory_is_rejected(void **state)
{
	static struct filter_program program;
	struct error error = {0};

	(void)state;
	program.length = 0;
	for (unsigned i = 0; i < BPF_MEMWORDS; i++)
		bpf_add(&program, BPF_ST, i);
	bpf_add(&program, BPF_RET | BPF_K, 1);
	assert_true(kernel_filter_translate(&program, &error));
	program.length--;
	bpf_add(&program, BPF_LD | BPF_W | BPF_LEN, 0);
	bpf_add(&program, BPF_RET | BPF_K, 1);
	assert_false(kernel_filter_translate(&program, &error));
	assert_int_equal(error.status, 400);
}

static void kernel_filter_unsupported_program_is_rejected(void **state)
{
	static struct filter_program program;
	struct error error = {0};

	(void)state;
	program.length = 0;
	bpf_add(&program, BPF_RET | BPF_K, 1);
	assert_true(kernel_filter_try(&program, &error));
	/* a loop */
	program.length = 0;
	bpf_add(&program, BPF_JMP | BPF_JA, (uint32_t)-1);
	bpf_add(&program, BPF_RET | BPF_K, 1);
	assert_false(kernel_filter_try(&program, &error));
	assert_int_equal(error.status, 400);
	assert_non_null(strstr(error.text, "not accepted by the kernel"));
	/* as many as there is room for, and one more */
	program.length = 0;
	while (program.length < BPF_MAXINSNS - 1)
		bpf_add(&program, BPF_LD | BPF_W | BPF_LEN, 0);
	bpf_add(&program, BPF_RET | BPF_K, 1);
	assert_int_equal(program.length, BPF_MAXINSNS);
	program.length = 0;
	while (program.length < BPF_MAXINSNS)
		bpf_add(&program, BPF_LD | BPF_W | BPF_LEN, 0);
	bpf_add(&program, BPF_RET | BPF_K, 1);
	assert_false(kernel_filter_try(&program, &error));
	assert_non_null(strstr(error.text, "has 4097 instructions"));
	/* nor does the prologue write beyond the end */
	assert_true(kernel_filter_translate(&program, &error));
	program.length = BPF_MAXINSNS;
	assert_true(kernel_filter_add_to_length(&program, 20));
	assert_int_equal(program.length, BPF_MAXINSNS + 3);
}

/* Real sockets: what is written into one end is filtered at the other one. */
static void kernel_filter_attached_is_locked(void **state)
{
	static struct filter_program program;
	struct error error = {0};
	char byte;
	int fds[2];

	(void)state;
	if (is_emulated())
		return; /* qemu-user cannot lock a filter */
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	program.length = 0;
	bpf_add(&program, BPF_LD | BPF_B | BPF_ABS, 0);
	bpf_add(&program, BPF_RET | BPF_A, 0);
	assert_true(kernel_filter_attach(fds[0], &program, &error));
	assert_int_equal(write(fds[1], "\0", 1), 1);
	assert_int_equal(write(fds[1], "\1", 1), 1);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(byte, 1);
	assert_true(read(fds[0], &byte, 1) < 0);
	/* nobody replaces it */
	assert_false(kernel_filter_attach(fds[0], &program, &error));
	assert_int_equal(error.status, 500);
	assert_true(setsockopt(fds[0], SOL_SOCKET, SO_DETACH_FILTER, &byte, sizeof(byte)) < 0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_filter_loads_are_translated),
		cmocka_unit_test(kernel_filter_result_excludes_the_link_header),
		cmocka_unit_test(kernel_filter_computed_result_excludes_the_link_header),
		cmocka_unit_test(kernel_filter_length_includes_the_link_header),
		cmocka_unit_test(kernel_filter_without_length_is_unchanged),
		cmocka_unit_test(kernel_filter_without_scratch_memory_is_rejected),
		cmocka_unit_test(kernel_filter_unsupported_program_is_rejected),
		cmocka_unit_test(kernel_filter_attached_is_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
