/* SPDX-License-Identifier: MIT */
/*
 * Writes HTTP responses. In: errors, JSON, or the records of a capture. Out: heads
 * and bodies.
 *
 * The records of a capture gather in a batch, which is sent by one send() when it
 * is full or flushed. The batch has space before it for the size of a chunk, after
 * it for the end of a chunk, and for one record more than fills it: pages that no
 * record reaches cost nothing.
 */
#include "worker/http_response.h"

#include "common/clock.h"
#include "worker/capture_params.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_HEAD_MAX = 1024 };

/* The header fields of all responses. */
#define COMMON                                                                                     \
	"Cache-Control: no-store, no-transform\r\n"                                                \
	"X-Content-Type-Options: nosniff\r\n"                                                      \
	"Ddump-Parameters: " CAPTURE_PARAMS_NAMES "\r\n"

static const char *find_reason_phrase(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{414, "URI Too Long"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

bool http_response_start_capture(
	struct connection *connection, bool chunked, bool pcapng, uint64_t request_time)
{
	char head[ANSWER_HEAD_MAX];

	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: application/%s\r\n"
		"%s" COMMON "X-Accel-Buffering: no\r\n"
		"Ddump-Clock: %" PRIu64 " %" PRIu64 "\r\n"
		"Connection: close\r\n"
		"\r\n",
		pcapng ? "x-pcapng" : "vnd.tcpdump.pcap",
		chunked ? "Transfer-Encoding: chunked\r\n" : "", request_time,
		clock_ns(CLOCK_REALTIME));
	return connection_write(connection, head, strlen(head));
}

static bool send_head_and_body(
	struct connection *connection, bool head_only, const char *head, const char *body)
{
	return connection_write(connection, head, strlen(head)) &&
	       (head_only || connection_write(connection, body, strlen(body)));
}

bool http_response_send_json(struct connection *connection, bool head_only, const char *json)
{
	char head[ANSWER_HEAD_MAX];

	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: application/json\r\n"
		"Content-Length: %zu\r\n" COMMON "Connection: close\r\n"
		"\r\n",
		strlen(json));
	return send_head_and_body(connection, head_only, head, json);
}

bool http_response_send_error(
	struct connection *connection, bool head_only, const struct error *error)
{
	char body[sizeof(error->text) + 1];
	char head[ANSWER_HEAD_MAX];

	snprintf(body, sizeof(body), "%s\n", error->text);
	snprintf(head, sizeof(head),
		"HTTP/1.1 %d %s\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: %zu\r\n"
		"%s" COMMON "Connection: close\r\n"
		"\r\n",
		error->status, find_reason_phrase(error->status), strlen(body),
		error->status == 405 ? "Allow: GET, HEAD\r\n" : "");
	return send_head_and_body(connection, head_only, head, body);
}

enum {
	BATCH_FULL = 65536,
	BATCH_SIZE = BATCH_FULL + HTTP_BODY_RECORD_MAX,
	CHUNK_HEAD = 10, /* eight hex digits and CR LF */
	CHUNK_TAIL = 2,
};

struct http_body {
	struct connection *connection;
	bool chunked;
	uint64_t bytes;
	size_t used; /* bytes in the batch */
	unsigned char batch[CHUNK_HEAD + BATCH_SIZE + CHUNK_TAIL];
};

struct http_body *http_body_new(struct connection *connection, bool chunked)
{
	struct http_body *body = calloc(1, sizeof(*body));

	if (!body)
		return NULL;
	body->connection = connection;
	body->chunked = chunked;
	return body;
}

void http_body_free(struct http_body *body)
{
	free(body);
}

/* cppcheck-suppress constParameterPointer; the buffer is written to */
unsigned char *http_body_buffer(struct http_body *body)
{
	return body->batch + CHUNK_HEAD + body->used;
}

bool http_body_add(struct http_body *body, size_t size)
{
	body->used += size;
	return body->used < BATCH_FULL || http_body_flush(body);
}

bool http_body_flush(struct http_body *body)
{
	unsigned char *start = body->batch + CHUNK_HEAD;
	size_t size = body->used;
	char head[CHUNK_HEAD + 1];

	if (size == 0)
		return true;
	body->bytes += size;
	body->used = 0;
	if (body->chunked) {
		int digits = snprintf(head, sizeof(head), "%zx\r\n", size);

		memcpy(start + size, "\r\n", CHUNK_TAIL);
		start -= digits;
		memcpy(start, head, (size_t)digits);
		size += (size_t)digits + CHUNK_TAIL;
	}
	return connection_write(body->connection, start, size);
}

bool http_body_finish(struct http_body *body)
{
	static const char last_chunk[] = "0\r\n\r\n";

	if (!http_body_flush(body))
		return false;
	return !body->chunked || connection_write(body->connection, last_chunk, strlen(last_chunk));
}

uint64_t http_body_bytes(const struct http_body *body)
{
	return body->bytes;
}
