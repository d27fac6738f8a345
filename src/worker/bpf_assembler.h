/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/filter.h>
#include <pcap/pcap.h>
#include <stdbool.h>

/* A BPF program; the kernel accepts at most BPF_MAXINSNS instructions. */
struct filter_program {
	unsigned length; /* may exceed the array, which then has only the first ones */
	struct bpf_insn insns[BPF_MAXINSNS];
};

/*
 * A position later in a program, for jumps that are appended before the position
 * is known. Starts as {0}.
 */
struct bpf_label {
	unsigned last; /* 1 + the index of the last jump to it; 0: none */
};

/* Appends an instruction; linux/filter.h has the codes. */
void bpf_add(struct filter_program *program, unsigned code, uint32_t k);

/* Appends a jump to the label. */
void bpf_add_jump(struct filter_program *program, struct bpf_label *to);

/*
 * Appends a jump to the label if the comparison (BPF_JEQ, BPF_JGE or BPF_JSET,
 * with BPF_K and k, or with BPF_X) is true, or unless it is.
 */
void bpf_add_if(
	struct filter_program *program, unsigned comparison, uint32_t k, struct bpf_label *to);
void bpf_add_unless(
	struct filter_program *program, unsigned comparison, uint32_t k, struct bpf_label *to);

/* Places the label after the last instruction, and resolves the jumps to it. */
void bpf_set_label(struct filter_program *program, struct bpf_label *label);

/* Does the instruction load bytes of the packet? */
bool bpf_is_load(const struct bpf_insn *insn);

/*
 * Does it load a packet's VLAN tag, interface or direction, which the kernel keeps
 * beside its bytes? Only a program for a device's own link layer may.
 */
bool bpf_is_metadata(const struct bpf_insn *insn);

/* Returns how many bytes a load of the packet loads: 4, 2 or 1. */
uint32_t bpf_load_size(const struct bpf_insn *insn);
