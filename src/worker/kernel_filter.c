/* SPDX-License-Identifier: MIT */
/*
 * Translates filters for the kernel and attaches them. In: a program for packets
 * with an SLL2 header. Out: one for packets without it, as the kernel runs it,
 * attached to a socket and locked.
 *
 * libpcap could do this, but "len" would then count without the link header in the
 * kernel and with it in libpcap, and a filter that the kernel rejects would run in
 * this process on every packet of the host.
 */
#include "worker/kernel_filter.h"

#include "format/linktype.h"
#include "format/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Both structs of an instruction have the same layout. */
_Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter),
	"libpcap's instructions are the kernel's");

enum { PROLOGUE = 3 }; /* instructions */

/* Does the instruction load the packet's length? */
static bool is_length(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_W | BPF_LEN) ||
	       insn->code == (BPF_LDX | BPF_W | BPF_LEN);
}

/* Returns the cell of scratch memory that the instruction uses, or -1. */
static int find_used_cell(const struct bpf_insn *insn)
{
	const unsigned class = BPF_CLASS(insn->code);

	if (class == BPF_ST || class == BPF_STX ||
		((class == BPF_LD || class == BPF_LDX) && BPF_MODE(insn->code) == BPF_MEM))
		return (int)insn->k;
	return -1;
}

/* Returns a cell that the program does not use, or -1. */
static int find_free_cell(const struct filter_program *program)
{
	uint32_t used = 0;

	for (unsigned i = 0; i < program->length; i++) {
		const int cell = find_used_cell(&program->insns[i]);

		if (cell >= 0 && cell < BPF_MEMWORDS)
			used |= UINT32_C(1) << cell;
	}
	for (int cell = BPF_MEMWORDS - 1; cell >= 0; cell--)
		if (!(used & UINT32_C(1) << cell))
			return cell;
	return -1;
}

/* Replaces each load of the length by a load of the cell. Were there any? */
static bool replace_lengths(struct filter_program *program, uint32_t cell)
{
	bool is_used = false;

	for (unsigned i = 0; i < program->length; i++) {
		struct bpf_insn *insn = &program->insns[i];

		if (!is_length(insn))
			continue;
		is_used = true;
		*insn = (struct bpf_insn)BPF_STMT(BPF_CLASS(insn->code) | BPF_W | BPF_MEM, cell);
	}
	return is_used;
}

/*
 * The sum is computed once, before the program, so that no jump gets longer: a
 * conditional one reaches only 255 instructions.
 */
bool kernel_filter_add_to_length(struct filter_program *program, uint32_t bytes)
{
	const struct bpf_insn prologue[PROLOGUE] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, bytes),
		BPF_STMT(BPF_ST, 0),
	};
	int cell;

	/* kernel_filter_try() rejects it */
	if (program->length > BPF_MAXINSNS)
		return true;
	cell = find_free_cell(program);
	if (!replace_lengths(program, (uint32_t)cell))
		return true;
	if (cell < 0)
		return false;
	program->length += PROLOGUE;
	if (program->length > BPF_MAXINSNS)
		return true;
	memmove(program->insns + PROLOGUE, program->insns,
		(program->length - PROLOGUE) * sizeof(*program->insns));
	memcpy(program->insns, prologue, sizeof(prologue));
	program->insns[PROLOGUE - 1].k = (uint32_t)cell;
	return true;
}

/*
 * Translates a load of the packet. The kernel has three fields of the SLL2 header
 * at other offsets, each in one size. False: it loads another part of the header.
 */
static bool translate_load(struct bpf_insn *load)
{
	static const struct {
		unsigned short code;
		uint32_t at;
		int kernel;
	} fields[] = {
		{BPF_LD | BPF_H | BPF_ABS, SLL2_PROTOCOL, SKF_AD_PROTOCOL},
		{BPF_LD | BPF_W | BPF_ABS, SLL2_INDEX, SKF_AD_IFINDEX},
		{BPF_LD | BPF_B | BPF_ABS, SLL2_DIRECTION, SKF_AD_PKTTYPE},
	};

	if (load->k >= SLL2_SIZE) {
		load->k -= SLL2_SIZE;
		return true;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (load->code == fields[i].code && load->k == fields[i].at) {
			load->k = (uint32_t)(SKF_AD_OFF + fields[i].kernel);
			return true;
		}
	return false;
}

/*
 * Translates a computed result, the last instruction: at least 1 remains, because 0
 * would reject the packet.
 */
static void translate_computed_result(struct filter_program *program)
{
	struct bpf_label more = {0};

	if (program->length == 0 || program->length > BPF_MAXINSNS ||
		program->insns[program->length - 1].code != (BPF_RET | BPF_A))
		return;
	program->length--;
	bpf_add_if(program, BPF_JGT | BPF_K, SLL2_SIZE, &more);
	bpf_add(program, BPF_LD | BPF_W | BPF_IMM, SLL2_SIZE + 1);
	bpf_set_label(program, &more);
	bpf_add(program, BPF_ALU | BPF_SUB | BPF_K, SLL2_SIZE);
	bpf_add(program, BPF_RET | BPF_A, 0);
}

bool kernel_filter_translate(struct filter_program *program, struct error *error)
{
	if (!kernel_filter_add_to_length(program, SLL2_SIZE))
		return error_set(error, 400,
			"filter: needs more scratch memory than BPF has; make it simpler");
	for (unsigned i = 0; i < program->length && program->length <= BPF_MAXINSNS; i++) {
		struct bpf_insn *insn = &program->insns[i];

		if (bpf_is_load(insn) && !translate_load(insn))
			return error_set(error, 400,
				"filter: only link[0:2], link[4:4] and link[10] of the link header "
				"can be read (ethertype, interface, direction)");
		/* 0 would reject the packet */
		if (insn->code == (BPF_RET | BPF_K) && insn->k > 0)
			insn->k = insn->k > SLL2_SIZE ? insn->k - SLL2_SIZE : 1;
	}
	translate_computed_result(program);
	return true;
}

static bool attach_program(int fd, const struct filter_program *program)
{
	struct sock_filter insns[BPF_MAXINSNS];
	const struct sock_fprog filter = {
		.len = (unsigned short)program->length,
		.filter = insns,
	};

	memcpy(insns, program->insns, program->length * sizeof(*insns));
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0;
}

bool kernel_filter_try(const struct filter_program *program, struct error *error)
{
	bool is_accepted;
	int error_number;
	int fd;

	if (program->length > BPF_MAXINSNS)
		return error_set(error, 400,
			"filter: has %u instructions when compiled, the limit of the kernel is %d",
			program->length, BPF_MAXINSNS);
	/* any socket will do */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(error, 503, "cannot test the filter: %s", strerror(errno));
	is_accepted = attach_program(fd, program);
	error_number = errno;
	close(fd);
	if (is_accepted)
		return true;
	if (error_number == ENOMEM)
		return error_set(error, 400,
			"filter: the kernel lacks memory for its %u instructions; see "
			"net.core.optmem_max",
			program->length);
	return error_set(
		error, 400, "filter: not accepted by the kernel (protochain is not supported)");
}

bool kernel_filter_attach(int fd, const struct filter_program *program, struct error *error)
{
	const int on = 1;

	if (!attach_program(fd, program))
		return error_set(error, 500, "cannot set the filter: %s", strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) != 0)
		return error_set(error, 500, "cannot lock the filter: %s", strerror(errno));
	return true;
}
