/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { OUTAGES_MAX = 100, OUTAGE_CAUSE_MAX = 256 };

/* A time for which a target has no packets, by the clock of its timestamps, in ns. */
struct outage {
	uint64_t start_ns; /* 0: the target has not sent a stream before */
	uint64_t end_ns;   /* 0: it has not ended */
	char cause[OUTAGE_CAUSE_MAX];
};

/* The outages of a target, of which the first OUTAGES_MAX are kept. All zero: none. */
struct outages {
	struct outage *list;
	size_t kept;
	uint64_t count; /* of all */
};

/* Adds an outage that has not ended. One for which there is no memory is counted only. */
void outages_begin(struct outages *outages, uint64_t start_ns, const char *cause);

/* Ends the outage that was added last. */
void outages_end(struct outages *outages, uint64_t end_ns);

void outages_cleanup(struct outages *outages);
