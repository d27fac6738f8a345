/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/packet.h"
#include "worker/bpf_assembler.h"

#include <stddef.h>

/* A libpcap handle on all interfaces: SLL2, timestamps in nanoseconds. */
struct capture;

/* The "any" device has no counter of what interfaces drop. */
struct capture_counts {
	uint64_t received; /* packets that passed the filter in the kernel */
	uint64_t dropped;  /* of these, lost because the ring was full */
};

/* Receives packets, which begin with an SLL2 header. False: send no more. */
struct capture_sink {
	bool (*packet)(void *context, const struct packet *packet);
	void *context;
};

/*
 * Opens a capture: snaplen bytes of each packet, a ring of that many bytes. The
 * filter is set and locked before the first packet arrives. The only step that
 * needs CAP_NET_RAW. Returns a capture for capture_free(), or NULL with error set
 * (500, 503).
 */
struct capture *capture_open(
	uint32_t snaplen, uint32_t ring, const struct filter_program *filter, struct error *error);

/* Returns the descriptor to poll for packets. */
int capture_fd(const struct capture *capture);

/*
 * Passes packets of the ring to the sink, at most a few thousand. Returns how
 * many; 0 if the sink returned false; -1 with error set (500) if libpcap failed.
 * ret_drained reports whether no closed block was left in the ring.
 */
int capture_dispatch(struct capture *capture, const struct capture_sink *sink, bool *ret_drained,
	struct error *error);

/*
 * Reads what the kernel has counted since the start. Does not wrap if it is called
 * before each 2^32nd packet; keeps the last values if the kernel refuses.
 */
void capture_read_counts(struct capture *capture, struct capture_counts *ret_counts);

/* Accepts NULL. */
void capture_free(struct capture *capture);
