#pragma once

#include "common/failure.h"
#include "worker/caller.h"

#include <stddef.h>

/*
 * One HTTP request's head, RFC 9112, parsed strictly: what another parser
 * could read in two ways is refused. Failures carry the HTTP status.
 */
enum {
	REQUEST_LINE_MAX = 32768,
	REQUEST_HEAD_MAX = 49152,
	REQUEST_FIELDS_MAX = 100,
	REQUEST_FORWARDED_MAX = 1024,
};

enum request_resource { REQUEST_CAPTURE, REQUEST_INTERFACES };

struct request {
	enum request_resource resource;
	bool head_only;		      /* HEAD */
	bool http10;		      /* the body ends with the connection */
	char query[REQUEST_LINE_MAX]; /* undecoded, without its '?' */
	char forwarded[REQUEST_FORWARDED_MAX]; /* RFC 7239; "": none */
	struct caller caller;		       /* places within the head */
};

/*
 * Looks for the end of a head in what has arrived. Sets ret_length to the
 * head's length with its empty line, 0 while that is still to come. Returns
 * false with 400, 414 or 431 as soon as it can't become a request any more.
 */
bool request_complete(const void *bytes, size_t size, size_t *ret_length,
	struct failure *failure);

/*
 * Parses a complete head. ret_request is undefined after a failure, but for
 * head_only: a refusal of HEAD has no body either. Who asks is only noted: see
 * caller_check().
 */
bool request_parse(const void *head, size_t size, struct request *ret_request,
	struct failure *failure);
