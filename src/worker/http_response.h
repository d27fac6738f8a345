/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/packet.h"
#include "worker/connection.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Sends the head of a 200 response with a capture as body. request_time (ns,
 * CLOCK_REALTIME) is when the request had been read, for Ddump-Clock. This and the
 * functions below return false when the client has left.
 */
bool http_response_start_capture(
	struct connection *connection, bool chunked, bool pcapng, uint64_t request_time);

/* Sends a JSON response; for HEAD only its head. */
bool http_response_send_json(struct connection *connection, bool head_only, const char *json);

/* Sends an error response: the status, and the message as text/plain. */
bool http_response_send_error(
	struct connection *connection, bool head_only, const struct error *error);

/* The body of a response: batches records, and sends them as chunks or as they are. */
struct http_body;

enum { HTTP_BODY_RECORD_MAX = PACKET_MAX + 64 };

/*
 * chunked: RFC 9112, section 7.1; otherwise the body ends with the connection.
 * Returns a body for http_body_free(), NULL: out of memory.
 */
struct http_body *http_body_new(struct connection *connection, bool chunked);

void http_body_free(struct http_body *body);

/* Returns the buffer for the next record, HTTP_BODY_RECORD_MAX bytes. */
unsigned char *http_body_buffer(struct http_body *body);

/*
 * Adds size bytes that were written there; a full batch is sent.
 */
bool http_body_add(struct http_body *body, size_t size);

/* Sends the batch. */
bool http_body_flush(struct http_body *body);

/* Sends the batch and the end of the body: it is complete. */
bool http_body_finish(struct http_body *body);

/* Returns how many bytes were sent, without the framing of chunks. */
uint64_t http_body_bytes(const struct http_body *body);
