#pragma once

#include "common/failure.h"
#include "worker/connection.h"

#include <stdint.h>

enum { ANSWER_HEAD_MAX = 1024 };

/*
 * Writes the head of a 200 whose body is a capture into out
 * (ANSWER_HEAD_MAX bytes). asked and now are CLOCK_REALTIME in ns, for
 * Ddump-Clock: when the request was read, and when this leaves.
 */
void answer_capture_head(char *out, bool chunked, uint64_t asked, uint64_t now);

/* Sends a JSON body, or for HEAD what would go before it. */
bool answer_json(
	struct connection *connection, bool head_only, const char *json);

/* Sends a refusal: failure's status, and its sentence as text/plain. */
bool answer_failure(struct connection *connection, bool head_only,
	const struct failure *failure);
