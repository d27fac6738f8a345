#pragma once

#include "common/failure.h"
#include "worker/capture.h"
#include "worker/connection.h"
#include "worker/stream.h"

#include <net/if.h>

/* A capture under way: what moves packets from the ring to the peer. */
struct relay {
	struct connection *connection;
	struct capture *capture;
	struct body *body;
	struct stream *stream;	    /* writes into body */
	bool tells;		    /* counters and watermarks, too */
	const uint32_t *interfaces; /* indexes, asked for by name; none: all */
	const char (*names)[IF_NAMESIZE]; /* of these */
	size_t interface_count;
	uint32_t count;	   /* packets after which it ends; 0: never */
	uint32_t duration; /* seconds; 0: for ever */
};

/* The reason when nobody is there to read any more. */
extern const char relay_left[];

/*
 * Runs until the count, the duration, the peer's leaving, or stop_fd ends it.
 * Returns why, for the report; after the device's failure, or when one of the
 * interfaces is gone, failure is set.
 */
const char *relay_run(const struct relay *relay, uint64_t *ret_packets,
	struct failure *failure);
