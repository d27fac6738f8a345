/* SPDX-License-Identifier: MIT */
/*
 * Labels: a jump leads to its label however far that is, from any number of
 * places, and what does not fit is counted.
 */
#include "worker/bpf_assembler.h"

#include "unit.h"

static uint32_t run(const struct filter_program *program, uint32_t length)
{
	static const unsigned char nothing[1];

	assert_true(bpf_validate(program->insns, (int)program->length));
	return bpf_filter(program->insns, nothing, length, 0);
}

static struct filter_program *program_new(void)
{
	struct filter_program *program = calloc(1, sizeof(*program));

	assert_non_null(program);
	return program;
}

static void bpf_jump_reaches_any_label(void **state)
{
	static const unsigned distances[] = {0, 1, 254, 255, 256, 3000};

	(void)state;
	for (size_t i = 0; i < sizeof(distances) / sizeof(*distances); i++) {
		struct filter_program *program = program_new();
		struct bpf_label seven = {0};
		struct bpf_label many = {0};

		bpf_add(program, BPF_LD | BPF_W | BPF_LEN, 0);
		bpf_add_if(program, BPF_JEQ | BPF_K, 7, &seven);
		bpf_add_unless(program, BPF_JGE | BPF_K, 100, &many);
		for (unsigned more = distances[i]; more > 0; more--)
			bpf_add(program, BPF_ALU | BPF_ADD | BPF_K, 1);
		bpf_add(program, BPF_RET | BPF_A, 0);
		bpf_set_label(program, &seven);
		bpf_add(program, BPF_RET | BPF_K, 1000001);
		bpf_set_label(program, &many);
		bpf_add(program, BPF_RET | BPF_K, 1000002);
		assert_int_equal(run(program, 7), 1000001);
		assert_int_equal(run(program, 99), 1000002);
		assert_int_equal(run(program, 100), 100 + distances[i]);
		free(program);
	}
}

static void bpf_label_takes_any_number_of_jumps(void **state)
{
	struct filter_program *program = program_new();
	struct bpf_label end = {0};

	(void)state;
	bpf_add(program, BPF_LD | BPF_W | BPF_LEN, 0);
	for (uint32_t i = 0; i < 500; i++)
		bpf_add_if(program, BPF_JEQ | BPF_K, i, &end);
	bpf_add(program, BPF_RET | BPF_K, 1);
	bpf_set_label(program, &end);
	bpf_add(program, BPF_RET | BPF_K, 2);
	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(run(program, i), 2);
	assert_int_equal(run(program, 500), 1);
	free(program);
}

static void bpf_label_without_jumps_adds_nothing(void **state)
{
	struct filter_program *program = program_new();
	struct bpf_label none = {0};

	(void)state;
	bpf_set_label(program, &none);
	bpf_add(program, BPF_RET | BPF_K, 5);
	bpf_set_label(program, &none);
	assert_int_equal(program->length, 1);
	assert_int_equal(run(program, 0), 5);
	free(program);
}

static void bpf_overlong_program_is_counted(void **state)
{
	struct filter_program *program = program_new();
	struct bpf_label end = {0};

	(void)state;
	for (unsigned i = 0; i < 2 * BPF_MAXINSNS; i++)
		bpf_add_if(program, BPF_JEQ | BPF_K, i, &end);
	bpf_set_label(program, &end);
	assert_int_equal(program->length, 4 * BPF_MAXINSNS);
	free(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bpf_jump_reaches_any_label),
		cmocka_unit_test(bpf_label_takes_any_number_of_jumps),
		cmocka_unit_test(bpf_label_without_jumps_adds_nothing),
		cmocka_unit_test(bpf_overlong_program_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
