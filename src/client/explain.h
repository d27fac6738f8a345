#pragma once

#include "common/failure.h"

#include <curl/curl.h>

enum { CONNECT_TIMEOUT_MS = 10000 };

/* Each of these sets failure and returns false. */

/*
 * A status that is not 200, with the server's own words out of the beginning
 * of its body: a line of text, or the title of a page. known: credentials were
 * sent.
 */
bool explain_status(
	long status, const char *body, bool known, struct failure *failure);

/* A result that is not CURLE_OK; error is what CURLOPT_ERRORBUFFER holds. */
bool explain_result(CURL *easy, CURLcode result, const char *error,
	struct failure *failure);

/* A body that ended before a capture began. */
bool explain_empty(CURL *easy, struct failure *failure);
