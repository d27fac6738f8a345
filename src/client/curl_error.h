/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/tls.h"
#include "common/error.h"

#include <curl/curl.h>

enum { CONNECT_TIMEOUT_MS = 10000 };

/* A content coding, detected by libcurl or by the transfer. */
#define CURL_ERROR_COMPRESSED "the response is compressed, but ddump did not request that"

/*
 * Describes an HTTP status other than 200, with the server's reason from the
 * beginning of the response body: a line of text, or the title of a page.
 * has_user: the request had a user and password. Returns false.
 */
bool curl_error_from_status(long status, const char *body, bool has_user, struct error *error);

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
