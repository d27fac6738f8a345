#pragma once

#include "client/arguments.h"
#include "client/offset.h"
#include "client/target.h"
#include "common/failure.h"
#include "format/reader.h"

#include <curl/curl.h>

/* One target's stream: an HTTP request, and a reader of its answer. */
struct transfer;

/* Whom a transfer tells what becomes of it. */
struct transfer_events {
	void *context;
	/* The connection stands, and the request leaves. */
	void (*asks)(void *context);
	/* The answer says what time it is there. */
	void (*tells_clock)(void *context, const struct offset *offset);
	/* A piece of the stream has come, and is about to be parsed. */
	void (*comes)(void *context);
	/* Is there room for another one? If not, the transfer pauses. */
	bool (*wants)(void *context);
	/*
	 * Counts what came of TLS handshakes. To outlive the multi handle:
	 * libcurl may read on when the transfer is freed.
	 */
	unsigned *messages;
	/* Where what is captured goes, with a context of its own. */
	struct stream_sink stream;
};

/*
 * Prepares a request; target and arguments must outlive it. buffer is how many
 * bytes are read at once. NULL: out of memory.
 */
struct transfer *transfer_new(const struct target *target,
	const struct arguments *arguments, long buffer,
	const struct transfer_events *events);

void transfer_free(struct transfer *transfer);

/* libcurl's handle, whose CURLOPT_PRIVATE is the events' context. */
CURL *transfer_handle(const struct transfer *transfer);

/*
 * Tells how it ended, after libcurl said so with a result; was_there: there has
 * been a capture from its target before. False: failure says what went wrong.
 */
bool transfer_result(const struct transfer *transfer, CURLcode result,
	bool was_there, struct failure *failure);

/*
 * Goes on after a pause. A result but CURLE_OK has ended the transfer, and
 * libcurl will not tell that again.
 */
CURLcode transfer_resume(struct transfer *transfer);

bool transfer_is_paused(const struct transfer *transfer);
