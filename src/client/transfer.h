#pragma once

#include "client/arguments.h"
#include "client/target.h"
#include "common/failure.h"
#include "format/reader.h"

#include <curl/curl.h>

/* One target's stream: an HTTP request, and a reader of its answer. */
struct transfer;

/* Whom a transfer tells what becomes of it; index is the target's. */
struct transfer_events {
	/* The capture's header is here. False, with failure, ends it. */
	bool (*started)(void *context, unsigned index,
		const struct pcapfile *file, struct failure *failure);
	bool (*packet)(void *context, unsigned index,
		const struct packet *packet, struct failure *failure);
	/* Is there room for more? If not, the transfer pauses. */
	bool (*wants)(void *context, unsigned index);
	void *context;
};

/*
 * Prepares a request; target and arguments must outlive it. buffer is how many
 * bytes are read at once. NULL: out of memory.
 */
struct transfer *transfer_new(const struct target *target, unsigned index,
	const struct arguments *arguments, long buffer,
	const struct transfer_events *events);

void transfer_free(struct transfer *transfer);

/* libcurl's handle, whose CURLOPT_PRIVATE is the transfer. */
CURL *transfer_handle(const struct transfer *transfer);

unsigned transfer_index(const struct transfer *transfer);

/*
 * Tells how it ended, after libcurl said so with a result. False: failure says
 * what went wrong.
 */
bool transfer_result(const struct transfer *transfer, CURLcode result,
	struct failure *failure);

/*
 * Goes on after a pause. A result but CURLE_OK has ended the transfer, and
 * libcurl will not tell that again.
 */
CURLcode transfer_resume(struct transfer *transfer);

bool transfer_is_paused(const struct transfer *transfer);
