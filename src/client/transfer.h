/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/clock_offset.h"
#include "client/options.h"
#include "client/target.h"
#include "client/tls.h"
#include "common/error.h"
#include "format/stream_reader.h"

#include <curl/curl.h>

/* One HTTP request to a target, with a reader of the response's stream. */
struct transfer;

/* The ends of a connection: of a proxy, if there is one. */
struct transfer_connection {
	const char *local; /* an address */
	const char *peer;
	int local_port;
	int peer_port;
};

/* Callbacks of a transfer. */
struct transfer_events {
	void *context;
	/* Connected, but not through ssh. NULL: nobody asks. */
	void (*on_connection)(void *context, const struct transfer_connection *connection);
	/* Connected; the request is about to be sent. */
	void (*on_request_sent)(void *context);
	/* The response has the time of the host's clock. */
	void (*on_clock)(void *context, const struct clock_offset *offset);
	/* A chunk of the stream was received, and is about to be parsed. */
	void (*before_data)(void *context);
	/* Is there space for another chunk? If not, the transfer pauses. */
	bool (*can_accept)(void *context);
	/*
	 * What TLS handshakes report. Must outlive the multi handle: libcurl may
	 * read after the transfer was freed.
	 */
	struct handshakes *handshakes;
	/* Callbacks for the captured packets, with their own context. */
	struct stream_handler stream;
};

/*
 * Prepares a request; target and options must outlive it. additions: which ones its
 * query has, enum target_addition. buffer is the most bytes of a chunk. Returns a
 * transfer for transfer_free(), NULL: out of memory.
 */
struct transfer *transfer_new(const struct target *target, unsigned additions,
	const struct options *options, long buffer, const struct transfer_events *events);

/* Accepts NULL. */
void transfer_free(struct transfer *transfer);

/* libcurl's handle. Its CURLOPT_PRIVATE is the context of the events. */
CURL *transfer_handle(const struct transfer *transfer);

/*
 * Returns how the transfer ended, after libcurl has reported result: true if the
 * stream is complete, or false with error set. has_begun: a capture
 * of this target has begun, by this transfer or an earlier one.
 */
bool transfer_result(
	const struct transfer *transfer, CURLcode result, bool has_begun, struct error *error);

/*
 * Returns the additions that the server may have rejected the request for: with status
 * 400 those that it does not announce, with 403 all. 0: none, or it was not rejected.
 */
unsigned transfer_rejected_additions(const struct transfer *transfer);

/* Was the request rejected with a status that another try would get again? */
bool transfer_is_refused(const struct transfer *transfer);

/*
 * Resumes after a pause. A result other than CURLE_OK ends the transfer, and
 * libcurl does not report it again.
 */
CURLcode transfer_resume(struct transfer *transfer);

bool transfer_is_paused(const struct transfer *transfer);
