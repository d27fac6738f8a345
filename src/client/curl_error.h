/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/tls.h"
#include "common/error.h"

#include <curl/curl.h>

enum { CONNECT_TIMEOUT_MS = 10000 };

/* A content coding, detected by libcurl or by the transfer. */
#define CURL_ERROR_COMPRESSED "the response is compressed, but ddump did not request that"

/* What is known of a request that a server rejects. */
struct rejected_request {
	bool has_user;	 /* and password */
	bool is_too_new; /* for a worker of version 0.1, as the server may be one */
};

/*
 * Describes an HTTP status other than 200, with the server's reason from the
 * beginning of the response body: a line of text, or the title of a page. Returns
 * false.
 */
bool curl_error_from_status(
	long status, const char *body, const struct rejected_request *request, struct error *error);

/*
 * Describes a result other than CURLE_OK. handshakes: what TLS has reported;
 * has_begun: a capture of this target has begun before; detail: the text of
 * CURLOPT_ERRORBUFFER. Returns false.
 */
bool curl_error_from_result(CURL *easy, CURLcode result, const struct handshakes *handshakes,
	bool has_begun, const char *detail, struct error *error);

/*
 * Replaces the error of a response that ended before a capture began, if its
 * Content-Type is text.
 */
void curl_error_from_text(CURL *easy, struct error *error);
