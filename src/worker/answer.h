#pragma once

#include "common/failure.h"
#include "worker/connection.h"

#include <stdint.h>

/*
 * Sends the head of a 200 whose body is a capture. asked is CLOCK_REALTIME in
 * ns, for Ddump-Clock: when the request had been read.
 */
bool answer_capture_head(struct connection *connection, bool chunked,
	bool pcapng, uint64_t asked);

/* Sends a JSON body, or for HEAD what would go before it. */
bool answer_json(
	struct connection *connection, bool head_only, const char *json);

/* Sends a refusal: failure's status, and its sentence as text/plain. */
bool answer_failure(struct connection *connection, bool head_only,
	const struct failure *failure);
