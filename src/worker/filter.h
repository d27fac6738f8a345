/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/bpf_assembler.h"
#include "worker/filter_expression.h"

/*
 * Builds one program for packets of filter->link, which must be the link layer of
 * the handle. It may have more than BPF_MAXINSNS instructions. Returns false with 400 and libpcap's
 * message on the client's expression, or on the whole filter if nothing can match it; with 500 if
 * the excluded expression is wrong; or with 503.
 */
bool filter_build(pcap_t *pcap, const struct capture_filter *filter,
	struct filter_program *ret_program, struct error *error);

/*
 * Joins the parts: the exclusions, with the program of their expression (NULL:
 * none), the interfaces, the client's program, and the limit of payload.
 */
void filter_join(const struct capture_filter *filter, const struct filter_program *excluded,
	const struct filter_program *client, struct filter_program *ret_program);
