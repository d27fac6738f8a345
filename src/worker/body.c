/*
 * The body of an answer. In: records, one by one. Out: chunks, or bytes up to
 * the connection's end.
 *
 * Records gather in one batch, which leaves in one write when it is full or
 * when the caller flushes it. The batch has room in front for a chunk's size,
 * behind for its end, and for one record more than makes it full: the pages
 * that no record reaches cost nothing.
 */
#include "worker/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_FULL = 65536,
	BATCH_ROOM = BATCH_FULL + BODY_RECORD_MAX,
	CHUNK_HEAD = 10, /* eight digits and CR LF */
	CHUNK_TAIL = 2,
};

struct body {
	struct connection *connection;
	bool chunked;
	uint64_t bytes;
	size_t used; /* bytes in the batch */
	unsigned char room[CHUNK_HEAD + BATCH_ROOM + CHUNK_TAIL];
};

struct body *body_new(struct connection *connection, bool chunked)
{
	struct body *body = calloc(1, sizeof(*body));

	if (!body)
		return NULL;
	body->connection = connection;
	body->chunked = chunked;
	return body;
}

void body_free(struct body *body)
{
	free(body);
}

unsigned char *body_room(struct body *body)
{
	return body->room + CHUNK_HEAD + body->used;
}

bool body_add(struct body *body, size_t size)
{
	body->used += size;
	return body->used < BATCH_FULL || body_flush(body);
}

bool body_flush(struct body *body)
{
	unsigned char *start = body->room + CHUNK_HEAD;
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

bool body_finish(struct body *body)
{
	static const char last_chunk[] = "0\r\n\r\n";

	if (!body_flush(body))
		return false;
	return !body->chunked || connection_write(body->connection, last_chunk,
					 strlen(last_chunk));
}

uint64_t body_bytes(const struct body *body)
{
	return body->bytes;
}
