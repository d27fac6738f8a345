/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/capture.h"
#include "worker/connection.h"
#include "worker/encoder.h"
#include "worker/interface_choice.h"

/* Why a capture ended. */
enum capture_end {
	CAPTURE_RUNS = 0,	    /* it has not ended */
	CAPTURE_END_CLIENT_LEFT,    /* the client has closed, or does not answer */
	CAPTURE_END_COUNT,	    /* complete: all packets were sent */
	CAPTURE_END_DURATION,	    /* complete: the time is over, and all was sent */
	CAPTURE_END_CLIENT_SLOW,    /* the time is over, but the client did not read all */
	CAPTURE_END_STOPPED,	    /* stop_fd became readable */
	CAPTURE_END_INTERFACE_GONE, /* one that the client named; error is set (503) */
	CAPTURE_END_FAILED,	    /* libpcap failed; error is set (500) */
};

/*
 * The parts of a capture, which stay the caller's, and when it ends. The loop sets
 * the deadline of the connection.
 */
struct capture_loop {
	struct connection *connection;
	struct capture *capture;
	struct http_body *body;
	struct encoder *encoder; /* writes into body */
	bool sends_watermarks;	 /* and counters: */
	uint64_t watermark_ms;	 /* between two of them while no packet comes */
	const struct interface_choice *interfaces;
	uint32_t packet_count; /* packets after which it ends; 0: never */
	uint32_t duration_s;   /* 0: no end */
};

/*
 * Sends packets until the count, the duration, the client, stop_fd or a failure
 * ends it. Returns the reason; ret_packets is how many packets were sent. If
 * the client leaves after a failure, error stays set.
 */
enum capture_end capture_loop_run(
	const struct capture_loop *loop, uint64_t *ret_packets, struct error *error);

/* Returns the reason as text, for reports. */
const char *capture_end_text(enum capture_end end);
