/* SPDX-License-Identifier: MIT */
/*
 * Assembles classic BPF programs. In: instructions one by one, and jumps to
 * labels. Out: a program.
 *
 * A conditional jump reaches 255 instructions, an unconditional one any number.
 * So each conditional jump to a label is two instructions: a test that skips the
 * unconditional jump after it. Until a label is placed, each jump to it holds the
 * index of the previous jump to it.
 */
#include "worker/bpf_assembler.h"

#include <assert.h>

static void append_instruction(struct filter_program *program, struct bpf_insn insn)
{
	if (program->length < BPF_MAXINSNS)
		program->insns[program->length] = insn;
	program->length++;
}

void bpf_add(struct filter_program *program, unsigned code, uint32_t k)
{
	append_instruction(program, (struct bpf_insn)BPF_STMT((unsigned short)code, k));
}

void bpf_add_jump(struct filter_program *program, struct bpf_label *to)
{
	bpf_add(program, BPF_JMP | BPF_JA, to->last);
	to->last = program->length;
}

void bpf_add_if(
	struct filter_program *program, unsigned comparison, uint32_t k, struct bpf_label *to)
{
	append_instruction(program,
		(struct bpf_insn)BPF_JUMP((unsigned short)(BPF_JMP | comparison), k, 0, 1));
	bpf_add_jump(program, to);
}

void bpf_add_unless(
	struct filter_program *program, unsigned comparison, uint32_t k, struct bpf_label *to)
{
	append_instruction(program,
		(struct bpf_insn)BPF_JUMP((unsigned short)(BPF_JMP | comparison), k, 1, 0));
	bpf_add_jump(program, to);
}

void bpf_set_label(struct filter_program *program, struct bpf_label *label)
{
	unsigned at = label->last;

	while (at > 0 && program->length <= BPF_MAXINSNS) {
		struct bpf_insn *jump = &program->insns[at - 1];

		assert(BPF_CLASS(jump->code) == BPF_JMP);
		label->last = jump->k;
		jump->k = program->length - at;
		at = label->last;
	}
	label->last = 0;
}

bool bpf_is_load(const struct bpf_insn *insn)
{
	const unsigned class = BPF_CLASS(insn->code);
	const unsigned mode = BPF_MODE(insn->code);

	return (class == BPF_LD || class == BPF_LDX) &&
	       (mode == BPF_ABS || mode == BPF_IND || mode == BPF_MSH);
}

bool bpf_is_metadata(const struct bpf_insn *insn)
{
	static const uint32_t offsets[] = {
		SKF_AD_VLAN_TAG, SKF_AD_VLAN_TAG_PRESENT, SKF_AD_IFINDEX, SKF_AD_PKTTYPE};

	if (!bpf_is_load(insn) || BPF_MODE(insn->code) != BPF_ABS)
		return false;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++)
		if (insn->k == (uint32_t)SKF_AD_OFF + offsets[i])
			return true;
	return false;
}

uint32_t bpf_load_size(const struct bpf_insn *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_W:
		return 4;
	case BPF_H:
		return 2;
	default:
		return 1;
	}
}
