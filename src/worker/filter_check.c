/* SPDX-License-Identifier: MIT */
/*
 * Checks a compiled filter that may come from an attacker. In: a BPF program.
 * Out: whether libpcap makes such programs, and how many steps it takes.
 */
#include "worker/filter_check.h"

#include "format/packet.h"
#include "worker/payload_check.h"

/* What takes as long as so many comparisons. */
enum { FAR_LOAD_STEPS = 16, DIVISION_STEPS = 4 };

/* Does the instruction jump only to later ones of the program? */
static bool check_jump(const struct filter_program *program, unsigned at)
{
	const struct bpf_insn *insn = &program->insns[at];
	const uint32_t remaining = program->length - at - 1;

	if (BPF_CLASS(insn->code) != BPF_JMP)
		return true;
	switch (insn->code & ~(unsigned)BPF_X) {
	case BPF_JMP | BPF_JA:
		return insn->code == (BPF_JMP | BPF_JA) && insn->k < remaining;
	case BPF_JMP | BPF_JEQ:
	case BPF_JMP | BPF_JGT:
	case BPF_JMP | BPF_JGE:
	case BPF_JMP | BPF_JSET:
		return insn->jt < remaining && insn->jf < remaining;
	default:
		return false;
	}
}

/* Does it load only packet bytes, metadata, scratch memory, a constant or the length? */
static bool check_load(const struct bpf_insn *insn, const struct bpf_header_link *link)
{
	if (!link->is_cooked && bpf_is_metadata(insn))
		return true;
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LDX | BPF_B | BPF_MSH:
		return insn->k < PACKET_MAX;
	case BPF_LD | BPF_W | BPF_MEM:
	case BPF_LDX | BPF_W | BPF_MEM:
		return insn->k < BPF_MEMWORDS;
	case BPF_LD | BPF_W | BPF_IMM:
	case BPF_LDX | BPF_W | BPF_IMM:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
		return true;
	default:
		return false;
	}
}

static bool check_instruction(
	const struct bpf_insn *insn, const struct bpf_header_link *link, uint32_t snaplen)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX:
		return check_load(insn, link);
	case BPF_ST:
	case BPF_STX:
		return insn->code <= BPF_STX && insn->k < BPF_MEMWORDS;
	case BPF_ALU:
		return insn->code <= (BPF_ALU | BPF_XOR | BPF_X) &&
		       insn->code != (BPF_ALU | BPF_NEG | BPF_X);
	case BPF_JMP:
		return true; /* see check_jump() */
	case BPF_RET:
		return insn->code == (BPF_RET | BPF_K) && (insn->k == 0 || insn->k == snaplen);
	default:
		return insn->code == (BPF_MISC | BPF_TAX) || insn->code == (BPF_MISC | BPF_TXA);
	}
}

bool filter_check_program(const struct filter_program *program, const struct bpf_header_link *link,
	uint32_t snaplen, struct error *error)
{
	bool good = program->length > 0 && program->length <= BPF_MAXINSNS;

	for (unsigned i = 0; good && i < program->length; i++)
		good = check_instruction(&program->insns[i], link, snaplen) &&
		       check_jump(program, i);
	if (good && BPF_CLASS(program->insns[program->length - 1].code) == BPF_RET)
		return true;
	return error_set(
		error, 400, "filter: not accepted by the kernel (protochain is not supported)");
}

static uint32_t count_steps(const struct bpf_insn *insn, const struct bpf_header_link *link)
{
	const unsigned operation = BPF_OP(insn->code);

	if (BPF_CLASS(insn->code) == BPF_ALU)
		return operation == BPF_DIV || operation == BPF_MOD ? DIVISION_STEPS : 1;
	if (!bpf_is_load(insn) || bpf_is_metadata(insn))
		return 1;
	/* after the headers, data may be in fragments */
	if (BPF_MODE(insn->code) == BPF_IND ||
		insn->k > payload_fixed_end(link) - bpf_load_size(insn))
		return FAR_LOAD_STEPS;
	return 1;
}

uint32_t filter_check_steps(
	const struct filter_program *program, const struct bpf_header_link *link)
{
	uint32_t steps = 0;

	for (unsigned i = 0; i < program->length; i++)
		steps += count_steps(&program->insns[i], link);
	return steps;
}
