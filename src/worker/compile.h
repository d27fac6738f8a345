#pragma once

#include "common/failure.h"
#include "worker/filter.h"

#include <pcap/pcap.h>

/*
 * Compiles a filter in a child with limits of time and memory; this process has
 * the latter from then on, too. The program, which is no longer than the kernel
 * takes, is for pcap_freecode(). Returns false with 400, and libpcap's sentence
 * on the user's part, or on the whole where nothing can match it; or 503.
 */
bool compile_bounded(pcap_t *pcap, const struct filter *filter,
	struct bpf_program *ret_program, struct failure *failure);
