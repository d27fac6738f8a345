/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/connection.h"
#include "worker/origin_check.h"

#include <stddef.h>

/*
 * One HTTP request head, RFC 9112, parsed strictly: what parsers read in different
 * ways is rejected. Errors have the HTTP status.
 */
enum {
	REQUEST_LINE_MAX = 32768,
	REQUEST_HEAD_MAX = 49152,
	REQUEST_FIELDS_MAX = 100,
	REQUEST_FORWARDED_MAX = 1024,
};

enum http_resource { REQUEST_CAPTURE, REQUEST_INTERFACES };

struct http_request {
	enum http_resource resource;
	bool head_only;			       /* HEAD */
	bool http10;			       /* the body ends with the connection */
	char query[REQUEST_LINE_MAX];	       /* undecoded, without '?' */
	char forwarded[REQUEST_FORWARDED_MAX]; /* the fields, joined, RFC 7239; "": none */
	struct origin_claims claims;	       /* slices of the head */
};

/*
 * Searches the received bytes for the end of a head. Sets ret_length to the length
 * of the head with its empty line, 0 while it is incomplete. Returns false with
 * 400, 414 or 431 as soon as it cannot become a valid request.
 */
bool http_request_find_end(const void *bytes, size_t size, size_t *ret_length, struct error *error);

/*
 * Reads a head from the connection until it is complete. Returns its length; 0
 * with error set: 400, 408, 414, 431, 503, or status 0 if the peer has left.
 */
size_t http_request_read_head(
	struct connection *connection, char *buffer, size_t size, struct error *error);

/*
 * Parses a complete head. After an error only head_only of ret_request is defined:
 * an error response to HEAD has no body either. The claims are stored, and checked
 * by origin_check_run().
 */
bool http_request_parse(
	const void *head, size_t size, struct http_request *ret_request, struct error *error);
