/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

enum { TARGET_INTERFACES_MAX = 32 };

/* Parameters from the options, for each target whose URL does not have them. */
struct target_defaults {
	const char *filter;   /* NULL: not given */
	const char *snaplen;  /* NULL: not given */
	const char *linktype; /* NULL: not given */
	const char *interfaces[TARGET_INTERFACES_MAX];
	size_t interface_count;
};

/*
 * Adds the defaults that a URL's query does not have, and format=pcapng unless
 * the query has a format or precision. Returns false with error set, for the target
 * that is shown as in the command line.
 */
bool target_query_add(
	CURLU *url, const struct target_defaults *defaults, const char *shown, struct error *error);

/*
 * Has the query of a URL a parameter, or a link type, that workers of version 0.1 do
 * not have?
 */
bool target_query_is_newer(const char *url);
