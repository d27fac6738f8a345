#pragma once

#include "common/failure.h"
#include "worker/capture.h"
#include "worker/connection.h"
#include "worker/stream.h"

/* A capture under way: what moves packets from the ring to the peer. */
struct relay {
	struct connection *connection;
	struct capture *capture;
	struct body *body;
	struct stream *stream; /* writes into body */
	bool tells;	       /* counters and watermarks, too */
	uint32_t count;	       /* packets after which it ends; 0: never */
	uint32_t duration;     /* seconds; 0: for ever */
};

/* The reason when nobody is there to read any more. */
extern const char relay_left[];

/*
 * Runs until the count, the duration, the peer's leaving, or stop_fd ends it.
 * Returns why, for the report; after the device's failure, failure is set.
 */
const char *relay_run(const struct relay *relay, uint64_t *ret_packets,
	struct failure *failure);
