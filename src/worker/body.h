#pragma once

#include "format/packet.h"
#include "worker/connection.h"

#include <stddef.h>

/* The body of an answer: records in, HTTP out, in batches. */
struct body;

enum { BODY_RECORD_MAX = PACKET_MAX + 64 };

/*
 * chunked: RFC 9112, section 7.1; otherwise it goes on until the connection
 * ends. Returns a body for body_free(), NULL without memory.
 */
struct body *body_new(struct connection *connection, bool chunked);

void body_free(struct body *body);

/* Where the next record is to be written: room for BODY_RECORD_MAX bytes. */
unsigned char *body_room(struct body *body);

/*
 * Takes size bytes that were written there; a full batch leaves. Returns
 * false, here and below, when the peer is gone.
 */
bool body_add(struct body *body, size_t size);

/* Sends what is batched. */
bool body_flush(struct body *body);

/* Ends the body: it is complete. */
bool body_finish(struct body *body);

/* How many bytes have left, chunk framing aside. */
uint64_t body_bytes(const struct body *body);
