/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/bpf_assembler.h"
#include "worker/filter_expression.h"

#include <pcap/pcap.h>

/*
 * Compiles the client's expression of a filter for the link type of the handle, in
 * a child without capabilities, with limits of time and memory. Returns false with
 * 400 and libpcap's message on the expression, or on the whole filter if nothing
 * can match it; with 403 if the program has too many steps, or reads more than the
 * filter allows; or with 503.
 */
bool filter_sandbox_compile(pcap_t *pcap, const struct capture_filter *filter,
	struct filter_program *ret_program, struct error *error);
