#pragma once

#include "common/failure.h"
#include "worker/filter.h"

#include <linux/filter.h>
#include <pcap/pcap.h>

/* Bytes that compiling may take: who calls sees to that. */
enum { PROGRAM_MEMORY = 64 << 20 };

struct program {
	unsigned length; /* what is longer than fits is not here */
	struct bpf_insn insns[BPF_MAXINSNS];
};

/*
 * Compiles an expression. Returns false with 400, whose it was, and libpcap's
 * sentence. The program is for pcap_freecode().
 */
bool program_of_expression(pcap_t *pcap, const char *expression,
	const char *whose, struct bpf_program *ret_program,
	struct failure *failure);

/*
 * Compiles a filter. Returns false with 400, and libpcap's sentence on the
 * user's part, or on the whole where nothing can match it; or 503.
 */
bool program_compile(pcap_t *pcap, const struct filter *filter,
	struct program *ret_program, struct failure *failure);
