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
 * Tries in a child whether both expressions compile, or fail to, within
 * limits of time and memory, which this process has from then on. Returns
 * false with 400 or 503.
 */
bool compile_is_bounded(pcap_t *pcap, const char *user, const char *whole,
	struct failure *failure);
