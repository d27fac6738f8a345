#pragma once

#include "common/failure.h"
#include "format/packet.h"
#include "worker/filter.h"

#include <stddef.h>

/* A libpcap handle on all interfaces, SLL2 with stamps in nanoseconds. */
struct capture;

struct capture_counts {
	uint64_t received; /* by the filter, in the kernel */
	uint64_t dropped;  /* the ring was full */
	uint64_t interface_dropped;
};

/* Where packets go; false ends the capture. Packets begin with SLL2_SIZE. */
struct capture_sink {
	bool (*packet)(void *context, const struct packet *packet);
	void *context;
};

/*
 * Opens and activates, with a ring of ring bytes, snaplen bytes of each
 * packet. The one step that needs CAP_NET_RAW. Returns NULL with failure set
 * (500, 503); the caller owns the result.
 */
struct capture *capture_open(
	uint32_t snaplen, uint32_t ring, struct failure *failure);

/* The same without a device: expressions can be checked on it, no more. */
struct capture *capture_open_dead(uint32_t snaplen, struct failure *failure);

/* Compiles the administrator's expression alone: 500 if that can't be. */
bool capture_check(struct capture *capture, const char *expression,
	struct failure *failure);

/*
 * Compiles the filter (400 with libpcap's own sentence, if the user's part is
 * none), sets it, and locks it.
 */
bool capture_set_filter(struct capture *capture, const struct filter *filter,
	struct failure *failure);

/* The descriptor to poll for packets. */
int capture_fd(const struct capture *capture);

/*
 * Hands on what is in the ring, at most a few thousand packets. Returns how
 * many, or 0 after the sink has ended it; -1 with failure set if the device
 * failed.
 */
int capture_dispatch(struct capture *capture, const struct capture_sink *sink,
	struct failure *failure);

/*
 * Returns a time (ns, of CLOCK_REALTIME) up to which all packets have been
 * handed on, 0 at first. Counts as capture_count() does.
 */
uint64_t capture_settled(
	struct capture *capture, struct capture_counts *ret_counts);

/* What the kernel has counted since the start; counters never wrap here. */
void capture_count(struct capture *capture, struct capture_counts *ret_counts);

void capture_free(struct capture *capture);
