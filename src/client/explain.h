#pragma once

#include "common/failure.h"

#include <curl/curl.h>

enum { CONNECT_TIMEOUT_MS = 10000 };

/*
 * Explains a status that is not 200, with the server's own words out of the
 * beginning of its body: a line of text, or the title of a page. known:
 * credentials were sent. Returns false.
 */
bool explain_status(
	long status, const char *body, bool known, struct failure *failure);

/*
 * Explains a result that is not CURLE_OK; error is what CURLOPT_ERRORBUFFER
 * holds; was_there: a capture has come from there before. Returns false.
 */
bool explain_result(CURL *easy, CURLcode result, bool was_there,
	const char *error, struct failure *failure);

/*
 * Of a body that ended before a capture began: if it calls itself text, that
 * is why, and takes the place of what failure says.
 */
void explain_text(CURL *easy, struct failure *failure);
