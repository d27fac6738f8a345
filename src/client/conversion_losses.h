/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/notices.h"
#include "format/stream_handler.h"

#include <stdbool.h>
#include <stdint.h>

/* Parts of one source's stream that the output lacks or changes. All zero: none. */
struct conversion_losses {
	bool time_warned; /* a changed timestamp was reported */
	unsigned losses;  /* bits of enum loss */
};

/*
 * Warns once that a timestamp is out of range: number as in the stream, in
 * text; time_ns is what it becomes in the output.
 */
void conversion_losses_warn_time(struct conversion_losses *omissions, struct notices *notices,
	unsigned target, const char *label, const char *number, uint64_t time_ns, bool pcapng);

/* Warns once that a timestamp is later than pcap can store. */
void conversion_losses_warn_pcap_time(
	struct conversion_losses *omissions, const char *label, uint64_t time_ns);

/* Warns of what the output lacks, without the losses to ignore. */
void conversion_losses_report(const struct conversion_losses *omissions, unsigned ignored,
	struct notices *notices, unsigned target, const char *label);
