/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/packet.h"
#include "worker/bpf_header_walk.h"

#include <pcap/pcap.h>
#include <stddef.h>

/*
 * A libpcap handle with timestamps in nanoseconds, on all interfaces (SLL2), or on
 * one device with its own link layer.
 */
struct capture;

/* The link layer of a device, as libpcap knows it. */
struct capture_link {
	uint32_t linktype;		      /* of the stream: LINKTYPE_... */
	const struct bpf_header_link *header; /* where its packets have IP */
};

struct capture_options {
	const char *device;		    /* NULL: all interfaces */
	const struct bpf_header_link *link; /* of the device, as the filter expects it */
	uint32_t snaplen;		    /* bytes kept of each packet, link header included */
	uint32_t ring;			    /* bytes */
	const struct filter_program *filter;
};

/* The "any" device has no counter of what interfaces drop. */
struct capture_counts {
	uint64_t received; /* packets that passed the filter in the kernel */
	uint64_t dropped;  /* of these, lost because the ring was full */
};

/* Receives packets, which begin with the header of the link layer. False: send no more. */
struct capture_sink {
	bool (*packet)(void *context, const struct packet *packet);
	void *context;
};

/*
 * Opens a handle on a device that receives nothing: it is for compiling filters,
 * since only for such a handle libpcap knows the link layer, and where the kernel
 * keeps VLAN tags. Needs CAP_NET_RAW. Returns a handle for pcap_close(), or NULL with
 * error set: 400 if the device has no link layer that a stream can have, 500 or 503.
 */
pcap_t *capture_open_probe(
	const char *device, uint32_t snaplen, struct capture_link *ret_link, struct error *error);

/*
 * Opens a capture. The filter is set and locked before the first packet arrives.
 * Needs CAP_NET_RAW. Returns a capture for capture_free(), or NULL with error set
 * (500, 503).
 */
struct capture *capture_open(const struct capture_options *options, struct error *error);

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
