#pragma once

#include "common/failure.h"

#include <pcap/pcap.h>

/*
 * Compiles an expression. Returns false with 400, whose it was, and libpcap's
 * sentence. The program is for pcap_freecode().
 */
bool compile_filter(pcap_t *pcap, struct bpf_program *ret_program,
	const char *expression, const char *whose, struct failure *failure);

/*
 * Compiles the user's part alone, then the whole, in a child with limits of
 * time and memory; this process has the latter from then on, too. The whole's
 * program, which is no longer than the kernel takes, is for pcap_freecode().
 * Returns false with 400, and libpcap's sentence, or 503.
 */
bool compile_bounded(pcap_t *pcap, const char *user, const char *whole,
	struct bpf_program *ret_program, struct failure *failure);
