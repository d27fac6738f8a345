/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/target_list.h"
#include "common/error.h"

#include <curl/curl.h>

enum {
	REQUEST_HEADERS_MAX = 32,
	REQUEST_HEADER_SIZE = 8192, /* with its NUL */
};

/*
 * Header fields of -header, for the requests to targets. Their values are secrets. All
 * zero: none.
 */
struct request_headers {
	char *list[REQUEST_HEADERS_MAX]; /* "NAME: VALUE" */
	size_t count;
	bool over_http; /* the user allows to send them unprotected */
};

/*
 * Adds "NAME: VALUE", or those of @FILE, one per line. Returns false with error set, in
 * which no value is.
 */
bool request_headers_add(struct request_headers *headers, const char *text, struct error *error);

/*
 * Checks that the fields can be sent to all targets: not by http to other hosts, unless
 * over_http. Returns false with error set.
 */
bool request_headers_check(const struct request_headers *headers, const struct target_list *targets,
	struct error *error);

/* Is this the URL of a host that is this machine itself? */
bool request_headers_is_loopback(const char *url);

/*
 * Appends the fields to a list of libcurl, which may be NULL. Returns the list, for
 * request_headers_free_list(); NULL: out of memory, and list is freed.
 */
struct curl_slist *request_headers_append(
	const struct request_headers *headers, struct curl_slist *list);

/* Erases and frees a list. Accepts NULL. */
void request_headers_free_list(struct curl_slist *list);

/* Erases and frees the fields. */
void request_headers_cleanup(struct request_headers *headers);
