/*
 * How far filters read. In: a compiled program. Out: whether the kernel has all
 * of that; and the same program, which keeps what it reads.
 *
 * What comes while a filter is set libpcap filters once more by itself: all of
 * the ring's first block, as the kernel has cut it. A filter that reads beyond
 * the snaplen would find nothing there, and its first packets would be lost. So
 * the kernel keeps that much, and libpcap cuts to the snaplen behind it.
 */
#include "worker/reach.h"

#include "format/linktype.h"
#include "format/packet.h"

#include <stdint.h>

enum { HEADER_MAX = 60 }; /* bytes, of which BPF_MSH loads the number */

/* Does it load of a packet, if its offset is in one? */
static bool is_load(const struct bpf_insn *insn)
{
	const unsigned class = BPF_CLASS(insn->code);
	const unsigned mode = BPF_MODE(insn->code);

	return (class == BPF_LD || class == BPF_LDX) &&
	       (mode == BPF_ABS || mode == BPF_IND || mode == BPF_MSH);
}

/* Can X be anything else than the length of a header? */
static bool is_computed(const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++) {
		const unsigned code = program->bf_insns[i].code;

		if (code == (BPF_MISC | BPF_TAX) ||
			(BPF_CLASS(code) == BPF_LDX &&
				BPF_MODE(code) != BPF_MSH))
			return true;
	}
	return false;
}

static uint32_t size_of(const struct bpf_insn *insn)
{
	if (BPF_SIZE(insn->code) == BPF_W)
		return 4;
	return BPF_SIZE(insn->code) == BPF_H ? 2 : 1;
}

/* The offset behind what an instruction reads; 0: it reads nothing. */
static uint32_t end_of(const struct bpf_insn *insn, bool computed)
{
	if (!is_load(insn))
		return 0;
	if (BPF_MODE(insn->code) == BPF_IND)
		return computed || insn->k >= PACKET_MAX
			       ? PACKET_MAX
			       : insn->k + HEADER_MAX + size_of(insn);
	/* what lies beyond every packet is the kernel's own */
	if (insn->k >= PACKET_MAX)
		return 0;
	return insn->k + size_of(insn);
}

bool reach_needs_header(const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];
		const uint32_t at = insn->k;

		if (is_load(insn) && at < SLL2_SIZE &&
			(BPF_MODE(insn->code) != BPF_ABS ||
				(at != 0 && at != 4 && at != 10)))
			return true;
	}
	return false;
}

void reach_keep(struct bpf_program *program)
{
	const bool computed = is_computed(program);
	uint32_t reach = 0;

	for (unsigned i = 0; i < program->bf_len; i++) {
		const uint32_t end = end_of(&program->bf_insns[i], computed);

		if (end > reach)
			reach = end;
	}
	for (unsigned i = 0; i < program->bf_len; i++) {
		struct bpf_insn *insn = &program->bf_insns[i];

		if (insn->code == (BPF_RET | BPF_K) && insn->k > 0 &&
			insn->k < reach)
			insn->k = reach;
	}
}
